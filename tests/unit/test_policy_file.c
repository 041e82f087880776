// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * F24-F28: policy files that are missing, unsafe, invalid or being written.
 * Files must belong to root, so every test needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/policy/policy.h"

#define GOOD   "[rule good]\nnamespace = host\n"
#define NOBODY 65534

static char dir[] = "/tmp/netns-pam-policy.XXXXXX";
static char path[64], dropins[72], errors[8192];

static int tree_remove(const char *name, const struct stat *st, int kind,
		       struct FTW *ftw)
{
	return remove(name);
}

static int set_up(void **state)
{
	umask(022);
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	if (!mkdtemp(dir) || chmod(dir, 0755) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/p.conf", dir);
	snprintf(dropins, sizeof(dropins), "%s.d", path);
	return 0;
}

static int tear_down(void **state)
{
	return nftw(dir, tree_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void file_write(const char *name, const char *text)
{
	FILE *out = fopen(name, "we");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

/* Writes a file of the drop-in directory, which it makes if necessary. */
static void dropin_write(const char *name, const char *text)
{
	char file[PATH_MAX];

	if (mkdir(dropins, 0755) < 0)
		assert_int_equal(errno, EEXIST);
	snprintf(file, sizeof(file), "%s/%s", dropins, name);
	file_write(file, text);
}

/* Loads the policy. In errors[] the name of the directory is "DIR". */
static int load(struct policy **ret, struct error *err)
{
	struct policy_notes notes;
	FILE *out = fmemopen(errors, sizeof(errors), "w");
	int r;

	*ret = NULL;
	err->text[0] = '\0';
	r = policy_load(path, ret, &notes, err);
	assert_non_null(out);
	for (size_t n = 0; n < notes.n; n++) {
		const struct policy_note *note = &notes.items[n];
		const char *here = strstr(note->message, dir);

		if (note->warning)
			continue;
		assert_memory_equal(note->file, dir, strlen(dir));
		fprintf(out, "DIR%s:%u: %.*s%s%s\n", note->file + strlen(dir),
			note->line, (int)(here ? here - note->message : 500),
			note->message, here ? "DIR" : "",
			here ? here + strlen(dir) : "");
	}
	fputc('\0', out);
	assert_int_equal(fclose(out), 0);
	policy_notes_clear(&notes);
	return r;
}

static void assert_refused(const char *wanted)
{
	struct policy *policy;
	struct error err;

	assert_int_equal(load(&policy, &err), -EINVAL);
	assert_string_equal(errors, wanted);
	assert_null(policy);
	assert_string_not_equal(err.text, "");
}

/* The names of the rules, in their order. */
static void assert_rules(const char *wanted)
{
	struct policy *policy;
	struct error err;
	char got[256] = "";
	FILE *out = fmemopen(got, sizeof(got), "w");

	if (load(&policy, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t n = 0; n < policy->n_rules; n++)
		fprintf(out, "%s ", policy->rules[n].name);
	fclose(out);
	assert_string_equal(got, wanted);
	policy_free(policy);
}

static void assert_busy(void)
{
	struct policy *policy;
	struct error err;

	assert_int_equal(load(&policy, &err), -EBUSY);
	assert_null(policy);
	assert_non_null(strstr(err.text, "try again"));
}

static void F24_a_missing_policy_maps_no_user(void **state)
{
	struct policy *policy = NULL;
	struct error err;

	assert_int_equal(load(&policy, &err), 0);
	assert_int_equal(policy->n_rules, 0);
	assert_int_equal(policy->n_files, 0);
	assert_int_equal(policy->text_bytes, 0);
	policy_free(policy);

	/* A missing published copy is an error. */
	policy = NULL;
	assert_int_equal(policy_load_file(path, &policy, NULL, &err), -ENOENT);
	assert_null(policy);
}

static void F24_an_empty_policy_maps_no_user(void **state)
{
	file_write(path, "");
	assert_rules("");
	assert_int_equal(mkdir(dropins, 0755), 0);
	assert_rules("");
}

static void a_valid_file_is_read_completely(void **state)
{
	struct policy *policy;
	struct error err;

	file_write(path, GOOD);
	assert_int_equal(load(&policy, &err), 0);
	assert_string_equal(policy->text, GOOD);
	assert_int_equal(policy->n_files, 1);
	assert_string_equal(policy->files[0], path);
	assert_string_equal(policy->rules[0].file, path);
	policy_free(policy);
	assert_int_equal(chmod(path, 0400), 0);
	assert_rules("good ");
}

static void F28_a_symbolic_link_is_refused(void **state)
{
	char real[80];

	snprintf(real, sizeof(real), "%s/real", dir);
	file_write(real, GOOD);
	assert_int_equal(symlink(real, path), 0);
	assert_refused(
		"DIR/p.conf:0: it is a symbolic link; the policy must be a "
		"regular file\n");
}

static void F28_a_dangling_symbolic_link_is_refused(void **state)
{
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_refused(
		"DIR/p.conf:0: it is a symbolic link; the policy must be a "
		"regular file\n");
}

static void F28_a_fifo_is_refused_without_blocking(void **state)
{
	assert_int_equal(mkfifo(path, 0644), 0);
	alarm(10);
	assert_refused(
		"DIR/p.conf:0: it is a FIFO; the policy must be a regular "
		"file\n");
	alarm(0);
}

static void F28_a_directory_is_refused(void **state)
{
	assert_int_equal(mkdir(path, 0755), 0);
	assert_refused("DIR/p.conf:0: it is a directory; the policy must be a "
		       "regular file\n");
}

static void F28_a_device_is_refused(void **state)
{
	assert_int_equal(mknod(path, S_IFCHR | 0644, makedev(1, 5)), 0);
	assert_refused("DIR/p.conf:0: it is a device; the policy must be a "
		       "regular file\n");
}

static void F28_a_socket_is_refused(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	close(fd);
	assert_refused(
		"DIR/p.conf:0: it is a socket or a device; the policy must "
		"be a regular file\n");
}

static void F28_a_file_of_another_owner_is_refused(void **state)
{
	file_write(path, GOOD "guard = maybe\n");
	assert_int_equal(chown(path, NOBODY, 0), 0);
	/* Other errors of the file are reported in the same pass. */
	assert_refused("DIR/p.conf:0: the file belongs to uid 65534; it must "
		       "belong to root (chown root)\n"
		       "DIR/p.conf:3: guard: 'maybe' is not known; write no or "
		       "yes\n");
}

static void F28_a_file_that_its_group_can_write_is_refused(void **state)
{
	file_write(path, GOOD);
	assert_int_equal(chmod(path, 0664), 0);
	assert_refused(
		"DIR/p.conf:0: the file can be written by its group (mode "
		"0664); only root may (chmod go-w)\n");
}

static void F28_a_file_that_others_can_write_is_refused(void **state)
{
	file_write(path, GOOD);
	assert_int_equal(chmod(path, 0646), 0);
	assert_refused("DIR/p.conf:0: the file can be written by others (mode "
		       "0646); only root may (chmod go-w)\n");
}

static void F28_a_directory_above_that_others_can_write_is_refused(void **state)
{
	file_write(path, GOOD);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_refused("DIR:0: the directory can be written by others (mode "
		       "0777); only root may (chmod go-w)\n");
	/* With the sticky bit no other user can replace root's file. */
	assert_int_equal(chmod(dir, 01777), 0);
	assert_rules("good ");
}

static void F28_a_directory_above_of_another_owner_is_refused(void **state)
{
	file_write(path, GOOD);
	assert_int_equal(chown(dir, NOBODY, 0), 0);
	assert_refused(
		"DIR:0: the directory belongs to uid 65534; it must belong "
		"to root (chown root)\n");
}

static void too_many_dropins_are_refused_unread(void **state)
{
	char name[16];

	file_write(path, GOOD);
	for (int k = 0; k < 1025; k++) {
		snprintf(name, sizeof(name), "%d.conf", k);
		dropin_write(name, "[what]\n");
	}
	assert_refused("DIR/p.conf.d:0: more than 1024 files; join some of "
		       "them\n");
}

static void dropins_are_read_in_the_order_of_their_names(void **state)
{
	struct policy *policy;
	struct error err;

	file_write(path, GOOD);
	dropin_write("b.conf", "[rule b]\nnamespace = host\n");
	dropin_write("a.conf", "[rule a]\nnamespace = host\n");
	dropin_write("10.conf", "[rule ten]\nnamespace = host");
	dropin_write("9.conf", "[rule nine]\nnamespace = host\n");
	dropin_write("B.conf", "[rule B]\nnamespace = host\n");
	dropin_write("ignored", "[what]\n");
	dropin_write("a.conf~", "[what]\n");
	dropin_write("a.conf.bak", "[what]\n");
	dropin_write(".hidden.conf", "[what]\n");
	dropin_write(".conf", "[what]\n");
	assert_rules("good ten nine B a b ");

	/* Published and read again, the joined text is the same policy. */
	assert_int_equal(load(&policy, &err), 0);
	dropin_write("ignored", policy->text);
	{
		struct policy *again = NULL;
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/ignored", dropins);
		if (policy_load_file(file, &again, NULL, &err) < 0)
			fail_msg("%s", err.text);
		assert_true(again->digest == policy->digest);
		assert_int_equal(again->n_rules, policy->n_rules);
		assert_string_equal(again->rules[5].name, "b");
		policy_free(again);
	}
	policy_free(policy);
}

static void dropins_alone_are_a_policy(void **state)
{
	dropin_write("a.conf", "[rule a]\nnamespace = host\n");
	assert_rules("a ");
}

static void sections_refer_to_each_other_across_files(void **state)
{
	file_write(path, "[rule r]\nnamespace = n\n");
	assert_refused(
		"DIR/p.conf:2: namespace: there is no section [namespace "
		"n]\n");
	dropin_write("n.conf", "[namespace n]\n");
	assert_rules("r ");
}

static void all_errors_of_all_files_are_reported_in_one_pass(void **state)
{
	file_write(path, GOOD "users = a\nusers = b\n");
	dropin_write("b.conf", "[rule good]\nnamespace = host\n");
	dropin_write("a.conf", "namespace = host\n[rule x]\nnamespace = n\n");
	dropin_write("c.conf", "  indented\n");
	assert_refused(
		"DIR/p.conf:4: the key 'users' is already given in line 3; "
		"join the two\n"
		"DIR/p.conf.d/a.conf:1: 'namespace' is before the first section; put it below a heading such as [options]\n"
		"DIR/p.conf.d/a.conf:3: namespace: there is no section "
		"[namespace n]\n"
		"DIR/p.conf.d/b.conf:1: [rule good] is already defined at "
		"DIR/p.conf:1; join the two\n"
		"DIR/p.conf.d/c.conf:1: an indented line continues a list, "
		"and there is none above it\n");
}

static void F28_dropins_must_be_roots_files_too(void **state)
{
	char file[PATH_MAX];

	dropin_write("a.conf", GOOD);
	snprintf(file, sizeof(file), "%s/a.conf", dropins);
	assert_int_equal(chown(file, NOBODY, NOBODY), 0);
	snprintf(file, sizeof(file), "%s/b.conf", dropins);
	assert_int_equal(symlink("a.conf", file), 0);
	snprintf(file, sizeof(file), "%s/c.conf", dropins);
	assert_int_equal(mkdir(file, 0755), 0);
	assert_refused(
		"DIR/p.conf.d/a.conf:0: the file belongs to uid 65534; it "
		"must belong to root (chown root)\n"
		"DIR/p.conf.d/b.conf:0: it is a symbolic link; the policy "
		"must be a regular file\n"
		"DIR/p.conf.d/c.conf:0: it is a directory; the policy must "
		"be a regular file\n");
}

static void F28_a_dropin_directory_of_another_owner_is_refused(void **state)
{
	dropin_write("a.conf", GOOD);
	assert_int_equal(chown(dropins, NOBODY, 0), 0);
	assert_refused("DIR/p.conf.d:0: the directory belongs to uid 65534; it "
		       "must belong to root (chown root)\n");
	assert_int_equal(chown(dropins, 0, 0), 0);
	assert_int_equal(chmod(dropins, 01777), 0);
	assert_refused("DIR/p.conf.d:0: the directory can be written by others "
		       "(mode 1777); only root may (chmod go-w)\n");
}

static void F28_a_dropin_directory_behind_a_link_is_refused(void **state)
{
	file_write(path, GOOD);
	assert_int_equal(symlink("/etc", dropins), 0);
	assert_refused(
		"DIR/p.conf.d:0: it is not a directory; drop-ins must be in a directory that is not a symbolic link\n");
}

static void F28_a_file_for_a_dropin_directory_is_refused(void **state)
{
	file_write(dropins, GOOD);
	assert_refused(
		"DIR/p.conf.d:0: it is not a directory; drop-ins must be in a directory that is not a symbolic link\n");
}

static void a_nul_byte_is_refused_with_its_line(void **state)
{
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	fwrite("[options]\n\ntime\0out\n", 1, 20, out);
	assert_int_equal(fclose(out), 0);
	assert_refused(
		"DIR/p.conf:3: a NUL byte: this is not a text file, or it is damaged\n");
}

static void a_file_of_4_mib_is_the_largest(void **state)
{
	file_write(path, GOOD);
	/* A sparse file: it is refused by its size, without reading. */
	assert_int_equal(truncate(path, POLICY_FILE_BYTES_MAX + 1), 0);
	assert_refused(
		"DIR/p.conf:0: it has 4194305 bytes; the limit is 4194304\n");
}

static void all_files_together_have_at_most_4_mib(void **state)
{
	char *text = malloc(POLICY_FILE_BYTES_MAX);

	memset(text, '\n', POLICY_FILE_BYTES_MAX - 1);
	text[POLICY_FILE_BYTES_MAX - 1] = '\0';
	file_write(path, text);
	assert_rules("");
	dropin_write("a.conf", GOOD);
	assert_refused(
		"DIR/p.conf.d/a.conf:0: all files of the policy together "
		"have more than 4194304 bytes\n");
	free(text);
}

static void F27_a_file_that_is_being_written_is_busy(void **state)
{
	char file[PATH_MAX];
	int fd;

	file_write(path, GOOD);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_busy();
	close(fd);
	assert_rules("good ");

	dropin_write("a.conf", "[rule a]\nnamespace = host\n");
	snprintf(file, sizeof(file), "%s/a.conf", dropins);
	fd = open(file, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_busy();
	close(fd);
	assert_rules("good a ");
}

/* Truncates and rewrites one file, in small pieces, until it is killed. */
static void writer_run(void)
{
	for (;;) {
		int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
		const char *text = GOOD "users = alice\n[rule last]\n"
					"namespace = host\n";

		for (size_t n = 0; n < strlen(text); n += 7) {
			size_t left = strlen(text) - n;

			if (write(fd, text + n, left < 7 ? left : 7) < 0)
				_exit(1);
		}
		close(fd);
		usleep(200);
	}
}

static void F27_a_half_written_file_is_never_used(void **state)
{
	unsigned int whole = 0, busy = 0;
	pid_t pid;

	file_write(path, "");
	pid = fork();
	if (!pid)
		writer_run();
	assert_true(pid > 0);
	for (unsigned int n = 0; n < 200000 && (whole < 50 || busy < 50); n++) {
		struct policy *policy = NULL;
		struct error err;
		int r = policy_load(path, &policy, NULL, &err);

		if (r == -EBUSY) {
			busy++;
			continue;
		}
		/* The empty file is the one from before the first write. */
		if (r < 0 || (policy->text_bytes && policy->n_rules != 2)) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			fail_msg("%d: %s", r, r < 0 ? err.text : policy->text);
		}
		whole += policy->n_rules == 2;
		policy_free(policy);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(whole >= 50);
}

static void F27_an_atomic_replacement_is_read_before_or_after(void **state)
{
	char fresh[80];

	snprintf(fresh, sizeof(fresh), "%s/fresh", dir);
	for (unsigned int n = 0; n < 100; n++) {
		char text[64], wanted[32];

		snprintf(text, sizeof(text), "[rule r%u]\nnamespace = host\n",
			 n);
		snprintf(wanted, sizeof(wanted), "r%u ", n);
		file_write(fresh, text);
		assert_int_equal(rename(fresh, path), 0);
		assert_rules(wanted);
	}
}

static void F45_no_descriptor_is_left_open(void **state)
{
	int before, after;

	file_write(path, GOOD);
	dropin_write("a.conf", "[rule a]\nnamespace = host\n");
	dropin_write("b.conf", "[what]\n");
	before = dup(0);
	close(before);
	for (unsigned int n = 0; n < 20; n++) {
		struct policy *policy;
		struct error err;

		assert_int_equal(load(&policy, &err), -EINVAL);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	for (unsigned int n = 0; n < 20; n++) {
		struct policy *policy;
		struct error err;

		assert_int_equal(load(&policy, &err), -EINVAL);
	}
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(F24_a_missing_policy_maps_no_user),
		TEST(F24_an_empty_policy_maps_no_user),
		TEST(a_valid_file_is_read_completely),
		TEST(F28_a_symbolic_link_is_refused),
		TEST(F28_a_dangling_symbolic_link_is_refused),
		TEST(F28_a_fifo_is_refused_without_blocking),
		TEST(F28_a_directory_is_refused),
		TEST(F28_a_device_is_refused),
		TEST(F28_a_socket_is_refused),
		TEST(F28_a_file_of_another_owner_is_refused),
		TEST(F28_a_file_that_its_group_can_write_is_refused),
		TEST(F28_a_file_that_others_can_write_is_refused),
		TEST(F28_a_directory_above_that_others_can_write_is_refused),
		TEST(F28_a_directory_above_of_another_owner_is_refused),
		TEST(too_many_dropins_are_refused_unread),
		TEST(dropins_are_read_in_the_order_of_their_names),
		TEST(dropins_alone_are_a_policy),
		TEST(sections_refer_to_each_other_across_files),
		TEST(all_errors_of_all_files_are_reported_in_one_pass),
		TEST(F28_dropins_must_be_roots_files_too),
		TEST(F28_a_dropin_directory_of_another_owner_is_refused),
		TEST(F28_a_dropin_directory_behind_a_link_is_refused),
		TEST(F28_a_file_for_a_dropin_directory_is_refused),
		TEST(a_nul_byte_is_refused_with_its_line),
		TEST(a_file_of_4_mib_is_the_largest),
		TEST(all_files_together_have_at_most_4_mib),
		TEST(F27_a_file_that_is_being_written_is_busy),
		TEST(F27_a_half_written_file_is_never_used),
		TEST(F27_an_atomic_replacement_is_read_before_or_after),
		TEST(F45_no_descriptor_is_left_open),
	};

	if (geteuid() != 0) {
		puts("1..1\nok 1 - policy_file # SKIP needs root: its files "
		     "must be root's");
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
