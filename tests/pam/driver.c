/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"

static int converse(int n, const struct pam_message **messages,
		    struct pam_response **responses, void *data)
{
	struct driver *d = data;

	/* pam_debug sends messages too, but not of this style. */
	if (messages[0]->msg_style == PAM_ERROR_MSG) {
		d->n_messages += n;
		snprintf(d->message, sizeof(d->message), "%s",
			 messages[0]->msg);
	}
	if (d->conv_result != PAM_SUCCESS)
		return d->conv_result;
	*responses = calloc((size_t)n, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

/*
 * libpam returns an error when the only module of a stack is ignored. Therefore
 * a second module follows, which the stack reaches only when the first is
 * ignored. It returns PAM_MODULE_UNKNOWN, a code that pam_netns never returns.
 */
void driver_service(const char *service, const char *arguments, int lines)
{
	char path[256];
	FILE *f;

	if (!arguments)
		arguments = "config=" BOX_POLICY " socket=" BOX_SOCKET;
	snprintf(path, sizeof(path), BOX_PAM "/%s", service);
	f = fopen(path, "we");
	if (!f)
		return;
	for (int i = 1; i < lines; i++)
		fprintf(f, "session required %s %s\n", box_module(), arguments);
	fprintf(f,
		"session [success=1 ignore=ignore default=die] %s %s\n"
		"session [success=ok default=die] pam_debug.so "
		"open_session=module_unknown\n"
		"session required pam_permit.so\n",
		box_module(), arguments);
	fclose(f);
}

int driver_start(struct driver *d, const char *service, const char *user,
		 enum driver_conv conv)
{
	memset(d, 0, sizeof(*d));
	d->conv.conv = conv == DRIVER_CONV_NULL ? NULL : converse;
	d->conv.appdata_ptr = d;
	d->conv_result = conv == DRIVER_CONV_FAILS ? PAM_CONV_ERR : PAM_SUCCESS;
	return pam_start_confdir(service, user, &d->conv, BOX_PAM, &d->pamh);
}

int driver_open(struct driver *d, int flags)
{
	int code = pam_open_session(d->pamh, flags);

	return code == PAM_MODULE_UNKNOWN ? PAM_IGNORE : code;
}

int driver_close(struct driver *d, int flags)
{
	return pam_close_session(d->pamh, flags);
}

void driver_end(struct driver *d, int flags)
{
	pam_end(d->pamh, PAM_SUCCESS | flags);
	d->pamh = NULL;
}
