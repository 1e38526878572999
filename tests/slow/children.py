"""Children: pytest in a process that is forked from one which has torch imported, and so starts at once."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from pytest_brainscore import plugin

PATIENCE_S = 60.0
_PIPE_BYTES = 1 << 20


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, or minus the signal that ended it; and what it printed."""

    code: int
    text: str
    seconds: float


class Child:
    """A forked process that does `work`, whose result is its exit code."""

    def __init__(self, work: Callable[[], int]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._start = time.monotonic()
        self._text, theirs = os.pipe()
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self.stages, tells = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _become(work, theirs, tells)
        os.close(theirs)
        os.close(tells)
        self._handle = os.pidfd_open(self.pid)

    def send(self, number: int) -> None:
        """Send a signal; a process that has ended gets none."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._handle, number)

    def reached(self) -> bool:
        """Wait until the process says that it enters its stage; False where it ends before."""
        ready, _, _ = select.select([self.stages], [], [], PATIENCE_S)
        return bool(ready and os.read(self.stages, 1))

    def wait(self, patience_s: float = PATIENCE_S) -> Ended:
        """The end of the process; one that does not come to an end is killed, with the code -SIGKILL."""
        ready, _, _ = select.select([self._handle], [], [], patience_s)
        if not ready:
            self.send(signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        text = "" if ready else f"(no end within {patience_s:.0f} s)\n"
        text += _all_of(self._text)
        os.close(self.stages)
        os.close(self._handle)
        return Ended(os.waitstatus_to_exitcode(status), text, time.monotonic() - self._start)


def _all_of(pipe: int) -> str:
    os.set_blocking(pipe, False)  # a grandchild may hold the other end still
    with open(pipe, "rb", buffering=0) as file:
        return b"".join(iter(lambda: file.read(1 << 16) or b"", b"")).decode(errors="replace")


def _become(work: Callable[[], int], text: int, tells: int) -> None:
    """In the child: do the work and end, whatever happens, without the parent's exit handlers."""
    code = 70
    try:
        global _tells
        _tells = tells
        for descriptor in (1, 2):
            os.dup2(text, descriptor)
        sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        torch.set_num_threads(1)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background a shell has it ignored
        code = work()
    except KeyboardInterrupt:
        traceback.print_exc()
        code = 130
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        os._exit(code)


_tells = -1


def tell() -> None:
    """In a child: tell the parent that the stage is entered."""
    os.write(_tells, b">")


def scoring(folder: Path, *arguments: str, before: Callable[[], object] | None = None) -> Child:
    """A run of pytest in `folder`; `before` is called in the process first."""

    def work() -> int:
        os.chdir(folder)
        for name in [name for name in os.environ if name.startswith(("BRAINSCORE_", "PYTEST_", "CI"))]:
            del os.environ[name]
        here = {"BRAINSCORE_CACHE": str(folder / "cache"), "XDG_CACHE_HOME": str(folder / "cache")}
        os.environ.update(here, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", COLUMNS="200")
        if before is not None:
            before()
        options = ("-p", "no:cacheprovider", "--capture=sys", "-v")
        return int(pytest.main([*options, *arguments], plugins=[plugin]))

    return Child(work)


@contextlib.contextmanager
def together(children: list[Child]) -> Iterator[list[Child]]:
    """Several children, of which none is left behind."""
    try:
        yield children
    finally:
        for child in children:
            child.send(signal.SIGKILL)
