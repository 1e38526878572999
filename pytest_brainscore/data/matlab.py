"""The reader `matlab`: struct arrays of images and of RDMs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.spatial.distance import squareform

from ..errors import DataError, nearest
from ..specs.base import File
from ..specs.datasets import MatlabDataset, MatlabRecordings, MatlabStimuli
from .formats import pick, read_matlab
from .recordings import Recordings
from .stimuli import Stimuli

_ASYMMETRY = 1e-6


def read(dataset: MatlabDataset, fetch: Callable[[File], Path], cache: Path) -> Recordings:
    """Read images and RDMs; a vector is the upper triangle row by row, as MATLAB's squareform has it.

    Raises DataError where a variable, a field or a shape is not as described.
    """
    stimuli = _stimuli(dataset.stimuli, fetch(dataset.stimuli.file))
    return Recordings(dataset.id, stimuli, _rdms(dataset.recordings, fetch(dataset.recordings.file)))


def _stimuli(spec: MatlabStimuli, path: Path) -> Stimuli:
    elements = _struct(path, spec.variable).ravel()
    width = len(str(len(elements)))
    images = _field(elements, spec.image, path)
    for image in images:
        if image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise DataError(
                f"{path}: {spec.variable}.{spec.image} is {image.dtype} {image.shape}; images are uint8"
                " (height, width, 3)"
            )
    return Stimuli(
        ids=tuple(f"{spec.variable}_{i:0{width}d}" for i in range(1, len(elements) + 1)),
        images=tuple(images),
        coords={name: np.asarray([_scalar(v) for v in _field(elements, name, path)]) for name in spec.coords},
        visual_degrees=spec.visual_degrees,
    )


def _rdms(spec: MatlabRecordings, path: Path) -> xr.DataArray:
    """RDMs (subject, stimulus, stimulus_), float64."""
    elements = _chosen(_struct(path, spec.variable), spec, path)
    squares = [_square(rdm, path, spec) for rdm in _field(elements.ravel(), spec.rdm, path)]
    if len({square.shape for square in squares}) > 1:
        raise DataError(f"{path}: {spec.variable}.{spec.rdm}: RDMs of different sizes")
    array = xr.DataArray(
        np.stack(squares).reshape(*elements.shape, *squares[0].shape),
        dims=(*_element_dims(elements, spec, path), "stimulus", "stimulus_"),
    ).mean(dim=list(spec.average))
    if "subject" not in array.dims:
        array = array.expand_dims("subject")
    return array.assign_coords(
        subject=_subjects(spec, array.sizes["subject"], path),
        region=("subject", np.full(array.sizes["subject"], spec.region)),
    )


def _struct(path: Path, variable: str) -> np.ndarray:
    variables = read_matlab(path)
    array: np.ndarray = variables[pick(variables, variable, path)]
    if array.dtype.names is None:
        raise DataError(f"{path}: {variable} is {array.dtype} {array.shape}, not a struct array")
    return array


def _field(elements: np.ndarray, name: str, path: Path) -> list[np.ndarray]:
    known = elements.dtype.names or ()
    if name not in known:
        raise DataError(f"{path}: no field {name}{nearest(name, known)} (there are {', '.join(known)})")
    return [np.asarray(value) for value in elements[name]]


def _chosen(array: np.ndarray, spec: MatlabRecordings, path: Path) -> np.ndarray:
    """The elements that have the wanted values, with axes of length 1 left out."""
    array = array.squeeze() if not spec.where else array.ravel()
    for name, wanted in spec.where.items():
        values = [_scalar(v) for v in _field(array, name, path)]
        keep = [str(value) == str(wanted) for value in values]
        if not any(keep):
            there = ", ".join(dict.fromkeys(map(str, values)))
            raise DataError(f"{path}: no element of {spec.variable} has {name}={wanted} (there are {there})")
        array = array[keep]
    return array.squeeze()


def _element_dims(elements: np.ndarray, spec: MatlabRecordings, path: Path) -> Sequence[str]:
    if elements.ndim == 0:
        return ()
    if len(spec.dims) != elements.ndim:
        raise DataError(
            f"{path}: {spec.variable} is {elements.shape} without axes of length 1,"
            f" and `dims:` names {', '.join(spec.dims)}"
        )
    strange = [dim for dim in spec.dims if dim != "subject" and dim not in spec.average]
    if strange:
        raise DataError(f"{path}: `dims:` has {strange[0]}, which is neither subject nor in `average:`")
    return spec.dims


def _square(rdm: np.ndarray, path: Path, spec: MatlabRecordings) -> np.ndarray:
    name = f"{path}: {spec.variable}.{spec.rdm}"
    rdm = rdm.astype(np.float64) if rdm.dtype.kind in "fiu" else np.full((1, 2), np.nan)
    try:
        square = squareform(rdm.ravel()) if 1 in rdm.shape or rdm.ndim == 1 else rdm
    except ValueError as why:
        raise DataError(f"{name}: a vector of {rdm.size} is no upper triangle of an RDM") from why
    if square.ndim != 2 or square.shape[0] != square.shape[1]:
        raise DataError(f"{name}: shape {rdm.shape} is neither a square nor a vector")
    if not np.isfinite(square).all() or np.abs(square - square.T).max() > _ASYMMETRY:
        raise DataError(f"{name}: an RDM must be finite and symmetric")
    return np.asarray(square)


def _subjects(spec: MatlabRecordings, n: int, path: Path) -> list[str]:
    if spec.subjects is None:
        return [str(i) for i in range(1, n + 1)]
    if len(spec.subjects) != n:
        raise DataError(f"{path}: {n} subjects, and `subjects:` names {len(spec.subjects)}")
    return list(spec.subjects)


def _scalar(value: np.ndarray) -> str | int | float | bool:
    while value.dtype == object and value.size == 1:
        value = np.asarray(value.item())
    if value.size == 0:
        return ""
    if value.size > 1:
        raise DataError(f"a field that is a coord holds {value.shape} values; one per stimulus is due")
    scalar: str | int | float | bool = value.item()
    return scalar
