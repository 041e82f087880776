# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Measures `rate`.

# about KBIT GOT: within 10 %
about() {
	[[ $2 =~ ^[0-9]+$ ]] && [ $(($2 * 10)) -ge $(($1 * 9)) ] && [ $(($2 * 10)) -le $(($1 * 11)) ] ||
		fail "wanted about $1 kbit/s, got $2"
}

# tcp_about KBIT CMD...: the best of three. How well a stream fills its link
# depends on TCP; it must never be faster.
tcp_about() {
	local wanted=$1 got n
	shift
	for n in 1 2 3; do
		got=$("$@")
		[[ $got =~ ^[0-9]+$ ]] && [ $((got * 10)) -lt $((wanted * 9)) ] || break
	done
	about "$wanted" "$got"
}

# tcp_rate [iperf3's options]: kbit/s of a stream on its link, after the first
# second. iperf3 counts the payload: of 1514 bytes 1448, with IPv6
# 1428.
tcp_rate() {
	local payload=1448
	[[ $* != *:* ]] || payload=1428
	iperf3 -J -O 1 -t "${LONG:-2}" "$@" | jq -r --argjson payload $payload \
		'if .error then .error else
			.end.sum_received.bits_per_second * 1514 / $payload / 1000 | floor
		end'
}
export -f tcp_rate

# flood_serve PLACE: in the namespace of $T/PLACE.pid, port 5202
flood_serve() {
	install -m 755 "$TOP/tests/link/flood.py" /usr/local/bin/flood
	spawn "$T/flood.$1.log" nsenter -n -t "$(cat "$T/$1.pid")" \
		flood serve 5202 >"$T/flood.$1.pid"
	wait_until 10 flood_listens "$1"
}
flood_listens() { nsenter -n -t "$(cat "$T/$1.pid")" ss -Hlun | grep -q ':5202 '; }

# held_to KBIT USER ADDRESS: what USER sends to and receives from ADDRESS
held_to() {
	about "$1" "$(timeout 60 su "$2" -c "flood up $3 5202")" &&
		about "$1" "$(timeout 60 su "$2" -c "flood down $3 5202")"
}
