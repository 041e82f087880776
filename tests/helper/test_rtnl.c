/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink: batches and their errors, dumps, and events of changes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ground.h"
#include "helper/kernel/rtnl.h"

static int home, here;
static struct rtnl *rtnl;
static struct rtnl_batch batch;
static struct error why;

/* Each test has a network namespace of its own, with a socket in it. */
static int rtnl_setup(void **state)
{
	if (geteuid() != 0)
		return 0;
	here = ground_netns_new();
	rtnl_batch_init(&batch);
	return setns(here, CLONE_NEWNET) < 0 ? -1 : rtnl_open(&rtnl);
}

static int rtnl_teardown(void **state)
{
	if (geteuid() != 0)
		return 0;
	rtnl = rtnl_close(rtnl);
	close(here);
	return setns(home, CLONE_NEWNET);
}

static struct inet_prefix prefix(const char *text)
{
	struct inet_prefix p;

	assert_int_equal(inet_prefix_parse(text, &p), 0);
	return p;
}

static void put_address(unsigned int ifindex, const char *text)
{
	struct inet_prefix p = prefix(text);

	rtnl_put_address(&batch, ifindex, &p);
}

static void put_route(unsigned int ifindex, const char *to, const char *via)
{
	struct inet_prefix destination = prefix(to), gateway;

	if (via)
		gateway = prefix(via);
	rtnl_put_route(&batch, &destination, via ? &gateway : NULL, ifindex);
}

static int run(void)
{
	int r = rtnl_run(rtnl, &batch, &why);

	rtnl_batch_init(&batch);
	return r;
}

static void one_batch_executes_requests_of_every_type(void **state)
{
	ground_need();
	assert_int_equal(ground_sh("ip link add eth0 index 20 type veth peer x "
				   "&& ip link set x up"),
			 0);
	rtnl_put_up(&batch, 1);
	rtnl_put_up(&batch, 20);
	put_address(20, "192.0.2.1/31");
	put_address(20, "2001:db8::1/127");
	put_route(20, "198.51.100.0/24", NULL);
	put_route(20, "0.0.0.0/0", "203.0.113.1"); /* RTNH_F_ONLINK */
	put_route(20, "::/0", "2001:db8:1::1");
	assert_int_equal(run(), 0);
	assert_int_equal(ground_sh(
				 "ip addr show dev eth0 >/run/a && "
				 "grep -q 'inet 192.0.2.1/31' /run/a && "
				 "grep -q 'inet6 2001:db8::1/127 .*nodad' /run/a && "
				 "! grep 2001 /run/a | grep -q tentative && "
				 "ip route get 198.51.100.9 | grep -q 'dev eth0' && "
				 "ip route get 10.1.1.1 | grep -q '203.0.113.1' && "
				 "ip -6 route get 2001:db8:9::9 | "
				 "grep -q 'via 2001:db8:1::1'"),
			 0);
}

static void an_error_names_its_step_and_the_rest_is_executed(void **state)
{
	ground_need();
	rtnl_put_up(&batch, 1);
	put_address(77, "192.0.2.1/31");  /* no such link */
	put_route(1, "10.0.0.1/8", NULL); /* host bits: a second error */
	put_address(1, "192.0.2.3/31");
	assert_int_equal(run(), -ENODEV);
	assert_non_null(
		strstr(why.text, "cannot add the address 192.0.2.1/31: "));
	assert_non_null(strstr(why.text, strerror(ENODEV)));
	assert_int_equal(ground_sh("ip addr show dev lo | "
				   "grep -q 'inet 192.0.2.3/31'"),
			 0);

	/* the next batch does not report the error again */
	put_address(1, "192.0.2.5/31");
	assert_int_equal(run(), 0);
}

static void the_message_of_the_kernel_is_in_the_error(void **state)
{
	ground_need();
	rtnl_put_up(&batch, 1);
	put_route(1, "10.0.0.1/8", NULL);
	assert_int_equal(run(), -EINVAL);
	assert_non_null(strstr(why.text, "cannot add the route to 10.0.0.1/8: "
					 "Invalid argument: "));
	assert_non_null(strstr(why.text, "prefix"));
}

