/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Client configurations of OpenVPN: what is accepted and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/link/openvpn/conf.h"
#include "helper/link/openvpn/files.h"

static struct openvpn_conf *parsed(const char *text)
{
	struct openvpn_conf *conf = NULL;
	struct error why;

	if (openvpn_conf_parse("f", text, strlen(text), &conf, &why) < 0)
		fail_msg("refused: %s", why.text);
	assert_int_equal(conf->bytes, strlen(text));
	return conf;
}

static void refuses(const char *text, const char *wanted)
{
	struct openvpn_conf *conf = NULL;
	struct error why = {""};

	if (openvpn_conf_parse("f", text, strlen(text), &conf, &why) == 0)
		fail_msg("accepted: %s", text);
	assert_null(conf);
	if (!strstr(why.text, wanted))
		fail_msg("wanted '%s' in: %s", wanted, why.text);
}

static void a_typical_file_is_accepted(void **state)
{
	struct openvpn_conf *c = parsed("# a comment\n"
					"client\n"
					"dev tun\n"
					"remote vpn.example.net 1194 udp\n"
					"remote other.example.net\n"
					"nobind\n"
					"ca ca.crt\n"
					"key alice.key\n"
					"tls-auth \"ta one.key\" 1 ; more\n"
					"auth-user-pass login\n"
					"verb 5\n");

	assert_string_equal(c->remote, "vpn.example.net");
	assert_true(c->tls);
	assert_false(c->tap);
	assert_false(c->redirect4);
	assert_int_equal(c->verb, 4);
	assert_int_equal(c->secret_line, 0);
	assert_int_equal(c->n_files, 4);
	assert_string_equal(c->files[0].path, "ca.crt");
	assert_false(c->files[0].secret);
	assert_string_equal(c->files[1].path, "alice.key");
	assert_true(c->files[1].secret);
	assert_int_equal(c->files[2].line, 9);
	assert_string_equal(c->files[2].path, "ta one.key");
	assert_string_equal(c->files[3].path, "login");
	openvpn_conf_free(c);
}

static void file_names_become_descriptors(void **state)
{
	char ca[] = "ca.crt", key[] = "keys/alice.key";
	char *const names[] = {ca, key};
	struct openvpn_conf *c =
		parsed("dev tun\n"
		       "ca ca.crt # ours\n"
		       "dh none\n"
		       "setenv opt --tls-crypt-v2 \"a \\\"b\"\n"
		       "crl-verify dir dir\n"
		       "http-proxy p 8080 login basic\n"
		       "status /run/x 5\n"
		       "verb 3");
	size_t bytes = 0;
	char said[200];
	char *text = openvpn_files_text(c, &bytes);

	assert_int_equal(c->n_files, 3);
	assert_string_equal(c->files[1].path, "a \"b");
	assert_true(c->files[2].secret);
	text[bytes - 1] = '\0';
	assert_string_equal(text,
			    "dev tun\n"
			    " \"ca\" /proc/self/fd/6\n"
			    "dh none\n"
			    " \"setenv\" \"opt\" \"tls-crypt-v2\" /proc/self/fd/7\n"
			    "crl-verify dir dir\n"
			    " \"http-proxy\" \"p\" \"8080\" /proc/self/fd/8 \"basic\"\n"
			    "               \n"
			    "verb ");
	free(text);
	openvpn_conf_free(c);
	openvpn_files_name(names, 2, "cannot read /proc/self/fd/7: denied",
			   said, sizeof(said));
	assert_string_equal(said, "cannot read keys/alice.key: denied");
	openvpn_files_name(names, 2, "/proc/self/fd/8", said, sizeof(said));
	assert_string_equal(said, "/proc/self/fd/8");
	openvpn_files_name(names, 2, "cannot /proc/self/fd/6", said, 9);
	assert_string_equal(said, "cannot c");
}

static void device_type_redirect_gateway_and_verb_are_read(void **state)
{
	struct openvpn_conf *c = parsed("dev tap3\nverb 1\nroute-nopull\n"
					"redirect-gateway def1 ipv6\n");

	assert_true(c->tap);
	assert_false(c->tls);
	assert_true(c->nopull);
	assert_true(c->redirect4);
	assert_int_equal(c->verb, 3); /* pushed options are read from its log */
	assert_string_equal(c->remote, "");
	openvpn_conf_free(c);
	c = parsed("dev-type tap\ndev mine\nredirect-gateway !ipv4 ipv6\n");
	assert_true(c->tap);
	assert_false(c->redirect4);
	openvpn_conf_free(c);
}

static void ignored_directives_are_blanked(void **state)
{
	struct openvpn_conf *c = parsed("dev tun\nuser nobody\n"
					"script-security 2\nmute 5\nclient\n");

	assert_string_equal(c->text, "dev tun\n           \n"
				     "                 \n      \nclient\n");
	assert_int_equal(c->owner_line, 2);
	openvpn_conf_free(c);
}

