"""Stages of a run: when they are entered, how long they take, which files they touch, and dying in them."""

from __future__ import annotations

import functools
import importlib
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .children import Ended, tell

STAGES = {
    "plan": "pytest_brainscore.harness.schedule:plan",
    "fetch": "pytest_brainscore.data.stores:fetch_object",
    "extract": "pytest_brainscore.data.archives:_unpack_whole",
    "forward": "pytest_brainscore.models.activations:_show",
    "store": "pytest_brainscore.models.store:Store.put",
    "score": "pytest_brainscore.workbench:Workbench.score",
    "values": "pytest_brainscore.harness.records.record:attach",
    "row": "pytest_brainscore.harness.records.book:Book.add",
    "finish": "pytest_brainscore.harness.records.record:finish",
    "update": "pytest_brainscore.harness.records.ending:update_baselines",
}
_ON_FILES = frozenset(
    {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "os.listdir", "os.scandir"}
)


@dataclass(frozen=True)
class Stage:
    """One time that a stage was entered: seconds, file operations, and bytes of the largest file written."""

    seconds: float
    operations: int


def measure(score: Callable[[Callable[[], None]], Ended]) -> tuple[dict[str, list[Stage]], Ended]:
    """An undisturbed run, and what each of its stages took, entry by entry."""
    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as notes:
        ended = score(
            lambda: [_note(name, target, Path(notes.name)) for name, target in STAGES.items()] and None
        )
        found: dict[str, list[Stage]] = {name: [] for name in STAGES}
        for line in notes:
            name, seconds, operations = json.loads(line)
            found[name].append(Stage(seconds, operations))
    return found, ended


def _note(name: str, target: str, notes: Path) -> None:
    counted = _count_operations()

    def around(call: Callable[[], object]) -> object:
        start, before = time.perf_counter(), counted[0]
        try:
            return call()
        finally:
            said = [name, time.perf_counter() - start, counted[0] - before]
            with notes.open("a") as file:
                file.write(json.dumps(said) + "\n")

    wrap(target, around)


def wrap(target: str, around: Callable[[Callable[[], object]], object]) -> None:
    """In a child: put `around` about each call of `module:thing`."""
    module, _, name = target.partition(":")
    *owners, last = name.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    original = getattr(owner, last)

    @functools.wraps(original)
    def wrapped(*args: object, **kwargs: object) -> object:
        return around(lambda: original(*args, **kwargs))

    setattr(owner, last, wrapped)


def at_entry(stage: str, nth: int, act: Callable[[], None]) -> None:
    """In a child: call `act` when the stage is entered for the n-th time."""
    entries = [0]

    def around(call: Callable[[], object]) -> object:
        entries[0] += 1
        if entries[0] == nth:
            act()
        return call()

    wrap(STAGES[stage], around)


def die_at_operation(k: int) -> None:
    """In a child: kill -9 before the k-th file operation from now on."""
    counted = [0]

    def hook(event: str, _: tuple[object, ...]) -> None:
        if event in _ON_FILES:
            counted[0] += 1
            if counted[0] >= k:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def die_at_size(size: int) -> None:
    """In a child: be killed by the system in the write that makes a file larger than `size` bytes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _count_operations() -> list[int]:
    counted = [0]

    def hook(event: str, _: tuple[object, ...]) -> None:
        counted[0] += event in _ON_FILES

    sys.addaudithook(hook)
    return counted


@dataclass(frozen=True)
class Moment:
    """When a stage is cut: in its n-th entry, after seconds, before a file operation, or within a write."""

    stage: str
    nth: int
    delay: float | None = None
    operation: int | None = None
    size: int | None = None

    @classmethod
    def drawn(cls, rng: random.Random, stage: str, measured: list[Stage]) -> Moment:
        """A moment at random among those of the measured entries."""
        if not measured:
            raise ValueError(f"an undisturbed run does not enter the stage {stage}: {STAGES[stage]}")
        nth = rng.randrange(len(measured))
        way, entry = rng.choice(("delay", "operation", "size")), measured[nth]
        if way == "operation" and entry.operations:
            return cls(stage, nth + 1, operation=rng.randint(1, entry.operations + 1))
        if way == "size":
            return cls(stage, nth + 1, size=int(2 ** rng.uniform(0, 14)))
        return cls(stage, nth + 1, delay=rng.uniform(0, entry.seconds))

    def arm(self) -> None:
        """In a child: be ready to die at this moment, or to tell the parent that it is due."""
        if self.operation is not None:
            k = self.operation
            at_entry(self.stage, self.nth, lambda: die_at_operation(k))
        elif self.size is not None:
            size = self.size
            at_entry(self.stage, self.nth, lambda: die_at_size(size))
        else:
            at_entry(self.stage, self.nth, tell)