static void an_existing_object_is_EEXIST(void **state)
{
	struct rtnl_veth veth = {.ifname = "eth0",
				 .ifindex = 10,
				 .peer = "npam1",
				 .peer_netns = here,
				 .mac = {2, 0, 0, 0, 0, 1},
				 .peer_mac = {2, 0, 0, 0, 0, 2}};

	ground_need();
	rtnl_put_up(&batch, 1);
	put_address(1, "192.0.2.1/31");
	put_address(1, "2001:db8::1/127");
	put_route(1, "198.51.100.0/24", NULL);
	rtnl_put_veth(&batch, &veth);
	assert_int_equal(run(), 0);
	put_address(1, "192.0.2.1/31");
	assert_int_equal(run(), -EEXIST);
	put_address(1, "2001:db8::1/127");
	assert_int_equal(run(), -EEXIST);
	put_route(1, "198.51.100.0/24", NULL);
	assert_int_equal(run(), -EEXIST);
	assert_non_null(
		strstr(why.text, "cannot add the route to 198.51.100.0/24"));
	veth.ifname = "eth1";
	veth.ifindex = 20;
	rtnl_put_veth(&batch, &veth); /* the peer's name is taken */
	assert_int_equal(run(), -EEXIST);
	assert_non_null(strstr(why.text, "cannot make the veth pair"));
	assert_int_equal(ground_sh("ip link show dev eth1"), 1);
}

static void too_large_a_batch_is_refused_and_nothing_is_executed(void **state)
{
	ground_need();
	rtnl_put_up(&batch, 1);
	for (int i = 0; i < 3 * RTNL_BATCH_MAX; i++) {
		char text[32];

		snprintf(text, sizeof(text), "192.0.2.%d/32", i);
		put_address(1, text);
	}
	assert_int_equal(run(), -E2BIG);
	assert_non_null(strstr(why.text, "too many"));
	assert_int_equal(ground_sh("ip addr show dev lo | grep inet"), 1);

	/* a batch of the largest size is executed */
	for (int i = 0; i < RTNL_BATCH_MAX; i++) {
		char text[48];

		snprintf(text, sizeof(text), "2001:db8::%d/128", i);
		put_address(1, text);
	}
	rtnl_run(rtnl, &batch, &why);
	assert_int_equal(ground_sh("test $(ip -6 addr show dev lo | "
				   "grep -c 2001:db8) = %d",
				   RTNL_BATCH_MAX),
			 0);
}

static void links_are_found_or_ENODEV(void **state)
{
	struct rtnl_link link;

	ground_need();
	assert_int_equal(rtnl_link_by_name(rtnl, "lo", &link), 0);
	assert_int_equal(link.ifindex, 1);
	assert_int_equal(rtnl_link_by_index(rtnl, 1, &link), 0);
	assert_string_equal(link.ifname, "lo");
	assert_int_equal(rtnl_link_by_name(rtnl, "npam1", &link), -ENODEV);
	assert_int_equal(rtnl_link_by_index(rtnl, 99, &link), -ENODEV);
	assert_int_equal(rtnl_link_by_name(rtnl, "lo", &link), 0);
}

