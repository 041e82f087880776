/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard configurations: what is read and refused; no error has a key. */
#include <errno.h>
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

#include "ground.h"
#include "helper/link/wireguard/conf.h"

#define PRIVATE "eOsA3oTbgyVJhV5jh1ZZ1vxH0t2pkX0vV6e2Sf1qCkE="
#define SHARED	"cPsA3oTbgyVJhV5jh1ZZ1vxH0t2pkX0vV6e2Sf1qCkE="
#define PUBLIC	"aaaA3oTbgyVJhV5jh1ZZ1vxH0t2pkX0vV6e2Sf1qCkE="
#define PUBLIC2 "bbbA3oTbgyVJhV5jh1ZZ1vxH0t2pkX0vV6e2Sf1qCkE="

#define INTERFACE "[Interface]\nPrivateKey = " PRIVATE "\n"
#define PEER	  "[Peer]\nPublicKey = " PUBLIC "\n"

static struct wg_conf *reads(const char *text)
{
	struct wg_conf *conf = NULL;
	struct error why;

	if (wg_conf_parse("wg", text, strlen(text), &conf, &why) < 0)
		fail_msg("%s", why.text);
	return conf;
}

static void prefix_is(const struct inet_prefix *p, const char *wanted)
{
	char text[INET_PREFIX_STR];

	inet_prefix_format(p, text);
	assert_string_equal(text, wanted);
}

static void all_directives_are_read(void **state)
{
	struct wg_conf *conf =
		reads("# a tunnel\n"
		      "[interface]\r\n"
		      "  privatekey=" PRIVATE " # secret\n"
		      "ListenPort = 51821\nFwMark = 0x10\nMTU = 1380\n"
		      "Address = 10.9.0.2/24, fd09::2/64\nAddress=10.9.1.2\n"
		      "DNS = 10.9.0.1, corp.example.net\nDNS = fd09::1,lan\n"
		      "Table = off\nSaveConfig = true\n\n"
		      "[Peer]\nPublicKey = " PUBLIC "\nPresharedKey = " SHARED
		      "\nAllowedIPs = 0.0.0.0/0, ::/0\nAllowedIPs=10.0.0.7/8\n"
		      "Endpoint = vpn.example.net:51820\n"
		      "PersistentKeepalive = 25\n"
		      "[Peer]\nPublicKey = " PUBLIC2 "\nAllowedIPs =\n"
		      "Endpoint = [2001:db8::1]:443\nPersistentKeepalive=off");
	const struct wg_peer *peer = conf->peers;

	assert_string_equal(conf->private_key, PRIVATE);
	assert_true(conf->has_listen_port);
	assert_int_equal(conf->listen_port, 51821);
	assert_int_equal(conf->fwmark, 16);
	assert_int_equal(conf->mtu, 1380);
	assert_int_equal(conf->address.n, 3);
	prefix_is(&conf->address.items[0], "10.9.0.2/24");
	prefix_is(&conf->address.items[1], "fd09::2/64");
	prefix_is(&conf->address.items[2], "10.9.1.2/32");
	assert_int_equal(conf->n_dns, 2);
	prefix_is(&conf->dns[0], "10.9.0.1/32");
	prefix_is(&conf->dns[1], "fd09::1/128");
	assert_string_equal(conf->search, "corp.example.net lan");
	assert_int_equal(conf->table_line, 11);
	assert_int_equal(conf->save_config_line, 12);
	assert_int_equal(conf->n_peers, 2);
	assert_int_equal(peer->line, 14);
	assert_string_equal(peer->public_key, PUBLIC);
	assert_string_equal(peer->preshared_key, SHARED);
	assert_int_equal(peer->allowed.n, 3);
	prefix_is(&peer->allowed.items[0], "0.0.0.0/0");
	prefix_is(&peer->allowed.items[1], "::/0");
	prefix_is(&peer->allowed.items[2], "10.0.0.0/8");
	assert_string_equal(peer->endpoint_name, "vpn.example.net");
	assert_int_equal(peer->endpoint_port, 51820);
	assert_int_equal(peer->endpoint.family, AF_UNSPEC);
	assert_int_equal(peer->keepalive, 25);
	peer++;
	assert_int_equal(peer->allowed.n, 0);
	assert_string_equal(peer->endpoint_name, "");
	prefix_is(&peer->endpoint, "2001:db8::1/128");
	assert_int_equal(peer->endpoint_port, 443);
	assert_int_equal(peer->keepalive, 0);
	wg_conf_free(conf);
}