static void inline_blocks_are_read(void **state)
{
	struct openvpn_conf *c = parsed("dev tun\n<ca>\nup /x\n</ca>\n"
					"<key>\nSECRET\n plugin\n  </key> \n"
					"<connection>\nremote a 1\n"
					"</connection>\n");

	assert_int_equal(c->secret_line, 5);
	assert_string_equal(c->remote, "a");
	openvpn_conf_free(c);
	c = parsed("dev tun\n<ca>\n</ca>\nkey [inline]\n");
	assert_int_equal(c->secret_line, 0);
	assert_int_equal(c->n_files, 0);
	openvpn_conf_free(c);
	refuses("dev tun\n<key>\nSECRET\n", "'</key>' is missing");
}

static void a_secret_is_not_in_the_error(void **state)
{
	struct openvpn_conf *conf = NULL;
	char secret[301], text[1000];
	struct error why;

	memset(secret, 'S', 300);
	secret[300] = '\0';
	snprintf(text, sizeof(text), "dev tun\n<key>\n%s\n</key>\n", secret);
	assert_true(openvpn_conf_parse("f", text, strlen(text), &conf, &why) <
		    0);
	assert_non_null(strstr(why.text, "f:3: the line has more than 255"));
	assert_null(strstr(why.text, "SSS"));
}

static void directives_that_run_programs_are_refused(void **state)
{
	static const char *const names[] = {"up",
					    "down",
					    "route-up",
					    "route-pre-down",
					    "ipchange",
					    "iproute",
					    "plugin",
					    "tls-verify",
					    "client-connect",
					    "auth-user-pass-verify",
					    "learn-address",
					    "tls-crypt-v2-verify",
					    "dns-updown",
					    "client-disconnect"};

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		char text[100], wanted[100];

		snprintf(text, sizeof(text), "dev tun\n\n%s /bin/x\n",
			 names[n]);
		snprintf(wanted, sizeof(wanted), "f:3: '%s': it runs a program",
			 names[n]);
		refuses(text, wanted);
	}
	openvpn_conf_free(parsed("dev tun\ndns-updown disable\n"));
}

/* openvpn reads each of them as `up`. */
static void every_notation_of_a_refused_directive_is_recognized(void **state)
{
	refuses("dev tun\n  \t up /x\n", "f:2: 'up'");
	refuses("dev tun\n\"up\" /x\n", "f:2: 'up'");
	refuses("dev tun\n'up' /x\n", "f:2: 'up'");
	refuses("dev tun\n--up /x\n", "f:2: 'up'");
	refuses("dev tun\nsetenv opt up /x\n", "f:2: 'up'");
	refuses("dev tun\nsetenv opt --up /x\n", "f:2: 'up'");
	refuses("dev tun\nup\t/x\r\n", "f:2: 'up'");
	refuses("\xef\xbb\xbfup /x\n", "f:1: 'up'");
	refuses("dev tun\nup", "f:2: 'up'");
	refuses("dev tun\n<connection>\nup /x\n</connection>\n", "f:3: 'up'");
	refuses("dev tun\n<ca>\n</ca>\nup /x\n", "f:4: 'up'");
	refuses("dev tun\n<ca> twice\nup /x\n</ca>\n", "f:3: 'up'");
	refuses("dev tun\n</ca>\nup /x\n", "f:3: 'up'");
	openvpn_conf_free(parsed("dev tun\n;up /x\n# up /x\nsetenv up x\n"));
}

static void directives_that_conflict_with_the_daemon_are_refused(void **state)
{
	refuses("dev tun\nmanagement 127.0.0.1 7505\n", "f:2: 'management'");
	refuses("management-hold\n", "f:1: 'management-hold'");
	refuses("daemon\n", "f:1: 'daemon': netns-pamd starts openvpn");
	refuses("log /var/log/x\n", "'log'");
	refuses("log-append x\n", "'log-append'");
	refuses("syslog\n", "'syslog'");
	refuses("writepid x\n", "'writepid'");
	refuses("chroot /x\n", "'chroot'");
	refuses("cd /x\n", "'cd'");
	refuses("config other\n", "'config'");
	refuses("dev-node /dev/x\n", "'dev-node'");
	refuses("server 10.8.0.0 255.255.255.0\n", "it is for a server");
	refuses("mode server\n", "it is for a server");
	openvpn_conf_free(parsed("dev tun\nmode p2p\n"));
}

