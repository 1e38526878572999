"""Two alternatives: in each trial an image's object, or one distractor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...data.recordings import Recordings
from ...errors import MetricError
from ...metrics import behaviour
from ...metrics.behaviour import Trials, against_each
from ...metrics.ceilings import Ceiling
from ...scores import Score, Table
from ...specs.benchmarks import Benchmark
from ...specs.metrics import TwoAlternative
from ...specs.readouts import Readout
from ..ceiled import ceiled
from .by_image import by_image
from .reading import Reading, places, reading, refuse_other_names
from .trials import images

_ALTERNATIVES = ("truth", "distractor")


@dataclass(frozen=True, eq=False)
class PairTarget:
    """What the choices of every model of a benchmark of two alternatives are compared with.

    trials: the subjects' choices; their images are `rows` of the data set's full list of stimuli, and their
        objects are `objects`.
    columns: where these objects are among those that are read. names: of the images.
    """

    trials: Trials
    rows: Tensor
    names: tuple[str, ...]
    objects: tuple[str, ...]
    reading: Reading
    columns: Tensor
    ceiling: Ceiling | None


def target(benchmark: Benchmark, whole: Recordings, chosen: Recordings, device: torch.device) -> PairTarget:
    """Code the chosen trials, and find what of the whole the readout is fitted on.

    Raises MetricError for trials without distractor, and objects that the readout does not know or calls
    otherwise; DataError where `fit` selects nothing.
    """
    metric, spec = benchmark.metric, benchmark.readout or Readout()
    if "distractor" not in chosen.data.coords:
        raise MetricError(
            f"{metric.name} is of two alternatives: the trials need a column `distractor` beside `truth`; for"
            " choices among many objects use error_consistency or accuracy_distance"
        )
    known = reading(spec, whole, device)
    trials, rows, objects = _coded(chosen)
    refuse_other_names(spec, whole, rows, np.asarray(objects)[trials.truth])
    return PairTarget(
        trials=trials.to(device),
        rows=torch.as_tensor(rows, device=device),
        names=tuple(str(whole.stimuli.ids[row]) for row in rows),
        objects=objects,
        reading=known,
        columns=torch.tensor(places(objects, known), device=device),
        ceiling=_ceiling(benchmark, trials),
    )


def score(benchmark: Benchmark, named: Tensor, to: PairTarget, function: Callable[..., Any]) -> Score:
    """Compare probabilities (images, objects that are read) with a target's choices.

    Raises MetricError where the metric gives no number.
    """
    metric = benchmark.metric
    measured = function(named[:, to.columns], to.trials, **metric.parameters())
    per_split, ceiling = measured.per_split(), to.ceiling
    if not np.isfinite(measured.raw()):
        raise MetricError(
            f"{metric.name} gives no number: the d' of the subjects, or of the model, is constant"
        )
    return Score(
        raw=measured.raw(),
        error=measured.error(),
        ceiling=ceiling.value if ceiling else None,
        ceiling_error=ceiling.error if ceiling else None,
        ceiled=ceiled_of(benchmark, per_split, ceiling),
        normalise=benchmark.normalisation(),
        splits=tuple(per_split.tolist()),
        values=measured.values.cpu().numpy(),
        targets=("all",),
        over=measured.over,
        also={"accuracy": _accuracy(named, to), "subjects_accuracy": to.trials.accuracy()},
        notes=to.reading.notes(to.rows),
        beside=_by_image(named[:, to.columns], to),
    )


def _coded(chosen: Recordings) -> tuple[Trials, np.ndarray, tuple[str, ...]]:
    """Trials in numbers, the rows of the stimuli that they show, and the names of their objects, sorted."""
    choice, truth, distractor = (
        values.astype(str) for values in (chosen.data.values, *(chosen.data[c].values for c in _ALTERNATIVES))
    )
    rows, first, stimulus = images(chosen)
    codes, objects = pd.factorize(np.concatenate([truth, distractor]), sort=True)
    trials = Trials(
        stimulus=torch.from_numpy(stimulus),
        distractor=torch.from_numpy(codes[len(truth) :].astype(np.int64)),
        erred=torch.from_numpy(choice == distractor),
        truth=torch.from_numpy(codes[first].astype(np.int64)),
        n_objects=len(objects),
    )
    return trials, rows, tuple(str(name) for name in objects)


def _by_image(probabilities: Tensor, to: PairTarget) -> dict[str, Table]:
    """Of the model its probability of being right in the subjects' own trials, by Luce's choice rule."""
    stimulus, distractor = to.trials.stimulus, to.trials.distractor
    errs = against_each(probabilities.to(torch.float64), to.trials.truth)[stimulus, distractor]
    return by_image(to.names, stimulus, ~to.trials.erred, 1 - errs)


def _accuracy(named: Tensor, to: PairTarget) -> float:
    """The share of the images that the subjects saw whose object ranks first of all that are read."""
    right = named.argmax(dim=1) == to.columns[to.trials.truth]
    return float(right.to(torch.float64).mean())


def _ceiling(benchmark: Benchmark, trials: Trials) -> Ceiling | None:
    spec, metric = benchmark.ceiling, benchmark.metric
    if spec.name == "constant":
        return Ceiling(value=float(spec.value or 0))
    if spec.name == "internal_consistency" and isinstance(metric, TwoAlternative):
        return behaviour.internal_consistency(trials, metric.name, **metric.parameters())
    return None


def ceiled_of(benchmark: Benchmark, per_split: Tensor, ceiling: Ceiling | None) -> float | None:
    """The ceiled score. The halvings keep their own ceilings, where the ceiling has them."""
    own = None if ceiling is None or ceiling.values is None else ceiling.values[:, 0].cpu()
    return ceiled(benchmark, per_split.cpu(), ceiling, own)
