"""The page a scientist reads: one benchmark, recordings and a model's activations make one score.

1. `target` prepares what models are compared with: the region's responses averaged over repetitions, without
   neuroids that are constant or not a number; the splits over stimuli; the ceiling.
2. `score` compares one model's activations with it: the metric per split and neuroid, then the median over
   neuroids (the mean over subjects) and the mean over splits, then raw and ceiling make the ceiled score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .data.recordings import Recordings
from .errors import MetricError
from .metrics import ceilings, splits
from .metrics.ceilings import Ceiling
from .metrics.measurement import Measurement
from .metrics.normalise import normalise
from .metrics.rsa import brain_rdms
from .metrics.splits import Split
from .scores import Score
from .specs.benchmarks import Benchmark
from .specs.benchmarks import Ceiling as CeilingSpec
from .specs.benchmarks import Splits as SplitsSpec
from .specs.metrics import Metric

Resolve = Callable[[str], Callable[..., Any]]
FEW = 10


@dataclass(frozen=True, eq=False)
class Target:
    """What every model of a benchmark is compared with.

    y: responses (n_stimuli, n_neuroids), or RDMs (n_subjects, n_stimuli, n_stimuli), float64.
    rows: the places of its stimuli in the data set's full list.
    names: of the neuroids, or of the subjects.
    groups: for metrics per subject, each subject's columns of y.
    """

    y: Tensor
    rows: Tensor
    names: tuple[str, ...]
    splits: tuple[Split, ...]
    ceiling: Ceiling | None
    groups: tuple[Tensor, ...] | None = None
    subjects: tuple[str, ...] = ()
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def target(benchmark: Benchmark, region: str, recordings: Recordings, device: torch.device) -> Target:
    """Prepare the recordings of one region.

    Raises DataError where nothing is left after `select`, MetricError where splits or ceiling cannot be made.
    """
    chosen = recordings.select(region=region, **benchmark.select)
    place = {stimulus: i for i, stimulus in enumerate(recordings.stimuli.ids)}
    rows = torch.tensor([place[stimulus] for stimulus in chosen.stimuli.ids])
    n = len(rows)
    drawn = tuple(draw(benchmark.splits, n, chosen.stimuli.coords, benchmark.metric))
    if chosen.kind == "rdms":
        return _rdm_target(benchmark, chosen, rows, drawn, device)
    responses = chosen.responses()
    usable, left_out = chosen.usable(responses)
    if not usable.any():
        raise MetricError(f"no neuroid of {region} can be used: {_counted(left_out)}")
    kept = responses.isel(neuroid=np.flatnonzero(usable))
    y = torch.as_tensor(kept.values, dtype=torch.float64, device=device)
    subjects, groups = _subjects(benchmark.metric, kept)
    return Target(
        y=y,
        rows=rows,
        names=tuple(str(name) for name in kept["neuroid"].values),
        splits=drawn,
        ceiling=_ceiling(benchmark, chosen, usable, y, groups),
        groups=groups,
        subjects=subjects,
        left_out=left_out,
    )


def score(benchmark: Benchmark, x: Tensor, to: Target, resolve: Resolve) -> Score:
    """Compare activations or coordinates (n_stimuli of the full data set, p) with a target.

    Raises MetricError where the metric gives no number.
    """
    metric = benchmark.metric
    if _is_constant(x):
        raise MetricError("the activations of this layer are constant: the same for all stimuli")
    function = resolve(getattr(metric, "function", None) or metric.name)
    arguments = metric.parameters()
    if to.groups is not None:
        arguments["groups"] = to.groups
    measured = _as_measurement(function(x[to.rows.to(x.device)], to.y, to.splits, **arguments), metric)
    per_split, raw = measured.per_split(), measured.raw()
    if not np.isfinite(raw):
        at = ", ".join(str(i + 1) for i in np.flatnonzero(~np.isfinite(per_split.cpu().numpy())))
        raise MetricError(
            f"{metric.name} gives no number in split {at} of {len(per_split)}: there every neuroid, or what"
            " is predicted of it, is constant"
        )
    return Score(
        raw=raw,
        error=measured.error(),
        ceiling=to.ceiling.value if to.ceiling else None,
        ceiling_error=to.ceiling.error if to.ceiling else None,
        ceiled=_ceiled(benchmark, per_split, to.ceiling),
        normalise=benchmark.normalisation(),
        splits=tuple(per_split.tolist()),
        values=measured.values.cpu().numpy(),
        targets=_target_names(measured, to),
        over=measured.over,
        left_out={reason: names for reason, names in to.left_out.items() if names},
        also=_further(measured, to.ceiling),
        notes=_notes(to),
    )


def draw(spec: SplitsSpec, n: int, coords: Mapping[str, np.ndarray], metric: Metric) -> list[Split]:
    """The splits over n stimuli that a benchmark asks for; by default 10, shuffled, 90 % to train on.

    By default at least 10 stimuli are tested on, or half of them where there are fewer than 20.
    The metrics that compare on the test stimuli alone (rdm_cv, cka_cv) take 90 % of them.
    Raises MetricError where a coord is not there or the stimuli are too few: fewer than 3 to test on always
    correlate at 1 or -1.
    """
    drawn = _drawn(spec, n, coords, metric) if metric.uses_splits else []
    fewest = min((len(split.test) for split in drawn), default=3)
    if fewest < 3:
        raise MetricError(
            f"splits: {fewest} of {n} stimuli to test on, and a correlation needs 3; write `splits` with a"
            " larger `test`, or show more stimuli"
        )
    return drawn


def _drawn(spec: SplitsSpec, n: int, coords: Mapping[str, np.ndarray], metric: Metric) -> list[Split]:
    if spec.given:
        return splits.given(_coord(coords, spec.given))
    strata = _coord(coords, spec.stratify) if spec.stratify else None
    if spec.folds:
        return splits.kfold(n, spec.folds, seed=spec.seed, strata=strata)
    train, test = spec.train, spec.test
    if train is None and test is None:
        train, test = (None, 0.9) if metric.name in {"rdm_cv", "cka_cv"} else (_train_share(n), None)
    arguments: dict[str, Any] = {"n_splits": spec.n or 10, "train": train, "test": test, "seed": spec.seed}
    return splits.shuffle(n, **arguments) if strata is None else splits.stratified(strata, **arguments)


def _train_share(n: int) -> float:
    """90 %, or less where that would leave fewer than 10 stimuli to test on."""
    return 0.9 if n >= 100 else 1 - min(10, n // 2) / n


def _is_constant(x: Tensor) -> bool:
    return bool((x == x[:1]).all())


def _notes(to: Target) -> tuple[str, ...]:
    """What a reader of the score should know of its splits."""
    fewest = min((len(split.test) for split in to.splits), default=FEW)
    return (f"only {fewest} stimuli to test on in each split",) if fewest < FEW else ()


def _coord(coords: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in coords:
        raise MetricError(
            f"splits: the stimuli have no coord {name} (there are {', '.join(coords) or 'none'})"
        )
    return coords[name]


def _rdm_target(
    benchmark: Benchmark, chosen: Recordings, rows: Tensor, drawn: tuple[Split, ...], device: torch.device
) -> Target:
    if not benchmark.metric.per_subject:
        raise MetricError(
            f"these recordings are RDMs, which {benchmark.metric.name} cannot use: use rdm or rdm_cv"
        )
    y = torch.as_tensor(chosen.data.values, dtype=torch.float64, device=device)
    names = tuple(str(name) for name in chosen.data["subject"].values)
    ceiling = _ceiling(benchmark, chosen, None, y, None)
    return Target(y=y, rows=rows, names=names, subjects=names, splits=drawn, ceiling=ceiling)


def _subjects(metric: Metric, responses: Any) -> tuple[tuple[str, ...], tuple[Tensor, ...] | None]:
    """Names and columns of the subjects, for metrics that compare subject by subject."""
    if (
        not metric.per_subject
        or getattr(metric, "subjects", None) == "pooled"
        or "subject" not in responses.coords
    ):
        return (), None
    labels = responses["subject"].values.astype(str)
    names = tuple(dict.fromkeys(labels.tolist()))
    return names, tuple(torch.as_tensor(np.flatnonzero(labels == name)) for name in names)


def _ceiling(
    benchmark: Benchmark,
    chosen: Recordings,
    usable: np.ndarray | None,
    y: Tensor,
    groups: tuple[Tensor, ...] | None,
) -> Ceiling | None:
    spec: CeilingSpec = benchmark.ceiling
    if spec.name == "constant":
        return Ceiling(value=float(spec.value or 0), error=None)
    if spec.name == "internal_consistency":
        if usable is None:
            raise MetricError(
                "ceiling: internal_consistency needs repeated responses; for RDMs use rsa_bounds"
            )
        values, stimulus, repetition = chosen.presentations()
        presented = torch.as_tensor(values[:, usable], dtype=torch.float64, device=y.device)
        return ceilings.internal_consistency(
            presented, torch.as_tensor(stimulus), torch.as_tensor(repetition), n=spec.n, seed=spec.seed
        )
    if spec.name == "rsa_bounds":
        metric = benchmark.metric
        rdms = y if usable is None else brain_rdms(y, getattr(metric, "distance", "pearson"), groups)
        return ceilings.rsa_bounds(rdms, comparison=getattr(metric, "comparison", "spearman"))
    return None


def _ceiled(benchmark: Benchmark, per_split: Tensor, ceiling: Ceiling | None) -> float | None:
    value = ceiling.value if ceiling else None
    return normalise(
        benchmark.normalisation(), per_split.cpu(), value, chance=benchmark.chance, clip=benchmark.clip
    )


def _as_measurement(result: Any, metric: Metric) -> Measurement:
    """What a metric hands back; a custom one may give a bare tensor: (), (splits,) or (splits, targets)."""
    if isinstance(result, Measurement):
        return result
    values = torch.as_tensor(result, dtype=torch.float64)
    if values.ndim > 2:
        raise MetricError(
            f"{metric.name} returns {tuple(values.shape)}: (splits, neuroids), (splits,) or () is due"
        )
    if values.ndim == 2:
        return Measurement(values)
    return Measurement(values.reshape(-1, 1), over="all", centre="mean")


def _target_names(measured: Measurement, to: Target) -> tuple[str, ...]:
    names = {"neuroid": to.names, "subject": to.subjects, "all": ("all",)}[measured.over]
    width = measured.values.shape[1]
    return names if len(names) == width else tuple(str(i) for i in range(width))


def _further(measured: Measurement, ceiling: Ceiling | None) -> dict[str, float]:
    """Further figures of the metric, averaged as the score is; the ceiling's lower bound."""
    figures = {
        name: Measurement(
            values if values.ndim == 2 else values[:, None].to(torch.float64), centre=measured.centre
        ).raw()
        for name, values in measured.also.items()
    }
    lower = ceiling.lower if ceiling else None
    return figures if lower is None else {**figures, "ceiling_lower": lower}


def _counted(left_out: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(f"{len(names)} {reason}" for reason, names in left_out.items())