static void the_configuration_is_printed_for_wg(void **state)
{
	struct wg_conf *conf = reads(
		INTERFACE "Address = 10.0.0.2\nDNS = 10.0.0.1\nMTU = 1400\n"
			  "Table = off\nListenPort = 0\n" PEER
			  "Endpoint = vpn.example.net:51820\n"
			  "AllowedIPs = 10.1.2.3/16\n[Peer]\nPublicKey=" PUBLIC2
			  "\nPersistentKeepalive = 25\nPresharedKey=" SHARED);
	char *text = wg_conf_print(conf, 0);

	/* wg must not look up a name */
	assert_string_equal(text,
			    "[Interface]\nPrivateKey = " PRIVATE
			    "\nListenPort = 0\n[Peer]\nPublicKey = " PUBLIC
			    "\nAllowedIPs = 10.1.0.0/16\n"
			    "[Peer]\nPublicKey = " PUBLIC2
			    "\nPresharedKey = " SHARED
			    "\nPersistentKeepalive = 25\n");
	wg_conf_wipe(text);

	inet_prefix_parse("2001:db8::9", &conf->peers[0].endpoint);
	text = wg_conf_print(conf, 1);
	assert_non_null(strstr(text, "\nEndpoint = [2001:db8::9]:51820\n"
				     "PersistentKeepalive = 1\n"));
	assert_non_null(strstr(text, "\nPersistentKeepalive = 25\n"));
	wg_conf_wipe(text);

	wg_conf_forget_keys(conf);
	assert_string_equal(conf->private_key, "");
	assert_string_equal(conf->peers[1].preshared_key, "");
	assert_string_equal(conf->peers[1].public_key, PUBLIC2);
	wg_conf_free(conf);
}

static void the_longest_lists_are_accepted(void **state)
{
	char *text = malloc(WG_CONF_BYTES_MAX), *out;
	struct wg_conf *conf;
	size_t used = 0;

	assert_non_null(text);
	used += (size_t)sprintf(text, INTERFACE PEER);
	for (unsigned int n = 0; n < 1000; n++)
		used += (size_t)
			sprintf(text + used,
				"AllowedIPs=2001:db8:1111:2222:3333:4444:5555:%x/128\n",
				n + 0x1000);
	conf = reads(text);
	assert_int_equal(conf->peers[0].allowed.n, 1000);
	out = wg_conf_print(conf, 0);
	assert_non_null(strstr(out, ":13e7/128\n"));
	assert_int_equal(out[strlen(out) - 1], '\n');
	wg_conf_wipe(out);
	wg_conf_free(conf);
	free(text);
}

