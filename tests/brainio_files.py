"""Files in Brain-Score's layout, small: an assembly in netCDF, the CSV of its stimuli, a zip of their images.

The low functions write what they are given (`write_csv`, `write_zip`, `write_assembly`, `write_rsms`); the
high ones (`responses`, `choices`, `similarities`) make a whole data set with numbers from a seed and return
a `Made`, whose `stimuli` and `recordings` are what a benchmark's YAML says of them, with sha1.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.specs.datasets import BrainioDataset

Columns = Mapping[str, Sequence[Any] | np.ndarray]


@dataclass(frozen=True, eq=False)
class Made:
    """Where the files lie, and what was written: values as the assembly has them, and its coords."""

    csv: Path
    zip: Path
    netcdf: Path | None
    values: np.ndarray | None = None
    table: pd.DataFrame | None = None
    presentations: dict[str, np.ndarray] = field(default_factory=dict)

    def stimuli(self, **more: Any) -> dict[str, Any]:
        """`stimuli:` of a BrainioDataset, such as `made.stimuli(visual_degrees=8.0)`."""
        return {"csv": as_file(self.csv), "zip": as_file(self.zip), **more}

    def recordings(self, **more: Any) -> dict[str, Any]:
        """`recordings:` of a BrainioDataset."""
        assert self.netcdf is not None
        return {"netcdf": as_file(self.netcdf), **more}

    def part(self, **more: Any) -> dict[str, Any]:
        """One of a BrainioDataset's `parts`; `more` goes to the recordings."""
        recorded = {} if self.netcdf is None else {"recordings": self.recordings(**more)}
        return {"stimuli": self.stimuli(), **recorded}


def opened(cache: Path, fetch: Any = None, **keys: Any) -> Recordings:
    """The recordings of a BrainioDataset of these keys, such as stimuli=made.stimuli()."""
    dataset = BrainioDataset.model_validate({"id": "made", "reader": "brainio", **keys})
    fetch = fetch or partial(Fetcher(cache, offline=True), folder=cache)
    return open_recordings(dataset, fetch, cache)


def as_file(path: Path) -> dict[str, str]:
    """What YAML says of a file: its place and its sha1."""
    return {"file": str(path), "sha1": hashlib.sha1(path.read_bytes()).hexdigest()}


def names(n: int, start: str = "im", seed: int = 0) -> list[str]:
    """n ids that are not in the order of their sorting."""
    return [f"{start}{number:04d}" for number in np.random.RandomState(seed).permutation(n)]


def write_csv(
    path: Path, ids: Sequence[Any], columns: Columns | None = None, *, id_column: str = "stimulus_id"
) -> pd.DataFrame:
    """The table of stimuli, as Brain-Score packages it: other columns, the id, the name of the file."""
    table = pd.DataFrame({**(columns or {}), id_column: list(ids)})
    if "filename" not in table:
        table["filename"] = [f"{id}.png" for id in ids]
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
    return table


