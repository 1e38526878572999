"""Ceilings: which reliability of the recordings a benchmark asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from ..metrics import ncsnr, split_half
from ..metrics.between_subjects import averaged, leave_one_subject_out, reliability_of_rdms, rsa_bounds
from ..metrics.ceilings import Ceiling, stored
from ..metrics.gsn import gsn
from ..metrics.other_subjects import other_subjects
from ..metrics.rsa import brain_rdms
from ..metrics.rsm import brain_rsms
from ..metrics.simulation import Simulation
from ..metrics.splits import Split
from ..specs.benchmarks import Benchmark
from ..specs.metrics import Encoded, Encoding, Metric, Rsm
from ..specs.registry import load
from .responses import Responses
from .subjects import are_unnamed

Presented = tuple[Tensor, np.ndarray, np.ndarray]
Make = Callable[[Benchmark, Responses, Sequence[Split]], Ceiling]
_BETWEEN_SUBJECTS = {
    "rsa_bounds": rsa_bounds,
    "leave_one_subject_out": leave_one_subject_out,
    "subject_halves": reliability_of_rdms,
}
_OF_SUBJECTS = {*_BETWEEN_SUBJECTS, "other_subjects"}
_NOT_OF_R = {"r_over_ceiling", "r2_over_ceiling2"}
"""Under these a ceiling is of what the score is, and of the neuroids' share of signal no root is taken."""
_ONCE = "ceiling: ncsnr: of one repetition each; if the responses are means, write `repetitions` there"


def ceiling_of_responses(
    benchmark: Benchmark, responses: Responses, splits: Sequence[Split]
) -> Ceiling | None:
    """The ceiling of responses; where the data say what is tested on, of the presentations of that alone.

    So it is for metrics that score the training stimuli, too: their scores are of the test stimuli.
    Raises MetricError where the recordings do not have what it takes.
    """
    name = benchmark.ceiling.name
    if name in _OF_SUBJECTS and are_unnamed(responses.chosen.data):
        raise MetricError(
            f"ceiling: {name} is between subjects, and the neuroids have no coord `subject`: give the table"
            " of `neuroids` such a column, or use another ceiling"
        )
    if name in _BETWEEN_SUBJECTS:
        return _between_subjects(benchmark, _rdms(benchmark.metric, responses), splits)
    make = _OF_RESPONSES.get(name)
    return make(benchmark, responses, splits) if make else _constant(benchmark)


def ceiling_of_rdms(benchmark: Benchmark, rdms: Tensor, splits: Sequence[Split] = ()) -> Ceiling | None:
    """The ceiling of recorded RDMs (s, n, n). Raises MetricError for one that is of responses."""
    if benchmark.ceiling.name in _BETWEEN_SUBJECTS:
        return _between_subjects(benchmark, rdms, splits)
    if benchmark.ceiling.name in ("constant", "none"):
        return _constant(benchmark)
    made = getattr(benchmark.metric, "distance", "") == "crossnobis"
    why = (
        "does not know the distance crossnobis" if made else "needs responses, and these recordings are RDMs"
    )
    raise MetricError(f"ceiling: {benchmark.ceiling.name} {why}: use {', '.join(sorted(_BETWEEN_SUBJECTS))}")


def _constant(benchmark: Benchmark) -> Ceiling | None:
    value = benchmark.ceiling.value
    return None if value is None else Ceiling(value=float(value))


def _halved(benchmark: Benchmark, responses: Responses, splits: Sequence[Split]) -> Ceiling:
    spec = benchmark.ceiling
    halves = getattr(split_half, spec.name)
    presented = _tested(benchmark, responses, splits)
    ceiling: Ceiling = halves(*presented, n=spec.n, seed=spec.seed, groups=responses.subjects.groups)
    return ceiling


def _stored(benchmark: Benchmark, responses: Responses, _: Sequence[Split]) -> Ceiling:
    spec, groups = benchmark.ceiling, responses.subjects.groups
    return stored(responses.coord(spec.coord or ""), n=spec.n, seed=spec.seed, groups=groups)


def _ncsnr(benchmark: Benchmark, responses: Responses, splits: Sequence[Split]) -> Ceiling:
    """The share of signal, as it is where scores are shares of variance, or what divides the square of r."""
    share, groups = _share_of_signal(benchmark, responses, splits), responses.subjects.groups
    if benchmark.normalisation() in _NOT_OF_R:
        return share
    return ncsnr.of_r(share, groups, "mean" if isinstance(benchmark.metric, Encoding) else "median")