static void F74_a_veth_pair_is_made_in_place_with_all_attributes(void **state)
{
	int outside = -1;
	struct rtnl *beside;
	struct rtnl_link link;
	struct rtnl_veth veth = {.ifname = "eth0",
				 .ifindex = 2,
				 .peer = "npam7",
				 .peer_group = 28272,
				 .mtu = 1400,
				 .mac = {2, 0x6e, 0x70, 1, 0, 7},
				 .peer_mac = {2, 0x6e, 0x70, 0, 0, 7}};

	ground_need();
	outside = ground_netns_new();
	assert_int_equal(setns(outside, CLONE_NEWNET), 0);
	assert_int_equal(rtnl_open(&beside), 0);
	/* from here on this process is in neither of the two */
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	veth.peer_netns = outside;
	rtnl_put_veth(&batch, &veth);
	assert_int_equal(run(), 0);
	assert_int_equal(rtnl_link_by_name(rtnl, "npam7", &link), -ENODEV);
	assert_int_equal(rtnl_link_by_name(rtnl, "eth0", &link), 0);
	assert_int_equal(link.ifindex, 2);
	assert_int_equal(rtnl_link_by_name(beside, "npam7", &link), 0);
	assert_int_equal(link.group, 28272);
	rtnl_put_alias_up(&batch, link.ifindex, "netns-pam vpn.alice");
	assert_int_equal(rtnl_run(beside, &batch, &why), 0);
	assert_int_equal(setns(outside, CLONE_NEWNET), 0);
	assert_int_equal(ground_sh(
				 "ip -d link show dev npam7 >/run/l && "
				 "grep -q 'mtu 1400' /run/l && "
				 "grep -q 'LOWER_UP' /run/l && "
				 "grep -q '02:6e:70:00:00:07' /run/l && "
				 "grep -q 'alias netns-pam vpn.alice' /run/l"),
			 0);
	rtnl_batch_init(&batch);
	rtnl_put_down(&batch, link.ifindex);
	assert_int_equal(rtnl_run(beside, &batch, &why), 0);
	assert_int_equal(ground_sh("ip link show dev npam7 | grep -q UP"), 1);
	assert_int_equal(ground_sh("ip link del npam7"), 0);
	assert_int_equal(rtnl_link_by_name(rtnl, "eth0", &link), -ENODEV);
	assert_int_equal(rtnl_run(beside, &batch, &why), -ENODEV);
	assert_non_null(strstr(why.text, "cannot take a link down"));
	rtnl_close(beside);
	close(outside);
}

/* --- dumps --- */

#define MANY 120

static void make_many(void)
{
	for (unsigned int i = 0; i < MANY; i++) {
		char a[16], b[16];
		struct rtnl_veth veth = {.ifname = a,
					 .ifindex = 100 + 2 * i,
					 .peer = b,
					 .peer_netns = here,
					 .peer_group = i,
					 .mac = {2, 0, 0, 1, 0, (uint8_t)i},
					 .peer_mac = {2, 0, 0, 2, 0,
						      (uint8_t)i}};

		snprintf(a, sizeof(a), "a%u", i);
		snprintf(b, sizeof(b), "b%u", i);
		rtnl_put_veth(&batch, &veth);
		assert_int_equal(run(), 0);
	}
}

struct links {
	unsigned int a[MANY], b[MANY], others;
	uint32_t group[MANY];
};

static void seen_link(void *data, const struct rtnl_link *link)
{
	struct links *seen = data;
	unsigned long i = strtoul(link->ifname + 1, NULL, 10);

	if (link->ifname[0] == 'a' && i < MANY) {
		seen->a[i]++;
	} else if (link->ifname[0] == 'b' && i < MANY) {
		seen->b[i]++;
		seen->group[i] = link->group;
	} else {
		seen->others++;
	}
}

static void a_dump_sees_each_link_once(void **state)
{
	static struct links seen;

	ground_need();
	make_many();
	assert_int_equal(rtnl_dump_links(rtnl, seen_link, &seen), 0);
	for (unsigned int i = 0; i < MANY; i++) {
		assert_int_equal(seen.a[i], 1);
		assert_int_equal(seen.b[i], 1);
		assert_int_equal(seen.group[i], i);
	}
	assert_in_range(seen.others, 1, 8); /* lo, and tunnels' fall-backs */
}

struct routes {
	int restarts;
	unsigned int ifindex;
	char text[4096];
};

