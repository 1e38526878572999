"""Faults: the kinds of what can go wrong, and what may come of one."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RECOVERED = "recovered by itself"
REFUSED = "refused, cause named"
KEPT = "cut short, finished rows kept"
NOT_POSSIBLE = "not possible here"
VIOLATED = "VIOLATION"
OUTCOMES = (RECOVERED, REFUSED, KEPT, NOT_POSSIBLE, VIOLATED)

Outcome = str
"""One of OUTCOMES: a kind returns one of the first three, and raises for the others."""

Run = Callable[[random.Random, Path], Outcome]


class Violation(Exception):
    """Something that no fault may do: a wrong number, a lost row, a message that does not help."""


class NotPossible(Exception):
    """This machine does not allow the fault to be made; the message says why."""


@dataclass(frozen=True)
class Kind:
    """A kind of fault: `run(rng, folder)` makes one in an empty folder, and checks what came of it.

    share: how many of these a campaign has, relative to other kinds. most: never more than that (slow ones).
    """

    name: str
    what: str
    run: Run
    share: float = 1.0
    most: int | None = None


KINDS: dict[str, Kind] = {}


def kind(name: str, what: str, share: float = 1.0, most: int | None = None) -> Callable[[Run], Run]:
    """Register a function as the kind `name`; `what` is its line in the table."""

    def register(run: Run) -> Run:
        if name in KINDS:
            raise ValueError(f"there are two kinds {name}")
        KINDS[name] = Kind(name, what, run, share, most)
        return run

    return register


def require(holds: object, message: str) -> None:
    """Raise Violation unless it holds."""
    if not holds:
        raise Violation(message)


def load_kinds() -> dict[str, Kind]:
    """All kinds: those of each module in tests/slow/kinds."""
    package = importlib.import_module(f"{__package__}.kinds")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(KINDS.items()))
