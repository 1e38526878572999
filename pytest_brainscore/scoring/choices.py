"""Choices: a model's readout names objects, and its errors are compared with the subjects'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..data.recordings import Recordings
from ..errors import MetricError, nearest
from ..metrics import behaviour, readout
from ..metrics.behaviour import Trials
from ..metrics.ceilings import Ceiling
from ..metrics.normalise import normalise
from ..scores import Score
from ..specs.benchmarks import Benchmark
from ..specs.metrics import TwoAlternative
from ..specs.readouts import Readout

_ALTERNATIVES = ("truth", "distractor")


@dataclass(frozen=True, eq=False)
class ChoiceTarget:
    """What the choices of every model of a benchmark are compared with.

    trials: the subjects' choices; their images are `rows` of the data set's full list of stimuli, and their
        objects are `objects`.
    columns: where these objects are among those that the readout names.
    fit, labels: rows to fit the readout on (n_fit,), and codes of the objects there, in the order of their
        first appearance.
    """

    trials: Trials
    rows: Tensor
    objects: tuple[str, ...]
    columns: Tensor
    fit: Tensor
    labels: Tensor
    ceiling: Ceiling | None

    @property
    def fitted(self) -> int:
        """How many of the images that the subjects saw are fitted on, too."""
        return int(torch.isin(self.rows, self.fit).sum())


def choice_target(
    benchmark: Benchmark, whole: Recordings, chosen: Recordings, device: torch.device
) -> ChoiceTarget:
    """Code the chosen trials, and find what of the whole the readout is fitted on.

    Raises MetricError for a metric of another kind, trials without distractor, and objects that the readout
    does not know or calls otherwise; DataError where `fit` selects nothing.
    """
    metric, spec = _behavioural(benchmark, chosen), benchmark.readout or Readout()
    fit, labels, known = _fitting(spec, whole)
    trials, rows, objects = _coded(chosen)
    _refuse_other_names(spec, whole, rows, np.asarray(objects)[trials.truth])
    return ChoiceTarget(
        trials=trials.to(device),
        rows=torch.as_tensor(rows, device=device),
        objects=objects,
        columns=torch.tensor([_place(name, known) for name in objects], device=device),
        fit=torch.as_tensor(fit, device=device),
        labels=torch.as_tensor(labels, device=device),
        ceiling=_ceiling(benchmark, metric, trials),
    )


def choice_score(benchmark: Benchmark, x: Tensor, to: ChoiceTarget, function: Callable[..., Any]) -> Score:
    """Compare the choices read from activations (n_stimuli of the full data set, p) with a target's.

    Raises MetricError where the readout cannot be fitted or the metric gives no number.
    """
    metric, spec = benchmark.metric, benchmark.readout or Readout()
    named = readout.probabilities(x, to.fit, to.labels, c=spec.c)[to.rows]
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
        ceiled=_ceiled(benchmark, per_split, ceiling),
        normalise=benchmark.normalisation(),
        splits=tuple(per_split.tolist()),
        values=measured.values.cpu().numpy(),
        targets=("all",),
        over=measured.over,
        also={"accuracy": _accuracy(named, to), "subjects_accuracy": to.trials.accuracy()},
        notes=_notes(to),
    )


def _behavioural(benchmark: Benchmark, chosen: Recordings) -> TwoAlternative:
    metric, kind = benchmark.metric, chosen.kind
    if not isinstance(metric, TwoAlternative) or kind != "choices":
        use = "i1, i1n, i2 or i2n" if kind == "choices" else "choices"
        raise MetricError(f"these recordings are {kind}, which {metric.name} cannot use: use {use}")
    if "distractor" not in chosen.data.coords:
        raise MetricError(
            f"{metric.name} is of two alternatives: the trials need a column `distractor` beside `truth`"
        )
    return metric


def _fitting(spec: Readout, whole: Recordings) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Rows that have a label, its code, and the labels, in the order of their first appearance."""
    if spec.label not in whole.stimuli.coords:
        raise MetricError(_no_label(spec.label, list(whole.stimuli.coords)))
    values, rows = whole.stimuli.coords[spec.label], whole.rows(**spec.fit)
    rows = rows[_labelled(values[rows])]
    codes, names = pd.factorize(values[rows].astype(str))
    return rows, codes.astype(np.int64), [str(name) for name in names]


