#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# link = cable: two namespaces joined by a veth pair without an end on the host.

load ../lib
load rate

setup_file() {
	common_setup_file
	make_user webmaster
	make_user tester
	make_user ant -u 201
	make_user bee -u 202
	install -d -m 755 $T/www
	echo "from the server" >$T/www/page
	the_example
}
setup() { common_setup; }
teardown() {
	local t
	undone
	for t in web holder; do
		[ ! -e $T/$t.pid ] || end $t
	done
	ssh_end_all
	common_teardown
}

the_example() { put_policy <"$TOP/conf/examples/cable.conf"; }

# serve [USER]: a web server in a separate session
serve() {
	spawn $T/web.log su "${1:-webmaster}" -c "cd $T/www; exec python3 -m http.server 8000 --bind ::" >$T/web.pid
	wait_until 10 serves
}
serves() { [ -e /run/netns/server ] && ip netns exec server ss -Hltn | grep -q ':8000 '; }

# hold USER: a session that stays open
hold() {
	spawn $T/holder.log su "$1" -c 'echo in; exec sleep 1000' >$T/holder.pid
	wait_until 10 grep -q in $T/holder.log
}
end() { # end web|holder
	local pid
	pid=$(cat $T/$1.pid)
	rm $T/$1.pid
	# kill the child: su itself waits two seconds when it gets SIGTERM
	pgrep -P "$pid" | xargs -r kill 2>/dev/null || true
	wait_until 10 gone "$pid"
}

FETCH='import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=3).read().decode().strip())'
# fetch USER ADDRESS: the page that the server sends to a session of USER
fetch() {
	timeout 15 su "$1" -c "python3 -c '$FETCH' http://$2:8000/page" 2>&1 | tail -n 1
}
page() { equal "from the server" "$(fetch tester "${1:-10.10.10.20}")"; }
links_of() { ip -n "$1" -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | xargs; }

# The host has no interface and no route of the cable, and gets no answer through it.
host_is_apart() {
	equal "" "$(ip -o address | grep -E '10\.10\.10\.|fd10:10')" "addresses in the host"
	equal "" "$(ip route show table all | grep 10.10.10)" "routes in the host"
	not grep -E 'npam|cable|veth' <<<"$(ip -o link)"
	refuses timeout 5 python3 -c "$FETCH" http://10.10.10.20:8000/page
}

@test "the example cable.conf: the client reaches the server's web page, the host does not" {
	serve
	page 10.10.10.20
	page '[fd10:10:10::20]'
	hold tester
	host_is_apart
	equal "lo eth0" "$(links_of server)"
	equal "lo eth0" "$(links_of client)"
	# nothing else is reachable from there
	refuses timeout 10 su tester -c 'probe tcp 192.0.2.80 80 2'
	equal "" "$(ip -n client route show default)"
	ssh_hold s webmaster
	match 'client .*eth0 to server' "$(netns-pam status | xargs)"
	equal "eth0 to client" "$(netns-pam status --json | jq -r '.namespaces[] | select(.name == "server").detail')"
	ssh_end s
}

@test "first side, either one: no cable until the other side exists" {
	local order
	hold tester
	equal lo "$(links_of client)"
	match 'not connected: server does not exist' "$(netns-pam status)"
	serve
	page
	equal "lo eth0" "$(links_of client)"
	end holder
	end web
	wait_until 10 no_names
	serve
	equal lo "$(links_of server)"
	hold tester
	page
	equal "lo eth0" "$(links_of server)"
}

@test "one side ends and starts again, each in turn: the cable is connected again" {
	hold tester
	serve
	page
	end web
	wait_until 10 not_there server
	wait_until 10 cable_gone client
	serve
	page
	end holder
	wait_until 10 not_there client
	wait_until 10 cable_gone server
	hold tester
	page
	host_is_apart
}
cable_gone() { [ "$(links_of "$1")" = lo ]; }

@test "side taken down with a session open: the other side is connected to its successor" {
	local old
	hold tester
	serve
	page
	old=$(ns_of server)
	netns-pam down server --force
	wait_until 5 not_there server
	equal "" "$(ip -n client -br link show eth0 up 2>/dev/null | grep -w UP)" "cable of a namespace that is cut off"
	# the old web server continues in the old namespace and does not answer
	alive "$(cat $T/web.pid)"
	mv $T/web.pid $T/old.pid
	serve
	not equal "$old" "$(ns_of server)"
	page
	equal "lo eth0" "$(links_of client)"
	mv $T/web.pid $T/new.pid
	mv $T/old.pid $T/web.pid
	end web
	mv $T/new.pid $T/web.pid
	page
}

