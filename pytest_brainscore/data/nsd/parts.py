"""Parts: the sessions of a subject that are done, each in a file of its own, until all are."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...specs.base import digest_of
from ..disk import write_whole
from .design import Showings
from .masks import Voxels
from .prepared import inputs_of, unwritable
from .sessions import Session, read_betas

RECIPE = 1
"""Raised when other numbers come out of the same files."""


@dataclass(frozen=True)
class Parts:
    """Presentations of shared images, session by session, in a folder that a later call finds again."""

    work: Path
    voxels: Voxels
    showings: Showings

    def of(self, session: Session) -> np.ndarray:
        """Z-scored betas (showings, voxels) of a session, on disk; read once, now or by an earlier call.

        Raises DataError where the session's file is damaged, changes while it is read, or the disk is full.
        """
        path = self._place(session)
        shown = self.showings.within(session.first, session.end)
        found = _loaded(path, (len(shown.trial), len(self.voxels)))
        if found is not None:
            return found
        betas = read_betas(session, self.voxels)[shown.trial - session.first]
        if self._place(session) != path:
            raise DataError(f"{session.path}: changed while it was read; run again when it is whole")
        _save(path, betas)
        return np.asarray(np.load(path, mmap_mode="r"))

    def bytes(self) -> int:
        """How much of the disk they take."""
        return sum(path.stat().st_size for path in self.work.glob("*.npy"))

    def forget(self) -> None:
        """Delete them."""
        shutil.rmtree(self.work, ignore_errors=True)

    def _place(self, session: Session) -> Path:
        """The name tells what a part was made of, so that another file or other voxels have another one."""
        inputs = inputs_of([session.path], session.path.parent)
        trials = self.showings.within(session.first, session.end).trial.tolist()
        key = digest_of([RECIPE, inputs, session.first, session.trials, trials, self.voxels.ids])
        return self.work / f"session{session.number:02d}-{key[:16]}.npy"


def _loaded(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """A part that stays on disk; None where it is not there, or was cut short as the machine went down."""
    if 0 in shape:
        return np.empty(shape, np.float32)
    try:
        found = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == shape else None


def _save(path: Path, betas: np.ndarray) -> None:
    content = io.BytesIO()
    np.save(content, betas)
    try:
        write_whole(path, content.getvalue())
    except OSError as why:
        raise unwritable(path, why) from why
