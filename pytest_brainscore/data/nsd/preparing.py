"""Preparing: of a folder of NSD one compact file per subject, and one of the images, each made once."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...progress import Tell, untold
from ..disk import hash_of, locked
from .design import read_design
from .images import size_of, write_images
from .layout import NsdFolder
from .masks import Voxels, find_voxels, volumes_of
from .parts import Parts
from .prepared import (
    Inputs,
    inputs_of,
    note_of,
    refuse_changed,
    stimuli_file,
    subject_file,
    unwritable,
    written,
)
from .sessions import Session, as_sessions
from .subject_files import write_subject

_WORK = ".work"


@dataclass(frozen=True)
class Preparation:
    """A folder of NSD, where its prepared files go, and who hears of sessions and images that are done.

    again: make anew what was made of files that have changed since, or is not as it was written.
    """

    folder: NsdFolder
    to: Path
    again: bool = False
    tell: Tell = untold

    def stimuli(self) -> Path:
        """The file of the shared images, by their numbers; made if need be.

        Raises DataError where a file of NSD is missing or damaged, or was changed since the file was made,
        and where it cannot be written.
        """
        path, sources = stimuli_file(self.to), [self.folder.design(), self.folder.stimuli()]
        inputs = inputs_of(sources, self.folder.root)
        with self._alone(path):
            if not self._is_done(path, inputs):
                shared = read_design(sources[0]).shared
                self._refuse_too_little_room(path, size_of(sources[1], len(shared)))
                with written(path, inputs) as file:
                    write_images(file, sources[1], shared, self.tell)
        return path

    def subject(self, subject: int) -> Path:
        """The file of a subject's voxels; made if need be, and sessions that an earlier call read are kept.

        Raises DataError as `stimuli` does.
        """
        path = subject_file(self.to, subject, self.folder.betas)
        voxels = find_voxels(self.folder, subject)
        sessions = as_sessions(self.folder.sessions(subject), voxels)
        sources = [self.folder.design(), *volumes_of(self.folder, subject), *(s.path for s in sessions)]
        inputs = inputs_of(sources, self.folder.root)
        with self._alone(path):
            if not self._is_done(path, inputs):
                self._make(path, voxels, sessions, inputs)
        return path

    @contextlib.contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """While no other process makes that file."""
        try:
            with locked(self.to / _WORK / f"{path.name}.lock"):
                yield
        except OSError as why:
            raise unwritable(path, why) from why

    def _is_done(self, path: Path, inputs: Inputs) -> bool:
        note = note_of(path)
        if note is None or (self.again and (note.inputs != inputs or hash_of(path) != note.sha256)):
            return False
        refuse_changed(path, note, inputs)
        return True

    def _make(self, path: Path, voxels: Voxels, sessions: tuple[Session, ...], inputs: Inputs) -> None:
        design = read_design(self.folder.design())
        showings = design.showings(voxels.subject, sessions[-1].end)
        parts = Parts(self.to / _WORK / path.stem, voxels, showings)
        self._refuse_too_little_room(path, 2 * 4 * len(showings.trial) * len(voxels) - parts.bytes())
        betas: list[np.ndarray] = []
        for session in sessions:
            betas.append(parts.of(session))
            self.tell(f"S{voxels.subject}: session", session.number, len(sessions))
        lengths = [session.trials for session in sessions]
        with written(path, inputs) as file:
            write_subject(file, voxels, design.shared, lengths, showings, betas)
        betas.clear()  # else Windows would not let their files go
        parts.forget()

    def _refuse_too_little_room(self, path: Path, due: int) -> None:
        free = shutil.disk_usage(self.to).free
        if free < due:
            raise DataError(
                f"{path}: needs {due / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are free: make room"
            )
