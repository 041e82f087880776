// SPDX-License-Identifier: GPL-2.0-or-later
/* Invalid policies: the form of a file: lines, sections, keys. */
#include "policy_bad.h"

static const struct bad bad[] = {
	{"a line of 199 bytes",
	 OPTION("; "
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxx"),
	 "p:2: the line has 199 bytes, the limit is 198; continue lists on "
	 "indented lines\n"},
	{"a long value is not silently cut",
	 RULE("users = "
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaa"),
	 "p:4: the line has 208 bytes, the limit is 198; continue lists on "
	 "indented lines\n"},
	{"a long line leaves the others to be checked",
	 RULE("users = "
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaa\nguard = maybe"),
	 "p:4: the line has 208 bytes, the limit is 198; continue lists on "
	 "indented lines\np:5: guard: 'maybe' is not known; write no or yes\n"},
	{"a continuation of a long line is not attributed elsewhere",
	 RULE("guard = yes\nusers = "
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaa\n  bob"),
	 "p:5: the line has 208 bytes, the limit is 198; continue lists on "
	 "indented lines\n"},
	{"a byte order mark", "\xef\xbb\xbf[options]\n",
	 "p:1: the file starts with a byte order mark; save it as plain "
	 "UTF-8\n"},
	{"a control byte", OPTION("timeout = 1\x01s"),
	 "p:2: control byte 0x01 in the line; remove it\n"},
	{"an escape sequence", OPTION("timeout = \x1b[31m10s"),
	 "p:2: control byte 0x1b in the line; remove it\n"},
	{"DEL", OPTION("timeout = 10s\x7f"),
	 "p:2: control byte 0x7f in the line; remove it\n"},
	{"a carriage return inside a line",
	 OPTION("timeout = 10s\rpool6 = none"),
	 "p:2: control byte 0x0d in the line; remove it\n"},
	{"a line without '='", OPTION("timeout"),
	 "p:2: neither a [section] nor KEY = VALUE (a comment line starts with "
	 "';' or '#')\n"},
	{"a word alone between sections", OPTION("timeout = 10s\nhello world"),
	 "p:3: neither a [section] nor KEY = VALUE (a comment line starts with "
	 "';' or '#')\n"},
	{"a colon for '='", OPTION("timeout: 10s"),
	 "p:2: write KEY = VALUE, with '=' and not ':'\n"},
	{"no key", OPTION("= 10s"), "p:2: there is no key before the '='\n"},
	{"a key before any section", "timeout = 10s\n",
	 "p:1: 'timeout' is before the first section; put it below a "
	 "heading such as [options]\n"},
	{"an indented line before any section", "  timeout = 10s\n",
	 "p:1: keys start in column 1: an indented line continues the list above\n"},
	{"an indented word before any key",
	 "[rule r]\n  alice\nnamespace = host\n",
	 "p:2: an indented line continues a list, and there is none above "
	 "it\n"},
	{"an indented key", OPTION("  timeout = 10s"),
	 "p:2: keys start in column 1: an indented line continues the list above\n"},
	{"an indented key below another",
	 OPTION("on_error = deny\n  timeout = 10s"),
	 "p:3: keys start in column 1: an indented line continues the list above\n"},
	{"an indented key below a list",
	 RULE("users = alice,\n  groups = staff"),
	 "p:5: keys start in column 1: an indented line continues the list above\n"},
	{"an indented sysctl",
	 SPACE("dns = 192.0.2.1\n  sysctl.net.ipv4.ip_forward = 1"),
	 "p:5: keys start in column 1: an indented line continues the list above\n"},
	{"an indented section",
	 OPTION("on_error = deny\n [rule r]\nnamespace = host"),
	 "p:3: section headings start in column 1\n"},
	{"a continued word", OPTION("on_error = deny\n  host"),
	 "p:3: 'on_error' takes one value; an indented line goes on only with "
	 "a list\n"},
	{"a continued number", NAT("mtu = 1500\n  1400"),
	 "p:6: 'mtu' takes one value; an indented line goes on only with a "
	 "list\n"},
	{"a comment with '#' after a value", OPTION("timeout = 10s # long"),
	 "p:2: timeout: '#' in the value; a comment after a value starts with "
	 "a blank and ';'\n"},
	{"a comment with '#' after a list", RULE("users = alice # and bob"),
	 "p:4: users: '#' in the value; a comment after a value starts with a "
	 "blank and ';'\n"},
	{"a value that is a '#' comment", RULE("users = # nobody"),
	 "p:4: users: '#' in the value; a comment after a value starts with a "
	 "blank and ';'\n"},
	{"a ';' without a blank", RULE("users = alice;bob"),
	 "p:4: users: ';' in the value; a comment after a value starts with a "
	 "blank and ';'\n"},
	{"a '#' comment on a continued line",
	 RULE("users = alice,\n  bob # him"),
	 "p:5: users: '#' in the value; a comment after a value starts with a "
	 "blank and ';'\n"},
	{"a section without ']'", "[options\ntimeout = 10s\n",
	 "p:1: the section heading has no closing ']'\n"},
	{"a section cut by a comment", "[rule a ;b]\nnamespace = host\n",
	 "p:1: the section heading has no closing ']'\n"},
	{"text after a section", "[options] timeout = 10s\n",
	 "p:1: 'timeout = 10s' after the section heading; keys go on lines of "
	 "their own\n"},
	{"an unknown section", "[option]\n",
	 "p:1: unknown section [option]; is [options] meant?\n"},
	{"an unknown section that resembles none", "[zone x]\na = b\n",
	 "p:1: unknown section [zone x]; there are [options], [rule NAME], "
	 "[namespace NAME] and [network NAME]\n"},
	{"keys of an unknown section give no further errors",
	 "[user alice]\nnamespace = vpn\nfoo\n",
	 "p:1: unknown section [user alice]; there are [options], [rule NAME], "
	 "[namespace NAME] and [network NAME]\n"},
	{"an empty section name", "[]\n",
	 "p:1: unknown section []; there are [options], [rule NAME], "
	 "[namespace NAME] and [network NAME]\n"},
	{"a capital letter", "[Rule r]\nnamespace = host\n",
	 "p:1: unknown section [Rule r]; is [rule r] meant?\n"},
	{"a section misspelt", "[namspace n]\nlink = none\n",
	 "p:1: unknown section [namspace n]; is [namespace n] meant?\n"},
	{"options with a name", "[options all]\n",
	 "p:1: [options] has no name; write just [options]\n"},
	{"a rule without a name", "[rule]\nnamespace = host\n",
	 "p:1: [rule] needs a name; write [rule NAME]\n"},
	{"a namespace without a name", "[namespace ]\n",
	 "p:1: [namespace] needs a name; write [namespace NAME]\n"},
	{"a network without a name", "[network]\nbridge = br0\n",
	 "p:1: [network] needs a name; write [network NAME]\n"},
	{"a rule called host", "[rule host]\nnamespace = host\n",
	 "p:1: no rule can be named 'host': the word means the host's namespace\n"},
	{"a namespace called host", "[namespace host]\n",
	 "p:1: no namespace can be named 'host': the word means the host's namespace\n"},
	{"a name with a slash", "[namespace a/b]\n",
	 "p:1: 'a/b' cannot be the name of a namespace; " NAME_RULES},
	{"a name with two dots", "[namespace ..]\n",
	 "p:1: '..' cannot be the name of a namespace; " NAME_RULES},
	{"a name with a blank", "[rule a b]\nnamespace = host\n",
	 "p:1: 'a b' cannot be the name of a rule; " NAME_RULES},
	{"a name with a dash in front", "[namespace -n]\n",
	 "p:1: '-n' cannot be the name of a namespace; " NAME_RULES},
	{"a name with a dot in front", "[namespace .n]\n",
	 "p:1: '.n' cannot be the name of a namespace; " NAME_RULES},
	{"a name of 65 bytes",
	 "[rule "
	 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]"
	 "\nnamespace = host\n",
	 "p:1: "
	 "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' "
	 "cannot be the name of a rule; " NAME_RULES},
	{"a name that differs after byte 49 only, twice",
	 "[namespace "
	 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]\n["
	 "namespace "
	 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]\n",
	 "p:2: [namespace "
	 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx] is already defined at p:1; join the two\n"},
	{"a name with UTF-8", "[rule j\xc3\xb6rg]\nnamespace = host\n",
	 "p:1: 'j\xc3\xb6rg' cannot be the name of a rule; " NAME_RULES},
	{"a name with a percent sign", "[namespace %u]\n",
	 "p:1: '%u' cannot be the name of a namespace; " NAME_RULES},
	{"options twice", OPTION("[options]"),
	 "p:2: [options] is already defined at p:1; join the two\n"},
	{"a rule twice",
	 "[rule r]\nnamespace = host\n\n[rule r]\nnamespace = host\n",
	 "p:4: [rule r] is already defined at p:1; join the two\n"},
	{"a namespace twice", "[namespace n]\n[namespace n]\n",
	 "p:2: [namespace n] is already defined at p:1; join the two\n"},
	{"a network twice",
	 "[network n]\nbridge = br0\n[network n]\nbridge = br1\n",
	 "p:3: [network n] is already defined at p:1; join the two\n"},
	{"an empty rule", "[rule r]\n",
	 "p:1: [rule r] needs the key 'namespace': a [namespace] section's "
	 "name, or host\n"},
	{"an empty network", "[network w]\n",
	 "p:1: [network w] needs the key 'bridge': an interface name\n"},
	{"a name in another's instances",
	 "[namespace vpn]\nscope = user\n[namespace vpn.ann]\n",
	 "p:3: [namespace vpn.ann] could be an instance of [namespace vpn], "
	 "which has scope = user; choose another name\n"},
	{"a name in another's instances, deeper",
	 "[namespace a.b]\nscope = session\n[namespace a.b.c.1]\n",
	 "p:3: [namespace a.b.c.1] could be an instance of [namespace a.b], "
	 "which has scope = session; choose another name\n"},
	{"an unknown key", OPTION("frobnicate = yes"),
	 "p:2: unknown key 'frobnicate' in [options]; see netns-pam.conf(5)\n"},
	{"a key misspelt", RULE("user = alice"),
	 "p:4: unknown key 'user' in [rule]; is 'users' meant?\n"},
	{"a key of another section", OPTION("users = alice"),
	 "p:2: the key 'users' belongs in [rule NAME], not into [options]\n"},
	{"a key of options in a namespace", SPACE("pool4 = 10.0.0.0/8"),
	 "p:4: the key 'pool4' belongs in [options], not into [namespace]\n"},
	{"a rule's key in a namespace", SPACE("guard = yes"),
	 "p:4: the key 'guard' belongs in [rule NAME], not into "
	 "[namespace]\n"},
	{"a key in capitals", RULE("Users = alice"),
	 "p:4: unknown key 'Users' in [rule]; is 'users' meant?\n"},
	{"a key twice", OPTION("timeout = 10s\ntimeout = 20s"),
	 "p:3: the key 'timeout' is already given in line 2; keep one of "
	 "them\n"},
	{"a list twice", RULE("users = alice\nusers = bob"),
	 "p:5: the key 'users' is already given in line 4; join the two\n"},
	{"a sysctl twice",
	 SPACE("sysctl.net.ipv4.ip_forward = 1\nsysctl.net.ipv4.ip_forward = "
	       "0"),
	 "p:5: sysctl.net.ipv4.ip_forward: given twice in this section; keep "
	 "one of them\n"},
	{"sysctl without a name", SPACE("sysctl. = 1"),
	 "p:4: unknown key 'sysctl.' in [namespace]; write it as "
	 "sysctl.net.ipv4.ip_forward\n"},
	{"sysctl without a dot", SPACE("sysctl = 1"),
	 "p:4: unknown key 'sysctl' in [namespace]; write it as "
	 "sysctl.net.ipv4.ip_forward\n"},
	{"a key without a value", OPTION("timeout ="),
	 "p:2: timeout: no value; write 100ms to 10m\n"},
	{"a list without a value", RULE("users ="),
	 "p:4: users: the list is empty; write user names, or leave the key "
	 "out\n"},
	{"a key with only a comment", OPTION("timeout = ; none"),
	 "p:2: timeout: no value; write 100ms to 10m\n"},
	{"a list with only a comment", RULE("users = ; everybody"),
	 "p:4: users: the list is empty; write user names, or leave the key "
	 "out\n"},
	{"a comma alone", RULE("users = ,"),
	 "p:4: users: an empty item before a comma; remove the comma or add the item\n"},
	{"two commas", RULE("users = alice,,bob"),
	 "p:4: users: an empty item before a comma; remove the comma or add the item\n"},
	{"a comma in front", RULE("users = , alice"),
	 "p:4: users: an empty item before a comma; remove the comma or add the item\n"},
	{"two commas at the end", RULE("users = alice,,"),
	 "p:4: users: an empty item before a comma; remove the comma or add the item\n"},
	{"a comma in front of a continued line", RULE("users = alice\n  , bob"),
	 "p:5: users: an empty item before a comma; remove the comma or add the item\n"},
};

int main(void)
{
	return BAD_RUN("policy_bad_lines", bad);
}
