# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A WireGuard server in the internet, for the bats files beside this one:
# 192.0.2.1 port 51820, vpn.example.net in the host's /etc/hosts,
# 10.9.0.1 and fd09::1 inside. alice is 10.9.0.2, bob 10.9.0.3.

WG=/etc/wireguard

# The keys of NAME: $T/NAME.key and $T/NAME.pub, owned by root
wg_keys() {
	(
		umask 077
		wg genkey >"$T/$1.key"
		wg pubkey <"$T/$1.key" >"$T/$1.pub"
	)
}

wg_server_conf() {
	cat <<-EOF
		[Interface]
		PrivateKey = $(cat $T/server.key)
		ListenPort = 51820
		[Peer]
		PublicKey = $(cat $T/alice.pub)
		AllowedIPs = 10.9.0.2/32, fd09::2/128
		[Peer]
		PublicKey = $(cat $T/bob.pub)
		AllowedIPs = 10.9.0.3/32, fd09::3/128
	EOF
}

wg_answers() { wg show "$1"; }

wg_server_start() { # the kernel's if it has WireGuard
	if in_internet ip link add wgs type wireguard 2>/dev/null; then
		rm -f $T/wgs.pid
	else
		spawn $T/wgs.log nsenter -n -t "$(cat $T/internet.pid)" \
			env WG_PROCESS_FOREGROUND=1 wireguard-go -f wgs >$T/wgs.pid
		wait_until 5 wg_answers wgs
	fi
	wg_server_conf | in_internet wg setconf wgs /dev/stdin
	in_internet ip address add 10.9.0.1/24 dev wgs
	in_internet ip address add fd09::1/64 dev wgs nodad
	in_internet ip link set wgs up
	wait_until 5 wg_server_listens
}
wg_server_listens() { in_internet ss -Hlun | grep -q :51820; }

wg_server_stop() {
	if [ ! -e $T/wgs.pid ]; then
		in_internet ip link delete wgs
		return
	fi
	kill "$(cat $T/wgs.pid)"
	wait_until 5 gone "$(cat $T/wgs.pid)"
}

# wg_setup: keys, the server, its name, and the files of alice and bob as the
# example
wg_setup() {
	local u
	for u in server alice bob; do wg_keys $u; done
	wg_server_start
	vpn_is 192.0.2.1
	install -d -m 700 $WG
	for u in alice bob; do
		(umask 077 && wg_example $u >$T/$u.conf)
		wg_file $u <$T/$u.conf
	done
}

# vpn_is ADDRESS...: the addresses of vpn.example.net for the host
vpn_is() {
	local a
	printf '127.0.0.1 localhost sandbox\n::1 localhost\n' >/etc/hosts
	for a in "$@"; do echo "$a vpn.example.net" >>/etc/hosts; done
}

# The example's file with USER's keys and addresses
wg_example() { # wg_example USER
	local n=2
	[ "$1" = alice ] || n=3
	sed -e "s|PRIVATE-KEY-OF-ALICE|$(cat "$T/$1.key")|" \
		-e "s|PUBLIC-KEY-OF-THE-SERVER|$(cat $T/server.pub)|" \
		-e "s|10.9.0.2/24, fd09::2/64|10.9.0.$n/24, fd09::$n/64|" \
		"$TOP/conf/examples/wireguard/alice.conf"
}

# wg_file USER <text
wg_file() {
	rm -f "$WG/$1.conf"
	(umask 077 && cat >"$WG/$1.conf")
}

# The name that wg(8) has for the tunnel of a namespace
wg_device() { # wg_device NAMESPACE
	local f
	f=$(grep -lx "name $1" $STATE/namespaces/* | head -n 1)
	sed -n 's/^device //p' "$f"
}
