"""Programs of ours that listen on a port: started, waited for, and ended however slow they are."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 60
"""Seconds until a test gives up; only a fault ever takes as long."""
SERVING = """
import sys
from pathlib import Path
from waywarden.adapters.{} import serve
serve(Path(sys.argv[1]), host='127.0.0.1', port=int(sys.argv[2]))
"""
ADAPTER, WORKS = SERVING.format("start"), SERVING.format("demo.fake")


class Programs:
    """Starts Python programs and leaves none of them behind."""

    def __init__(self):
        self._started = []

    def start(self, code, *arguments):
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-c", code, *map(str, arguments)]
        one = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE)
        self._started.append(one)
        return one

    def end(self):
        for one in self._started:
            if one.poll() is None:
                kill(one)
            one.wait()
            one.stderr.close()


def kill(program):
    """With -9, the program and those it forked."""
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
    pids = children.read_text().split() if children.exists() else []
    for pid in [program.pid, *map(int, pids)]:
        os.kill(pid, signal.SIGKILL)
    program.wait()


def find_free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def listens(port):
    """Whether somebody answers. Who asks a free port may by chance be connected with itself."""
    with socket.socket() as probe:
        probe.settimeout(5)
        there = probe.connect_ex(("127.0.0.1", port)) == 0
        return there and probe.getsockname() != probe.getpeername()


def wait_until(true, what, program=None):
    """Until `true()` is; a program that has ended meanwhile, or patience that has, is an error."""
    give_up_at = time.monotonic() + PATIENCE
    while not true():
        assert program is None or program.poll() is None, f"it ended before {what}"
        assert time.monotonic() < give_up_at, f"waited in vain until {what}"
        time.sleep(0.05)


def wait_until_open(port, program):
    wait_until(lambda: listens(port), "it listens", program)


def wait_until_gone(port):
    wait_until(lambda: not listens(port), "nobody listens")
