// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bench: runs the contests in turn, round after round, so that other load
 * on the machine affects all of them equally; then prints the table of
 * PERFORMANCE goals. tests/bench/run prepares the sandbox, the services and
 * the daemon, and passes their paths in environment variables.
 *
 * Must not be started outside that sandbox; it creates namespaces by name.
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/deadline.h"
#include "contest.h"
#include "samples.h"

#define ECHO_PORT	7007
#define SETTLE_BOUND_MS 5000
#define SETTLE_US	30000 /* the kernel removes a namespace with a delay */
#define UID_BASE	70000u

static const char *env(const char *name)
{
	const char *value = getenv(name);

	if (!value || !*value)
		errx(1, "%s is not set: start tests/bench/run", name);
	return value;
}

static unsigned int env_number(const char *name)
{
	char *end;
	unsigned long n = strtoul(env(name), &end, 10);

	if (*end || n > 100000)
		errx(1, "%s is not a number", name);
	return (unsigned int)n;
}

/* Network interfaces in the bench's namespace, without those of the start. */
static unsigned int links_count(void)
{
	struct if_nameindex *links = if_nameindex();
	unsigned int n = 0;

	if (!links)
		err(1, "if_nameindex");
	while (links[n].if_index)
		n++;
	if_freenameindex(links);
	return n;
}

/* Waits until the kernel has removed the objects of a round. */
static void settle(unsigned int links)
{
	uint64_t deadline = deadline_in_ms(SETTLE_BOUND_MS);

	while (links_count() > links) {
		if (!deadline_left_ms(deadline))
			errx(1, "%u interfaces too many are left",
			     links_count() - links);
		usleep(1000);
	}
	usleep(SETTLE_US);
}

/* Removes a namespace that the module to compare with has created by name. */
static void name_remove(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	umount2(path, MNT_DETACH);
	unlink(path);
}

/* The table */

static unsigned int missed;

static void print_head(void)
{
	printf("%-34s %9s %9s   %-28s %9s %9s  %-9s %-12s\n", "WHAT", "MEDIAN",
	       "P99", "AGAINST", "MEDIAN", "P99", "RESULT", "GOAL");
}

static void print_ms(double ms)
{
	if (isnan(ms))
		printf(" %9s", "-");
	else
		printf(" %6.3f ms", ms);
}

/*
 * One line; value must be at most goal, or at least goal (least). A goal of
 * NAN: there is none, the line is for information.
 */
static void print_row(const char *what, struct samples *ours,
		      const char *against, struct samples *theirs, int digits,
		      const char *unit, double value, double goal, bool least)
{
	bool met = !isnan(value) && (least ? value >= goal : value <= goal);
	char text[32], wanted[32];

	printf("%-34s", what);
	print_ms(samples_ms(ours, 0.5));
	print_ms(samples_ms(ours, 0.99));
	printf("   %-28s", against);
	print_ms(theirs ? samples_ms(theirs, 0.5) : NAN);
	print_ms(theirs ? samples_ms(theirs, 0.99) : NAN);
	snprintf(text, sizeof(text), "%.*f%s", digits, value, unit);
	snprintf(wanted, sizeof(wanted), "%.*f%s", digits, goal, unit);
	if (theirs && !theirs->n) {
		printf("  not measured here\n");
		return;
	}
	if (isnan(goal)) {
		printf("  %s\n", text);
		return;
	}
	printf("  %-9s %s %-9s %s\n", text, least ? ">=" : "<=", wanted,
	       met ? "met" : "MISSED");
	missed += !met;
}

/* The other time divided by ours: at least goal. */
static void print_quicker(const char *what, struct samples *ours,
			  const char *against, struct samples *theirs,
			  double goal)
{
	print_row(what, ours, against, theirs, 1, " x",
		  samples_ms(theirs, 0.5) / samples_ms(ours, 0.5), goal, true);
}

/* Our time divided by the other: at most goal. */
static void print_slower(const char *what, struct samples *ours,
			 const char *against, struct samples *theirs,
			 double goal)
{
	print_row(what, ours, against, theirs, 2, " x",
		  samples_ms(ours, 0.5) / samples_ms(theirs, 0.5), goal, false);
}

/* Contests */

static struct {
	const char *socket, *confdir, *script, *batch, *policy, *add, *remove;
	const char *server4, *server6;
	unsigned int rounds, many, first;
	bool usernet;
	pid_t helper;
} bench;

static struct {
	struct samples permit, ours, dns, setns, usernet;
} join;

static struct {
	struct samples unshare, helper, ours, dns;
	struct samples usernet, ip, batch, script, exec;
} create;

static struct contest_login login_ours(const char *user)
{
	return (struct contest_login){
		.confdir = bench.confdir,
		.service = "bench-ours",
		.user = user,
		.warm_service = "bench-ours",
		.warm_user = "benchjoin",
		.moves = true,
	};
}

