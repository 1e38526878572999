"""Preparing: of a folder of NSD one compact file per subject, and one of the images, each made once."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from ...errors import DataError
from ...progress import Tell, untold
from ..disk import locked
from .design import Design, read_design
from .layout import NsdFolder, damaged
from .masks import Voxels, find_voxels, volumes_of
from .parts import RECIPE, Parts
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

_WORK = ".work"


@dataclass(frozen=True)
class Preparation:
    """A folder of NSD, where its prepared files go, and who hears of sessions and images that are done.

    again: make anew what was made of files that have changed since.
    """

    folder: NsdFolder
    to: Path
    again: bool = False
    tell: Tell = untold

    def stimuli(self) -> Path:
        """The file of the shared images, (stimulus, height, width, 3) by their numbers; made if need be.

        Raises DataError where a file of NSD is missing or damaged, or was changed since the file was made,
        and where it cannot be written.
        """
        path, sources = stimuli_file(self.to), [self.folder.design(), self.folder.stimuli()]
        inputs = inputs_of(sources, self.folder.root)
        with self._alone(path):
            if not self._is_done(path, inputs):
                shared = read_design(sources[0]).shared
                with written(path, inputs) as file:
                    self._copy_images(sources[1], shared, file)
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
        if note is None or (self.again and note.inputs != inputs):
            return False
        refuse_changed(path, note, inputs)
        return True

    def _make(self, path: Path, voxels: Voxels, sessions: tuple[Session, ...], inputs: Inputs) -> None:
        design, trials = read_design(self.folder.design()), sessions[-1].end
        parts = Parts(self.to / _WORK / path.stem, voxels, design.showings(voxels.subject, trials))
        repetitions = int(parts.showings.repetition.max(initial=0)) + 1
        shape = (len(design.shared), repetitions, len(voxels))
        self._refuse_too_little_room(path, 2 * 4 * int(np.prod(shape)))
        for session in sessions:
            parts.of(session)
            self.tell(f"S{voxels.subject}: session", session.number, len(sessions))
        with written(path, inputs) as file:
            _describe(file, parts, design)
            file.attrs.update(betas=self.folder.betas, sessions=len(sessions), trials=trials)
            betas = file.create_dataset("betas", shape, np.float32, fillvalue=np.nan)
            for session in sessions:
                _fill(betas, parts, session)
        parts.forget()

    def _refuse_too_little_room(self, path: Path, due: int) -> None:
        free = shutil.disk_usage(self.to).free
        if free < due:
            raise DataError(f"{path}: needs {due / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free; make room")

    def _copy_images(self, source: Path, shared: np.ndarray, file: h5py.File) -> None:
        """One by one: all 1,000 would take half a gigabyte of memory."""
        try:
            with h5py.File(source, "r") as whole:
                images = whole["imgBrick"]
                shape = (len(shared), *images.shape[1:])
                self._refuse_too_little_room(source, int(np.prod(shape)))
                copies = file.create_dataset("images", shape, np.uint8)
                for row, number in enumerate(shared):
                    copies[row] = images[number - 1]
                    self.tell("image", row + 1, len(shared))
        except (KeyError, ValueError, IndexError) as why:
            raise damaged(source, why) from why
        file["stimulus"] = shared


def _describe(file: h5py.File, parts: Parts, design: Design) -> None:
    """All but the betas. shown (stimulus,): how often each image was shown."""
    voxels = parts.voxels
    file.attrs.update(recipe=RECIPE, subject=voxels.subject, absent=", ".join(voxels.absent))
    file["stimulus"], file["voxel"], file["ncsnr"] = design.shared, voxels.place, voxels.ncsnr
    file["shown"] = np.bincount(parts.showings.stimulus, minlength=len(design.shared))
    for name, members in voxels.regions.items():
        file[f"regions/{name}"] = members


def _fill(betas: h5py.Dataset, parts: Parts, session: Session) -> None:
    shown = parts.shown(session)
    for row, stimulus, repetition in zip(parts.of(session), shown.stimulus, shown.repetition, strict=True):
        betas[stimulus, repetition] = row
