"""Opening data: from a spec by its reader, or from arrays or trials in memory."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image

from ..errors import DataError
from ..specs.base import File, digest_of
from ..specs.collection import Collection
from ..specs.datasets import AnyDataset
from .assembly import Source, assemble, named
from .disk import remembered_hash
from .images import in_folder
from .recordings import Recordings
from .stimuli import Stimuli, as_array
from .tables import unique
from .trials import as_choices

READERS = {
    "arrays": "pytest_brainscore.data.arrays:read",
    "matlab": "pytest_brainscore.data.matlab:read",
    "brainio": "pytest_brainscore.data.brainio:read",
    "simulated": "pytest_brainscore.data.simulated.reading:read",
    "trials": "pytest_brainscore.data.csv_trials:read",
    "collection": "pytest_brainscore.data.collections:read",
    "nsd": "pytest_brainscore.data.nsd:read",
    "hdf5": "pytest_brainscore.data.hdf5:read",
    "voxel_betas": "pytest_brainscore.data.voxels:read",
    "rdms": "pytest_brainscore.data.rdms:read",
}

Fetch = Callable[[File | Collection], Path]
Resolve = Callable[[str], Callable[..., Any]]
Images = Path | str | Sequence[Path | str | Image.Image | np.ndarray]


def open_recordings(
    dataset: AnyDataset, fetch: Fetch, cache: Path, resolve: Resolve | None = None
) -> Recordings:
    """Read a data set with the reader that it names; `resolve` imports dotted ones.

    Raises FetchError where a file cannot be had, DataError where it is not as the spec describes it.
    """
    hashes: list[str] = []

    def noted(file: File | Collection) -> Path:
        path = fetch(file)
        if path.is_file():
            hashes.append(remembered_hash(path, "sha256", cache))
        return path

    recordings = _reader(dataset.reader, resolve)(dataset, noted, cache)
    if not isinstance(recordings, Recordings):
        raise DataError(
            f"{dataset.id}: {dataset.reader} returned {type(recordings).__name__}, not Recordings"
        )
    return replace(recordings, digest=digest_of([dataset.id, dataset.contents(), hashes, recordings.digest]))


def from_arrays(
    images: Images,
    responses: np.ndarray | xr.DataArray,
    *,
    region: str | None = None,
    dims: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    subject: str | None = None,
    coords: Mapping[str, Sequence[Any] | np.ndarray] | None = None,
    neuroids: Mapping[str, Sequence[Any] | np.ndarray] | None = None,
    visual_degrees: float | None = None,
    time_bins: Sequence[tuple[float, float]] | None = None,
    dataset: str = "arrays",
) -> Recordings:
    """Recordings from images and responses in memory.

    images: n paths, PIL images, or uint8 arrays (height, width[, 3]); or a folder, whose images are taken in
    natural order.
    responses: (stimulus, neuroid), (stimulus, neuroid, repetition), or any order that `dims` names; NaN is
    what was not measured. A DataArray brings its dims and coords; its coord `stimulus` is joined by name.
    coords: a value per stimulus, under its name (object_name, ...). neuroids: a value per neuroid
    (neuroid, region, subject, ...); `region` and `subject` hold for all.
    Raises DataError where shapes or names do not fit together.
    """
    stimuli = _stimuli(images, ids, coords, visual_degrees)
    array = responses if isinstance(responses, xr.DataArray) else _named(np.asarray(responses), dims)
    for name, values in (neuroids or {}).items():
        count = array.sizes.get("neuroid", 0)
        array = array.assign_coords({name: ("neuroid", _of_length(values, count, name, "neuroids"))})
    recordings = assemble(Source(dataset, "responses", region, subject, time_bins), stimuli, array)
    return replace(recordings, digest=_digest(recordings))


def from_trials(
    images: Stimuli | Images,
    trials: pd.DataFrame | Mapping[str, Sequence[Any] | np.ndarray],
    *,
    ids: Sequence[str] | None = None,
    coords: Mapping[str, Sequence[Any] | np.ndarray] | None = None,
    visual_degrees: float | None = None,
    dataset: str = "trials",
) -> Recordings:
    """Choices from images and a table of trials in memory: recordings of the region `behaviour`.

    images: as `from_arrays` takes them, or Stimuli, which then say ids, coords and visual_degrees themselves.
        They may hold more than the trials show: a readout is fitted on them.
    coords: a value per image, under its name. A score needs the coord that names the image's object, as the
        trials do: `object_name`, or what `readout: {label: ...}` says.
    trials: a row per trial, in the order in which they are halved: `stimulus` (an id of the images), `truth`
        and `choice` (names of objects); `distractor`, where there were two alternatives; any others
        (`subject`, `condition`, ...).
    Raises DataError for an unknown stimulus, a choice that is neither truth nor distractor, a stimulus of two
    truths, and names that are missing.
    """
    stimuli = _stimuli(images, ids, coords, visual_degrees)
    recordings = Recordings(dataset, stimuli, as_choices(trials, dataset))
    return replace(recordings, digest=_digest(recordings))


def _stimuli(
    images: Stimuli | Images,
    ids: Sequence[str] | None,
    coords: Mapping[str, Sequence[Any] | np.ndarray] | None,
    visual_degrees: float | None,
) -> Stimuli:
    if isinstance(images, Stimuli):
        if any(given is not None for given in (ids, coords, visual_degrees)):
            raise DataError(
                "images: Stimuli have ids, coords and visual_degrees of their own; leave them out"
            )
        return images
    if isinstance(images, Path | str):
        found = _in_folder(images)
        images, ids = found.images, found.ids if ids is None else ids
    n = len(images)
    return Stimuli(
        ids=_ids(images, ids),
        images=tuple(_image(image, i) for i, image in enumerate(images)),
        coords={name: _of_length(values, n, name, "images") for name, values in (coords or {}).items()},
        visual_degrees=visual_degrees,
    )


def _reader(name: str, resolve: Resolve | None) -> Callable[..., Any]:
    if name in READERS:
        module, _, function = READERS[name].partition(":")
        return cast("Callable[..., Any]", getattr(importlib.import_module(module), function))
    if resolve is None:
        raise DataError(f"reader {name}: nothing here resolves dotted names; there are {', '.join(READERS)}")
    return resolve(name)


def _named(responses: np.ndarray, dims: Sequence[str] | None) -> xr.DataArray:
    usual = {2: ("stimulus", "neuroid"), 3: ("stimulus", "neuroid", "repetition")}
    return named(responses, dims or usual.get(responses.ndim), "responses")


def _in_folder(folder: Path | str) -> Stimuli:
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise DataError(f"images: {str(folder)!r} is no folder; a sequence of images or a folder is due")
    return in_folder(path)


def _ids(images: Sequence[Any], ids: Sequence[str] | None) -> tuple[str, ...]:
    if ids is not None:
        if len(ids) != len(images):
            raise DataError(f"images: {len(ids)} ids for {len(images)} images")
        return unique([str(id) for id in ids], "ids")
    if all(isinstance(image, Path | str) for image in images):
        return unique([Path(image).stem for image in images], "images (give `ids`)")
    return tuple(str(i) for i in range(len(images)))


def _image(image: Path | str | Image.Image | np.ndarray, i: int) -> Path | np.ndarray:
    if isinstance(image, Path | str):
        return Path(image)
    array = as_array(image, f"image {i}") if isinstance(image, Image.Image) else np.asarray(image)
    colours = array.shape[2:] in ((), (3,), (4,))
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or not colours:
        raise DataError(f"image {i} is {array.dtype} {array.shape}; uint8 (height, width[, 3]) is due")
    return array


def _of_length(values: Any, n: int, name: str, what: str) -> np.ndarray:
    array = np.asarray(values)
    if array.shape != (n,):
        raise DataError(f"{name}: shape {array.shape} for {n} {what}; one value for each is due")
    return array


def _digest(recordings: Recordings) -> str:
    data = recordings.data
    whole = hashlib.sha256(f"{data.dims} {data.shape} {data.dtype}".encode())
    whole.update(np.ascontiguousarray(data.values).tobytes())
    coords = {str(name): coord.values.astype(str).tolist() for name, coord in data.coords.items()}
    stimuli = {name: values.astype(str).tolist() for name, values in recordings.stimuli.coords.items()}
    return digest_of([recordings.dataset, whole.hexdigest(), coords, stimuli])
