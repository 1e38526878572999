"""Workers of pytest-xdist that are forked from the starter, where torch is imported, and so start at once.

What execnet would run as a new Python reads its program from a pipe; so does a fork. A run asks the starter
for one over a socket, and sends along the pipes and its own standard error.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any


class Worker(subprocess.Popen):
    """A process whose standard input and output are pipes, which the starter begins and ends."""

    def __init__(self, address: str) -> None:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        self._starter = socket.socket(socket.AF_UNIX)
        self._starter.connect(address)
        settings = json.dumps({"folder": str(Path.cwd()), "environment": dict(os.environ)}).encode()
        socket.send_fds(self._starter, [_written(len(settings))], [theirs_in, theirs_out, 2])
        self._starter.sendall(settings)
        self.pid = _number(self._starter)
        for end in (theirs_in, theirs_out):
            os.close(end)
        self.stdin: IO[bytes] = os.fdopen(ours_in, "wb")
        self.stdout: IO[bytes] = os.fdopen(ours_out, "rb")
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended: its exit code, or minus the signal."""
        if self.returncode is None:
            self._starter.settimeout(timeout)
            try:
                self.returncode = _number(self._starter)
            except TimeoutError:
                raise subprocess.TimeoutExpired("a forked worker", timeout or 0) from None
        return self.returncode

    def poll(self) -> int | None:
        """How it ended, if it has."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0.1)  # the starter looks a hundred times a second
        return None

    def kill(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def use(address: str) -> None:
    """In a run: have execnet ask the starter at `address` for its workers."""
    from execnet import gateway_io

    def start(self: Any, args: list[str], execmodel: Any) -> None:
        self.popen = worker = Worker(address)
        gateway_io.Popen2IO.__init__(self, worker.stdin, worker.stdout, execmodel=execmodel)

    gateway_io.Popen2IOMaster.__init__ = start


class Forks:
    """In the starter: forks workers for whoever asks at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(address)
        self._listening.listen()
        self._listening.setblocking(False)
        self.ended: dict[int, int] = {}
        self._asking: dict[int, socket.socket] = {}

    def tend(self) -> None:
        """Fork for those that ask, and note which processes have ended, and how; askers are told."""
        with suppress(BlockingIOError):
            asking, _ = self._listening.accept()
            asking.setblocking(True)
            self._fork(asking)
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                self._note(found[0], os.waitstatus_to_exitcode(found[1]))

    def _note(self, pid: int, code: int) -> None:
        if pid not in self._asking:
            self.ended[pid] = code
            return
        with self._asking.pop(pid) as asking, suppress(OSError):  # whoever asked may be gone
            asking.sendall(_written(code))

    def _fork(self, asking: socket.socket) -> None:
        size, ends, _, _ = socket.recv_fds(asking, 8, 3)
        settings = json.loads(_exactly(asking, int.from_bytes(size, "big")))
        if (pid := os.fork()) == 0:
            _work(settings, ends)
        self._asking[pid] = asking
        asking.sendall(_written(pid))
        for end in ends:
            os.close(end)


def _work(settings: dict[str, Any], ends: list[int]) -> None:
    """In the child: what a new Python does with execnet's first line, and end whatever happens."""
    try:
        for number, end in enumerate(ends):
            os.dup2(end, number)
            os.close(end)
        os.chdir(settings["folder"])
        os.environ.clear()
        os.environ.update(settings["environment"])
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        for number, name in ((1, "stdout"), (2, "stderr")):
            stream = open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        sys.argv, sys.path[0] = ["-c"], ""
        exec(eval(sys.stdin.readline()))
    except BaseException as why:
        sys.stderr.write(f"{type(why).__name__}: {why}\n")
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(0)


def _written(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)


def _number(source: socket.socket) -> int:
    return int.from_bytes(_exactly(source, 8), "big", signed=True)


def _exactly(source: socket.socket, n: int) -> bytes:
    """The next n bytes."""
    found = b""
    while len(found) < n:
        part = source.recv(n - len(found))
        if not part:
            raise ConnectionError("the starter has ended")
        found += part
    return found
