"""Reading: prepared files of NSD become recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from ...errors import DataError, NotHere
from ...specs.base import File, digest_of
from ...specs.collection import Collection
from ...specs.datasets import NsdDataset
from ..assembly import Source, assemble
from ..recordings import Recordings
from ..stimuli import Stimuli
from .images import read_images
from .masks import Voxels
from .prepared import AGAIN, stimuli_file, subject_file, verified
from .subject_files import SubjectFile, open_subject

Fetch = Callable[[File | Collection], Path]


def read(dataset: NsdDataset, fetch: Fetch, cache: Path) -> Recordings:
    """Every presentation of the shared images to the subjects, of all voxels in OTC or EVC.

    Coords of the voxels: `neuroid` (S1-12-21-47), `subject` (S1), `region` (OTC, or EVC where it is not in
    both), `ncsnr`, and one per region that says whether the voxel lies there. A voxel that was not measured
    in a session is NaN there, and so is what a subject was never shown.
    Raises NotHere where NSD was not prepared on this machine, DataError where a file is not as written.
    """
    folder, spec = _folder(dataset, fetch), dataset.recordings
    paths = [subject_file(folder, number, spec.betas) for number in spec.subjects]
    images = stimuli_file(folder, dataset.stimuli.set)
    digests = [verified(path, cache) for path in (images, *paths)]
    subjects = [open_subject(path) for path in paths]
    stimuli = _stimuli(images, dataset)
    _refuse_other_stimuli(subjects, stimuli)
    _refuse_other_regions(subjects)
    recordings = assemble(Source(dataset.id, str(folder)), stimuli, _joined(subjects))
    return replace(recordings, digest=digest_of(digests))


def _folder(dataset: NsdDataset, fetch: Fetch) -> Path:
    try:
        return fetch(dataset.folder)
    except NotHere as why:
        raise NotHere(
            f"{dataset.id}: the Natural Scenes Dataset may not be passed on; get it from its makers"
            f" (naturalscenesdataset.org), run `{AGAIN} --folder NSD`, and set"
            f" {dataset.folder.variable} to the folder that it names (docs/nsd.md)"
        ) from why


def _stimuli(path: Path, dataset: NsdDataset) -> Stimuli:
    numbers, images = read_images(path)
    ids = tuple(map(str, numbers.tolist()))
    return Stimuli(ids, tuple(images), visual_degrees=dataset.stimuli.visual_degrees)


def _refuse_other_stimuli(subjects: Sequence[SubjectFile], stimuli: Stimuli) -> None:
    for subject in subjects:
        if tuple(map(str, subject.number.tolist())) != stimuli.ids:
            raise DataError(
                f"{subject.path}: its images are not the {len(stimuli)} of the file of images beside it;"
                f" run `{AGAIN} --again` for both"
            )


def _refuse_other_regions(subjects: Sequence[SubjectFile]) -> None:
    for subject in subjects:
        if other := subject.voxels.regions.keys() ^ subjects[0].voxels.regions.keys():
            raise DataError(
                f"{subject.path}: {min(other)} is a region of it or of {subjects[0].path.name}, and not of"
                f" both; delete both and run `{AGAIN}` again"
            )


def _joined(subjects: Sequence[SubjectFile]) -> xr.DataArray:
    """(stimulus, repetition, neuroid) of all subjects; NaN where one was shown an image less often."""
    ends = np.cumsum([len(subject.voxels) for subject in subjects])
    shape = (len(subjects[0].number), max(subject.repetitions for subject in subjects), ends[-1])
    betas = np.full(shape, np.nan, np.float32)
    for subject, end in zip(subjects, ends, strict=True):
        betas[:, : subject.repetitions, end - len(subject.voxels) : end] = subject.betas()
    coords = {name: ("neuroid", values) for name, values in _coords([s.voxels for s in subjects]).items()}
    return xr.DataArray(betas, dims=("stimulus", "repetition", "neuroid"), coords=coords)


def _coords(subjects: Sequence[Voxels]) -> dict[str, np.ndarray]:
    regions = {name: np.concatenate([s.regions[name] for s in subjects]) for name in subjects[0].regions}
    return {
        "neuroid": np.concatenate([subject.ids for subject in subjects]),
        "subject": np.repeat([f"S{s.subject}" for s in subjects], [len(s) for s in subjects]),
        "region": np.where(regions["OTC"], "OTC", "EVC"),
        "ncsnr": np.concatenate([subject.ncsnr for subject in subjects]),
        **regions,
    }
