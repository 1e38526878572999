"""Targets: what every model of a benchmark is compared with, made once of the recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data.recordings import Recordings
from ..errors import MetricError
from ..metrics import between_subjects, ceilings
from ..metrics.ceilings import Ceiling
from ..metrics.rsa import brain_rdms
from ..metrics.splits import Split
from ..specs.benchmarks import Benchmark
from ..specs.benchmarks import Ceiling as CeilingSpec
from ..specs.metrics import Behavioural, Metric
from .choices import ChoiceTarget, choice_target
from .splitting import draw


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


AnyTarget = Target | ChoiceTarget


def target(benchmark: Benchmark, region: str, recordings: Recordings, device: torch.device) -> AnyTarget:
    """Prepare the recordings of one region.

    Raises DataError where nothing is left after `select`, MetricError where splits or ceiling cannot be made.
    """
    chosen = recordings.select(region=region, **benchmark.select)
    if chosen.kind == "choices" or isinstance(benchmark.metric, Behavioural):
        return choice_target(benchmark, recordings, chosen, device)
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
        return between_subjects.rsa_bounds(rdms, comparison=getattr(metric, "comparison", "spearman"))
    return None


def _counted(left_out: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(f"{len(names)} {reason}" for reason, names in left_out.items())
