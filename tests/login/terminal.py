#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-or-later
"""terminal.py CMD...

Runs CMD on a new pseudo-terminal, connected to this process's terminal, and
returns CMD's status. util-linux's login calls vhangup(2) and opens the terminal
again. Meanwhile nothing has it open, so that reads at its other side fail with
EIO: expect takes that for the end, this program reads on while CMD runs.
"""
import errno
import os
import pty
import select
import sys
import time
import tty


def relay(pid, terminal):
    """Until CMD has ended or our own terminal is closed; returns CMD's status."""
    status = None
    while True:
        ready, _, _ = select.select([0, terminal], [], [], 0.05)
        if 0 in ready:
            data = os.read(0, 4096)
            if not data:
                return 1  # the kernel sends CMD a SIGHUP when we end
            os.write(terminal, data)
        data = b''
        if terminal in ready:
            try:
                data = os.read(terminal, 4096)
            except OSError as e:
                if e.errno != errno.EIO:
                    raise
                time.sleep(0.01)
            os.write(1, data)
        if status is not None and not data:
            return os.waitstatus_to_exitcode(status)
        if status is None:
            ended, result = os.waitpid(pid, os.WNOHANG)
            status = result if ended else None


def main():
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    tty.setraw(0)
    return relay(pid, terminal)


sys.exit(main())
