/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as a record with a member of each type. */
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct all {
	char text[8];
	bool flag;
	uint32_t narrow;
	uint64_t wide;
	struct inet_prefix prefix, list[3];
	size_t n_list;
};

static const struct record_field fields[] = {
	RECORD_FIELD(all, TEXT, "text", text),
	RECORD_FIELD(all, NUMBER, "flag", flag),
	RECORD_FIELD(all, NUMBER, "narrow", narrow),
	RECORD_FIELD(all, NUMBER, "wide", wide),
	RECORD_FIELD(all, PREFIX, "prefix", prefix),
	RECORD_LIST(all, "list", list, n_list),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct record_shape shape = {fields,
					   sizeof(fields) / sizeof(fields[0]),
					   sizeof(struct all)};

	record_fuzz(&shape, data, size);
	return 0;
}