def _no_label(label: str, known: list[str]) -> str:
    give = f'give `coords={{"{label}": ...}}` to from_trials, or a column `{label}` to the table of stimuli'
    if not known:
        return f"readout: the stimuli have no coord {label}, nor any other: {give}"
    return (
        f"readout: the stimuli have no coord {label}{nearest(label, known)} (there are {', '.join(known)});"
        f" write `label:` with one of them, or {give}"
    )


def _labelled(values: np.ndarray) -> np.ndarray:
    there: np.ndarray = ~pd.isna(values) & (values.astype(str) != "")
    return there


def _coded(chosen: Recordings) -> tuple[Trials, np.ndarray, tuple[str, ...]]:
    """Trials in numbers, the rows of the stimuli that they show, and the names of their objects, sorted."""
    choice, truth, distractor = (
        values.astype(str) for values in (chosen.data.values, *(chosen.data[c].values for c in _ALTERNATIVES))
    )
    shown = pd.Index(chosen.stimuli.ids).get_indexer(pd.Index(chosen.data["stimulus"].values))
    rows, first, stimulus = np.unique(np.asarray(shown), return_index=True, return_inverse=True)
    codes, objects = pd.factorize(np.concatenate([truth, distractor]), sort=True)
    trials = Trials(
        stimulus=torch.from_numpy(stimulus.astype(np.int64)),
        distractor=torch.from_numpy(codes[len(truth) :].astype(np.int64)),
        erred=torch.from_numpy(choice == distractor),
        truth=torch.from_numpy(codes[first].astype(np.int64)),
        n_objects=len(objects),
    )
    return trials, rows, tuple(str(name) for name in objects)


def _refuse_other_names(spec: Readout, whole: Recordings, rows: np.ndarray, truth: np.ndarray) -> None:
    labels = whole.stimuli.coords[spec.label][rows]
    wrong = np.flatnonzero(_labelled(labels) & (labels.astype(str) != truth))
    if len(wrong):
        i = wrong[0]
        raise MetricError(
            f"readout: {spec.label} of stimulus {whole.stimuli.ids[rows[i]]} is {labels[i]}, and its trials"
            f" say {truth[i]}: name the label that the subjects chose among"
        )


def _place(name: str, known: list[str]) -> int:
    if name not in known:
        raise MetricError(
            f"readout: no stimulus that it is fitted on shows {name}{nearest(name, known)}"
            f" (they show {', '.join(known[:12])})"
        )
    return known.index(name)


def _accuracy(named: Tensor, to: ChoiceTarget) -> float:
    """The share of the images that the subjects saw whose object the readout ranks first of all it knows."""
    right = named.argmax(dim=1) == to.columns[to.trials.truth]
    return float(right.to(torch.float64).mean())


def _ceiling(benchmark: Benchmark, metric: TwoAlternative, trials: Trials) -> Ceiling | None:
    spec = benchmark.ceiling
    if spec.name == "constant":
        return Ceiling(value=float(spec.value or 0))
    if spec.name == "internal_consistency":
        return behaviour.internal_consistency(trials, metric.name, **metric.parameters())
    return None


def _ceiled(benchmark: Benchmark, per_split: Tensor, ceiling: Ceiling | None) -> float | None:
    """The halvings keep their own ceilings, where the ceiling has them."""
    value: float | Tensor | None = None
    if ceiling is not None:
        value = ceiling.value if ceiling.values is None else ceiling.values[:, 0].cpu()
    return normalise(
        benchmark.normalisation(), per_split.cpu(), value, chance=benchmark.chance, clip=benchmark.clip
    )


def _notes(to: ChoiceTarget) -> tuple[str, ...]:
    """What a reader of the score should know of its readout."""
    if not to.fitted:
        return ()
    return (f"the readout is fitted on {to.fitted} of the {len(to.rows)} stimuli that it is tested on, too",)
