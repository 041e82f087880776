#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""flood.py serve PORT: UDP. A client that sends "send" gets 40 Mbit/s for 4 s;
after "count" the client sends for 3 s, and "how much?" is answered with the rate
received, in kbit/s.
flood.py up|down HOST PORT: prints the rate received there, or here, in kbit/s."""
import socket
import sys
import time

SIZE, MBIT, SKIP, SECONDS = 1300, 40, 0.5, 3  # SIZE fits into a tunnel without fragments


def blast(sock, to, seconds):
    end = time.monotonic() + seconds
    gap, at = SIZE * 8 / MBIT / 1e6, time.monotonic()
    while time.monotonic() < end:
        try:
            sock.sendto(b"x" * SIZE, to)
        except OSError:
            pass
        at += gap
        time.sleep(max(0, at - time.monotonic()))


class Count:
    """Bytes that arrive from SKIP to SKIP + SECONDS after the first."""

    def __init__(self):
        self.first, self.bytes = time.monotonic(), 0

    def add(self, n):
        if SKIP <= time.monotonic() - self.first < SKIP + SECONDS:
            self.bytes += n

    def done(self):
        return time.monotonic() - self.first >= SKIP + SECONDS

    def kbit(self):
        return int(self.bytes * 8 / SECONDS / 1000)


def serve(port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind(("::", port))
    counts = {}
    while True:
        data, peer = sock.recvfrom(2048)
        if data == b"send":
            blast(sock, peer, SKIP + SECONDS + 0.5)
        elif data == b"how much?":
            got = counts[peer].kbit() if peer in counts else 0
            sock.sendto(b"%d" % got, peer)
        else:
            counts.setdefault(peer, Count()).add(len(data))


def up(sock):
    blast(sock, sock.getpeername(), SKIP + SECONDS + 0.5)
    sock.settimeout(1)
    for _ in range(20):
        sock.send(b"how much?")
        try:
            return int(sock.recv(100))
        except OSError:
            pass
    return 0


def down(sock):
    sock.settimeout(10)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.send(b"send")
    n = len(sock.recv(2048))
    count = Count()
    count.add(n)
    while not count.done():
        count.add(len(sock.recv(2048)))
    return count.kbit()


def main():
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.connect((sys.argv[2], int(sys.argv[3])))
    print({"up": up, "down": down}[sys.argv[1]](sock))


main()