static void join_round(void)
{
	struct contest_login permit = {
		.confdir = bench.confdir,
		.service = "bench-permit",
		.user = "benchjoin",
		.warm_service = "bench-permit",
		.warm_user = "benchjoin",
	};
	struct contest_login ours = login_ours("benchjoin");
	struct contest_login dns = login_ours("benchdns");
	struct contest_login usernet = {
		.confdir = bench.confdir,
		.service = "bench-usernet",
		.user = "benchpeer",
		.warm_service = "bench-usernet",
		.warm_user = "benchpeer",
		.moves = true,
	};

	samples_add(&join.permit, contest_login(&permit));
	samples_add(&join.ours, contest_login(&ours));
	samples_add(&join.dns, contest_login(&dns));
	samples_add(&join.setns, contest_setns("/run/netns/join"));
	if (bench.usernet)
		samples_add(&join.usernet, contest_login(&usernet));
}

static void create_ours_round(struct samples *helper, struct samples *ours)
{
	struct contest_login login = login_ours("benchcreate");
	unsigned int links = links_count();

	samples_add(helper,
		    contest_request(bench.socket, PROTO_UP, "single", NULL, 0));
	if (contest_request(bench.socket, PROTO_DOWN, "single", NULL, 0) < 0)
		errx(1, "the helper does not take namespace 'single' down");
	settle(links);
	samples_add(ours, contest_login(&login));
	settle(links);
}

static void create_dns_round(void)
{
	struct contest_login login = login_ours("benchdnsnew");
	unsigned int links = links_count();

	samples_add(&create.dns, contest_login(&login));
	settle(links);
}

static void create_peers_round(void)
{
	static const char *const ip[] = {"ip", "netns", "add", "benchip", NULL};
	const char *batch[] = {"/bin/sh", bench.batch, NULL};
	const char *script[] = {"/bin/sh", bench.script, NULL};
	struct contest_login usernet = {
		.confdir = bench.confdir,
		.service = "bench-usernet",
		.user = "benchnew",
		.warm_service = "bench-usernet",
		.warm_user = "benchpeer",
		.moves = true,
	};
	struct contest_login exec = {
		.confdir = bench.confdir,
		.service = "bench-exec",
		.user = "benchjoin",
		.warm_service = "bench-permit",
		.warm_user = "benchjoin",
	};
	unsigned int links = links_count();

	samples_add(&create.unshare, contest_unshare());
	settle(links);
	samples_add(&create.ip, contest_program(ip));
	name_remove("benchip");
	settle(links);
	if (bench.usernet) {
		samples_add(&create.usernet, contest_login(&usernet));
		name_remove("benchnew");
		settle(links);
	}
	samples_add(&create.batch, contest_program(batch));
	name_remove("benchscript");
	settle(links);
	samples_add(&create.script, contest_program(script));
	name_remove("benchscript");
	settle(links);
	samples_add(&create.exec, contest_login(&exec));
	name_remove("benchscript");
	settle(links);
}

static void suite_join_and_create(void)
{
	for (unsigned int i = 0; i < bench.rounds; i++) {
		join_round();
		create_ours_round(&create.helper, &create.ours);
		create_dns_round();
		create_peers_round();
	}

	print_row("join, by login", &join.ours, "pam_permit (difference)",
		  &join.permit, 3, " ms",
		  samples_ms(&join.ours, 0.5) - samples_ms(&join.permit, 0.5),
		  0.12, false);
	print_quicker("join, by login", &join.ours, "pam_usernet",
		      &join.usernet, 5);
	print_slower("join, by login", &join.ours, "floor: bare setns",
		     &join.setns, NAN);
	print_slower("join, with dns of its own", &join.dns, "join without",
		     &join.ours, NAN);
	print_slower("create, by the helper", &create.helper,
		     "floor: bare unshare", &create.unshare, 3);
	print_slower("create, by login", &create.ours, "pam_usernet (no link)",
		     &create.usernet, 1);
	print_slower("create, by login", &create.ours, "floor: bare unshare",
		     &create.unshare, NAN);
	print_slower("create, with dns of its own", &create.dns,
		     "create without", &create.ours, NAN);
	print_quicker("create, by login", &create.ours,
		      "ip netns add (no link)", &create.ip, NAN);
	print_quicker("create, by login", &create.ours,
		      "ip -batch (twice, by sh)", &create.batch, 6);
	print_quicker("create, by login", &create.ours, "iproute2 script",
		      &create.script, 10);
	print_quicker("create, by login", &create.ours,
		      "pam_exec, iproute2 script", &create.exec, 10);
}

static int64_t inside_echo4(void *data)
{
	return contest_echo(bench.server4, ECHO_PORT);
}

