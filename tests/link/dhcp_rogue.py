#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A DHCP server that sends given options, valid or not.

dhcp_rogue.py IFACE ADDRESS [KEY=VALUE]...

    CODE=HEX        that option with these bytes ("" omits it)
    renew=nak       refuses every renewal; renew=silence answers none
    then=ADDRESS    offers this one after the first lease
"""
import socket
import struct
import sys

MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK, NAK, RELEASE = 1, 2, 3, 5, 6, 7


def options(data):
    found, i = {}, 240
    while i < len(data) and data[i] != 255:
        if data[i] == 0:
            i += 1
            continue
        found[data[i]] = data[i + 2 : i + 2 + data[i + 1]]
        i += 2 + data[i + 1]
    return found


def main():
    iface, address = sys.argv[1:3]
    said = dict(word.split("=", 1) for word in sys.argv[3:])
    renew, then = said.pop("renew", "ack"), said.pop("then", address)
    me = socket.inet_aton("203.0.113.10")
    wanted = {54: me, 51: struct.pack("!I", 3600), 1: b"\xff\xff\xff\0", 3: me}
    wanted.update((int(k), bytes.fromhex(v)) for k, v in said.items())

    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, iface.encode())
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", 67))
    print("serving", flush=True)
    leased = False
    while True:
        data = s.recv(2048)
        if len(data) < 241 or data[0] != 1 or data[236:240] != MAGIC:
            continue
        asked = options(data)
        kind = asked.get(53, b"\0")[0]
        again = kind == REQUEST and leased and 54 not in asked
        print(kind, "again" if again else "", flush=True)
        if kind not in (DISCOVER, REQUEST) or (again and renew == "silence"):
            continue
        answer = OFFER if kind == DISCOVER else ACK
        if again and renew == "nak":
            answer, address = NAK, then
        reply = struct.pack("!BBBBIHH", 2, 1, 6, 0, struct.unpack("!I", data[4:8])[0], 0, 0x8000)
        reply += bytes(4) + (bytes(4) if answer == NAK else socket.inet_aton(address))
        reply += me + bytes(4) + data[28:44] + bytes(192) + MAGIC
        reply += bytes([53, 1, answer])
        for code, value in wanted.items():
            if value and (answer != NAK or code == 54):
                reply += bytes([code, len(value)]) + value
        s.sendto(reply + b"\xff", ("255.255.255.255", 68))
        leased = leased or answer == ACK


main()
