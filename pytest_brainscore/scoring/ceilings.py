"""Ceilings: which reliability of the recordings a benchmark asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from ..metrics import between_subjects, ceilings
from ..metrics.ceilings import Ceiling
from ..metrics.rsa import brain_rdms
from ..metrics.rsm import brain_rsms
from ..metrics.splits import Split
from ..specs.benchmarks import Benchmark
from ..specs.metrics import Metric, Rsm
from .responses import Responses

Presented = tuple[Tensor, np.ndarray, np.ndarray]
_OF_HALVES = {
    "internal_consistency": ceilings.internal_consistency,
    "predictor_consistency": ceilings.predictor_consistency,
}
_BETWEEN_SUBJECTS = {"rsa_bounds", "leave_one_subject_out", "subject_halves"}


def ceiling_of_responses(
    benchmark: Benchmark, responses: Responses, splits: Sequence[Split]
) -> Ceiling | None:
    """The ceiling of responses; where the data say what is tested on, of the presentations of that alone.

    Raises MetricError where the recordings do not have what it takes.
    """
    spec, groups = benchmark.ceiling, responses.subjects.groups
    if spec.name in _OF_HALVES:
        halves = _OF_HALVES[spec.name]
        return halves(*_tested(benchmark, responses, splits), n=spec.n, seed=spec.seed, groups=groups)
    if spec.name == "stored":
        return ceilings.stored(responses.coord(spec.coord or ""), n=spec.n, seed=spec.seed, groups=groups)
    if spec.name in _BETWEEN_SUBJECTS:
        return _between_subjects(benchmark, _rdms(benchmark.metric, responses))
    return _constant(benchmark)


def ceiling_of_rdms(benchmark: Benchmark, rdms: Tensor) -> Ceiling | None:
    """The ceiling of recorded RDMs (s, n, n). Raises MetricError for one that is of responses."""
    if benchmark.ceiling.name in _BETWEEN_SUBJECTS:
        return _between_subjects(benchmark, rdms)
    if benchmark.ceiling.name in ("constant", "none"):
        return _constant(benchmark)
    raise MetricError(
        f"ceiling: {benchmark.ceiling.name} needs responses; for RDMs use rsa_bounds, leave_one_subject_out"
        " or subject_halves"
    )


def _constant(benchmark: Benchmark) -> Ceiling | None:
    value = benchmark.ceiling.value
    return None if value is None else Ceiling(value=float(value))


def _tested(benchmark: Benchmark, responses: Responses, splits: Sequence[Split]) -> Presented:
    rows = torch.cat([split.test for split in splits]) if benchmark.splits.given and splits else None
    return responses.presentations(rows)


def _rdms(metric: Metric, responses: Responses) -> Tensor:
    groups = responses.subjects.groups
    if isinstance(metric, Rsm):
        return brain_rsms(responses.y, groups)
    return brain_rdms(responses.y, getattr(metric, "distance", "pearson"), groups)


def _between_subjects(benchmark: Benchmark, rdms: Tensor) -> Ceiling:
    spec, metric = benchmark.ceiling, benchmark.metric
    comparison = getattr(metric, "comparison", "pearson" if isinstance(metric, Rsm) else "spearman")
    if spec.name == "subject_halves":
        return between_subjects.subject_halves(rdms, comparison, n=spec.n, seed=spec.seed)
    if spec.name == "leave_one_subject_out":
        return between_subjects.leave_one_subject_out(rdms, comparison)
    return between_subjects.rsa_bounds(rdms, comparison)
