"""The status of a process: which item it is at and in which stage, for the live line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ...data import disk
from .outlook import size

FOLDER = "brainscore_status"
_SECONDS_BETWEEN_NOTES = 0.1


@dataclass(frozen=True)
class Doing:
    """An item, and how much of its stage is done, and of how much: 0 of 0 where that is not known."""

    node: str = ""
    stage: str = ""
    done: int = 0
    of: int = 0

    @property
    def model(self) -> str:
        """The model, with its layer where one was named."""
        return self.node.rpartition("::")[2]

    @property
    def item(self) -> str:
        """Model and benchmark."""
        return " ".join(reversed(self.node.split("::")[1:]))

    def words(self) -> str:
        """The stage, and how far it is."""
        if self.stage == "elsewhere":
            return f"{self.done} of {self.of} models under way on Dask workers"
        if self.stage == "fetch" and self.of:
            return f"fetch {size(self.done)} of {size(self.of)}"
        if self.stage == "forward" and self.of:
            return f"forward {100 * self.done // self.of} %"
        if self.stage == "training" and self.of:
            return f"training {self.done + 1} of {self.of}"
        return self.stage or "start"


class Status:
    """What this process is doing; on a worker of pytest-xdist also noted in a file for the controller."""

    def __init__(self, file: Path | None = None) -> None:
        self.now = Doing()
        self._file, self._noted = file, 0.0

    def begin(self, node: str) -> None:
        """An item begins."""
        self._set(Doing(node))

    def end(self) -> None:
        """No item runs."""
        self._set(Doing())

    def tell(self, stage: str, done: int, of: int) -> None:
        """Hear how far a stage is."""
        is_same = stage == self.now.stage and time.monotonic() < self._noted + _SECONDS_BETWEEN_NOTES
        self._set(replace(self.now, stage=stage, done=done, of=of), note=not is_same)

    def _set(self, doing: Doing, note: bool = True) -> None:
        self.now = doing
        if self._file is not None and note:
            self._noted = time.monotonic()
            with suppress(OSError):
                draft = self._file.with_suffix(".part")
                draft.write_text(json.dumps(astuple(doing)), encoding="utf-8")
                disk.replace(draft, self._file, patience_s=0)


def of(config: pytest.Config) -> Status:
    """The status of this process; a worker's is noted where the controller said."""
    given: dict[str, Any] = getattr(config, "workerinput", {})
    return Status(_place(Path(given[FOLDER]), given["workerid"]) if FOLDER in given else None)


def read(folder: Path) -> Iterator[Doing]:
    """What each worker noted last, in the order of their names."""
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError, TypeError):
            yield Doing(*json.loads(path.read_text(encoding="utf-8")))


def forget(folder: Path, worker: str) -> None:
    """Take away what a worker noted."""
    with suppress(OSError):
        _place(folder, worker).unlink()


def _place(folder: Path, worker: str) -> Path:
    return folder / f"{worker}.json"
