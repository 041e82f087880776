#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-or-later
"""System calls of the daemon that fail one at a time; for links.bats.

faults.py start SESSIONS    every call of a start, with those sessions open
faults.py end SESSIONS      every call of an end, of each session in turn

SESSIONS is a file with a line "USER NAMESPACE ADDRESS PORT" for each: a session
of USER is in NAMESPACE and reaches that TCP port ("-": reaches nothing). For
`start` they are open, and PID is appended; for `end` they are opened here.

NETNS_PAM_FAULTS=N  points to try, spread by chance, each call at least once;
                    "all": every point with every error
NETNS_PAM_PART=K/N  of these, the K-th of N parts
NETNS_PAM_SEED=N    the choice of an earlier run
"""
import ctypes
import errno
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import time

T = '/tmp/t'
STATE = '/run/netns-pam'
DAEMON = '/usr/sbin/netns-pamd'
ERRORS = ('ENOMEM', 'EMFILE', 'EIO')
# They do not fail so (brk(2) has no error number), or not before the daemon has
# what it asked for.
NEVER = {'brk', 'futex', 'execve', 'exit', 'exit_group', 'munmap', 'rt_sigreturn', 'rt_sigaction', 'rt_sigprocmask',
         'restart_syscall', 'close', 'getpid', 'gettid', 'epoll_wait', 'wait4', 'arch_prctl'}
PROGRAMS = ('dnsmasq', 'udhcpc', 'openvpn', 'wireguard-go')
CLONE_NEWNET = 0x40000000
START_LIMIT = 15  # seconds
END_LIMIT = 4     # seconds until an end has been tried again
HEAL_LIMIT = 10   # seconds after one good start

libc = ctypes.CDLL(None, use_errno=True)


def say(text):
    for line in text.splitlines():
        print('# ' + line, flush=True)


# ---- what there is

def read(path):
    try:
        with open(path, errors='replace') as f:
            return f.read()
    except OSError:
        return ''


def programs():
    found = []
    for pid in os.listdir('/proc'):
        if pid.isdigit() and read('/proc/%s/comm' % pid).strip() in PROGRAMS:
            if read('/proc/%s/stat' % pid).rpartition(')')[2][1:2] != 'Z':
                found.append(pid)
    return sorted(found)


def inside(pid):
    """Interfaces, routes and addresses where that process is."""
    net = '/proc/%s/net/' % pid
    links = sorted(line.split(':')[0].strip() for line in read(net + 'dev').splitlines()[2:])
    routes = sorted(' '.join(line.split()[:3]) for line in read(net + 'route').splitlines()[1:])
    addresses = sorted(line.split()[0] for line in read(net + 'if_inet6').splitlines())
    return links, routes, addresses


def snapshot(pids):
    state = sorted(os.path.relpath(os.path.join(top, name), STATE)
                   for top, dirs, files in os.walk(STATE) for name in dirs + files)
    names = []
    for name in sorted(os.listdir('/run/netns')):
        try:
            names.append((name, os.stat('/run/netns/' + name).st_ino))
        except FileNotFoundError:
            pass  # it was removed since
    return {
        'state': [name for name in state if name not in ('helper.sock', '.last-good')],
        'names': names,
        'links': sorted(os.listdir('/sys/class/net')),
        'programs': programs(),
        'mounts': sorted(' '.join(line.split()[4:5]) for line in read('/proc/1/mountinfo').splitlines()),
        'forwarding': read('/proc/sys/net/ipv4/ip_forward'),
        'inside': [inside(pid) for pid in pids],
    }


def differs(before, after):
    return ['%s: %s, now %s' % (key, [x for x in before[key] if x not in after[key]],
                                [x for x in after[key] if x not in before[key]])
            for key in before if before[key] != after[key]]


def unreached(sessions):
    """The sessions that do not reach what they should."""
    pending, failed = {}, []
    host = os.open('/proc/self/ns/net', os.O_RDONLY)
    for s in sessions:
        if s['address'] == '-':
            continue
        try:
            fd = os.open('/proc/%s/ns/net' % s['pid'], os.O_RDONLY)
        except OSError:
            failed.append(s['namespace'])
            continue
        libc.setns(fd, CLONE_NEWNET)
        os.close(fd)
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        r = sock.connect_ex((s['address'], s['port']))
        libc.setns(host, CLONE_NEWNET)
        if r in (errno.EINPROGRESS, 0):
            pending[sock] = s['namespace']
        else:
            failed.append('%s (%s)' % (s['namespace'], errno.errorcode.get(r, r)))
            sock.close()
    os.close(host)
    end = time.monotonic() + 4
    while pending and time.monotonic() < end:
        for sock in select.select([], list(pending), [], end - time.monotonic())[1]:
            r = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            # a port that is closed is reached, too
            if r not in (0, errno.ECONNREFUSED):
                failed.append('%s (%s)' % (pending[sock], errno.errorcode.get(r, r)))
            del pending[sock]
            sock.close()
    return failed + list(pending.values())


def wait_for(true, seconds):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


# ---- the daemon