def _share_of_signal(benchmark: Benchmark, responses: Responses, splits: Sequence[Split]) -> Ceiling:
    """Of the ratio that is stored, or else of the repetitions."""
    spec, groups = benchmark.ceiling, responses.subjects.groups
    values, stimulus, _ = _tested(benchmark, responses, splits)
    row = torch.from_numpy(stimulus)
    ratio = _coord(responses, spec.coord or "ncsnr", named=spec.coord is not None)
    if ratio is None:
        return ncsnr.noise_ceiling(ncsnr.estimated(values, row), ncsnr.left_of_noise(values, row), groups)
    given = spec.repetitions or _coord(responses, "repetitions")
    if given is not None:
        return ncsnr.noise_ceiling(ratio, 1 / given, groups)
    share = ncsnr.left_of_noise(values, row)
    once = () if bool((share < 1).any()) else (_ONCE,)
    return replace(ncsnr.noise_ceiling(ratio, share, groups), notes=once)


def _coord(responses: Responses, name: str, named: bool = False) -> Tensor | None:
    """A coord of the neuroids in numbers, where they have it; it must be there where it was `named`."""
    there = name in responses.chosen.data.coords
    return responses.coord(name) if there or named else None


def _gsn(benchmark: Benchmark, responses: Responses, splits: Sequence[Split]) -> Ceiling:
    spec, metric = benchmark.ceiling, benchmark.metric
    distance, comparison = getattr(metric, "distance", "pearson"), _comparison(metric)
    simulation = Simulation(n=spec.n, seed=spec.seed, distance=distance, comparison=comparison)
    values, stimulus, _ = _tested(benchmark, responses, splits)
    most = {} if spec.neuroids is None else {"most": spec.neuroids}
    return gsn(values, torch.from_numpy(stimulus), simulation, groups=responses.subjects.groups, **most)


def _other_subjects(benchmark: Benchmark, responses: Responses, splits: Sequence[Split]) -> Ceiling:
    metric = benchmark.metric
    if responses.y.ndim == 3:
        raise MetricError("ceiling: other_subjects knows no time bins: use internal_consistency")
    scaled = {"scale": "units"} if isinstance(metric, Encoded) else {}  # neuroids, whatever a network's are
    measure = partial(load(metric.function), **{**metric.parameters(), **scaled})
    squared = benchmark.normalisation() == "r2_over_ceiling"
    return other_subjects(measure, responses.y, splits, responses.subjects.groups, squared=squared)


_OF_RESPONSES: Mapping[str, Make] = {
    "internal_consistency": _halved,
    "predictor_consistency": _halved,
    "stored": _stored,
    "ncsnr": _ncsnr,
    "gsn": _gsn,
    "other_subjects": _other_subjects,
}


def _tested(benchmark: Benchmark, responses: Responses, splits: Sequence[Split]) -> Presented:
    apart = benchmark.splits.given or benchmark.metric.tells_train
    return responses.presentations(torch.cat([split.test for split in splits]) if apart and splits else None)


def _rdms(metric: Metric, responses: Responses) -> Tensor:
    groups = responses.subjects.groups
    if isinstance(metric, Rsm):
        return brain_rsms(responses.y, groups)
    return brain_rdms(responses.y, getattr(metric, "distance", "pearson"), groups)


def _comparison(metric: Metric) -> str:
    comparison: str = getattr(metric, "comparison", "pearson" if isinstance(metric, Rsm) else "spearman")
    return comparison


def _between_subjects(benchmark: Benchmark, rdms: Tensor, splits: Sequence[Split]) -> Ceiling:
    """Between the RDMs of all stimuli, or the mean over splits of those of the test stimuli."""
    spec, metric = benchmark.ceiling, benchmark.metric
    bound = partial(_BETWEEN_SUBJECTS[spec.name], comparison=_comparison(metric))
    if spec.name == "subject_halves":
        bound = partial(bound, n=spec.n, seed=spec.seed)
    if not (metric.tells_train and splits):
        whole: Ceiling = bound(rdms)
        return whole
    tested = (split.test.to(rdms.device) for split in splits)
    return averaged([bound(rdms[:, rows[:, None], rows]) for rows in tested])
