"""The sections of the report, in the order of the page.

Each is a module with a function ``section(evidence) -> Section | None``; None where the results have nothing
to say on it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ..evidence import Evidence
from ..parts import Section

ORDER = (
    "leaderboard",
    "years",
    "parameters",
    "imagenet",
    "pictures",
    "profiles",
    "contrasts",
    "likeness",
    "dimensionality",
    "recovery",
    "history",
)
"""Modules of this package."""


def sections() -> tuple[Callable[[Evidence], Section | None], ...]:
    """The functions that make the sections, in order."""
    return tuple(import_module(f".{name}", __name__).section for name in ORDER)
