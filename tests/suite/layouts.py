"""Layouts: for a benchmark file, tiny data of the layout that it describes, in files of Brain-Score's format.

What the files hold is read off the specs: parts, regions, subjects, renamed coords, time bins, strata,
thresholds, repetitions, conditions, objects. The document comes back with these files for the shipped ones.
"""

from __future__ import annotations

import copy
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from tests.brainio_files import as_file, write_assembly, write_csv, write_rsms

SHOWN = {"train": 30, "test": 12, "": 40}
"""How many stimuli a part has; the nameless one is a data set without parts."""
OBJECTS = ("airplane", "bear", "bicycle", "bird")
REPEATED = {"internal_consistency", "predictor_consistency"}


@dataclass(frozen=True, eq=False)
class Held:
    """What was written of a data set, whole: nothing selected, nothing averaged.

    values: responses (presentation, neuroid, time_bin), RSMs (stimulus, stimulus, neuroid) or choices
    (presentation,). presentations, neuroids, stimuli: their coords under our names; `part` is among those of
    stimuli and presentations. bins: start and end of each time bin.
    """

    values: np.ndarray
    presentations: pd.DataFrame
    stimuli: pd.DataFrame
    neuroids: pd.DataFrame | None = None
    bins: tuple[tuple[float, float], ...] = ()


def make(folder: Path, document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Held]]:
    """The document on tiny files in `folder`, and what these hold, by data set; not of collections."""
    document = copy.deepcopy(document)
    datasets = document.get("datasets") or [document["dataset"]]
    held = {}
    for number, dataset in enumerate(datasets):
        if dataset["reader"] == "collection":
            continue
        entries = [e for e in document["benchmarks"] if e.get("dataset", dataset["id"]) == dataset["id"]]
        held[dataset["id"]] = _dataset(folder / str(number), dataset, entries)
    return document, held


def _dataset(folder: Path, dataset: dict[str, Any], entries: list[dict[str, Any]]) -> Held:
    metrics = {entry["metric"]["name"] for entry in entries}
    parts = dataset.get("parts") or {"": dataset}
    write = _rsms if metrics == {"rsm"} else _choices if _regions(entries) == ["behaviour"] else _responses
    written = [write(folder, name, part, entries) for name, part in parts.items()]
    return _joined([held for held in written if held is not None], [held for held in written if held])


def _joined(all_parts: list[Held], recorded: list[Held]) -> Held:
    with_values = [held for held in recorded if len(held.presentations)]
    return Held(
        values=np.concatenate([held.values for held in with_values]),
        presentations=pd.concat([held.presentations for held in with_values], ignore_index=True),
        stimuli=pd.concat([held.stimuli for held in all_parts], ignore_index=True),
        neuroids=with_values[0].neuroids,
        bins=with_values[0].bins,
    )