@test "daemon stopped or killed: the cable stays; later sides are connected by the next daemon" {
	serve
	hold tester
	stop_helper
	page_raw
	start_helper
	page
	stop_helper KILL
	start_helper
	page
	end holder
	wait_until 10 not_there client
	stop_helper KILL
	start_helper
	hold tester
	page
}
# without a login
page_raw() {
	equal "from the server" "$(ip netns exec client python3 -c "$FETCH" http://10.10.10.20:8000/page)"
}

@test "one server, a namespace for each client: each has a cable of its own" {
	put_policy <<-'X'
		[rule server]
		users = webmaster
		namespace = server
		[rule clients]
		users = ant, bee
		namespace = client
		[namespace server]
		[namespace client]
		scope = user
		link = cable
		peer = server
		address = 10.20.0.%U/32, fd20::%U/128
		gateway = 10.20.0.1, fd20::1
	X
	ssh_hold a ant
	serve
	ssh_hold b bee
	equal "from the server" "$(fetch ant 10.20.0.1)"
	equal "from the server" "$(fetch bee '[fd20::1]')"
	equal "lo cable0 cable1" "$(links_of server)"
	# clients cannot reach each other: server does not forward
	refuses ip netns exec client.ant ping -c 1 -W 1 10.20.0.202
	end web
	wait_until 10 not_there server
	serve
	equal "from the server" "$(fetch ant 10.20.0.1)"
	ssh_end a
	wait_until 10 not_there client.ant
	equal "from the server" "$(fetch bee 10.20.0.1)"
	ssh_end b
	the_example
}

@test "allow and deny are enforced on a cable, also if the other side starts later" {
	sed 's/^peer    = server/&\nallow = 10.10.10.20/; s/^address = 10.10.10.10.*/&\ndeny = 10.10.10.20:9000\/tcp/' \
		"$TOP/conf/examples/cable.conf" | put_policy
	hold tester
	serve
	page
	refuses fetch_raw '[fd10:10:10::20]'
	match 'refused|unreachable|EACCES|EPERM|EHOSTUNREACH|prohibited' "$(timeout 10 su tester -c 'probe tcp fd10:10:10::20 8000' || true)"
	the_example
	page '[fd10:10:10::20]'
}
fetch_raw() { timeout 10 su tester -c "python3 -c '$FETCH' http://$1:8000/page"; }

@test "invalid sections and foreign namespaces: errors that name them" {
	local err
	cat >$T/bad.conf <<-'X'
		[namespace a]
		link = cable
		peer = b
		[namespace b]
		link = external
		[namespace c]
		link = cable
		peer = a
		address = 10.1.1.1/24
	X
	run netns-pam check $T/bad.conf
	match 'bad.conf:3: peer: \[namespace b\] has link = external' "$output"
	sed -i 's/external/none/' $T/bad.conf
	run netns-pam check $T/bad.conf
	equal 0 "$status"
	match 'bad.conf:6: warning: .*the far end of the cable has no address.*name this section in a .peer. of \[namespace a\]' "$output"
	# a namespace of another program is not changed
	ip netns add server
	hold webmaster
	refuses timeout 10 su tester -c true
	wait_until 5 grep -qF 'the namespace server was not made by netns-pam, which creates no cable to it' $T/syslog
	not_there client
	end holder
	equal lo "$(links_of server)"
	ip netns del server
	# an interface that the administrator created in the other one
	the_example
	hold webmaster
	ip -n server link add eth0 type veth peer name other
	refuses timeout 10 su tester -c true
	wait_until 5 grep -qF 'there is an interface eth0 in client, or eth0 in server, of another program' $T/syslog $T/helper.log
	not_there client
	end holder
	wait_until 10 not_there server
	# an error in the second namespace: the first has no cable
	sed 's/^peer    = server/&\nsysctl.net.ipv4.conf.nosuch.rp_filter = 1/' "$TOP/conf/examples/cable.conf" | put_policy
	hold webmaster
	refuses timeout 10 su tester -c true
	wait_until 5 grep -qF 'net/ipv4/conf/nosuch/rp_filter' $T/syslog
	not_there client
	wait_until 10 cable_gone server
	end holder
	the_example
}

@test "rate is enforced at a cable's end in both directions, from the moment it is connected" {
	put_policy <<<"$(sed 's/^peer    = server/&\nrate = 10mbit/' "$TOP/conf/examples/cable.conf")"
	hold tester
	spawn $T/web.log su webmaster -c 'exec iperf3 -s' >$T/web.pid
	wait_until 10 iperf_there
	tcp_about 10000 kbit
	tcp_about 10000 kbit -R
	the_example
	[ "$(kbit)" -gt 100000 ]
	equal "lo eth0" "$(links_of client)"
}
iperf_there() { ip netns exec server ss -Hltn | grep -q ':5201 '; }
kbit() { timeout 30 su tester -c "tcp_rate -c 10.10.10.20 $*"; }
