# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What measures `rate`.

# about KBIT GOT: within 10 %; headers are a part of it (1448 of 1514 bytes)
about() {
	[[ $2 =~ ^[0-9]+$ ]] && [ $(($2 * 10)) -ge $(($1 * 9)) ] && [ $(($2 * 10)) -le $(($1 * 11)) ] ||
		fail "wanted about $1 kbit/s, got $2"
}

# flood_serve PLACE: in the namespace of $T/PLACE.pid, port 5202
flood_serve() {
	install -m 755 "$TOP/tests/link/flood.py" /usr/local/bin/flood
	spawn "$T/flood.$1.log" nsenter -n -t "$(cat "$T/$1.pid")" \
		flood serve 5202 >"$T/flood.$1.pid"
	wait_until 10 flood_listens "$1"
}
flood_listens() { nsenter -n -t "$(cat "$T/$1.pid")" ss -Hlun | grep -q ':5202 '; }

# held_to KBIT USER ADDRESS: what USER sends there, and gets from there
held_to() {
	about "$1" "$(timeout 60 su "$2" -c "flood up $3 5202")" &&
		about "$1" "$(timeout 60 su "$2" -c "flood down $3 5202")"
}
