"""The team: the workers of a run, how many there are, and the number that each has."""

from __future__ import annotations

import os
from typing import Any

import pytest

from .. import options

NUMBER = "brainscore_worker"


class Team:
    """The workers of a run as its controller knows them: each has the lowest number that is free.

    One that replaces another takes over its number, and with it its device.
    """

    def __init__(self) -> None:
        self.count = 0
        self._numbers: dict[str, int] = {}

    def join(self, node: Any) -> None:
        """Tell a new worker its number."""
        self.count = node.workerinput["workercount"]
        taken = set(self._numbers.values())
        number = next(i for i in range(len(taken) + 1) if i not in taken)
        self._numbers[node.gateway.id] = node.workerinput[NUMBER] = number

    def leave(self, node: Any) -> None:
        """Free the number of a worker that ended."""
        self._numbers.pop(node.gateway.id, None)


def place(config: pytest.Config) -> tuple[int, int]:
    """This process's number and how many there are; (0, 1) where there are no workers."""
    given: dict[str, Any] = getattr(config, "workerinput", {})
    return given.get(NUMBER, 0), given.get("workercount", 1)


def automatic(config: pytest.Config) -> int | None:
    """How many workers ``-n auto`` starts: one per GPU; None, for xdist's own answer, where there are none.

    Makes no CUDA context.
    """
    if config.getoption("numprocesses", None) != "auto" or os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    device = options.device(config)
    if device not in ("auto", "cuda"):
        return 1 if device.startswith("cuda") else None
    from ...machine import cuda_devices

    return cuda_devices() or None
