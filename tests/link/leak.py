#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends packets all the time, and counts those that arrive.

leak recv FILE          counts what arrives at port 9999, UDP and TCP, and its
                        source: FILE has lines "COUNT PROTO LOCAL REMOTE"
leak send FILE ADDR...  sends to port 9999 of each address without end, hundreds of
                        times a second; FILE has the number of rounds
"""
import collections
import os
import selectors
import socket
import struct
import sys
import time

PORT = 9999


def write(path, text):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(text)
    os.rename(path + ".new", path)


def plain(address):
    return address[7:] if address.startswith("::ffff:") else address


def recv(path):
    seen, changed = collections.Counter(), True
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    udp.bind(("::", PORT))
    tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("::", PORT))
    tcp.listen(1000)
    wait = selectors.DefaultSelector()
    wait.register(udp, selectors.EVENT_READ)
    wait.register(tcp, selectors.EVENT_READ)
    last = 0
    while True:
        for key, _ in wait.select(0.1):
            if key.fileobj is tcp:
                conn, peer = tcp.accept()
                local = conn.getsockname()[0]
                conn.close()
                seen["tcp", plain(local), plain(peer[0])] += 1
            else:
                _, info, _, peer = udp.recvmsg(100, 100)
                local = socket.inet_ntop(socket.AF_INET6, info[0][2][:16])
                seen["udp", plain(local), plain(peer[0])] += 1
            changed = True
        if changed and time.monotonic() - last > 0.1:
            last, changed = time.monotonic(), False
            write(path, "".join("%d %s %s %s\n" % (n, *what)
                                for what, n in sorted(seen.items())))


def send(path, *targets):
    rounds = 0
    udp = {}
    for address in targets:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        udp[address] = socket.socket(family, socket.SOCK_DGRAM)
        udp[address].setblocking(False)
    while True:
        for address, sock in udp.items():
            try:
                sock.sendto(b"x", (address, PORT))
            except OSError:
                pass
            tcp = socket.socket(sock.family, socket.SOCK_STREAM)
            tcp.setblocking(False)
            # closed with RST, so that the port may be used again
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                tcp.connect((address, PORT))
            except OSError:
                pass
            waiting.append(tcp)
            while len(waiting) > 200:
                waiting.popleft().close()
        rounds += 1
        if rounds % 20 == 0:
            write(path, "%d\n" % rounds)
        time.sleep(0.002)


waiting = collections.deque()
{"recv": recv, "send": send}[sys.argv[1]](*sys.argv[2:])