def write_zip(path: Path, files: Sequence[str], *, size: int = 8, seed: int = 0) -> Path:
    """A flat zip of small images of noise under these names, the same for the same name and seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in files:
            archive.writestr(zipfile.ZipInfo(name), image(name, size=size, seed=seed))
    return path


def image(name: str, *, size: int = 8, seed: int = 0) -> bytes:
    """A PNG (or what the name's suffix says) of noise, size x size pixels."""
    number = int(hashlib.sha256(f"{seed} {name}".encode()).hexdigest()[:8], 16)
    pixels = np.random.RandomState(number).randint(0, 256, (size, size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    kind = {".jpg": "JPEG", ".jpeg": "JPEG"}.get(Path(name).suffix.lower(), "PNG")
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def write_assembly(
    path: Path,
    values: np.ndarray,
    coords: Mapping[str, Columns],
    *,
    dims: Sequence[str] | None = None,
    order: Sequence[str] | None = None,
    name: str | None = "data",
    attrs: Mapping[str, Any] | None = None,
    engine: str = "h5netcdf",
) -> Path:
    """A DataArray with plain 1-D coords, as Brain-Score writes it.

    coords: of each dim, in the order in which they become levels: {"presentation": {"stimulus_id": [...],
    "repetition": [...]}, "neuroid": {...}, "time_bin": {...}}. dims: of `values`; the keys of coords without.
    order: dims as the file has them, such as ["neuroid", "presentation", "time_bin"]. engine: h5netcdf
    (HDF5) or scipy (netCDF 3).
    """
    dims = list(dims or coords)
    flat = {key: (dim, _column(column)) for dim, columns in coords.items() for key, column in columns.items()}
    array = xr.DataArray(values, dims=dims, coords=flat, name=name, attrs=dict(attrs or {}))
    array = array.transpose(*order) if order else array
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = {"zlib": True, "complevel": 4} if engine == "h5netcdf" and array.dtype.kind in "fiu" else {}
    data = array.to_dataset(name=name or "data", promote_attrs=True)
    data.to_netcdf(path, engine=engine, encoding={name or "data": packed})
    return path


def write_rsms(path: Path, rsms: np.ndarray, stimuli: Columns, neuroids: Columns) -> Path:
    """Similarities (n, n, m) with the dims presentation, presentation, neuroid: twice the same dim."""
    import h5netcdf

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"presentation": rsms.shape[0], "neuroid": rsms.shape[2]}
        for dim, columns in (("presentation", stimuli), ("neuroid", neuroids)):
            for key, column in columns.items():
                _write_column(file, dim, key, np.asarray(column))
        variable = file.create_variable("data", ("presentation", "presentation", "neuroid"), rsms.dtype)
        variable[...] = rsms
        variable.attrs["coordinates"] = " ".join([*stimuli, *neuroids])
    return path


def responses(
    folder: Path,
    *,
    n: int = 20,
    repetitions: int | Sequence[int] = 3,
    neuroids: Columns | None = None,
    ids: Sequence[Any] | None = None,
    columns: Columns | None = None,
    time_bins: Sequence[tuple[float, float]] | None = ((70, 170),),
    levels: Sequence[str] = ("stimulus_id", "repetition"),
    order: Sequence[str] | None = None,
    noise: float = 0.5,
    missing: float = 0.0,
    first_repetition: int = 0,
    attrs: Mapping[str, Any] | None = None,
    name: str = "set",
    seed: int = 0,
) -> Made:
    """Responses of neuroids to n stimuli, float32, shuffled showings; signal of a few dimensions and noise.

    repetitions: of all stimuli, or of each. neuroids: coords, at least `neuroid_id`; four of V4 and four of
    IT without. columns: of the CSV (object_name, 4 of them, without). levels: coords of presentations in the
    file's order; a column of the CSV may be among them. missing: this share of values is NaN.
    """
    random = np.random.RandomState(seed)
    ids = list(ids if ids is not None else names(n, seed=seed))
    columns = columns if columns is not None else {"object_name": [f"object{i % 4}" for i in range(len(ids))]}
    made = stimuli(folder, ids, columns, name=name, seed=seed, legacy="image_id" in levels)
    counts = np.broadcast_to(repetitions, len(ids))
    row = np.repeat(np.arange(len(ids)), counts)
    repetition = np.concatenate([np.arange(count) for count in counts]) + first_repetition
    shuffled = random.permutation(len(row))
    row, repetition = row[shuffled], repetition[shuffled]
    shown = {"repetition": repetition, "repetition_id": repetition}
    known = {key: np.asarray(column)[row] for key, column in made.table.items()}
    presentations = {level: shown.get(level, known.get(level)) for level in levels}
    coords = {"presentation": presentations, "neuroid": dict(neuroids or eight_neuroids())}
    m = len(next(iter(coords["neuroid"].values())))
    values = _signal(random, len(ids), m, len(time_bins or [()]))[row]
    values = (values + noise * random.standard_normal(values.shape)).astype(np.float32)
    values[random.random_sample(values.shape) < missing] = np.nan
    if time_bins is None:
        values = values[:, :, 0]
    else:
        start, end = np.asarray(time_bins).T
        coords["time_bin"] = {"time_bin_start": start, "time_bin_end": end}
    path = folder / f"assy_{name}.nc"
    write_assembly(path, values, coords, order=order, attrs=attrs)
    return Made(made.csv, made.zip, path, values, made.table, presentations)


def choices(
    folder: Path,
    *,
    n: int = 20,
    objects: Sequence[str] = ("bear", "elephant", "person", "car"),
    trials: int = 200,
    subjects: int = 4,
    two_alternatives: bool = True,
    conditions: Sequence[str] | None = None,
    right: float = 0.7,
    name: str = "set",
    seed: int = 0,
) -> Made:
    """Choices of subjects: of two objects, as Rajalingham2018 has them, or of all, as Geirhos2021 has them.

    trials: in all, with random pairs of image and distractor; of all objects each subject sees each image
    once, `trials` aside, and image i has condition i modulo their number.
    """
    random = np.random.RandomState(seed)
    ids, kinds = names(n, seed=seed), np.asarray(objects)
    truths = kinds[np.arange(n) % len(kinds)]
    columns: dict[str, Any] = {"image_label": truths, "object_name": truths, "truth": truths}
    if conditions is not None:
        columns["condition"] = np.asarray(conditions)[np.arange(n) // len(kinds) % len(conditions)]
    made = stimuli(folder, ids, columns, name=name, seed=seed, legacy=True)
    row = random.randint(n, size=trials) if two_alternatives else np.tile(np.arange(n), subjects)
    who = random.randint(subjects, size=trials) if two_alternatives else np.repeat(np.arange(subjects), n)
    other = kinds[(np.arange(n)[row] % len(kinds) + random.randint(1, len(kinds), len(row))) % len(kinds)]
    choice = np.where(random.random_sample(len(row)) < right, truths[row], other)
    coords = {"image_id": np.asarray(ids)[row], "truth": truths[row], "choice": choice}
    if two_alternatives:
        worker = np.array([f"worker{i}" for i in who])
        coords |= {"sample_obj": truths[row], "dist_obj": other, "WorkerID": worker}
    else:
        coords |= {"category": truths[row], "subject": np.array([f"subject-{i + 1:02d}" for i in who])}
        coords |= {"condition": columns["condition"][row]} if conditions is not None else {}
    path = write_assembly(folder / f"assy_{name}.nc", choice, {"presentation": coords})
    return Made(made.csv, made.zip, path, choice, made.table, coords)


def similarities(
    folder: Path,
    *,
    n: int = 24,
    regions: Sequence[str] = ("V1", "V2", "V4", "IT"),
    subjects: Sequence[str] = ("F013", "F016", "F018"),
    columns: Columns | None = None,
    name: str = "set",
    seed: int = 0,
) -> Made:
    """RSMs of subjects and regions, as Coggan2024_fMRI has them: (n, n, regions x subjects)."""
    random = np.random.RandomState(seed)
    ids = sorted(names(n, seed=seed))
    columns = columns if columns is not None else {"object_name": [f"object{i // 3}" for i in range(n)]}
    made = stimuli(folder, ids, columns, name=name, seed=seed)
    latent = {region: random.standard_normal((n, 30)) for region in regions}
    pairs = [(region, subject) for region in regions for subject in subjects]
    noisy = [latent[region] + random.standard_normal((n, 30)) for region, _ in pairs]
    rsms = np.stack([np.corrcoef(rows) for rows in noisy], axis=2)
    neuroids = {"subject": [s for _, s in pairs], "region": [r for r, _ in pairs]}
    coords = {"stimulus_id": ids, **columns}
    path = write_rsms(folder / f"assy_{name}.nc", rsms, coords, neuroids)
    return Made(made.csv, made.zip, path, rsms, made.table, {key: np.asarray(c) for key, c in coords.items()})


def stimuli(
    folder: Path,
    ids: Sequence[Any],
    columns: Columns | None = None,
    *,
    name: str = "set",
    seed: int = 0,
    legacy: bool = False,
    size: int = 8,
) -> Made:
    """The CSV and the zip alone: what a part without recordings has. legacy: the id's column is image_id."""
    id_column = "image_id" if legacy else "stimulus_id"
    csv = folder / f"stimulus_{name}.csv"
    table = write_csv(csv, ids, columns, id_column=id_column)
    packed = write_zip(folder / f"stimulus_{name}.zip", table["filename"].tolist(), seed=seed, size=size)
    return Made(csv, packed, None, table=table)


def eight_neuroids() -> dict[str, list[Any]]:
    """Coords of four neuroids of V4 and four of IT, of two animals, each with a reliability."""
    return {
        "neuroid_id": [f"unit_{i}" for i in range(8)],
        "animal": ["Chabo", "Tito"] * 4,
        "region": ["V4"] * 4 + ["IT"] * 4,
        "reliability": [0.1, 0.2, 0.5, 0.9] * 2,
    }


def _signal(random: np.random.RandomState, n: int, m: int, bins: int, dims: int = 5) -> np.ndarray:
    """(n, m, bins)"""
    latent = random.standard_normal((n, dims))
    return np.einsum("nd,dmt->nmt", latent, random.standard_normal((dims, m, bins))) / np.sqrt(dims)


def _column(values: Sequence[Any] | np.ndarray) -> np.ndarray:
    array = np.asarray(values)
    return array.astype(object) if array.dtype.kind == "U" else array


def _write_column(file: Any, dim: str, key: str, column: np.ndarray) -> None:
    import h5py

    text = column.dtype.kind in "UO"
    variable = file.create_variable(key, (dim,), h5py.string_dtype() if text else column.dtype)
    variable[...] = column.astype(object) if text else column