class Daemon:
    all = []  # the last one may run

    def __init__(self, trace=None):
        """trace: strace's options. Returns when it is ready or dead."""
        command = [DAEMON, '--debug'] if trace is None else ['strace', '-D', '-qq'] + trace + [DAEMON, '--debug']
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, start_new_session=True)
        self.pid = self.process.pid
        Daemon.all[:] = [self]
        self.said = b''
        self.ready = False
        end = time.monotonic() + START_LIMIT
        while not self.ready and time.monotonic() < end:
            if select.select([self.process.stderr], [], [], 1)[0]:
                more = os.read(self.process.stderr.fileno(), 65536)
                if not more:
                    break
                self.said += more
                self.ready = b'netns-pamd: ready' in self.said
            elif self.process.poll() is not None:
                break

    def drain(self):
        err = self.process.stderr
        while not err.closed and select.select([err], [], [], 0)[0]:
            more = os.read(err.fileno(), 65536)
            if not more:
                return
            self.said += more

    def alive(self):
        return self.process.poll() is None

    def ended(self):
        """Return: its status, or None when it does not end in time."""
        try:
            return self.process.wait(START_LIMIT)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        if self.alive():
            self.process.kill()
        self.process.wait()
        self.drain()
        if not self.process.stderr.closed:
            self.process.stderr.close()

    def words(self):
        self.drain()
        return [line for line in self.said.decode(errors='replace').splitlines()
                if line.startswith('netns-pamd: ')]


def all_ended():
    return not [name for name in snapshot([])['state'] if '/' in name] and \
        not [link for link in os.listdir('/sys/class/net') if re.match(r'npam|br-|ovsbr0', link)]


def good_start():
    daemon = Daemon()
    if not daemon.ready:
        daemon.kill()
        say('a start without a fault fails:\n' + '\n'.join(daemon.words()[-5:]))
        sys.exit(1)
    return daemon


def known_sessions():
    """The pids of the sessions that the running daemon knows."""
    out = subprocess.run(['netns-pam', 'status', '--json'], stdout=subprocess.PIPE, timeout=20).stdout
    try:
        status = json.loads(out)
    except ValueError:
        return None
    return sorted(s['pid'] for s in status['sessions'])


# ---- the points

def calls_of(trace):
    """[(call, n)] as strace counts them, from the daemon's own first call on."""
    count, points, own = {}, [], False
    for line in read(trace).splitlines():
        match = re.match(r'(\w+)\(', line)
        if not match:
            continue
        call = match.group(1)
        count[call] = count.get(call, 0) + 1
        own = own or ('netns-pam' in line and call != 'execve' and '.so' not in line)
        if 'netns-pamd: ready' in line:
            break  # without this line, the test could not see the daemon
        if own and call not in NEVER:
            points.append((call, count[call]))
    return points


def chosen(points):
    """points: (..., call, n). Return: those to try, with the error."""
    want = os.environ.get('NETNS_PAM_FAULTS', '60')
    seed = int(os.environ.get('NETNS_PAM_SEED', time.time()))
    chance = random.Random(seed)
    say('%d points, seed %d' % (len(points) * len(ERRORS), seed))
    if want == 'all':
        some = [point + (error,) for point in points for error in ERRORS]
    else:
        by_call = {}
        for point in points:
            by_call.setdefault(point[-2], []).append(point)
        some = [chance.choice(group) for group in by_call.values()]
        rest = [point for point in points if point not in some]
        some += chance.sample(rest, max(0, min(len(rest), int(want) - len(some))))
        some = [point + (chance.choice(ERRORS),) for point in some]
    part, parts = map(int, os.environ.get('NETNS_PAM_PART', '1/1').split('/'))
    return some[part - 1::parts]


class Report:
    def __init__(self):
        self.tried = self.bad = 0
        self.began = self.last = time.monotonic()

    def point(self, name, wrong, daemon):
        self.tried += 1
        if wrong:
            self.bad += 1
            say('%s: %s' % (name, '; '.join(wrong)))
            say('\n'.join('    ' + line for line in daemon.words()[-6:]))
        if time.monotonic() - self.last > 8:
            self.last = time.monotonic()
            say('%d points tried, %d bad' % (self.tried, self.bad))

    def over(self):
        say('%d points in %d s, %d bad' % (self.tried, time.monotonic() - self.began, self.bad))
        sys.exit(0 if self.tried and not self.bad else 1)


# ---- a start