static void a_default_route_is_found_by_its_link(void **state)
{
	struct rtnl_link e, f;

	ground_need();
	assert_int_equal(rtnl_has_default_route(rtnl, 0), 0);
	assert_int_equal(ground_sh("ip link add e type veth peer f && "
				   "ip address add 192.0.2.2/24 dev e && "
				   "ip address add 192.0.3.2/24 dev f && "
				   "ip link set e up && ip link set f up && "
				   "ip route add default via 192.0.2.1"),
			 0);
	assert_int_equal(rtnl_link_by_name(rtnl, "e", &e), 0);
	assert_int_equal(rtnl_link_by_name(rtnl, "f", &f), 0);
	assert_int_equal(rtnl_has_default_route(rtnl, 0), 1);
	assert_int_equal(rtnl_has_default_route(rtnl, e.ifindex), 1);
	assert_int_equal(rtnl_has_default_route(rtnl, f.ifindex), 0);
	assert_int_equal(ground_sh("ip route replace default "
				   "nexthop via 192.0.2.1 "
				   "nexthop via 192.0.3.1"),
			 0);
	assert_int_equal(rtnl_has_default_route(rtnl, f.ifindex), 1);
	assert_int_equal(ground_sh("ip link del e"), 0);
}

static void restart_routes(void *data)
{
	struct routes *r = data;

	r->restarts++;
	snprintf(r->text, sizeof(r->text), "|");
}

static void seen_route(void *data, const struct inet_prefix *p,
		       unsigned int ifindex)
{
	struct routes *r = data;
	char text[INET_PREFIX_STR];

	inet_prefix_format(p, text);
	snprintf(r->text + strlen(r->text), sizeof(r->text) - strlen(r->text),
		 "%s|", text);
	if (!strcmp(text, "198.51.100.0/24"))
		r->ifindex = ifindex;
}

static void a_dump_of_routes_omits_default_and_multicast_routes(void **state)
{
	static const char *const in[] = {
		"|192.0.2.1/32|",    "|192.0.2.0/24|",	"|198.51.100.0/24|",
		"|10.9.0.0/16|",     "|2001:db8::/64|", "|2001:db8::1/128|",
		"|2001:db8:9::/48|", "|172.16.0.0/12|",
	};
	static const char *const out[] = {"|0.0.0.0", "|::/0",
					  "|fe80",    "|ff0",
					  "|224.",    "|192.0.2.255/32|"};
	struct routes r = {0};

	ground_need();
	assert_int_equal(ground_sh(
				 "set -e; ip link set lo up; "
				 "ip link add d0 type veth peer d1; "
				 "ip link set d0 up; ip link set d1 up; "
				 "ip addr add 192.0.2.1/24 brd + dev d0; "
				 "ip addr add 2001:db8::1/64 dev d0 nodad; "
				 "ip route add 198.51.100.0/24 dev d0; "
				 "ip route add default via 192.0.2.9; "
				 "ip -6 route add default via 2001:db8::9; "
				 "ip route add blackhole 10.9.0.0/16; "
				 "ip route add 172.16.0.0/12 dev d0 table 77; "
				 "ip -6 route add unreachable 2001:db8:9::/48; "
				 "ip route add multicast 224.0.0.0/4 dev d0"),
			 0);
	/* IPv6 finishes its routes when the kernel's work queue comes to it */
	assert_int_equal(ground_sh(
				 "for i in $(seq 200); do "
				 "ip -6 route show table all | "
				 "grep -q 'local 2001:db8::1 dev d0' && exit 0; "
				 "sleep 0.05; done; exit 1"),
			 0);
	assert_int_equal(rtnl_dump_routes(rtnl, restart_routes, seen_route, &r),
			 0);
	assert_in_range(r.restarts, 1, 5);
	assert_int_not_equal(r.ifindex, 0);
	for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++)
		if (!strstr(r.text, in[i]))
			fail_msg("%s is not in %s", in[i], r.text);
	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++)
		if (strstr(r.text, out[i]))
			fail_msg("%s is in %s", out[i], r.text);
}

/* --- events --- */

