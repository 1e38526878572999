"""The live line: what is being done, how many items are done, and how much time is left."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

import pytest

from . import status
from .line import Line, beneath
from .outlook import duration
from .pace import Pace
from .status import Doing

if TYPE_CHECKING:
    from ..run import Run

_SECONDS_BETWEEN_LOOKS = 0.2
_OTHERS_WRITE = ("collectonly", "setuponly", "setupshow", "setupplan", "usepdb", "trace", "log_cli_level")


def wanted(config: pytest.Config) -> bool:
    """Whether there is a terminal, with someone before it, that only pytest itself writes to."""
    return (
        not hasattr(config, "workerinput")
        and _is_terminal()
        and not os.environ.get("CI")
        and config.getoption("capture", None) == "fd"
        and config.getoption("verbose", 0) > -2
        and not any(config.getoption(name, False) for name in _OTHERS_WRITE)
        and not _logs_live(config)
    )


def _logs_live(config: pytest.Config) -> bool:
    """Whether pytest prints log records as they come; it does not know the word where that plugin is off."""
    with suppress(ValueError):
        return bool(config.getini("log_cli"))
    return False


def _is_terminal() -> bool:
    """Whether standard output is a terminal that takes escape codes."""
    takes_codes = os.name != "nt" or "WT_SESSION" in os.environ
    known = os.environ.get("TERM", "xterm" if os.name == "nt" else "dumb") != "dumb"
    with suppress(OSError, ValueError, AttributeError):
        return takes_codes and known and os.isatty(sys.stdout.fileno())
    return False


class Live:
    """The line of a run, from its first item to its last."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._pace: Pace | None = None
        self._lock, self._over = Lock(), Event()
        self._thread: Thread | None = None

    @cached_property
    def folder(self) -> Path:
        """Where the workers of pytest-xdist note what they are doing."""
        return Path(tempfile.mkdtemp(prefix="brainscore-"))

    def tell_worker(self, node: Any) -> None:
        """Have a worker note what it is doing, where that will be shown."""
        if wanted(node.config):
            node.workerinput[status.FOLDER] = str(self.folder)

    def forget_worker(self, node: Any) -> None:
        """A worker ended, and does nothing any more."""
        if "folder" in vars(self):
            status.forget(self.folder, node.gateway.id)

    @contextmanager
    def shown(self, config: pytest.Config) -> Iterator[None]:
        """While this is open, show the line where it is wanted."""
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        with ExitStack() as stack:
            if terminal is not None and wanted(config):
                with suppress(OSError):
                    self._begin(terminal, stack)
            yield

    def stop(self) -> None:
        """Show nothing from now on."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def begin(self, node: str) -> None:
        """An item begins."""
        self.run.status.begin(node)
        if self._pace is None and self._thread is not None and self.run.outlook is not None:
            self._pace = Pace(self.run.outlook, time.monotonic())

    def note(self, report: pytest.TestReport) -> None:
        """A part of an item ended; with the teardown all of it."""
        self._note(report.nodeid, report.duration, ended=report.when not in ("setup", "call"))

    def crashed(self, node: str) -> None:
        """A worker died in an item, of which no teardown will be told."""
        self._note(node, 0.0, ended=True)

    def _note(self, node: str, seconds: float, ended: bool) -> None:
        if self._pace is not None:
            with self._lock:
                self._pace.note(node, seconds, ended, time.monotonic())

    def text(self, now: float) -> str:
        """The line; empty where no item of ours runs."""
        if self._pace is None:
            return ""
        with self._lock:
            doing = [one for one in self._doing() if self._pace.counts(one.node)]
            if not doing:
                return ""
            left = self._pace.left({one.node for one in doing}, now)
            done = f"{self._pace.done} of {self._pace.total} items"
        time_left = "" if left is None else f", about {duration(left)} left"
        return f"{done}{time_left} | {' | '.join(_words(doing))}"

    def _begin(self, terminal: pytest.TerminalReporter, stack: ExitStack) -> None:
        fd = os.dup(sys.stdout.fileno())  # capturing puts a file in place of the terminal
        stack.callback(os.close, fd)
        stack.callback(self._remove_folder)
        line = Line(fd)
        stack.enter_context(beneath(line, terminal))
        self._thread = Thread(target=self._watch, args=(line,), name="brainscore-live", daemon=True)
        self._thread.start()
        stack.callback(self.stop)

    def _watch(self, line: Line) -> None:
        """Look again and again; whatever goes wrong, the run goes on without the line."""
        with suppress(Exception):
            while not self._over.wait(_SECONDS_BETWEEN_LOOKS):
                line.show(self.text(time.monotonic()))
        with suppress(OSError):
            line.clear()

    def _doing(self) -> list[Doing]:
        if "folder" in vars(self):
            return list(status.read(self.folder))
        return [self.run.status.now]

    def _remove_folder(self) -> None:
        if "folder" in vars(self):
            shutil.rmtree(self.folder, ignore_errors=True)


def _words(doing: Sequence[Doing]) -> list[str]:
    """What each process is doing; several have less room each."""
    return [f"{one.item if len(doing) == 1 else one.model}: {one.words()}" for one in doing]