static void invalid_configurations_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "wg: there is no [Interface]"},
		{"\n[Peer]\nPublicKey=" PUBLIC, "wg: there is no [Interface]"},
		{"[Interface]\n" PEER, "wg: [Interface] has no PrivateKey"},
		{INTERFACE, "wg: there is no [Peer]"},
		{INTERFACE "[Peer]\n[Peer]\n", "wg:3: the [Peer] has no "
					       "PublicKey"},
		{INTERFACE PEER INTERFACE, "wg:5: a second [Interface]"},
		{"MTU = 1400\n" INTERFACE PEER, "wg:1: a line before "
						"[Interface]"},
		{INTERFACE "[Server]\n",
		 "wg:3: unknown section: only [Interface] and [Peer] exist"},
		{INTERFACE "Adress = 10.0.0.1\n" PEER,
		 "wg:3: 'Adress' is not known in [Interface]"},
		{INTERFACE PEER "Address = 10.0.0.1\n",
		 "wg:5: 'Address' is not known in [Peer]"},
		{INTERFACE "hello\n" PEER,
		 "wg:3: the line does not have the form KEY = VALUE"},
		{INTERFACE "MTU = 1400\nMTU = 1300\n" PEER,
		 "wg:4: MTU appears twice in a section"},
		{INTERFACE PEER PEER,
		 "wg:6: the peer of line 3 has the same PublicKey"},
		{INTERFACE "PostUp = iptables -A x\n" PEER,
		 "wg:3: PreUp, PostUp, PreDown and PostDown are not run; "
		 "remove the line, and use `up` or `down` of the policy's "
		 "section"},
		{INTERFACE "predown=x\n" PEER,
		 "wg:3: PreUp, PostUp, PreDown and PostDown are not run; "
		 "remove the line, and use `up` or `down` of the policy's "
		 "section"},
		{INTERFACE "ListenPort = 65536\n" PEER,
		 "wg:3: ListenPort must be a number from 0 to 65535"},
		{INTERFACE "ListenPort = -1\n" PEER,
		 "wg:3: ListenPort must be a number from 0 to 65535"},
		{INTERFACE "ListenPort =\n" PEER,
		 "wg:3: ListenPort must be a number from 0 to 65535"},
		{INTERFACE "MTU = 100\n" PEER,
		 "wg:3: MTU must be a number from 576 to 65535"},
		{INTERFACE "FwMark = 0x100000000\n" PEER,
		 "wg:3: FwMark must be a number from 0 to 4294967295"},
		{INTERFACE "Address = 10.0.0.1/33\n" PEER,
		 "wg:3: Address: '10.0.0.1/33' is not ADDRESS/LENGTH"},
		{INTERFACE PEER "AllowedIPs = 0.0.0.0/0, any\n",
		 "wg:5: AllowedIPs: 'any' is not ADDRESS/LENGTH"},
		{INTERFACE "DNS = 10.0.0.1/8\n" PEER,
		 "wg:3: DNS: '10.0.0.1/8' is neither an address nor a domain"},
		{INTERFACE "DNS = 1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,"
			   "1.1.1.6,1.1.1.7\n" PEER,
		 "wg:3: DNS: more than 6 servers"},
		{INTERFACE PEER "Endpoint = vpn.example.net\n",
		 "wg:5: Endpoint: 'vpn.example.net' has no :PORT"},
		{INTERFACE PEER "Endpoint = vpn.example.net:http\n",
		 "wg:5: the port of Endpoint must be a number from 1 to 65535"},
		{INTERFACE PEER "Endpoint = [192.0.2.1]:1\n",
		 "wg:5: Endpoint: '192.0.2.1' is not an address; write "
		 "IPv6 addresses in [ ]"},
		{INTERFACE PEER "Endpoint = 2001:db8::1:1\n",
		 "wg:5: Endpoint: '2001:db8::1' is not an address; write "
		 "IPv6 addresses in [ ]"},
		{INTERFACE PEER "Endpoint = [2001:db8::1:1\n",
		 "wg:5: Endpoint: '[' without ']'"},
		{INTERFACE PEER "Endpoint = []:1\n",
		 "wg:5: Endpoint: '' is neither an address nor a name"},
		{INTERFACE PEER "Endpoint = [vpn]:1\n",
		 "wg:5: Endpoint: 'vpn' is neither an address nor a name"},
		{INTERFACE PEER "Endpoint = -h:1\n",
		 "wg:5: Endpoint: '-h' is neither an address nor a name"},
		{INTERFACE PEER "PersistentKeepalive = 65536\n",
		 "wg:5: PersistentKeepalive must be a number from 0 to 65535"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wg_conf *conf = NULL;
		struct error why = {""};
		int r = wg_conf_parse("wg", bad[i].text, strlen(bad[i].text),
				      &conf, &why);

		if (r != -EINVAL || strcmp(why.text, bad[i].why) != 0)
			fail_msg("%s\n-> %d '%s'", bad[i].text, r, why.text);
		assert_null(conf);
	}
}

static void no_error_contains_a_key(void **state)
{
	static const char secret[] =
		"eOsA3oTbgyVJhV5jh1ZZ1vxH0t2pkX0vV6e2Sf1qCk";
	static const char *const bad[] = {
		"PrivateKey = %s",
		"PrivateKey = %sE",
		"PrivateKey = %sE==",
		"PrivateKey %sE=",
		"%sE=",
		"PrivateKey: %sE=",
		"PrivatKey%s=x",
		"[%s]",
		"Address = \"%sE=\"",
		"DNS = %sE=",
		"MTU = %s",
		"ListenPort = %sE=",
		"PrivateKey = %sF=",
		"PrivateKey = \"%sE=\"",
		"PrivateKey = %sE=,%sE=",
		"PrivateKey = " PRIVATE "\n[Peer]\nEndpoint = %s:1",
		"PrivateKey = " PRIVATE "\n[Peer]\nEndpoint = %s",
		"PrivateKey = " PRIVATE "\n[Peer]\nAllowedIPs = %s",
		"PrivateKey = " PRIVATE "\n[Peer]\nPresharedKey = %s",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct wg_conf *conf = NULL;
		struct error why = {""};
		char text[512] = "[Interface]\n";

		for (const char *p = bad[i]; *p; p++) {
			bool hole = strncmp(p, "%s", 2) == 0;

			strncat(text, hole ? secret : p,
				hole ? sizeof(secret) : 1);
			p += hole;
		}
		if (wg_conf_parse("wg", text, strlen(text), &conf, &why) == 0)
			fail_msg("accepted: %s", text);
		if (strstr(why.text, "eOsA3oTb") || strstr(why.text, "f1qCk"))
			fail_msg("%s -> '%s'", text, why.text);
	}
}