struct received {
	int gone, routes, lost;
	char name[IFNAMSIZ];
	unsigned int ifindex, oif;
	char route[INET_PREFIX_STR];
};

static void on_gone(void *data, const struct rtnl_link *link)
{
	struct received *received = data;

	received->gone++;
	received->ifindex = link->ifindex;
	memcpy(received->name, link->ifname, sizeof(received->name));
}

static void on_route(void *data, const struct inet_prefix *p,
		     unsigned int ifindex)
{
	struct received *received = data;

	received->routes++;
	received->oif = ifindex;
	inet_prefix_format(p, received->route);
}

static void on_lost(void *data)
{
	((struct received *)data)->lost++;
}

static struct received receive(struct rtnl *monitor)
{
	struct received received = {0};
	const struct rtnl_events events = {on_gone, on_route, on_lost,
					   &received};

	assert_int_equal(rtnl_monitor_read(monitor, &events), 0);
	return received;
}

static void the_monitor_reports_links_and_routes(void **state)
{
	struct rtnl *monitor;
	struct received received;

	ground_need();
	assert_int_equal(rtnl_monitor_open(&monitor), 0);
	received =
		receive(monitor); /* no event yet, and the call does not wait */
	assert_int_equal(received.gone + received.routes + received.lost, 0);
	assert_int_equal(ground_sh("ip link add npam3 index 33 type veth "
				   "peer x && ip link set lo up"),
			 0);
	receive(monitor);
	put_route(1, "198.51.100.0/24", NULL);
	assert_int_equal(run(), 0);
	received = receive(monitor);
	assert_int_equal(received.routes, 1);
	assert_string_equal(received.route, "198.51.100.0/24");
	assert_int_equal(received.oif, 1);
	put_route(1, "2001:db8::/32", NULL);
	assert_int_equal(run(), 0);
	received = receive(monitor);
	assert_string_equal(received.route, "2001:db8::/32");
	assert_int_equal(ground_sh("ip route del 198.51.100.0/24"), 0);
	received = receive(monitor);
	assert_int_equal(received.routes, 0);
	assert_int_equal(received.gone, 0);
	assert_int_equal(ground_sh("ip link del x"), 0);
	received = receive(monitor);
	assert_int_equal(received.gone, 2);
	assert_int_equal(received.lost, 0);
	assert_true(received.ifindex == 33 ? !strcmp(received.name, "npam3")
					   : !strcmp(received.name, "x"));
	rtnl_close(monitor);
}

static void leaving_a_bridge_is_no_removal_event(void **state)
{
	struct rtnl *monitor;
	struct received received;

	ground_need();
	assert_int_equal(ground_sh("ip link add br0 type bridge && "
				   "ip link add p type veth peer q && "
				   "ip link set p master br0 up"),
			 0);
	assert_int_equal(rtnl_monitor_open(&monitor), 0);
	assert_int_equal(ground_sh("ip link set p nomaster"), 0);
	received = receive(monitor);
	assert_int_equal(received.gone, 0);
	/* a link that is moved to another namespace is reported as removed */
	assert_int_equal(ground_sh("ip netns add away && "
				   "ip link set p netns away"),
			 0);
	received = receive(monitor);
	assert_int_equal(received.gone, 1);
	assert_string_equal(received.name, "p");
	assert_int_equal(ground_sh("ip netns del away"), 0);
	rtnl_close(monitor);
}

static void F73_an_overflow_is_reported_and_events_continue(void **state)
{
	struct rtnl *monitor;
	struct received received;
	int bytes = 4096;

	ground_need();
	assert_int_equal(rtnl_monitor_open(&monitor), 0);
	assert_int_equal(setsockopt(rtnl_fd(monitor), SOL_SOCKET,
				    SO_RCVBUFFORCE, &bytes, sizeof(bytes)),
			 0);
	rtnl_put_up(&batch, 1);
	assert_int_equal(run(), 0);
	for (int i = 0; i < 200; i++) {
		char to[32];

		snprintf(to, sizeof(to), "10.%d.0.0/16", i);
		put_route(1, to, NULL);
		assert_int_equal(run(), 0);
	}
	received = receive(monitor);
	assert_in_range(received.lost, 1, 100);
	assert_in_range(received.routes, 0, 199);
	put_route(1, "198.51.100.0/24", NULL);
	assert_int_equal(run(), 0);
	received = receive(monitor);
	assert_int_equal(received.lost, 0);
	assert_string_equal(received.route, "198.51.100.0/24");
	rtnl_close(monitor);
}

