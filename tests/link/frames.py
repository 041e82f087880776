#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends invalid Ethernet frames, and records those that arrive.

frames.py send IFACE NAME...       each of these frames, see FRAMES
frames.py hear IFACE LOG           appends the name of each frame that arrives

Addresses for the frames are in the environment: MINE, THEIRS, HOST (MAC
addresses), MINE4, THEIRS4, HOST4, MINE6, THEIRS6, HOST6, MINELL (addresses),
PORT (the MAC address of the host's end of the sender's link). Every frame contains
"<<NAME>>" in its payload.
"""
import os
import re
import socket
import struct
import sys

ALL = 'ff:ff:ff:ff:ff:ff'
ALL6 = '33:33:00:00:00:01'
ETH_P_ALL = 3


mark = b''  # of the current frame


def env(name):
    return os.environ[name]


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


def ip4(text):
    return socket.inet_aton(text)


def ip6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ether(src, dst, kind, payload):
    return mac(dst) + mac(src) + struct.pack('!H', kind) + payload


def arp(src, dst, op, sender_mac, sender, target):
    return ether(src, dst, 0x806,
                 struct.pack('!HHBBH', 1, 0x800, 6, 4, op) +
                 mac(sender_mac) + ip4(sender) + bytes(6) + ip4(target))


def ipv4(src, dst, source, target, proto, payload, frag=0):
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), 7, frag, 64, proto, 0)
    head += ip4(source) + ip4(target)
    head = head[:10] + struct.pack('!H', checksum(head)) + head[12:]
    return ether(src, dst, 0x800, head + payload)


def udp4(src, dst, source, target, sport, dport, data=b'', frag=0):
    data += mark
    return ipv4(src, dst, source, target, 17,
                struct.pack('!HHHH', sport, dport, 8 + len(data), 0) + data, frag)


def ipv6(src, dst, source, target, proto, payload, hops=255):
    return ether(src, dst, 0x86dd,
                 struct.pack('!IHBB', 6 << 28, len(payload), proto, hops) +
                 ip6(source) + ip6(target) + payload)


def l4sum(source, target, proto, payload, at):
    pseudo = ip6(source) + ip6(target) + struct.pack('!II', len(payload), proto)
    return payload[:at] + struct.pack('!H', checksum(pseudo + payload)) + payload[at + 2:]


def udp6(src, dst, source, target, sport, dport, data=b''):
    data += mark
    payload = struct.pack('!HHHH', sport, dport, 8 + len(data), 0) + data
    return ipv6(src, dst, source, target, 17, l4sum(source, target, 17, payload, 6))


def icmp6(src, dst, source, target, body):
    body += bytes([253, len(mark) // 8 + 1]) + mark + bytes(6 - len(mark) % 8)
    return ipv6(src, dst, source, target, 58, l4sum(source, target, 58, body, 2))


def advert(src, dst, source, target, whose, flags=0x20000000):
    return icmp6(src, dst, source, target,
                 struct.pack('!BBHI', 136, 0, 0, flags) + ip6(whose) + b'\2\1' + mac(src))


def solicit(src, dst, source, target, whose):
    return icmp6(src, dst, source, target,
                 struct.pack('!BBHI', 135, 0, 0, 0) + ip6(whose) + b'\1\1' + mac(src))


def router(src, source):
    prefix = struct.pack('!BBBBIII', 3, 4, 64, 0xc0, 3600, 3600, 0) + ip6('2001:db8:bad::')
    return icmp6(src, ALL6, source, 'ff02::1',
                 struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0) + prefix)


def hidden_router(src, source):
    """In a fragment, behind a header of options, which simple filters do not parse."""
    body = router(src, source)[14 + 40:]
    return ipv6(src, ALL6, source, 'ff02::1', 44,
                struct.pack('!BBHI', 60, 0, 1, 9) + bytes([58, 0, 1, 4, 0, 0, 0, 0]) + body)


def cut_router(src, source):
    """The first fragment has no more than headers; the rest is an advertisement."""
    return ipv6(src, ALL6, source, 'ff02::1', 44,
                struct.pack('!BBHI', 60, 0, 1, 9) + bytes([58, 3, 1, 28]) + mark[:28].ljust(28, b'.')[:20])


def redirect6(src, source):
    return icmp6(src, ALL6, source, 'ff02::1',
                 struct.pack('!BBHI', 137, 0, 0, 0) + ip6(source) + ip6('2001:db8:ffff::80'))


def bootp(op, chaddr, relay='0.0.0.0', kind=1, length=6):
    return (struct.pack('!BBBBIHH', op, kind, length, 0, 77, 0, 0x8000) + bytes(12) + ip4(relay) +
            mac(chaddr) + bytes(10 + 64 + 128) + bytes([99, 130, 83, 99]) +
            bytes([53, 1, 2 if op == 2 else 1, 54, 4]) + ip4(env('MINE4')) + b'\xff')


def ask_lease(src, chaddr, relay='0.0.0.0', frag=0, kind=1, length=6):
    return udp4(src, ALL, '0.0.0.0', '255.255.255.255', 68, 67,
                bootp(1, chaddr, relay, kind, length), frag)


def offer(source, dst):
    return udp4(env('MINE'), dst, source, '255.255.255.255', 67, 68, bootp(2, env('THEIRS')))


MINE, THEIRS, HOST, PORT = (lambda: env('MINE'), lambda: env('THEIRS'),
                            lambda: env('HOST'), lambda: env('PORT'))

FRAMES = {
    # valid frames of each kind: these arrive
    'good-arp': lambda: arp(MINE(), ALL, 1, MINE(), env('MINE4'), env('THEIRS4')),
    'good-probe': lambda: arp(MINE(), ALL, 1, MINE(), '0.0.0.0', env('MINE4')),
    'good-udp4': lambda: udp4(MINE(), ALL, env('MINE4'), '255.255.255.255', 9, 9),
    'the-end': lambda: ether(env('HOST'), env('THEIRS'), 0x88b5, mark),
    'good-uni4': lambda: udp4(MINE(), THEIRS(), env('MINE4'), env('THEIRS4'), 9, 9),
    'good-udp6': lambda: udp6(MINE(), ALL6, env('MINE6'), 'ff02::1', 9, 9),
    'good-uni6': lambda: udp6(MINE(), THEIRS(), env('MINELL'), env('THEIRS6'), 9, 9),
    'good-na': lambda: advert(MINE(), ALL6, env('MINE6'), 'ff02::1', env('MINE6')),
    'good-ns': lambda: solicit(MINE(), ALL6, env('MINE6'), 'ff02::1', env('THEIRS6')),
    'good-dad': lambda: solicit(MINE(), ALL6, '::', 'ff02::1', env('MINE6')),
    'good-lease': lambda: ask_lease(MINE(), MINE()),
    # MAC address of another port
    'mac-theirs': lambda: udp4(THEIRS(), ALL, env('MINE4'), '255.255.255.255', 9, 9),
    'mac-host': lambda: udp4(HOST(), ALL, env('MINE4'), '255.255.255.255', 9, 9),
    'mac-new': lambda: arp('02:00:00:00:00:99', ALL, 1, '02:00:00:00:00:99',
                           env('MINE4'), env('THEIRS4')),
    # ARP with the address of another port
    'arp-host': lambda: arp(MINE(), ALL, 2, MINE(), env('HOST4'), env('HOST4')),
    'arp-host-to': lambda: arp(MINE(), THEIRS(), 2, MINE(), env('HOST4'), env('THEIRS4')),
    'arp-theirs': lambda: arp(MINE(), ALL, 1, MINE(), env('THEIRS4'), env('HOST4')),
    'arp-theirs-host': lambda: arp(MINE(), HOST(), 2, MINE(), env('THEIRS4'), env('HOST4')),
    'arp-mac': lambda: arp(MINE(), ALL, 2, THEIRS(), env('MINE4'), env('MINE4')),
    'arp-probe': lambda: arp(MINE(), ALL, 1, MINE(), '0.0.0.0', env('THEIRS4')),
    # neighbour discovery with the address of another port
    'na-host': lambda: advert(MINE(), ALL6, env('MINE6'), 'ff02::1', env('HOST6')),
    'na-host-as': lambda: advert(MINE(), THEIRS(), env('HOST6'), env('THEIRS6'), env('HOST6'), 0x60000000),
    'na-theirs': lambda: advert(MINE(), HOST(), env('THEIRS6'), env('HOST6'), env('THEIRS6')),
    'na-theirs-ll': lambda: advert(MINE(), HOST(), env('MINELL'), env('HOST6'), env('THEIRS6')),
    'ns-theirs': lambda: solicit(MINE(), HOST(), env('THEIRS6'), env('HOST6'), env('HOST6')),
    'dad-theirs': lambda: solicit(MINE(), ALL6, '::', 'ff02::1', env('THEIRS6')),
    # address of another port
    'ip4-theirs': lambda: udp4(MINE(), ALL, env('THEIRS4'), '255.255.255.255', 9, 9),
    'ip4-host': lambda: udp4(MINE(), THEIRS(), env('HOST4'), env('THEIRS4'), 9, 9),
    'ip4-far': lambda: udp4(MINE(), THEIRS(), '198.51.100.7', env('THEIRS4'), 9, 9),
    'ip4-none': lambda: udp4(MINE(), ALL, '0.0.0.0', '255.255.255.255', 9, 9),
    'ip6-theirs': lambda: udp6(MINE(), ALL6, env('THEIRS6'), 'ff02::1', 9, 9),
    'ip6-host': lambda: udp6(MINE(), THEIRS(), env('HOST6'), env('THEIRS6'), 9, 9),
    'ip6-none': lambda: udp6(MINE(), ALL6, '::', 'ff02::1', 9, 9),
    'ip6-ll': lambda: udp6(MINE(), ALL6, 'fe80::1', 'ff02::1', 9, 9),
    # a router
    'ra': lambda: router(MINE(), env('MINELL')),
    'ra-hidden': lambda: hidden_router(MINE(), env('MINELL')),
    'ra-cut': lambda: cut_router(MINE(), env('MINELL')),
    'redirect6': lambda: redirect6(MINE(), env('MINELL')),
    'redirect4': lambda: ipv4(MINE(), THEIRS(), env('MINE4'), env('THEIRS4'), 1,
                              b'\5\1\0\0' + ip4(env('MINE4')) + bytes(28)),
    # a DHCP server, and clients with false addresses
    'offer': lambda: offer(env('MINE4'), ALL),
    'offer-host': lambda: offer(env('HOST4'), THEIRS()),
    'offer6': lambda: udp6(MINE(), ALL6, env('MINELL'), 'ff02::1', 547, 546),
    'lease-other': lambda: ask_lease(MINE(), '02:00:00:00:00:99'),
    'lease-relay': lambda: ask_lease(MINE(), MINE(), env('MINE4')),
    'lease-part': lambda: ipv4(MINE(), ALL, '0.0.0.0', '255.255.255.255', 17,
                               struct.pack('!HHHH', 68, 67, 300, 0) + mark + bytes(8), 0x2000),
    'lease-long': lambda: ask_lease(MINE(), MINE(), length=16),
    'lease-kind': lambda: ask_lease(MINE(), MINE(), kind=6),
    # mDNS and LLMNR
    'mdns': lambda: udp4(MINE(), ALL, env('MINE4'), '224.0.0.251', 5353, 5353),
    'llmnr': lambda: udp4(MINE(), ALL, env('MINE4'), '224.0.0.252', 9, 5355),
    'mdns6': lambda: udp6(MINE(), ALL6, env('MINELL'), 'ff02::fb', 5353, 5353),
    # no IP
    'vlan': lambda: ether(MINE(), ALL, 0x8100, b'\0\7\x08\0' + udp4(
        MINE(), ALL, env('THEIRS4'), '255.255.255.255', 9, 9)[14:]),
    # to groups that a bridge passes to the host only
    'group-arp': lambda: arp(MINE(), '01:80:c2:00:00:03', 1, MINE(), env('MINE4'), env('HOST4')),
    'group-ip4': lambda: udp4(MINE(), '01:80:c2:00:00:03', env('MINE4'), env('HOST4'), 9, 9),
    'lldp': lambda: ether(MINE(), ALL, 0x88cc, bytes(46)),
    'bpdu': lambda: ether(MINE(), '01:80:c2:00:00:00', 38, b'\x42\x42\3' + bytes(43)),
    # to others through the host, with any of its MAC addresses
    'via-host': lambda: udp4(MINE(), HOST(), env('MINE4'), env('THEIRS4'), 9, 9),
    'via-host6': lambda: udp6(MINE(), HOST(), env('MINE6'), env('THEIRS6'), 9, 9),
    'via-port': lambda: udp4(MINE(), PORT(), env('MINE4'), env('THEIRS4'), 9, 9),
    'via-port6': lambda: udp6(MINE(), PORT(), env('MINE6'), env('THEIRS6'), 9, 9),
}


def send(iface, names):
    global mark
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((iface, 0))
        for name in names:
            mark = b'<<%s>>' % name.encode()
            frame = FRAMES[name]()
            s.send(frame if mark in frame else frame + bytes(18) + mark)


def hear(iface, path):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as s, \
            open(path, 'ab', buffering=0) as log:
        s.bind((iface, 0))
        log.write(b'listening\n')
        while True:
            data, where = s.recvfrom(65536)
            found = re.search(rb'<<([a-z0-9-]+)>>', data)
            if found and where[2] != socket.PACKET_OUTGOING:
                log.write(found.group(1) + b'\n')


if __name__ == '__main__':
    if sys.argv[1] == 'send':
        send(sys.argv[2], sys.argv[3:])
    else:
        hear(sys.argv[2], sys.argv[3])
