/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symbols that the module exports and imports, and the libraries it needs.
 */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "box.h"

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_Ehdr;
typedef Elf64_Shdr elf_Shdr;
typedef Elf64_Dyn elf_Dyn;
typedef Elf64_Sym elf_Sym;
#else
typedef Elf32_Ehdr elf_Ehdr;
typedef Elf32_Shdr elf_Shdr;
typedef Elf32_Dyn elf_Dyn;
typedef Elf32_Sym elf_Sym;
#endif

struct elf {
	const char *base;
	const elf_Dyn *dynamic;
	const char *strings;
	const elf_Sym *symbols;
	size_t n_symbols;
};

static const elf_Shdr *section_find(const char *base, uint32_t type)
{
	const elf_Ehdr *head = (const void *)base;
	const elf_Shdr *sections = (const void *)(base + head->e_shoff);

	for (int i = 0; i < head->e_shnum; i++)
		if (sections[i].sh_type == type)
			return &sections[i];
	printf("Bail out! %s has no section of type %u\n", box_module(), type);
	exit(1);
}

static struct elf elf_open(const char *path)
{
	const elf_Shdr *dynsym, *dynamic, *sections;
	const elf_Ehdr *head;
	struct elf e = {0};
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		printf("Bail out! %s cannot be opened\n", path);
		exit(1);
	}
	e.base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(e.base, MAP_FAILED);
	close(fd);
	head = (const void *)e.base;
	sections = (const void *)(e.base + head->e_shoff);
	dynsym = section_find(e.base, SHT_DYNSYM);
	dynamic = section_find(e.base, SHT_DYNAMIC);
	e.symbols = (const void *)(e.base + dynsym->sh_offset);
	e.n_symbols = dynsym->sh_size / sizeof(*e.symbols);
	e.strings = e.base + sections[dynsym->sh_link].sh_offset;
	e.dynamic = (const void *)(e.base + dynamic->sh_offset);
	return e;
}

static void test_only_entry_points(void **state)
{
	struct elf e = elf_open(box_module());
	int found = 0;

	for (size_t i = 1; i < e.n_symbols; i++) {
		const char *name = e.strings + e.symbols[i].st_name;

		if (e.symbols[i].st_shndx == SHN_UNDEF)
			continue;
		if (strcmp(name, "pam_sm_open_session") != 0 &&
		    strcmp(name, "pam_sm_close_session") != 0)
			fail_msg("exports %s", name);
		found++;
	}
	assert_int_equal(found, 2);
}

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(name, list[i], strlen(list[i])) == 0)
			return true;
	return false;
}

static void test_needed(void **state)
{
	static const char *const allowed[] = {"libc.so", "libpam.so",
					      "libinih.so", "libasan.so",
					      "libubsan.so"};
	struct elf e = elf_open(box_module());

	for (const elf_Dyn *d = e.dynamic; d->d_tag != DT_NULL; d++) {
		const char *name = e.strings + d->d_un.d_val;

		if (d->d_tag != DT_NEEDED)
			continue;
		if (!is_one_of(name, allowed,
			       sizeof(allowed) / sizeof(*allowed)))
			fail_msg("links %s", name);
	}
}

/*
 * F48: the module calls no function that ends the process, changes its signal
 * handlers or environment, or writes to its standard streams.
 */
static void test_no_dangerous_imports(void **state)
{
	static const char *const never[] = {
		"exit",		 "_exit",	   "abort",
		"__assert_fail", "fork",	   "vfork",
		"execve",	 "system",	   "popen",
		"signal",	 "alarm",	   "umask",
		"sigaction",	 "setenv",	   "unsetenv",
		"puts",		 "printf",	   "setlocale",
		"openlog",	 "chdir",	   "clone",
		"getenv",	 "sleep",	   "setitimer",
		"posix_spawn",	 "pthread_create", "__printf_chk",
	};
	struct elf e = elf_open(box_module());

	for (size_t i = 1; i < e.n_symbols; i++)
		for (size_t j = 0; j < sizeof(never) / sizeof(*never); j++)
			if (strcmp(e.strings + e.symbols[i].st_name,
				   never[j]) == 0)
				fail_msg("uses %s()", never[j]);
}

static void test_loads(void **state)
{
	void *module = dlopen(box_module(), RTLD_NOW | RTLD_LOCAL);

	if (!module) {
		print_error("%s\n", dlerror());
		fail();
		return;
	}
	assert_non_null(dlsym(module, "pam_sm_open_session"));
	assert_non_null(dlsym(module, "pam_sm_close_session"));
	assert_null(dlsym(module, "pam_sm_authenticate"));
	assert_null(dlsym(module, "pam_sm_acct_mgmt"));
	assert_null(dlsym(module, "login_open"));
	assert_int_equal(dlclose(module), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_entry_points),
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_no_dangerous_imports),
		cmocka_unit_test(test_loads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