static int64_t inside_echo6(void *data)
{
	return contest_echo(bench.server6, ECHO_PORT);
}

static int64_t inside_flow(void *data)
{
	return contest_echo_flow(bench.server4, ECHO_PORT);
}

static void suite_first_packet(void)
{
	unsigned int links = links_count();
	struct samples first = {.n = 0};

	for (unsigned int i = 0; i < bench.first; i++) {
		struct contest_login login = login_ours("benchcreate");

		login.inside = i % 2 ? inside_echo6 : inside_echo4;
		samples_add(&first, contest_login(&login));
		settle(links);
	}
	print_row("first packet after a login, lost", &first, "of that many",
		  NULL, 0, "", (double)first.failed, 0, false);
}

/* Namespaces created and removed in succession, counted to the last link.
 */
static void suite_churn(void)
{
	unsigned int links = links_count(), n = 4 * bench.rounds;
	struct samples pair = {.n = 0};
	int64_t start = samples_now(), total;

	for (unsigned int i = 0; i < n; i++) {
		int64_t up = contest_request(bench.socket, PROTO_UP, "single",
					     NULL, 0);
		int64_t down = contest_request(bench.socket, PROTO_DOWN,
					       "single", NULL, 0);

		samples_add(&pair, up < 0 || down < 0 ? -1 : up + down);
	}
	settle(links);
	total = samples_now() - start;
	print_row("churn: create and destroy", &pair, "a second", NULL, 0, "",
		  (double)pair.n / ((double)total / 1e9), 300, true);
}

static int64_t many_request(enum proto_op op, unsigned int i)
{
	char user[32];

	snprintf(user, sizeof(user), "bench%u", i);
	return contest_request(bench.socket, op, "many", user, UID_BASE + i);
}

/* Return: VmRSS of the daemon in KiB. */
static double helper_kib(void)
{
	char path[64], line[256];
	double kib = NAN;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)bench.helper);
	f = fopen(path, "re");
	if (!f)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmRSS:", 6))
			kib = strtod(line + 6, NULL);
	fclose(f);
	return kib;
}

struct crowd {
	struct samples helper, ours, flow, fresh;
};

static void crowd_round(struct crowd *crowd)
{
	struct contest_login login = login_ours("benchjoin");

	create_ours_round(&crowd->helper, &crowd->ours);
	login.inside = inside_flow;
	samples_add(&crowd->flow, contest_login(&login));
	login.inside = inside_echo4;
	samples_add(&crowd->fresh, contest_login(&login));
}

/* Takes all of `many` down in a child, as fast as the daemon does it. */
static pid_t crowd_leave(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	for (unsigned int i = 0; i < bench.many; i++)
		if (many_request(PROTO_DOWN, i) < 0)
			_exit(1);
	_exit(0);
}

/* Before, with, and during the end of many namespaces. */
static void suite_many(void)
{
	struct crowd before = {.helper = {.n = 0}}, with = before;
	struct samples grow = {.n = 0}, during = {.n = 0};
	unsigned int links = links_count();
	double kib, per;
	char what[64];
	int status = 0;
	pid_t pid;

	for (unsigned int i = 0; i < bench.rounds; i++)
		crowd_round(&before);
	kib = helper_kib();
	for (unsigned int i = 0; i < bench.many; i++)
		samples_add(&grow, many_request(PROTO_UP, i));
	if (grow.failed)
		errx(1, "%zu of %u namespaces could not be made", grow.failed,
		     bench.many);
	per = (helper_kib() - kib) / bench.many;
	for (unsigned int i = 0; i < bench.rounds; i++)
		crowd_round(&with);

	pid = crowd_leave();
	while (waitpid(pid, &status, WNOHANG) == 0) {
		samples_add(&during, contest_request(bench.socket, PROTO_UP,
						     "single", NULL, 0));
		contest_request(bench.socket, PROTO_DOWN, "single", NULL, 0);
		usleep(5000);
	}
	if (status)
		errx(1, "the namespaces of 'many' cannot all be taken down");
	settle(links);

	snprintf(what, sizeof(what), "create, helper, %u there", bench.many);
	print_slower(what, &with.helper, "none there", &before.helper, 1.3);
	snprintf(what, sizeof(what), "create, login, %u there", bench.many);
	print_slower(what, &with.ours, "none there", &before.ours, 1.3);
	snprintf(what, sizeof(what), "echo, one flow, %u there", bench.many);
	print_slower(what, &with.flow, "one there", &before.flow, 1.1);
	snprintf(what, sizeof(what), "echo, new flow, %u there", bench.many);
	print_slower(what, &with.fresh, "one there", &before.fresh, 1.1);
	snprintf(what, sizeof(what), "create while %u are taken down",
		 bench.many);
	print_row(what, &during, "p99", NULL, 1, " ms",
		  samples_ms(&during, 0.99), 30, false);
	print_row("helper's memory, one namespace", &grow, "resident", NULL, 2,
		  " KiB", per, 3, false);
}

