/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spare namespace, made before a login needs one, and used once. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "ground.h"
#include "helper/base/policy_store.h"
#include "helper/helper.h"
#include "helper/kernel/rtnl.h"
#include "helper/kernel/sysctl.h"
#include "helper/lifecycle/spare.h"

#define POLICY	 "/run/policy.conf"
#define PATIENCE 100

static struct netns_host host;
static struct helper h;
static struct error why;

static void nothing(void *data)
{
}

static void begin(const char *link)
{
	h = (struct helper){.host = &host, .state_path = "/run"};
	assert_int_equal(ground_sh("printf '[rule r]\\nusers = alice\\n"
				   "namespace = n\\n[namespace n]\\n"
				   "link = %s\\n' >" POLICY,
				   link),
			 0);
	assert_int_equal(netns_host_open(&host, &why), 0);
	assert_int_equal(sysctl_open(&why), 0);
	assert_int_equal(sysctl_remember_host(&why), 0);
	h.state_dir = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(sd_event_new(&h.event) >= 0);
	assert_int_equal(store_open(&h.store, h.event, POLICY, h.state_dir,
				    "/run", nothing, NULL, &why),
			 0);
	assert_int_equal(spare_open(&h, &why), 0);
}

static void end(void)
{
	spare_close(&h);
	h.store = store_close(h.store);
	h.event = sd_event_unref(h.event);
	sysctl_close();
	close_fd(h.state_dir);
	close_fd(host.fd);
	close_fd(host.mntns_fd);
}

static bool is_made(void)
{
	for (int n = 0; n < PATIENCE && !h.spare->inside; n++)
		assert_true(sd_event_run(h.event, 10000) >= 0);
	return h.spare->inside;
}

struct taken {
	int netns;
	struct netns_id id;
	struct rtnl *inside;
};

static void taken_close(const struct taken *t)
{
	close_fd(t->netns);
	rtnl_close(t->inside);
}
#define _cleanup_taken_ _cleanup_(taken_close)

static struct taken take(bool without_ipv6)
{
	struct taken t;

	assert_int_equal(spare_take(&h, without_ipv6, &t.netns, &t.id,
				    &t.inside, &why),
			 0);
	return t;
}

static int look(void *data, struct error *err)
{
	char value[16];

	assert_int_equal(sysctl_read("net/ipv4/conf/all/accept_redirects",
				     value, 16),
			 0);
	assert_string_equal(value, "0");
	assert_int_equal(sysctl_read("net/ipv6/conf/default/disable_ipv6",
				     value, 16),
			 0);
	assert_string_equal(value, *(const bool *)data ? "1" : "0");
	return 0;
}

/* Hardened, its loopback up, and nothing else in it. */
static void taken_is_right(const struct taken *t, bool without_ipv6)
{
	struct rtnl_link lo;
	struct stat st;

	assert_int_equal(fstat(t->netns, &st), 0);
	assert_int_equal(st.st_ino, t->id.ino);
	assert_int_not_equal(st.st_ino, host.id.ino);
	assert_int_equal(rtnl_link_by_index(t->inside, 1, &lo), 0);
	assert_true(lo.up);
	assert_int_equal(netns_visit(&host, t->netns, look, &without_ipv6, NULL,
				     NULL, &why),
			 0);
	assert_int_equal(ground_netns(), host.id.ino);
}

static void a_spare_namespace_is_configured_like_a_new_one(void **state)
{
	_cleanup_taken_ struct taken ready = {.netns = -EBADF},
				     now = {.netns = -EBADF};

	ground_need();
	begin("nat");
	assert_true(is_made());
	ready = take(false);
	assert_null(h.spare->inside);
	now = take(false);
	assert_int_not_equal(ready.id.ino, now.id.ino);
	taken_is_right(&ready, false);
	taken_is_right(&now, false);
	end();
}

static void a_spare_namespace_has_IPv6_only_if_the_login_needs_it(void **state)
{
	_cleanup_taken_ struct taken without = {.netns = -EBADF},
				     next = {.netns = -EBADF};

	ground_need();
	begin("nat");
	assert_true(is_made());
	without = take(true);
	assert_true(is_made());
	next = take(false);
	taken_is_right(&without, true);
	taken_is_right(&next, false);
	end();
}

static void a_renewed_spare_namespace_is_a_new_one(void **state)
{
	uint64_t before;

	ground_need();
	begin("nat");
	assert_true(is_made());
	before = h.spare->id.made_ns;
	spare_renew(&h);
	assert_null(h.spare->inside);
	assert_true(is_made());
	assert_true(h.spare->id.made_ns > before);
	end();
}

static void no_spare_namespace_without_a_section_that_needs_one(void **state)
{
	ground_need();
	begin("external");
	assert_false(is_made());
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_spare_namespace_is_configured_like_a_new_one),
		cmocka_unit_test(
			a_spare_namespace_has_IPv6_only_if_the_login_needs_it),
		cmocka_unit_test(a_renewed_spare_namespace_is_a_new_one),
		cmocka_unit_test(
			no_spare_namespace_without_a_section_that_needs_one),
	};

	ground_make();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
