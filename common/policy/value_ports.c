/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a filter is made of: prefixes with ports, ports of the host. */
#include "value.h"

#include "target.h"

void value_egress(const struct policy_value *value)
{
	struct target target;
	struct error why;

	if (target_parse(value->text, &target, &why) < 0)
		value_error(value, "%s", why.text);
	else
		value_append(value, value->at);
}

void value_allow_host(const struct policy_value *value)
{
	struct target_ports ports;
	struct error why;

	if (target_parse_ports(value->text, &ports, &why) < 0)
		value_error(value, "%s", why.text);
	else
		value_append(value, value->at);
}

void value_publish(const struct policy_value *value)
{
	struct target_publish publish;
	struct error why;

	if (target_parse_publish(value->text, &publish, &why) < 0)
		value_error(value, "%s", why.text);
	else
		value_append(value, value->at);
}
