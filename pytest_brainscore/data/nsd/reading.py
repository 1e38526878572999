"""Reading: prepared files of NSD become recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from ...errors import DataError, NotHere
from ...specs.base import File, digest_of
from ...specs.collection import Collection
from ...specs.datasets import NsdDataset
from ..assembly import Source, assemble
from ..recordings import Recordings
from ..stimuli import Stimuli
from .prepared import AGAIN, opened, stimuli_file, subject_file

Fetch = Callable[[File | Collection], Path]


@dataclass(frozen=True, eq=False)
class Subject:
    """A prepared file: where its betas lie, and what is known of its voxels.

    stimulus (n,): the numbers of the images. repetitions: how often one was shown at most.
    """

    name: str
    path: Path
    digest: str
    stimulus: np.ndarray
    repetitions: int
    ids: list[str]
    ncsnr: np.ndarray
    regions: dict[str, np.ndarray]


def read(dataset: NsdDataset, fetch: Fetch, cache: Path) -> Recordings:
    """Every presentation of the shared images to the subjects, of all voxels in OTC or EVC.

    Coords of the voxels: `neuroid` (S1-12-21-47), `subject` (S1), `region` (OTC, or EVC where it is not in
    both), `ncsnr`, and one per region that says whether the voxel lies there. A voxel that was not measured
    in a session is NaN there, and so is what a subject was never shown.
    Raises NotHere where NSD was not prepared on this machine, DataError where a file is not as written.
    """
    folder, spec = _folder(dataset, fetch), dataset.recordings
    paths = [subject_file(folder, number, spec.betas) for number in spec.subjects]
    subjects = [_subject(path, cache) for path in paths]
    stimuli, digest = _stimuli(stimuli_file(folder, dataset.stimuli.set), dataset, cache)
    _refuse_other_stimuli(subjects, stimuli)
    recordings = assemble(Source(dataset.id, str(folder)), stimuli, _joined(subjects))
    return replace(recordings, digest=digest_of([digest, *(subject.digest for subject in subjects)]))


def _folder(dataset: NsdDataset, fetch: Fetch) -> Path:
    try:
        return fetch(dataset.folder)
    except NotHere as why:
        raise NotHere(
            f"{dataset.id}: the Natural Scenes Dataset may not be passed on; get it from its makers"
            f" (naturalscenesdataset.org), run `{AGAIN} --folder NSD`, and set"
            f" {dataset.folder.variable} to the folder that it names (docs/nsd.md)"
        ) from why


def _subject(path: Path, cache: Path) -> Subject:
    with opened(path, cache) as (file, digest):
        name = f"S{file.attrs['subject']}"
        return Subject(
            name=name,
            path=path,
            digest=digest,
            stimulus=file["stimulus"][()],
            repetitions=file["betas"].shape[1],
            ids=[f"{name}-{x}-{y}-{z}" for x, y, z in file["voxel"][()].tolist()],
            ncsnr=file["ncsnr"][()],
            regions={region: members[()] for region, members in file["regions"].items()},
        )


def _stimuli(path: Path, dataset: NsdDataset, cache: Path) -> tuple[Stimuli, str]:
    """The images, which stay on disk until they are shown, and the file's hash."""
    with opened(path, cache) as (file, digest):
        numbers, images = file["stimulus"][()], file["images"]
        start = images.id.get_offset()
        mapped = np.memmap(path, np.uint8, "r", offset=start, shape=images.shape)
    ids = tuple(map(str, numbers.tolist()))
    return Stimuli(ids, tuple(mapped), visual_degrees=dataset.stimuli.visual_degrees), digest


def _refuse_other_stimuli(subjects: Sequence[Subject], stimuli: Stimuli) -> None:
    for subject in subjects:
        if tuple(map(str, subject.stimulus.tolist())) != stimuli.ids:
            raise DataError(
                f"{subject.path}: has other images than {len(stimuli)} of the file of images beside it;"
                f" run `{AGAIN} --again` for both"
            )


def _joined(subjects: Sequence[Subject]) -> xr.DataArray:
    """(stimulus, repetition, neuroid) of all subjects; NaN where one was shown an image less often."""
    ends = np.cumsum([len(subject.ids) for subject in subjects])
    shape = (len(subjects[0].stimulus), max(subject.repetitions for subject in subjects), ends[-1])
    betas = np.full(shape, np.nan, np.float32)
    for subject, end in zip(subjects, ends, strict=True):
        with h5py.File(subject.path, "r") as file:
            betas[:, : subject.repetitions, end - len(subject.ids) : end] = file["betas"][()]
    coords = {name: ("neuroid", values) for name, values in _coords(subjects).items()}
    dims = ("stimulus", "repetition", "neuroid")
    return xr.DataArray(betas, dims=dims, coords=coords)


def _coords(subjects: Sequence[Subject]) -> dict[str, np.ndarray]:
    regions = {
        name: np.concatenate([subject.regions[name] for subject in subjects]) for name in subjects[0].regions
    }
    return {
        "neuroid": np.concatenate([subject.ids for subject in subjects]),
        "subject": np.repeat([subject.name for subject in subjects], [len(s.ids) for s in subjects]),
        "region": np.where(regions["OTC"], "OTC", "EVC"),
        "ncsnr": np.concatenate([subject.ncsnr for subject in subjects]),
        **regions,
    }