static void a_NUL_byte_and_a_line_too_long_are_refused(void **state)
{
	static const char nul[] = INTERFACE "MTU = 14\0000\n" PEER;
	struct wg_conf *conf = NULL;
	struct error why;
	char *text = calloc(1, 5000);

	assert_non_null(text);
	assert_int_equal(wg_conf_parse("wg", nul, sizeof(nul) - 1, &conf, &why),
			 -EINVAL);
	assert_string_equal(why.text, "wg:3: a NUL byte: the file is not text");
	memset(text, 'x', 4999);
	assert_int_equal(wg_conf_parse("wg", text, 4999, &conf, &why), -EINVAL);
	assert_string_equal(why.text, "wg:1: longer than 4095 bytes");
	free(text);
}

/* --- files --- */

#define FILE_NAME "/run/wg0.conf"

static void load_says(int code, const char *wanted)
{
	struct wg_conf *conf = NULL;
	struct error why = {""};
	int r = wg_conf_load(FILE_NAME, &conf, &why);

	assert_string_equal(why.text, wanted);
	assert_int_equal(r, code);
	assert_true((r == 0) == (conf != NULL));
	wg_conf_free(conf);
}

static void unsafe_files_are_refused(void **state)
{
	ground_need();
	load_says(-ENOENT, "cannot open /run/wg0.conf: No such file or "
			   "directory");
	ground_write(FILE_NAME, INTERFACE PEER);
	load_says(0, "");
	chmod(FILE_NAME, 0400);
	load_says(0, "");
	chmod(FILE_NAME, 0640);
	load_says(-EPERM, "/run/wg0.conf holds a private key and has mode "
			  "0640, so that others than root can get at it: chmod "
			  "600 /run/wg0.conf");
	chmod(FILE_NAME, 0602);
	load_says(-EPERM, "/run/wg0.conf holds a private key and has mode "
			  "0602, so that others than root can get at it: chmod "
			  "600 /run/wg0.conf");
	chmod(FILE_NAME, 0600);
	assert_int_equal(chown(FILE_NAME, 1000, 0), 0);
	load_says(-EPERM, "/run/wg0.conf holds a private key and belongs to "
			  "uid 1000: chown root /run/wg0.conf");
	unlink(FILE_NAME);
	ground_write("/run/real", INTERFACE PEER);
	assert_int_equal(symlink("real", FILE_NAME), 0);
	load_says(-ELOOP, "/run/wg0.conf is a symbolic link: name the file "
			  "itself");
	unlink(FILE_NAME);
	assert_int_equal(mkfifo(FILE_NAME, 0600), 0);
	load_says(-EINVAL, "/run/wg0.conf is not a regular file");
	unlink(FILE_NAME);
	ground_write(FILE_NAME, "%s", "");
	assert_int_equal(truncate(FILE_NAME, WG_CONF_BYTES_MAX + 1), 0);
	load_says(-EFBIG, "/run/wg0.conf is larger than 65536 bytes: this is "
			  "no configuration of WireGuard");
	unlink(FILE_NAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_directives_are_read),
		cmocka_unit_test(the_configuration_is_printed_for_wg),
		cmocka_unit_test(the_longest_lists_are_accepted),
		cmocka_unit_test(invalid_configurations_are_refused),
		cmocka_unit_test(no_error_contains_a_key),
		cmocka_unit_test(a_NUL_byte_and_a_line_too_long_are_refused),
		cmocka_unit_test(unsafe_files_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	ground_make();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
