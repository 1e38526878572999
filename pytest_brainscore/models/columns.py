"""Columns: activations that are written a batch of rows at a time and read a block of columns at a time."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol

import torch

from ..errors import ModelError
from .kinds import Reading

BLOCK_BYTES = 16 * 2**20
NARROWEST = 256


class NoRoom(ModelError):
    """The disk has no room for all layers at once: `sizes` are their bytes, `room` those that there are.

    `batch` is the number of images that fit into memory together.
    """

    def __init__(self, message: str, sizes: Mapping[Reading, int] | None = None, room: int = 0) -> None:
        super().__init__(message)  # alone: of its words an error is made again, where it travels
        self.sizes, self.room = dict(sizes or {}), room
        self.batch: int | None = None


class Held(Protocol):
    """An (n, p) float32 matrix on its way in by rows and out by columns."""

    def write(self, start: int, rows: torch.Tensor) -> None:
        """Put `rows` (b, p) at rows start to start + b."""

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all columns in order, each time (n, c)."""


@dataclass(frozen=True)
class LayerActivations:
    """What one layer answered to n stimuli: (n, p) float32, in memory or on disk.

    `means` is the mean of each row, (n,) float64. Where a stimulus stands several times in its set, it
    was shown once and `rows` says which row each stimulus has.
    """

    n: int
    p: int
    means: torch.Tensor
    held: Held
    rows: torch.Tensor | None = None

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all units in order, each time (n, c) float32; n times c is about 4 million."""
        for block in self.held.blocks():
            yield block if self.rows is None else block[self.rows]

    def matrix(self) -> torch.Tensor:
        """The whole (n, p) float32, in memory."""
        return joined(self)


@dataclass(frozen=True)
class Concatenated:
    """Several layers side by side, as one: (n, sum of their p)."""

    parts: tuple[LayerActivations, ...]

    @property
    def n(self) -> int:
        """Number of stimuli."""
        return self.parts[0].n

    @property
    def p(self) -> int:
        """Number of units of all layers."""
        return sum(part.p for part in self.parts)

    @property
    def means(self) -> torch.Tensor:
        """Mean of each row over the units of all layers, (n,) float64."""
        return torch.stack([part.means * part.p for part in self.parts]).sum(0) / self.p

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all units, layer after layer, each time (n, c) float32."""
        for part in self.parts:
            yield from part.blocks()

    def matrix(self) -> torch.Tensor:
        """The whole (n, p) float32, in memory."""
        return joined(self)


def joined(columns: LayerActivations | Concatenated) -> torch.Tensor:
    """All blocks side by side, (n, p) float32, at the cost of one copy."""
    whole, start = torch.empty(columns.n, columns.p, dtype=torch.float32), 0
    for block in columns.blocks():
        whole[:, start : start + block.shape[1]] = block
        start += block.shape[1]
    return whole


def allocate(
    widths: Mapping[Reading, int],
    n: int,
    folder: Path,
    budget: int,
    files: ExitStack,
    room: int | None = None,
) -> dict[Reading, Held]:
    """A place for n rows of each layer: in memory as far as `budget` bytes go, else on disk.

    Small layers come first. What lies on disk is a file without a name, which is gone when `files` closes
    or the process ends.
    Raises NoRoom where it needs more than `room` bytes, or than are free.
    """
    held: dict[Reading, Held] = {}
    large: list[Reading] = []
    for name, p in sorted(widths.items(), key=lambda item: item[1]):
        budget -= 4 * n * p
        if budget >= 0:
            held[name] = InMemory(n, p)
        else:
            large.append(name)
    _require_room(folder, {name: 4 * n * widths[name] for name in large}, room)
    for name in large:
        held[name] = OnDisk(n, widths[name], files.enter_context(_nameless(folder)), folder)
    return held


class InMemory:
    """A matrix in memory."""

    def __init__(self, n: int, p: int) -> None:
        self._values = torch.empty(n, p, dtype=torch.float32)

    @classmethod
    def of(cls, values: torch.Tensor) -> InMemory:
        """What holds `values` (n, p) float32 as they are."""
        held = cls(0, 0)
        held._values = values
        return held

    def write(self, start: int, rows: torch.Tensor) -> None:
        """Put `rows` (b, p) at rows start to start + b."""
        self._values[start : start + len(rows)] = rows

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all columns in order, each time (n, c), as views."""
        for columns in _cut(*self._values.shape):
            yield self._values[:, columns]


class OnDisk:
    """A matrix in a file: one block of columns after the other, in each the rows in order.

    So a batch is one write per block, and a block with all its rows is one read.
    """

    def __init__(self, n: int, p: int, file: FileIO, folder: Path) -> None:
        self._n, self._p, self._file, self._folder = n, p, file, folder

    def write(self, start: int, rows: torch.Tensor) -> None:
        """Put `rows` (b, p) at rows start to start + b; raises ModelError where the disk is full."""
        try:
            for columns in _cut(self._n, self._p):
                width = columns.stop - columns.start
                self._file.seek(4 * (self._n * columns.start + start * width))
                _write_all(self._file, rows[:, columns].contiguous().numpy().data.cast("B"))
        except OSError as why:
            raise ModelError(
                f"activations cannot be spilled to {self._folder} ({why.strerror}): they need"
                f" {4e-9 * self._n * self._p:.1f} GB for this layer;"
                " make room, or set BRAINSCORE_CACHE to another folder"
            ) from why

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all columns in order, each time (n, c), read from the file."""
        for columns in _cut(self._n, self._p):
            block = torch.empty(self._n, columns.stop - columns.start, dtype=torch.float32)
            self._file.seek(4 * self._n * columns.start)
            _read_all(self._file, block.numpy().data.cast("B"))
            yield block


def _cut(n: int, p: int) -> Sequence[slice]:
    width = max(NARROWEST, BLOCK_BYTES // (4 * n))
    return [slice(start, min(start + width, p)) for start in range(0, p, width)]


def _nameless(folder: Path) -> FileIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder, prefix="spill-", buffering=0)
    except OSError as why:
        raise ModelError(
            f"activations cannot be spilled to {folder} ({why.strerror}): set BRAINSCORE_CACHE to a folder"
            " that can be written"
        ) from why


def _require_room(folder: Path, sizes: Mapping[Reading, int], room: int | None) -> None:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    needed, free = sum(sizes.values()), shutil.disk_usage(existing).free
    room = free if room is None else min(room, free)
    if needed > room:
        raise NoRoom(
            f"activations need {needed / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} GB are free:"
            " ask for fewer layers at once, make room, or set BRAINSCORE_CACHE to another folder",
            sizes,
            room,
        )


def _write_all(file: FileIO, data: memoryview) -> None:
    while data:
        written = file.write(data)
        if not written:
            raise OSError(errno.ENOSPC, "no space left on the disk")
        data = data[written:]


def _read_all(file: FileIO, data: memoryview) -> None:
    while data:
        read = file.readinto(data)
        if not read:
            raise OSError(errno.EIO, "the spill file ends too early")
        data = data[read:]
