"""The book of a run: a line of results.jsonl as each item ends, results.json when all have."""

from __future__ import annotations

import datetime
import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ...data.disk import append_whole, write_whole
from ...specs.results import Composed, Row, Share
from ...specs.results import Run as RunSpec
from ...versions import versions


class Book:
    """Rows in order of arrival, written down at once so that a killed run keeps what it finished."""

    def __init__(
        self,
        folder: Path,
        copy_to: Path | None,
        command: Sequence[str],
        models: Sequence[str] = (),
        shard: Share | None = None,
    ) -> None:
        self.folder, self.copy_to = folder, copy_to
        self.command = tuple(str(word) for word in command)
        self.models, self.shard = tuple(models), shard
        self.rows: dict[tuple[str, str, str], Row] = {}
        self.early: dict[tuple[str, str, str], Row] = {}
        self.order: Mapping[str, int] = {}
        self.composites: tuple[Composed, ...] = ()
        self.problems: list[str] = []
        self._unwritten = ""
        self.started = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()

    def add(self, row: Row) -> None:
        """Append the row to results.jsonl; a rerun of the same item replaces it in results.json."""
        self.rows[row.item] = row
        self._write(row)

    def add_early(self, row: Row) -> None:
        """Write down a score whose item has not ended: the item's own row replaces it."""
        self.early[row.item] = row
        self._write(row)

    def _write(self, row: Row) -> None:
        self._unwritten += row.model_dump_json() + "\n"
        with suppress(OSError):  # the next row tries again, and `close` says what could not be written
            self._append()

    def _append(self) -> None:
        append_whole(self.folder / "results.jsonl", self._unwritten)
        self._unwritten = ""

    @property
    def results(self) -> list[Row]:
        """The rows in the order of the items, whichever order they arrived in."""
        last = len(self.order)
        return sorted(
            {**self.early, **self.rows}.values(), key=lambda row: self.order.get(row.node or "", last)
        )

    def close(self, complete: bool, composites: Iterable[Composed] = ()) -> None:
        """Write results.json, and its copy where one was asked for."""
        self.composites = tuple(composites)
        document = RunSpec(
            run=self.folder.name,
            started=self.started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._clock, 3),
            command=self.command,
            complete=complete,
            versions=versions(),
            models=self.models,
            shard=self.shard,
            composites=self.composites,
            results=tuple(self.results),
        )
        if self._unwritten:
            self._tried(self.folder / "results.jsonl", self._append)
        text = document.text()
        for path in (self.folder / "results.json", self.copy_to):
            if path is not None:
                self._tried(path, functools.partial(write_whole, path, text))

    def _tried(self, path: Path, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as why:
            self.problems.append(f"{path}: not written ({why.strerror})")
