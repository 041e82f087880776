/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as the record of a network. */
#include "helper/network/record.c" // NOLINT(bugprone-suspicious-include)
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct record_shape shape = {network_fields, N_FIELDS,
					   sizeof(struct network)};

	record_fuzz(&shape, data, size);
	return 0;
}