static void directives_that_ask_a_person_are_refused(void **state)
{
	refuses("dev tun\nauth-user-pass\n",
		"f:2: 'auth-user-pass' without a file needs a person");
	refuses("askpass\n", "'askpass' without a file");
	refuses("auth-user-pass stdin\n", "needs a person to answer");
	refuses("auth-retry interact\n", "no person can answer");
	refuses("static-challenge \"OTP\" 1\n", "no person can answer");
	openvpn_conf_free(parsed("dev tun\nauth-retry nointeract\n"
				 "<auth-user-pass>\nu\np\n"
				 "</auth-user-pass>\n"));
}

static void a_file_without_a_tun_or_tap_device_is_refused(void **state)
{
	refuses("client\n", "f: there is no 'dev'");
	refuses("dev null\n", "f:1: 'dev null': neither a tun nor a tap");
	refuses("client\ndev mine\n", "f:2: 'dev mine'");
}

static void an_open_quote_and_a_NUL_byte_are_refused(void **state)
{
	static const char nul[] = "dev tun\n\0up /x\n";
	struct openvpn_conf *conf = NULL;
	struct error why;

	refuses("dev tun\nremote \"a\n", "f:2: a quote or a backslash");
	assert_true(openvpn_conf_parse("f", nul, sizeof(nul) - 1, &conf, &why) <
		    0);
	assert_non_null(strstr(why.text, "NUL byte"));
}

/* --- files --- */

static char dir[] = "/tmp/test_openvpn_conf.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, mode_t mode, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(in_dir(name), mode), 0);
}

static void load_refuses(const char *name, const char *wanted)
{
	struct openvpn_conf *conf = NULL;
	struct error why = {""};

	if (openvpn_conf_load(in_dir(name), &conf, &why) == 0)
		fail_msg("accepted: %s", name);
	if (!strstr(why.text, wanted))
		fail_msg("wanted '%s' in: %s", wanted, why.text);
}

static void unsafe_files_are_refused(void **state)
{
	struct openvpn_conf *conf;
	struct error why;

	if (getuid() != 0) {
		skip();
		return;
	}
	put("good", 0644, "dev tun\nkey k\n");
	put("k", 0600, "");
	assert_int_equal(openvpn_conf_load(in_dir("good"), &conf, &why), 0);
	assert_string_equal(conf->dir, dir);
	openvpn_conf_free(conf);

	load_refuses("none", "none: No such file");
	load_refuses(".", "is not a regular file");
	assert_int_equal(symlink("good", in_dir("link")), 0);
	load_refuses("link", "is a symbolic link");
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	load_refuses("fifo", "is not a regular file");
	put("open", 0664, "dev tun\n");
	load_refuses("open", "has mode 0664");
	put("theirs", 0600, "dev tun\n");
	assert_int_equal(chown(in_dir("theirs"), 1234, 0), 0);
	load_refuses("theirs", "belongs to uid 1234");
	put("inline", 0640, "dev tun\n<key>\nx\n</key>\n");
	load_refuses("inline", ":2: the file has mode 0640");
	put("nokey", 0600, "dev tun\nkey other\n");
	load_refuses("nokey", "nokey:2: other: No such file");
	put("k", 0640, "");
	load_refuses("good", "good:2: users other than root can read k");
}

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"good",   "k",    "link",
					    "fifo",   "open", "theirs",
					    "inline", "nokey"};

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
		unlink(in_dir(names[n]));
	return rmdir(dir);
}

static void the_installed_example_is_accepted(void **state)
{
	struct openvpn_conf *conf;
	char text[4096];
	FILE *f = fopen("conf/examples/openvpn/alice.ovpn", "r");
	size_t n;
	struct error why;

	if (!f) {
		skip();
		return;
	}
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (openvpn_conf_parse("f", text, n, &conf, &why) < 0)
		fail_msg("%s", why.text);
	assert_string_equal(conf->remote, "vpn.example.net");
	openvpn_conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_typical_file_is_accepted),
		cmocka_unit_test(file_names_become_descriptors),
		cmocka_unit_test(
			device_type_redirect_gateway_and_verb_are_read),
		cmocka_unit_test(ignored_directives_are_blanked),
		cmocka_unit_test(inline_blocks_are_read),
		cmocka_unit_test(a_secret_is_not_in_the_error),
		cmocka_unit_test(directives_that_run_programs_are_refused),
		cmocka_unit_test(
			every_notation_of_a_refused_directive_is_recognized),
		cmocka_unit_test(
			directives_that_conflict_with_the_daemon_are_refused),
		cmocka_unit_test(directives_that_ask_a_person_are_refused),
		cmocka_unit_test(a_file_without_a_tun_or_tap_device_is_refused),
		cmocka_unit_test(an_open_quote_and_a_NUL_byte_are_refused),
		cmocka_unit_test_setup_teardown(unsafe_files_are_refused,
						make_dir, remove_dir),
		cmocka_unit_test(the_installed_example_is_accepted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
