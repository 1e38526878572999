"""Processes that are forked from the starter, where torch is imported, and so start at once.

Whoever wants one asks over a socket, and sends along its three streams. It is ``python -m pytest``, or a
worker of pytest-xdist: what execnet would run as a new Python reads its program from a pipe; so does a fork.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any


class Forked(subprocess.Popen):
    """A process with these streams, which the starter at `address` begins, and whose end it tells.

    settings: "arguments" of pytest, or none for a worker; "folder", "environment" and "session" (whether it
    begins a session of its own), where they are not as here.
    """

    def __init__(self, address: str, settings: Mapping[str, Any], streams: Sequence[int]) -> None:
        self._starter = socket.socket(socket.AF_UNIX)
        self._starter.connect(address)
        here = {"folder": str(Path.cwd()), "environment": dict(os.environ)}
        said = json.dumps(here | dict(settings)).encode()
        socket.send_fds(self._starter, [_written(len(said))], list(streams))
        self._starter.sendall(said)
        self.pid = _number(self._starter)
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended: its exit code, or minus the signal."""
        if self.returncode is None:
            self._starter.settimeout(timeout)
            try:
                self.returncode = _number(self._starter)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("a forked process", timeout or 0) from None
            self._starter.close()
        return self.returncode

    def poll(self) -> int | None:
        """How it ended, if it has."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def kill(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Worker(Forked):
    """A worker of pytest-xdist, whose standard input and output are pipes."""

    def __init__(self, address: str) -> None:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        super().__init__(address, {}, (theirs_in, theirs_out, 2))
        for end in (theirs_in, theirs_out):
            os.close(end)
        self.stdin: IO[bytes] = os.fdopen(ours_in, "wb")
        self.stdout: IO[bytes] = os.fdopen(ours_out, "rb")


def use(address: str) -> None:
    """In a run: have execnet ask the starter at `address` for its workers."""
    from execnet import gateway_io

    def start(self: Any, args: list[str], execmodel: Any) -> None:
        self.popen = worker = Worker(address)
        gateway_io.Popen2IO.__init__(self, worker.stdin, worker.stdout, execmodel=execmodel)

    gateway_io.Popen2IOMaster.__init__ = start


class Forks:
    """In the starter: forks for whoever asks at `address`, and tells each how its process ended."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(address)
        self._listening.listen()
        self._asking: dict[int, tuple[int, socket.socket]] = {}  # by the handle of the process: its id

    def serve(self, until: IO[str]) -> None:
        """Fork for whoever asks, until this input ends."""
        while True:
            ready, _, _ = select.select([until, self._listening, *self._asking], [], [])
            for handle in self._asking.keys() & set(ready):
                self._tell(handle)
            if until in ready:
                return
            if self._listening in ready:
                self._fork(self._listening.accept()[0])

    def _tell(self, handle: int) -> None:
        pid, asking = self._asking.pop(handle)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(handle)
        with asking, suppress(OSError):  # whoever asked may be gone
            asking.sendall(_written(code))

    def _fork(self, asking: socket.socket) -> None:
        size, ends, _, _ = socket.recv_fds(asking, 8, 3)
        settings = json.loads(_exactly(asking, int.from_bytes(size, "big")))
        if (pid := os.fork()) == 0:
            _become(settings, ends, self.address)
        self._asking[os.pidfd_open(pid)] = pid, asking
        asking.sendall(_written(pid))
        for end in ends:
            os.close(end)


def _become(settings: dict[str, Any], ends: Sequence[int], address: str) -> None:
    """In the child: be what was asked for, and end whatever happens."""
    code = 70
    try:
        _settle(settings, ends)
        code = _run(settings["arguments"], address) if "arguments" in settings else _work()
    except SystemExit as why:
        code = why.code if isinstance(why.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code)


def _settle(settings: dict[str, Any], ends: Sequence[int]) -> None:
    """Take on the folder, the environment and the streams of the process to be.

    It heeds Ctrl-C, also where the tests run in the background of a shell, which has it ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if settings.get("session"):
        os.setsid()
    os.chdir(settings["folder"])
    os.environ.clear()
    os.environ.update(settings["environment"])
    for number, end in enumerate(ends):
        os.dup2(end, number)
    os.closerange(3, max(ends) + 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _run(arguments: Sequence[str], address: str) -> int:
    """What ``python -m pytest`` does."""
    import dask.config
    import pytest

    dask.config.refresh()  # it read the environment when it was imported
    sys.path[0] = str(Path.cwd())
    sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.argv = [str(Path(pytest.__file__).with_name("__main__.py")), *arguments]
    use(address)
    try:
        return int(pytest.main())
    finally:
        atexit._run_exitfuncs()


def _work() -> int:
    """What a new Python does with execnet's first line."""
    sys.argv, sys.path[0] = ["-c"], ""
    exec(eval(sys.stdin.readline()))
    return 0


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
