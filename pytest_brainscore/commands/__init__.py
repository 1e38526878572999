"""The commands of ``python -m pytest_brainscore``: each module has `add_arguments` and `run`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType

COMMANDS = (
    *("list_", "schema", "pin", "cache", "prepare"),
    *("recover", "merge", "compare", "contrasts", "pairs", "import_", "report"),
)


def commands(arguments: Sequence[str]) -> Iterator[ModuleType]:
    """The command that `arguments` begin with, else all of them: some import torch, which takes seconds."""
    named = [name for name in COMMANDS if name.rstrip("_") in arguments[:1]]
    return (import_module(f".{name}", __package__) for name in named or COMMANDS)
