/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/fdmsg.h"
#include "common/proto.h"

#define SESSION_DATA	 "netns_pam_session"
#define SESSION_CLOSE_MS 200

struct session {
	int lease;
	struct enter_origin origin;
};

static void session_on_drop(pam_handle_t *pamh, void *data, int status)
{
	struct session *session = data;

	if (!session)
		return;
	close_fd(session->lease);
	enter_forget(&session->origin);
	free(session);
}

static struct session *session_find(const pam_handle_t *pamh)
{
	const void *data = NULL;

	if (pam_get_data(pamh, SESSION_DATA, &data) != PAM_SUCCESS)
		return NULL;
	return (struct session *)(uintptr_t)data;
}

bool session_exists(const pam_handle_t *pamh)
{
	return session_find(pamh) != NULL;
}

int session_keep(pam_handle_t *pamh, int lease,
		 const struct enter_origin *origin)
{
	struct session *session = malloc(sizeof(*session));

	if (!session)
		return -ENOMEM;
	session->lease = lease;
	session->origin = *origin;
	if (pam_set_data(pamh, SESSION_DATA, session, session_on_drop) !=
	    PAM_SUCCESS) {
		free(session);
		return -ENOMEM;
	}
	return 0;
}

void session_release(int lease)
{
	struct proto_request request = PROTO_REQUEST(PROTO_CLOSE);
	uint64_t deadline = deadline_in_ms(SESSION_CLOSE_MS);
	struct proto_reply reply;
	size_t n_fds;

	if (lease < 0)
		return;
	if (fdmsg_send(lease, &request, sizeof(request), NULL, 0, NULL, 0,
		       deadline) == 0)
		(void)fdmsg_recv(lease, &reply, sizeof(reply), NULL, 0, &n_fds,
				 deadline);
}

int session_close(pam_handle_t *pamh, struct error *err)
{
	struct session *session = session_find(pamh);
	int r;

	if (!session)
		return 0;
	r = enter_restore(&session->origin, err);
	session_release(session->lease);
	/* Replacing the data calls session_on_drop(). */
	if (pam_set_data(pamh, SESSION_DATA, NULL, NULL) != PAM_SUCCESS)
		session->lease = close_fd(session->lease);
	if (pam_getenv(pamh, SESSION_ENV))
		pam_putenv(pamh, SESSION_ENV);
	return r == -EPERM ? 0 : r;
}