def _regions(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    named = [region for entry in entries for region in entry.get("regions", [entry.get("region")])]
    return list(dict.fromkeys(named))


# --- responses


def _responses(folder: Path, name: str, part: dict[str, Any], entries: list[dict[str, Any]]) -> Held:
    spec, random = part["recordings"], np.random.RandomState(len(name))
    table = _images(folder, name, part, _columns(entries, SHOWN[name]), SHOWN[name])
    neuroids = _neuroids(entries, flat="flatten" in spec)
    bins = _bins(spec.get("time_bins"), overlapping="time_bin_end" in spec.get("coords", {}))
    shown = _showings(len(table), _repetitions(name, entries), random)
    signal = np.random.RandomState(7).standard_normal((6, len(neuroids), len(bins)))
    latent = random.standard_normal((len(table), 6))
    values = np.einsum("nd,dmt->nmt", latent, signal)[shown["row"]]
    values = (values + random.standard_normal(values.shape)).astype(np.float32)
    if any(entry.get("missing") for entry in entries):
        _lose_some(values, shown["row"].to_numpy())
    presentations = table.iloc[shown["row"]].reset_index(drop=True).assign(repetition=shown["repetition"])
    _write_responses(folder / f"assy{name}.nc", spec, values, presentations, neuroids, bins)
    spec["netcdf"] = as_file(folder / f"assy{name}.nc")
    return Held(values, presentations, table, neuroids, bins)


def _columns(entries: list[dict[str, Any]], n: int) -> dict[str, list[Any]]:
    """The columns of the table that splits are stratified by: two kinds."""
    strata = {entry.get("splits", {}).get("stratify") for entry in entries} - {None}
    return {name: [f"{name}{i % 2}" for i in range(n)] for name in sorted(strata)}


def _repetitions(part: str, entries: list[dict[str, Any]]) -> int:
    named = {c if isinstance(c := entry.get("ceiling"), str) else (c or {}).get("name") for entry in entries}
    if part == "train":
        return 2 if any(entry["metric"].get("alphas") for entry in entries) else 1
    return 4 if named & REPEATED else 1


def _showings(n: int, repetitions: int, random: np.random.RandomState) -> pd.DataFrame:
    """Which stimulus is shown when, and for which time: shuffled."""
    shown = pd.DataFrame(
        {"row": np.repeat(np.arange(n), repetitions), "repetition": np.tile(np.arange(repetitions), n)}
    )
    return shown.iloc[random.permutation(len(shown))].reset_index(drop=True)


def _neuroids(entries: list[dict[str, Any]], *, flat: bool) -> pd.DataFrame:
    """Per region and of each of two subjects three neuroids above all thresholds, and one that is not.

    Their ids start anew with each subject, as in the files of THINGS.
    """
    rows = [
        {"region": region, "subject": subject, "good": good}
        for subject in ("N", "F")
        for region in _regions(entries)
        for good in ((True,) if flat else (True, False, True, True))
    ]
    table = pd.DataFrame(rows)
    table["neuroid_id"] = table.groupby("subject").cumcount()
    random = np.random.RandomState(5)
    for coord, where in _thresholds(entries).items():
        above = random.uniform(1.1, 1.9, len(table)) * where
        table[coord] = np.where(table["good"], above, 0.9 * where).astype(np.float32)
    return table


def _thresholds(entries: list[dict[str, Any]]) -> dict[str, float]:
    found = {}
    for entry in entries:
        for coord, where in entry.get("select", {}).items():
            if isinstance(where, dict) and "above" in where:
                found[coord] = where["above"]
    return found


def _bins(wanted: Any, *, overlapping: bool) -> tuple[tuple[float, float], ...]:
    """Bins of a file from which those that are wanted can be made, and others."""
    if wanted is None:
        return ((70.0, 170.0),)
    if isinstance(wanted, dict):
        width, start = wanted["width"], wanted["start"]
        stop = wanted.get("stop", start + 6 * width)
        edges = np.round(np.arange(start - 2 * width, stop + 1.5 * width, width), 9).tolist()
        if "stop" not in wanted:  # MajajHong2015.temporal, whose bins are twice as wide as its windows
            return tuple(zip(edges, edges[2:], strict=False))
        return tuple(pairwise(edges))
    ((first, last),) = wanted
    if overlapping:
        return ((first, last), (last, last + 100), (first - 20, first + 30), (first + 30, first + 80))
    edges = np.arange(first - 50, last + 51, 25).tolist()
    return tuple(pairwise(edges))


def _lose_some(values: np.ndarray, row: np.ndarray) -> None:
    """Three stimuli that one neuroid never saw, and one that another missed once."""
    values[np.isin(row, (3, 8, 21)), 1] = np.nan
    values[np.flatnonzero(row == 5)[0], 2] = np.nan


def _write_responses(
    path: Path,
    spec: Mapping[str, Any],
    values: np.ndarray,
    presentations: pd.DataFrame,
    neuroids: pd.DataFrame,
    bins: tuple[tuple[float, float], ...],
) -> None:
    given = {name for name in ("region", "subject") if name in spec}
    theirs = spec.get("coords", {})
    start, end = np.array(bins).T
    id_name = "image_id" if _is_old(spec) else "stimulus_id"
    coords = {
        "presentation": {
            id_name: presentations["stimulus"],
            theirs.get("repetition", "repetition"): presentations["repetition"],
        },
        "neuroid": {theirs.get(k, k): c for k, c in neuroids.items() if k not in {"good", *given}},
        "time_bin": {"time_bin_start": start, theirs.get("time_bin_end", "time_bin_end"): end},
    }
    order = ("neuroid", "presentation", "time_bin") if len(bins) > 1 else None
    write_assembly(path, values, coords, order=order)


def _is_old(spec: Mapping[str, Any]) -> bool:
    """Whether the file is of the older store, where the id of a stimulus is called image_id."""
    return "/brainio-brainscore/" in spec["netcdf"].get("url", "")


# --- RSMs


def _rsms(folder: Path, name: str, part: dict[str, Any], entries: list[dict[str, Any]]) -> Held:
    random, n = np.random.RandomState(3), 24
    table = _images(folder, name, part, {"object_name": [f"object{i % 8}" for i in range(n)]}, n)
    pairs = [(region, subject) for region in _regions(entries) for subject in ("a", "b", "c")]
    neuroids = pd.DataFrame(pairs, columns=["region", "subject"])
    shared = {region: random.standard_normal((n, 20)) for region in _regions(entries)}
    rsms = [np.corrcoef(shared[region] + random.standard_normal((n, 20))) for region, _ in pairs]
    values = np.stack(rsms, axis=2)
    path = folder / f"assy{name}.nc"
    shown = {
        name: table[name] for name in ("stimulus", "object_name")
    }  # one coord alone is lost in packaging
    shown["stimulus_id"] = shown.pop("stimulus")
    write_rsms(path, values, shown, {k: list(c) for k, c in neuroids.items()})
    part["recordings"]["netcdf"] = as_file(path)
    return Held(values, table, table, neuroids)


# --- choices


def _choices(folder: Path, name: str, part: dict[str, Any], entries: list[dict[str, Any]]) -> Held:
    pairs = any("fit" in entry.get("readout", {}) or "label" in entry.get("readout", {}) for entry in entries)
    n = 24 if pairs else 48
    columns = {"truth": [OBJECTS[i % 4] for i in range(n)], **_conditions(entries, n), **_cues(entries, n)}
    columns |= {"image_label": columns["truth"]} if pairs else {}
    table = _images(folder, name, part, columns, n)
    if "recordings" not in part:
        return Held(np.empty(0, dtype="U1"), table.iloc[:0], table)
    trials = _pairs(table) if pairs else _many(table)
    coords = {part["recordings"].get("coords", {}).get(k, k): c for k, c in trials.items() if k != "choice"}
    coords["image_id"] = coords.pop("stimulus")
    path = folder / f"assy{name}.nc"
    write_assembly(path, trials["choice"].to_numpy(dtype=str), {"presentation": coords})
    part["recordings"]["netcdf"] = as_file(path)
    return Held(trials["choice"].to_numpy(dtype=str), trials, table)


def _conditions(entries: list[dict[str, Any]], n: int) -> dict[str, list[Any]]:
    """Those that are left out, and two more of their kind; a single one where none is."""
    where = next((entry["select"]["condition"] for entry in entries if "select" in entry), None)
    if where is None:
        return {"condition": [0] * n}
    without = [float("inf") if value == "inf" else value for value in where["without"]]
    kept = [1.5, 3.0] if isinstance(without[-1], float) else [90, 100]
    if isinstance(without[0], str):
        kept = ["kept", "other"]
    conditions = [*without, *kept]
    return {"condition": [conditions[i // 4 % len(conditions)] for i in range(n)]}


def _cues(entries: list[dict[str, Any]], n: int) -> dict[str, list[str]]:
    """Shape and texture of each image, alike in a quarter of them."""
    metrics = [entry["metric"] for entry in entries if "shape" in entry["metric"]]
    if not metrics:
        return {}
    return {
        metrics[0]["shape"]: [OBJECTS[i % 4] for i in range(n)],
        metrics[0]["texture"]: [OBJECTS[(i + i // 4) % 4] for i in range(n)],
    }


def _pairs(table: pd.DataFrame, trials: int = 2400) -> pd.DataFrame:
    random = np.random.RandomState(11)
    row = random.randint(len(table), size=trials)
    truth = table["truth"].to_numpy()[row]
    other = np.array(OBJECTS)[(row % 4 + random.randint(1, 4, trials)) % 4]
    right = random.random_sample(trials) < 0.6 + 0.3 * np.sin(row) ** 2
    return pd.DataFrame(
        {
            "stimulus": table["stimulus"].to_numpy()[row],
            "truth": truth,
            "distractor": other,
            "subject": [f"w{i}" for i in random.randint(20, size=trials)],
            "choice": np.where(right, truth, other),
        }
    )


def _many(table: pd.DataFrame, subjects: int = 3) -> pd.DataFrame:
    random = np.random.RandomState(12)
    shown = pd.concat(
        [table.assign(subject=f"subject-{i + 1:02d}") for i in range(subjects)], ignore_index=True
    )
    easy = np.tile(random.random_sample(len(table)) < 0.5, subjects)
    right = random.random_sample(len(shown)) < np.where(easy, 0.9, 0.4)
    choice = np.where(right, shown["truth"], np.array([*OBJECTS, "na"])[random.randint(5, size=len(shown))])
    return shown[["stimulus", "truth", "condition", "subject"]].assign(choice=choice)


# --- stimuli


def _images(
    folder: Path, name: str, part: dict[str, Any], columns: dict[str, list[Any]], n: int
) -> pd.DataFrame:
    """Write the table and the images of a part; a collection's images go to the folder `collection`.

    The table is not in the order of its ids. Those of the older store are numbers of one to four digits.
    """
    spec, order = part["stimuli"], np.random.RandomState(1).permutation(n)
    old = "/brainio-brainscore/" in spec["csv"].get("url", "")
    numbers = (7 * order + 1000 * len(name)).tolist()
    ids = numbers if old else [f"{name or 'im'}{number:03d}" for number in order]
    path = folder / f"stimulus{name}.csv"
    table = write_csv(path, ids, columns, id_column="image_id" if old else "stimulus_id")
    spec["csv"] = as_file(path)
    if "zip" in spec:
        spec["zip"] = as_file(packed(folder / f"stimulus{name}.zip", table["filename"]))
    else:
        collection = folder.parent.parent / "collections" / spec["images"]["name"]
        collection.mkdir(parents=True, exist_ok=True)
        for file in table["filename"]:
            (collection / file).write_bytes(picture(file))
    return pd.DataFrame({"stimulus": ids, "filename": table["filename"], **columns, "part": name})


def packed(path: Path, files: Iterable[str]) -> Path:
    """A flat zip of the pictures of these names."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.writestr(file, picture(file))
    return path


def picture(name: str) -> bytes:
    """A PNG of 24 pixels that is the same for the same name: 3 x 3 patches of any colour."""
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    patches = np.random.RandomState(number).randint(0, 256, (3, 3, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(patches.repeat(8, axis=0).repeat(8, axis=1)).save(buffer, "PNG")
    return buffer.getvalue()
