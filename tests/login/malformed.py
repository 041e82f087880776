#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends the daemon more than a hundred packets that violate common/proto.h, one
connection each. Each must be answered with PROTO_MALFORMED or a refusal and a
sentence, or the connection be closed if the head cannot be read; after each the
daemon answers a valid request."""
import array
import os
import socket
import struct
import sys

MAGIC, SIZE = 0x4e505031, 896
FIELDS = {  # offset, bytes
    'magic': (0, 4), 'version': (4, 2), 'op': (6, 2), 'flags': (8, 4),
    'tail_bytes': (12, 4), 'digest': (16, 8), 'netns_dev': (24, 8),
    'netns_ino': (32, 8), 'session': (40, 8), 'uid': (48, 4),
    'timeout_ms': (52, 4), 'user': (56, 257), 'service': (313, 64),
    'tty': (377, 128), 'rhost': (505, 256), 'name': (761, 128),
    'padding': (889, 7),
}
OPEN, CLOSE, STATUS, UP, DOWN, ENTER, RELOAD, KICK = range(1, 9)
OK, MALFORMED = 1, 6


def packet(op, tail=b'', **fields):
    p = bytearray(SIZE)
    values = dict(magic=MAGIC, version=1, op=op, tail_bytes=len(tail))
    values.update(fields)
    for name, value in values.items():
        at, size = FIELDS[name]
        if isinstance(value, int):
            value = (value & (1 << 8 * size) - 1).to_bytes(size, sys.byteorder)
        p[at:at + len(value)] = value
    return bytes(p) + tail


def login(tail=b'', **fields):
    values = dict(user=b'alice', service=b'su', uid=1001, timeout_ms=3000)
    values.update(fields)
    return packet(OPEN, tail, **values)


def cases():
    """(name, bytes, fds)"""
    whole = login()
    for n in (0, 1, 3, 4, 8, 16, 100, SIZE // 2, SIZE - 1):
        if n:
            yield 'cut to %d bytes' % n, whole[:n], 0
    for n in (1, 2, 100, 5000):
        yield '%d bytes too many' % n, whole + b'x' * n, 0
    yield 'only zeroes', bytes(SIZE), 0
    yield 'only ones', b'\xff' * SIZE, 0
    for m in (0, 1, 0x3150504e, MAGIC + 1, 0xffffffff):
        yield 'magic %#x' % m, login(magic=m), 0
    for v in (0, 2, 255, 256, 65535):
        yield 'version %d' % v, login(version=v), 0
    for o in (0, 9, 10, 255, 256, 32768, 65535):
        yield 'op %d' % o, packet(o), 0
    for f in (1, 2, 3, 0x80000000, 0xffffffff):
        yield 'OPEN with flags %#x' % f, login(flags=f), 0
    for f in (2, 3, 0x80000000):
        yield 'DOWN with flags %#x' % f, packet(DOWN, name=b'blue', flags=f), 0
    for t in (1, 100, 65536, 65537, 0x7fffffff, 0x80000000, 0xffffffff):
        yield 'tail of %d that is not there' % t, login(tail_bytes=t), 0
    yield 'tail that is not announced', login(b'gx\0', tail_bytes=0), 0
    yield 'tail announced too short', login(b'gstaff\0', tail_bytes=3), 0
    for tail in (b'x', b'g', b'g\0', b'n\0', b'gstaff', b'xstaff\0', b'\0',
                 b'gstaff\0g', b'gstaff\0\0', b'Gstaff\0', b'gstaff\0n\0',
                 b'\0' * 100, b'g' * 1000):
        yield 'facts %r' % tail[:16], login(tail), 0
    for op in (CLOSE, STATUS, UP, DOWN, ENTER, RELOAD, KICK):
        yield 'op %d with a tail' % op, packet(op, b'gx\0', name=b'blue' if op in (UP, DOWN, ENTER) else b''), 0
    yield 'OPEN without a user', login(user=b''), 0
    for name in ('user', 'service', 'tty', 'rhost'):
        size = FIELDS[name][1]
        yield '%s without an end' % name, login(**{name: b'x' * size}), 0
        yield '%s with bytes behind its end' % name, login(**{name: b'ab\0c'}), 0
        yield '%s with its last byte set' % name, login(**{name: b'ab' + bytes(size - 3) + b'x'}), 0
    yield 'OPEN with a namespace', login(name=b'green'), 0
    yield 'OPEN with a session', login(session=7), 0
    yield 'padding', login(padding=b'\1'), 0
    yield 'padding at the end', login(padding=b'\0\0\0\0\0\0\1'), 0
    for op in (UP, DOWN, ENTER):
        yield 'op %d without a name' % op, packet(op), 0
        for n in (b'..', b'.', b'a/b', b'../x', b'-n', b'a b', b'\n', b'%n',
                  b'$(id)', b'x' * 128, b'x' * 65, b'ab\0c'):
            yield 'op %d with name %r' % (op, n[:8]), packet(op, name=n), 0
        yield 'op %d with a tty' % op, packet(op, name=b'blue', tty=b'pts/1'), 0
        yield 'op %d with a digest' % op, packet(op, name=b'blue', digest=5), 0
    for op in (CLOSE, STATUS, RELOAD):
        for name in ('user', 'service', 'tty', 'rhost', 'name'):
            yield 'op %d with a %s' % (op, name), packet(op, **{name: b'x'}), 0
        for name in ('digest', 'netns_dev', 'netns_ino', 'session', 'uid', 'timeout_ms', 'flags'):
            yield 'op %d with %s' % (op, name), packet(op, **{name: 1}), 0
    yield 'KICK of no session', packet(KICK), 0
    yield 'KICK with a user', packet(KICK, session=1, user=b'x'), 0
    yield 'CLOSE of nothing', packet(CLOSE), 0
    for n in (1, 2, 3, 16, 253):
        yield 'a right one with %d descriptors' % n, packet(STATUS), n


def send(path, data, fds):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect(path)
    extra = []
    if fds:
        null = os.open('/dev/null', os.O_RDONLY)
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [null] * fds))]
    try:
        s.sendmsg([data], extra)
        reply = s.recv(4096)
    except (ConnectionError, BrokenPipeError):
        reply = b''
    if fds:
        os.close(null)
    s.close()
    return reply


def verdict(reply):
    if not reply:
        return None, ''
    magic, version, v = struct.unpack('=IHH', reply[:8])
    assert magic == MAGIC and version == 1, 'not a reply'
    return v, reply[217:217 + 512].split(b'\0')[0].decode()


def main():
    path = sys.argv[1]
    bad = n = 0
    sentences = set()
    for name, data, fds in cases():
        n += 1
        v, text = verdict(send(path, data, fds))
        sentences.add(text)
        # DENIED and FAILED are correct for a valid request that cannot be done
        fine = v in (None, 4, 5, MALFORMED) and (v is None or len(text) > 8)
        print('%s %-46s %s %s' % ('ok ' if fine else 'BAD', name, v, text))
        bad += not fine
        v, text = verdict(send(path, packet(STATUS), 0))
        if v not in (OK, 7, 8):
            print('BAD after it: %s %s' % (v, text))
            bad += 1
    print('%d packets, %d different sentences, %d bad' % (n, len(sentences), bad))
    return 1 if bad or n < 100 or len(sentences) < 25 else 0


sys.exit(main())