/*
 * The path of a packet through the firewall: with one target in `allow` and
 * with ten thousand, without elements of others in the maps and with ten
 * thousand.
 */
static void path_round(const char *path, struct samples *flow,
		       struct samples *fresh)
{
	const struct contest_inside one = {path, inside_flow, NULL};
	const struct contest_inside new = {path, inside_echo4, NULL};

	samples_add(flow, contest_inside(&one));
	samples_add(fresh, contest_inside(&new));
}

static void suite_allow(void)
{
	struct samples flow[3] = {{.n = 0}}, fresh[3] = {{.n = 0}};
	static const char *const paths[] = {"/run/netns/allow0",
					    "/run/netns/allow1",
					    "/run/netns/allow10000"};
	char longer[PATH_MAX];

	/* Not before: every login reads all of its policy. */
	snprintf(longer, sizeof(longer), "%s.allow", bench.policy);
	if (rename(longer, bench.policy) < 0)
		err(1, "%s", bench.policy);
	if (contest_request(bench.socket, PROTO_RELOAD, "", NULL, 0) < 0)
		errx(1, "the helper does not take the longer policy");
	for (size_t n = 0; n < 3; n++)
		if (contest_request(bench.socket, PROTO_UP,
				    strrchr(paths[n], '/') + 1, NULL, 0) < 0)
			errx(1, "the helper does not bring %s up", paths[n]);
	for (unsigned int i = 0; i < 2 * bench.rounds; i++)
		for (size_t n = 0; n < 3; n++)
			path_round(paths[n], &flow[n], &fresh[n]);
	print_slower("echo, one flow, one in allow", &flow[1], "no allow",
		     &flow[0], NAN);
	print_slower("echo, one flow, 10000 in allow", &flow[2], "one in allow",
		     &flow[1], 1.1);
	print_slower("echo, new flow, 10000 in allow", &fresh[2],
		     "one in allow", &fresh[1], 1.1);
}

/* The daemon ends first: no other program may change its table before. */
static void suite_elements(void)
{
	const char *add[] = {"nft", "-f", bench.add, NULL};
	const char *remove[] = {"nft", "-f", bench.remove, NULL};
	struct samples flow[2] = {{.n = 0}}, fresh[2] = {{.n = 0}};
	int64_t r = 0;

	kill(bench.helper, SIGKILL);
	usleep(SETTLE_US);
	for (unsigned int i = 0; i < bench.rounds && r >= 0; i++) {
		path_round("/run/netns/allow1", &flow[0], &fresh[0]);
		r = contest_program(add);
		path_round("/run/netns/allow1", &flow[1], &fresh[1]);
		if (r >= 0)
			r = contest_program(remove);
	}
	if (r < 0)
		errx(1, "nft does not change the table inet netns_pam");
	print_slower("echo, one flow, 10000 elements", &flow[1], "one",
		     &flow[0], 1.1);
	print_slower("echo, new flow, 10000 elements", &fresh[1], "one",
		     &fresh[0], 1.1);
}

int main(void)
{
	bench.socket = env("BENCH_SOCKET");
	bench.confdir = env("BENCH_CONFDIR");
	bench.script = env("BENCH_SCRIPT");
	bench.batch = env("BENCH_BATCH");
	bench.policy = env("BENCH_POLICY");
	bench.add = env("BENCH_ADD");
	bench.remove = env("BENCH_REMOVE");
	bench.server4 = env("BENCH_SERVER4");
	bench.server6 = env("BENCH_SERVER6");
	bench.rounds = env_number("BENCH_ROUNDS");
	bench.many = env_number("BENCH_MANY");
	bench.first = env_number("BENCH_FIRST");
	bench.helper = (pid_t)env_number("BENCH_HELPER");
	bench.usernet = env_number("BENCH_USERNET") == 1;
	setvbuf(stdout, NULL, _IOLBF, 0);

	/* The namespace that all rounds join exists before the first of them.
	 */
	if (contest_request(bench.socket, PROTO_UP, "join", NULL, 0) < 0 ||
	    contest_request(bench.socket, PROTO_UP, "dns", NULL, 0) < 0)
		errx(1, "the helper does not bring namespaces up");
	print_head();
	suite_join_and_create();
	suite_first_packet();
	suite_churn();
	suite_many();
	suite_allow();
	suite_elements();
	puts("Not measured here: netavark, CNI plugins, a warm pool.");
	printf("%u goals missed.\n", missed);
	return missed && env_number("BENCH_STRICT") ? 1 : 0;
}