def start(sessions):
    pids = [s['pid'] for s in sessions]
    holders = sorted(int(s['holder']) for s in sessions)
    trace = T + '/trace'
    good_start().kill()
    clean = Daemon(['-o', trace])
    wait_for(lambda: 'netns-pamd: ready' in read(trace), 5)
    clean.kill()
    before = snapshot(pids)
    report = Report()
    for call, n, error in chosen(calls_of(trace)):
        daemon = Daemon(['-o', '/dev/null', '-e', 'trace=' + call,
                         '-e', 'inject=%s:error=%s:when=%d' % (call, error, n)])
        wrong = []
        if daemon.ready:
            known = known_sessions()
            if known != holders:  # the one fault may have been its reply
                known = known_sessions()
            if known != holders:
                wrong.append('the daemon knows the sessions %s, not %s' % (known, holders))
        elif daemon.ended() is None:
            wrong.append('neither ready nor ended: ' + ' / '.join(daemon.words()[-3:]))
        elif daemon.process.returncode < 0:
            wrong.append('ended by signal %d' % -daemon.process.returncode)
        elif not daemon.words():
            wrong.append('ended with status %d without a message' % daemon.process.returncode)
        wrong += differs(before, snapshot(pids))
        daemon.kill()
        after = good_start()
        if not wait_for(lambda: not differs(before, snapshot(pids)), 3):
            wrong += ['after a good start: ' + what for what in differs(before, snapshot(pids))]
        known = known_sessions()
        if known != holders:
            wrong.append('after a good start the daemon knows the sessions %s, not %s' % (known, holders))
            say('\n'.join('    good: ' + line for line in after.words()[-12:]))
        lost = unreached(sessions)
        if lost:
            wrong.append('no network: %s' % ', '.join(lost))
        after.kill()
        report.point('%s %d %s' % (call, n, error), wrong, daemon)
        if wrong:
            before = snapshot(pids)
    report.over()


# ---- an end

def login(s):
    """Return: su's process, once the session's own process is inside."""
    su = subprocess.Popen(['su', s['user'], '-c', 'echo $$; exec sleep 1000'], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    line = su.stdout.readline().strip()
    s['pid'] = line.decode()
    if not line:
        say('login of %s: %s' % (s['user'], su.stderr.read().decode(errors='replace').strip()))
    return su


def logout(s, su):
    if s['pid']:
        os.kill(int(s['pid']), signal.SIGKILL)
    su.wait()
    su.stdout.close()
    su.stderr.close()


def attach(daemon, options):
    tracer = subprocess.Popen(['strace', '-p', str(daemon.pid)] + options, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    tracer.stderr.readline()  # "Process N attached"
    return tracer


def detach(tracer):
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    tracer.stderr.close()


def cycle(daemon, s, empty, options):
    """A session that ends while the daemon is traced. Return: was all of it removed in time?"""
    su = login(s)
    if not s['pid']:
        logout(s, su)
        return None
    tracer = attach(daemon, options)
    logout(s, su)
    gone = wait_for(lambda: not differs(empty, snapshot([])), END_LIMIT)
    detach(tracer)
    return gone


def end(sessions):
    daemon = good_start()
    for s in sessions:  # the first use makes what stays
        logout(s, login(s))
    wait_for(all_ended, 20)
    daemon.kill()
    daemon = good_start()
    wait_for(all_ended, 5)
    empty = snapshot([])
    points = []
    for s in sessions:
        trace = '%s/trace.%s' % (T, s['namespace'])
        if not cycle(daemon, s, empty, ['-o', trace]):
            say('a session of %s does not end: %s' % (s['user'], differs(empty, snapshot([]))))
            sys.exit(1)
        count = {}
        for line in read(trace).splitlines():
            match = re.match(r'(\w+)\(', line)
            if match and match.group(1) not in NEVER:
                call = match.group(1)
                count[call] = count.get(call, 0) + 1
                points.append((s['namespace'], call, count[call]))
    by_name = {s['namespace']: s for s in sessions}
    report = Report()
    later = 0
    for name, call, n, error in chosen(points):
        wrong = []
        options = ['-o', '/dev/null', '-e', 'trace=' + call,
                   '-e', 'inject=%s:error=%s:when=%d' % (call, error, n)]
        gone = cycle(daemon, by_name[name], empty, options)
        # an error of its event loop ends the daemon, with a message
        if gone is None and wait_for(lambda: not daemon.alive(), 2):
            if 'cannot run the event loop' not in ' '.join(daemon.words()):
                wrong.append('the daemon ended without a message')
            daemon.kill()
            daemon = good_start()
            gone = cycle(daemon, by_name[name], empty, options)
        faulty = daemon
        if gone is None:
            wrong.append('the login before it fails')
        elif not gone:
            later += 1
            daemon.kill()
            daemon = good_start()
            if not wait_for(lambda: not differs(empty, snapshot([])), HEAL_LIMIT):
                wrong += differs(empty, snapshot([]))
        if not daemon.alive():
            daemon.kill()
            daemon = good_start()
        report.point('%s: %s %d %s' % (name, call, n, error), wrong, faulty)
        if wrong:
            wait_for(all_ended, HEAL_LIMIT)
            empty = snapshot([])
    say('%d ends were complete after the next start only' % later)
    daemon.kill()
    report.over()


def main():
    sessions = []
    with open(sys.argv[2]) as f:
        for line in f:
            word = line.split()
            sessions.append({'user': word[0], 'namespace': word[1], 'address': word[2],
                             'port': int(word[3]) if word[3] != '-' else 0,
                             'pid': word[4] if len(word) > 4 else '',
                             'holder': word[5] if len(word) > 5 else ''})
    try:
        {'start': start, 'end': end}[sys.argv[1]](sessions)
    finally:
        for daemon in Daemon.all:
            daemon.kill()


if __name__ == '__main__':
    main()
