"""Conwell et al. 2024, Nature Communications 15:9383: the published scores of 224 networks as rows.

Read are six files of the study's source data: results_summary.csv (score per network and metric, the mean of
subjects 1, 2, 5 and 7), Figure2.csv and Figure3.csv (scores per subject, where they are published),
dimensionality.csv, imagenet1k.csv and parameter_count.csv. model_contrasts.csv is not: it has one network
twice, and all that it says is in results_summary.csv.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ...errors import DataError
from ...specs.contrasts import Word
from ...specs.results import Row
from ...specs.twins import twin_of
from ..disk import hash_of
from ..tables import read_table
from . import words
from .lines import Line, lines_of

DATASET, REGION = "NSD.Conwell2024.released", "OTC"
METRICS = {"crsa": "crsa", "wrsa": "versa", "srpr": "encoding"}
FILES = (
    "results_summary.csv",
    "Figure2.csv",
    "Figure3.csv",
    "dimensionality.csv",
    "imagenet1k.csv",
    "parameter_count.csv",
)
LAYER_SOURCE = (
    "Conwell et al. 2024: of the second half of the network's layers, for each subject the one that scores"
    " best on the training half of the images"
)
_OF_SUMMARY = ("model_string", "model", "train_task", "architecture", "metric")
_NOT_SCORED = "ResNet50-NPID-4KNegative_selfsupervised"
_IPCL = "alexnet_gn_ipcl_"
_LARGEST_GAP = 1e-6
Numbers = Mapping[str, dict[str, Word]]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Published:
    """The rows, and what was put right in the files as a whole."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def read(folder: Path, ids: Mapping[str, str] | None = None) -> Published:
    """The scores of a folder that holds the six files.

    ids: the study's model_string to our id; of others the id is the model_string with `_` for what an id
    cannot hold. The random twin of a network that has such an id is called as ours would be.
    Raises DataError where a file or a column is missing or empty, a cell is not what its column holds, a
    network is there twice, or its subjects' mean is not its score.
    """
    tables = {name: _table(folder / name) for name in FILES}
    path = folder / FILES[0]
    summary = lines_of(tables[FILES[0]], path, [*_OF_SUMMARY, "score"])
    subjects = _subjects(folder, tables)
    numbers, notes = _numbers(folder, tables)
    named = _named(dict.fromkeys((one.text("model_string"), one.text("model")) for one in summary), ids or {})
    digests = {"published": hash_of(path)}
    rows = [_row(one, named, subjects, numbers, digests) for one in summary]
    _refuse_twice(rows, path)
    return Published(tuple(rows), tuple(notes))


def _row(
    line: Line,
    ids: Mapping[str, str],
    subjects: Mapping[Key, dict[str, float]],
    numbers: Numbers,
    digests: dict[str, str],
) -> Row:
    said = _said(line)
    name, metric, score = said["model_string"], said["metric"], line.number("score")
    parts = subjects.get((said["train_task"], said["model"], metric), {})
    _refuse_other_mean(parts, score, f"{line.path}: {name}, {metric}")
    known = numbers.get(name, {})
    lacking = [] if "parameters" in known else ["parameter_count.csv has no line of it"]
    return Row(
        benchmark=f"{DATASET}.{REGION}-{METRICS[metric]}",
        model=ids[name],
        layer_source=LAYER_SOURCE,
        about={**words.about(said), **known},
        dataset=DATASET,
        species="human",
        region=REGION,
        metric=METRICS[metric],
        status="scored",
        raw=score,
        also={f"raw.{subject}": value for subject, value in parts.items()},
        digests=digests,
        notes=(*words.notes(said), *lacking),
    )


def _said(line: Line) -> words.Said:
    """Its cells as text. Raises DataError where one that has to be there is not, or says what it cannot."""
    for column in _OF_SUMMARY:
        line.text(column)
    said = line.said()
    if said["metric"] not in METRICS:
        raise DataError(f"{line.place('metric')}: no metric {said['metric']} (metrics: {', '.join(METRICS)})")
    if said["train_task"] == "slip" and words.slip_method(said["model"]) is None:
        raise DataError(f"{line.place('model')}: {said['model']} names no method, as ViT-S-SimCLR does")
    return said


