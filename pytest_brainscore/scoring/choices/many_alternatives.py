"""Many alternatives: subjects and networks name the object of an image, rightly or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...data.collections import LABELS
from ...data.recordings import Recordings
from ...errors import MetricError, nearest
from ...metrics.ceilings import Ceiling
from ...metrics.choices import Choices
from ...metrics.measurement import Measurement
from ...metrics.subjects import reliability_of_accuracies, subject_pairs
from ...scores import Score, Table
from ...specs.benchmarks import Benchmark
from ...specs.metrics import Accuracy, AccuracyDistance, ErrorConsistency, Metric, ShapeBias
from ...specs.readouts import Readout
from ..ceiled import ceiled
from .by_image import by_image
from .reading import Reading, places, reading, refuse_other_names
from .trials import by_name, images

_NO_NUMBER = {
    "error_consistency": "the model and each subject are right on all the same images, or wrong on all",
    "shape_bias": "the model names neither the shape nor the texture of any image",
}


@dataclass(frozen=True, eq=False)
class NamingTarget:
    """What the choices of every model of a benchmark of many alternatives are compared with.

    trials: the subjects' choices, where they are compared with the model's.
    rows: the images that count, in the data set's full list of stimuli. names: theirs.
    shows: codes of what each of them shows: truth or label, or shape and texture.
    subjects, conditions: their names, by code.
    subjects_accuracy: share of the trials in which the truth was chosen; None where nobody was asked.
    """

    trials: Choices | None
    rows: Tensor
    names: tuple[str, ...]
    shows: tuple[Tensor, ...]
    reading: Reading
    subjects: tuple[str, ...]
    conditions: tuple[str, ...]
    subjects_accuracy: float | None
    ceiling: Ceiling | None


def target(benchmark: Benchmark, whole: Recordings, chosen: Recordings, device: torch.device) -> NamingTarget:
    """Code the chosen trials, and what their images show.

    Trials without the coord `subject` are of one subject, and without `condition` of one condition.
    Raises MetricError for trials of two alternatives where subjects are compared, for coords that are not
    there, and for objects that are not read.
    """
    metric, spec = benchmark.metric, benchmark.readout or Readout()
    known = reading(spec, whole, device)
    shown, first, _ = images(chosen)
    truth = chosen.data["truth"].values.astype(str)[first]
    refuse_other_names(spec, whole, shown, truth)
    rows, shows = _shows(metric, whole, shown, truth, known)
    compared = isinstance(metric, ErrorConsistency | AccuracyDistance)
    trials = _coded(metric, chosen, shows[0]) if compared else None
    return NamingTarget(
        trials=trials.to(device) if trials else None,
        rows=torch.as_tensor(rows, device=device),
        names=tuple(str(whole.stimuli.ids[row]) for row in rows),
        shows=tuple(codes.to(device) for codes in shows),
        reading=known,
        subjects=by_name(chosen, "subject")[0],
        conditions=by_name(chosen, "condition")[0],
        subjects_accuracy=_subjects_accuracy(chosen),
        ceiling=_ceiling(benchmark, trials),
    )


def score(benchmark: Benchmark, named: Tensor, to: NamingTarget, function: Callable[..., Any]) -> Score:
    """Compare the objects that are named (images,) with a target's choices.

    `values` are the figures of each subject, in each condition where there are several.
    Raises MetricError where the metric gives no number.
    """
    metric, ceiling = benchmark.metric, to.ceiling
    against = to.shows if to.trials is None else (to.trials,)
    measured: Measurement = function(named, *against, **metric.parameters())
    if not np.isfinite(measured.raw()):
        raise MetricError(f"{metric.name} gives no number: {_NO_NUMBER.get(metric.name, 'it is not finite')}")
    values, targets, over = _values(measured, to)
    return Score(
        raw=measured.raw(),
        error=measured.error(),
        ceiling=ceiling.value if ceiling else None,
        ceiling_error=ceiling.error if ceiling else None,
        ceiled=ceiled(benchmark, measured.raw(), ceiling),
        normalise=benchmark.normalisation(),
        splits=tuple(measured.per_split().tolist()),
        values=values.cpu().numpy(),
        targets=targets,
        over=over,
        also=_also(measured, named, to),
        notes=to.reading.notes(to.rows),
        beside=_by_image(named, to),
    )


def _coded(metric: Metric, chosen: Recordings, truth: Tensor) -> Choices:
    """The trials in numbers; truth (n,): codes of what the images show."""
    if "distractor" in chosen.data.coords:
        raise MetricError(
            f"{metric.name} compares choices among many objects, and these trials offer two (they have a"
            " column `distractor`): use i1, i1n, i2, i2n or o2"
        )
    return Choices(
        stimulus=torch.from_numpy(images(chosen)[2]),
        right=torch.from_numpy(_right(chosen)),
        subject=torch.from_numpy(by_name(chosen, "subject")[1]),
        condition=torch.from_numpy(by_name(chosen, "condition")[1]),
        truth=truth,
    )


def _right(chosen: Recordings) -> np.ndarray:
    right: np.ndarray = chosen.data.values.astype(str) == chosen.data["truth"].values.astype(str)
    return right


def _subjects_accuracy(chosen: Recordings) -> float | None:
    """None of a collection of images, whose labels stand for a subject."""
    return None if by_name(chosen, "subject")[0] == (LABELS,) else float(_right(chosen).mean())


def _shows(
    metric: Metric, whole: Recordings, shown: np.ndarray, truth: np.ndarray, known: Reading
) -> tuple[np.ndarray, tuple[Tensor, ...]]:
    """The images that count, rows of the stimuli, and codes of what they show."""

    def coded(coord: str | None) -> Tensor:
        names = truth if coord is None else _coord(metric, coord, whole)[shown]
        return torch.tensor(places(names.tolist(), known))

    if isinstance(metric, ShapeBias):
        return shown, (coded(metric.shape), coded(metric.texture))
    label = coded(metric.label if isinstance(metric, Accuracy) else None)
    if not isinstance(metric, Accuracy) or metric.unlike is None:
        return shown, (label,)
    kept = coded(metric.unlike) != label
    if not bool(kept.any()):
        raise MetricError(f"accuracy: no image is left: its {metric.unlike} is always its label")
    return shown[kept.numpy()], (label[kept],)


def _coord(metric: Metric, name: str, whole: Recordings) -> np.ndarray:
    known = list(whole.stimuli.coords)
    if name not in known:
        raise MetricError(
            f"{metric.name}: the stimuli have no coord {name}{nearest(name, known)}"
            f" (there are {', '.join(known) or 'none'})"
        )
    return np.asarray(whole.stimuli.coords[name]).astype(str)


def _ceiling(benchmark: Benchmark, trials: Choices | None) -> Ceiling | None:
    spec, metric = benchmark.ceiling, benchmark.metric
    if spec.name == "constant":
        return Ceiling(value=float(spec.value or 0))
    if trials is None:
        return None
    if spec.name == "subject_pairs" and isinstance(metric, ErrorConsistency | AccuracyDistance):
        return subject_pairs(trials, metric.name, **metric.parameters())
    if spec.name == "subject_halves":
        return reliability_of_accuracies(trials, n=spec.n, seed=spec.seed)
    return None


def _values(measured: Measurement, to: NamingTarget) -> tuple[Tensor, tuple[str, ...], str]:
    """The figures behind the score, (1, n), their names, and what they are of."""
    if measured.over == "all":
        return measured.values, ("all",), "all"
    cells = measured.also["cells"]
    if cells.shape == measured.values.shape:
        return cells, to.subjects, "subject"
    names = tuple(f"{subject}, {condition}" for subject in to.subjects for condition in to.conditions)
    return cells, names, "subject_condition"


def _by_image(named: Tensor, to: NamingTarget) -> dict[str, Table]:
    """Empty where no subject is compared with the model."""
    if to.trials is None or to.subjects_accuracy is None:
        return {}
    right = (named == to.trials.truth)[to.trials.stimulus]
    return by_image(to.names, to.trials.stimulus, to.trials.right, right)


def _also(measured: Measurement, named: Tensor, to: NamingTarget) -> dict[str, float]:
    """Accuracies, further figures of the metric, and its mean over subjects in each of several conditions."""
    figures = {name: float(value[0]) for name, value in measured.also.items() if name != "cells"}
    if measured.over != "all":
        figures["accuracy"] = float((named == to.shows[0]).to(torch.float64).mean())
        cells = measured.also["cells"].reshape(len(to.subjects), -1).nanmean(dim=0).tolist()
        if len(cells) > 1:
            figures |= {f"condition {name}": v for name, v in zip(to.conditions, cells, strict=True)}
    if to.subjects_accuracy is not None:
        figures["subjects_accuracy"] = to.subjects_accuracy
    return figures