static void the_monitor_buffers_the_events_of_a_thousand_logouts(void **state)
{
	struct rtnl *monitor;
	struct received received;

	ground_need();
	assert_int_equal(rtnl_monitor_open(&monitor), 0);
	make_many();
	assert_int_equal(ground_sh("for i in $(seq 0 %d); do "
				   "echo link del a$i; done | ip -batch -",
				   MANY - 1),
			 0);
	received = receive(monitor);
	assert_int_equal(received.lost, 0);
	assert_int_equal(received.gone, 2 * MANY);
	rtnl_close(monitor);
}

/* --- senders other than the kernel --- */

static uint32_t port_of(const struct rtnl *of)
{
	struct sockaddr_nl address = {0};
	socklen_t n = sizeof(address);

	assert_int_equal(getsockname(rtnl_fd(of), (struct sockaddr *)&address,
				     &n),
			 0);
	return address.nl_pid;
}

static void forge(uint32_t port, const void *packet, size_t bytes)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = port};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, packet, bytes, 0, (struct sockaddr *)&to,
				sizeof(to)),
			 bytes);
	close(fd);
}

static void F73_messages_from_other_processes_are_ignored(void **state)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg ifi;
	} gone = {.h = {.nlmsg_len = sizeof(gone), .nlmsg_type = RTM_DELLINK},
		  .ifi = {.ifi_index = 1}};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
	} fine = {.h = {.nlmsg_len = sizeof(fine), .nlmsg_type = NLMSG_ERROR}};
	struct rtnl *monitor;
	struct received received;

	ground_need();
	assert_int_equal(rtnl_monitor_open(&monitor), 0);
	forge(port_of(monitor), &gone, sizeof(gone));
	received = receive(monitor);
	assert_int_equal(received.gone, 0);
	rtnl_close(monitor);

	/* forged success replies to the requests that come next */
	for (fine.h.nlmsg_seq = 0; fine.h.nlmsg_seq < 8; fine.h.nlmsg_seq++)
		forge(port_of(rtnl), &fine, sizeof(fine));
	put_address(77, "192.0.2.1/31");
	assert_int_equal(run(), -ENODEV);
}

#define rtnl_test(f)                                                           \
	cmocka_unit_test_setup_teardown(f, rtnl_setup, rtnl_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtnl_test(one_batch_executes_requests_of_every_type),
		rtnl_test(an_error_names_its_step_and_the_rest_is_executed),
		rtnl_test(the_message_of_the_kernel_is_in_the_error),
		rtnl_test(an_existing_object_is_EEXIST),
		rtnl_test(too_large_a_batch_is_refused_and_nothing_is_executed),
		rtnl_test(links_are_found_or_ENODEV),
		rtnl_test(F74_a_veth_pair_is_made_in_place_with_all_attributes),
		rtnl_test(a_default_route_is_found_by_its_link),
		rtnl_test(a_dump_sees_each_link_once),
		rtnl_test(a_dump_of_routes_omits_default_and_multicast_routes),
		rtnl_test(the_monitor_reports_links_and_routes),
		rtnl_test(leaving_a_bridge_is_no_removal_event),
		rtnl_test(F73_an_overflow_is_reported_and_events_continue),
		rtnl_test(the_monitor_buffers_the_events_of_a_thousand_logouts),
		rtnl_test(F73_messages_from_other_processes_are_ignored),
	};

	ground_make();
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
