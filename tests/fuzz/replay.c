/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz harness with each input of its corpus as a test: a regression
 * test of what fuzzing found, which needs no clang. The corpus of
 * tests/fuzz/replay_NAME is tests/fuzz/corpus/NAME.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX (1 << 20)
#define DIR_MAX		4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int input_replay(const char *dir, const char *name)
{
	static uint8_t buf[INPUT_BYTES_MAX];
	char path[DIR_MAX + NAME_MAX + 2];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	LLVMFuzzerTestOneInput(buf, n);
	return 0;
}

static int is_input(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "replay_");
	struct dirent **inputs;
	char dir[DIR_MAX];
	int i, n, failed = 0;

	if (argc > 1)
		snprintf(dir, sizeof(dir), "%s", argv[1]);
	else
		snprintf(dir, sizeof(dir), "tests/fuzz/corpus/%s",
			 name ? name + strlen("replay_") : "");
	n = scandir(dir, &inputs, is_input, alphasort);
	if (n <= 0) {
		printf("1..1\nnot ok 1 - no inputs in %s\n", dir);
		return 1;
	}

	printf("1..%d\n", n);
	for (i = 0; i < n; i++) {
		int r = input_replay(dir, inputs[i]->d_name);

		failed += r < 0;
		printf("%sok %d - %s/%s\n", r < 0 ? "not " : "", i + 1, dir,
		       inputs[i]->d_name);
		fflush(stdout);
		free(inputs[i]);
	}
	free(inputs);
	return failed > 0;
}