# --- what the other files say


def _subjects(folder: Path, tables: Mapping[str, pd.DataFrame]) -> dict[Key, dict[str, float]]:
    """Scores by subject, of (train_task, model, metric)."""
    found: dict[Key, dict[str, float]] = {}
    for name, model in (("Figure2.csv", "architecture"), ("Figure3.csv", "model")):
        for one in lines_of(tables[name], folder / name, [model, "metric", "subj_id", "score"]):
            task = one.text("train_task") if "train_task" in one.cells else "classification"
            parts = found.setdefault((task, one.text(model), one.text("metric")), {})
            parts[one.text("subj_id")] = one.number("score")
    return found


def _numbers(folder: Path, tables: Mapping[str, pd.DataFrame]) -> tuple[Numbers, list[str]]:
    """Numbers by model_string, and what was put right in the files that they are from."""
    found: dict[str, dict[str, Word]] = {}
    for name, one in _figures(folder, tables):
        for word, value in one.items():
            if found.setdefault(_repaired(name), {}).setdefault(word, value) != value:
                raise DataError(f"{folder}: {name} has two numbers for its {word}")
    dropped = found.pop(_NOT_SCORED, None)
    notes = [
        f"{_IPCL}*: named without the trailing _ipcl in dimensionality.csv and parameter_count.csv: joined",
        "top1 is the column that imagenet1k.csv spells imagnet1k_top1",
        "parameters are those of parameter_count.csv: results_summary.csv lacks some and differs in others",
        "diet is the study's: of ViT, Swin and MLP-Mixer its imagenet names weights tuned on 1k after 21k",
        "the study's trained networks (train_task other than random) include random_weights_taskonomy",
    ]
    return found, [*([f"{_NOT_SCORED}: has no score and is left out"] if dropped else []), *notes]


def _figures(folder: Path, tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, dict[str, Word]]]:
    projected, size = "random_projection", "effective_dimensions"
    dimensionality, accuracy, counts = FILES[3:]

    def lines(name: str, *columns: str) -> Iterable[Line]:
        return lines_of(tables[name], folder / name, ["model_string", *columns])

    for one in lines(dimensionality, projected, size):
        word = "dimensionality_projected" if one.truth(projected) else "dimensionality"
        yield one.text("model_string"), {word: one.number(size)}
    for one in lines(accuracy, "imagnet1k_top1"):
        if one.has("imagnet1k_top1"):
            yield one.text("model_string"), {"top1": one.number("imagnet1k_top1")}
    for one in lines(counts, "total_params"):
        yield one.text("model_string"), {"parameters": one.count("total_params")}


def _repaired(name: str) -> str:
    return f"{name}_ipcl" if name.startswith(_IPCL) and not name.endswith("_ipcl") else name


# --- ids


def _named(pairs: Iterable[tuple[str, str]], ids: Mapping[str, str]) -> dict[str, str]:
    """Our id of each model_string. Raises DataError where two would share one."""
    found: dict[str, str] = {}
    for name, model in pairs:
        twin = ids.get(f"{model}_classification") if name == f"{model}_random" else None
        found[name] = ids.get(name) or (twin_of(twin) if twin else re.sub(r"[^A-Za-z0-9_.]", "_", name))
    shared = {id for id in found.values() if list(found.values()).count(id) > 1}
    if shared:
        names = [name for name, id in found.items() if id in shared]
        raise DataError(f"{', '.join(names)}: would share an id ({', '.join(sorted(shared))})")
    return found


# --- tables


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(
            f"{path}: is not there; the folder holds {', '.join(FILES)} of the study's source data"
        )
    return read_table(path, text=("model_string", "model", "architecture", "subj_id"))


def _refuse_other_mean(parts: Mapping[str, float], score: float, where: str) -> None:
    if parts and abs(sum(parts.values()) / len(parts) - score) > _LARGEST_GAP:
        raise DataError(f"{where}: the score is {score}, and its subjects' mean is another")


def _refuse_twice(rows: Sequence[Row], path: Path) -> None:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if (row.model, row.benchmark) in seen:
            raise DataError(f"{path}: {row.about['model_string']}: is there twice for {row.metric}")
        seen.add((row.model, row.benchmark))
