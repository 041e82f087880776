# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The office and its OpenVPN server, for openvpn.bats.

KEYS=/tmp/t/keys
CLIENTS=/etc/openvpn/client

in_office() { nsenter -n -t "$(cat $T/office.pid)" "$@"; }

# make_key NAME EXTENSION: signed by the office
make_key() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout $KEYS/$1.key -out $KEYS/$1.csr -subj /CN=$1 2>/dev/null
	openssl x509 -req -in $KEYS/$1.csr -CA $KEYS/ca.crt -CAkey $KEYS/ca.key \
		-out $KEYS/$1.crt -days 30 -extfile <(
			echo "keyUsage = digitalSignature"
			echo "extendedKeyUsage = $2"
		) 2>/dev/null
	chmod 600 $KEYS/$1.key
}

office_keys() {
	mkdir -p $KEYS
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -keyout $KEYS/ca.key -out $KEYS/ca.crt -days 30 \
		-subj /CN=office 2>/dev/null
	make_key server serverAuth
	for u in alice bob; do make_key $u clientAuth; done
}

vpn_lines() {
	case ${VPN:-subnet} in
	tap) printf '%s\n' "dev-type tap" "topology subnet" ;;
	net30) printf '%s\n' "dev-type tun" "topology net30" ;;
	*) printf '%s\n' "dev-type tun" "topology subnet" "server-ipv6 fd08::/64" ;;
	esac
	cat <<-X
		dev vpn0
		server 10.8.0.0 255.255.255.0
		ca $KEYS/ca.crt
		cert $KEYS/server.crt
		key $KEYS/server.key
		dh none
		keepalive 1 2
	X
}

# office_vpn <lines: the server, with those additional options
office_vpn() {
	cat - <(vpn_lines) >$T/server.conf
	spawn $T/vpn.log nsenter -n -t "$(cat $T/office.pid)" \
		openvpn --config $T/server.conf >$T/vpn.pid
	wait_until 10 grep -q "Initialization Sequence Completed" $T/vpn.log
}

office_vpn_stop() {
	kill "$(cat $T/vpn.pid)"
	wait_until 5 gone "$(cat $T/vpn.pid)"
}

# the options that the office's server pushes in most tests
office_pushes() {
	cat <<-X
		push "route 10.99.0.0 255.255.255.0"
		push "route-ipv6 fd99::/64"
		push "dhcp-option DNS 10.99.0.53"
		push "dhcp-option DOMAIN example.net"
	X
}

office_start() {
	local a
	office_keys
	spawn $T/office.log unshare -n sleep infinity >$T/office.pid
	wait_until 5 office_apart
	in_internet ip link add office0 type veth peer name eth0 \
		netns "$(cat $T/office.pid)"
	in_internet ip address add 198.51.100.129/30 dev office0
	in_internet ip link set office0 up
	in_office ip link set lo up
	in_office ip address add 198.51.100.130/30 dev eth0
	in_office ip link set eth0 up
	in_office ip route add default via 198.51.100.129
	for a in 10.99.0.80/32 10.99.0.53/32 fd99::80/128; do
		in_office ip address add $a dev lo
	done
	printf '198.51.100.130 vpn.example.net\n' >>/etc/hosts
	spawn $T/weboffice.log nsenter -n -t "$(cat $T/office.pid)" \
		$PROBE serve 80 $T/office.net >$T/weboffice.pid
	spawn $T/dnsoffice.log nsenter -n -t "$(cat $T/office.pid)" \
		bash -c 'dns_server 10.99.0.80 10.99.0.53' >$T/dnsoffice.pid
	wait_until 5 in_office $PROBE tcp 10.99.0.80 80 1
	wait_until 5 in_office $PROBE dns 10.99.0.53 www.example.net 1
	office_pushes | office_vpn
}

office_apart() {
	[ "$(readlink "/proc/$(cat $T/office.pid)/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# client_files USER: those of the example
client_files() {
	mkdir -p $CLIENTS
	sed "s/alice/$1/" "$TOP/conf/examples/openvpn/alice.ovpn" >$CLIENTS/$1.ovpn
	install -m 644 $KEYS/ca.crt $KEYS/$1.crt $CLIENTS/
	install -m 600 $KEYS/$1.key $CLIENTS/
}
