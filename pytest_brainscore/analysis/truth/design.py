"""Design: what an experiment was, apart from what it found: stimuli, neuroids, their reliability, splits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from ... import scoring
from ...data.recordings import Recordings
from ...data.stimuli import Stimuli
from ...errors import MetricError
from ...metrics.ceilings import Ceiling
from ...metrics.split_half import internal_consistency
from ...scoring.responses import Responses, responses_of
from ...specs.benchmarks import Benchmark
from ...specs.cases import Case
from ...specs.metrics import AnyMetric, Behavioural, Encoded, Metric, UniqueVariance
from ...specs.splits import Splits
from .known import recordings_from

REGION = "simulated"
NO_INTERVALS = {"intervals": "off"}
"""What `inference:` says where whole data sets are simulated anew, seed by seed."""
LEAST_RELIABLE = 0.01
"""What a neuroid counts as whose two halves do not agree at all."""
_SHARE = 0.8
"""Of the stimuli to fit on, on others than those that say it of themselves."""
MOST_NUMBERS = 100_000_000
"""Of one simulation, 0.8 GB."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Design:
    """The size and the noise of recordings, without the recordings.

    stimuli: what was shown. reliability: (n_neuroids,), the share of signal in the variance of each
    neuroid's responses averaged over repetitions. subjects: of each neuroid. repetitions: of each stimulus.
    benchmark: whose design it is, and whose splits.
    """

    stimuli: Stimuli
    reliability: Floats
    subjects: tuple[str, ...]
    repetitions: int
    benchmark: Benchmark

    @property
    def median_reliability(self) -> float:
        """The median over neuroids."""
        return float(np.median(self.reliability))

    def of_neuroids(self, count: int) -> Design:
        """So many neuroids: evenly spaced among the sorted ones, or each several times."""
        order = np.argsort(self.reliability, kind="stable")
        taken = order[np.floor((np.arange(count) + 0.5) * len(order) / count).astype(int)]
        subjects = tuple(self.subjects[i] for i in taken)
        return replace(self, reliability=self.reliability[taken], subjects=subjects)

    def of_reliability(self, median: float) -> Design:
        """Signal to noise times the same factor for all neuroids, such that this is the median."""
        ratio = self.reliability / np.maximum(1 - self.reliability, 1e-6)
        middle = self.median_reliability / max(1 - self.median_reliability, 1e-6)
        ratio = ratio * (median / max(1 - median, 1e-6)) / middle
        return replace(self, reliability=np.clip(ratio / (1 + ratio), LEAST_RELIABLE, 1 - 1e-6))

    def on(self, stimuli: Stimuli) -> Design:
        """The same on other stimuli, or on fewer; splits go by shares alone: coords may not be there."""
        splits = self.benchmark.splits
        written = splits.model_dump(exclude_unset=True, exclude={"stratify", "given"})
        if splits.given is not None:
            written |= {"n": 1, "train": _SHARE}
        benchmark = self.benchmark.model_copy(update={"splits": Splits.model_validate(written)})
        return replace(self, stimuli=stimuli, benchmark=benchmark)

    def measured_by(self, metric: AnyMetric, seed: int) -> Benchmark:
        """The benchmark of that metric on this design, with splits of that seed and without a ceiling.

        A ceiling is the same for all layers, so that none is needed to tell which of them is best.
        """
        splits = {**self.benchmark.splits.model_dump(exclude_unset=True), "seed": seed}
        entry = {"region": REGION, "metric": metric, "splits": splits, "inference": NO_INTERVALS}
        return Benchmark.model_validate(entry)

    def recordings(self, truth: torch.Tensor, components: int | None, seed: int) -> Recordings:
        """Recordings of this design that are made from a layer, (n_stimuli, p) coordinates.

        components: of a layer that has fewer, all it has; None: its units as they are.
        Raises MetricError where they would be too large, and as `recordings_from` does.
        """
        if components is not None:
            components = min(components, truth.shape[1], len(truth) - 1)
        n, m, times = len(self.stimuli), len(self.reliability), self.repetitions
        if n * m * times > MOST_NUMBERS:
            raise MetricError(
                f"{n:,} stimuli x {m:,} neuroids x {times} repetitions are more than {MOST_NUMBERS:,}"
                " numbers: simulate fewer neuroids"
            )
        terms = {"neuroids": m, "reliability": self.reliability, "repetitions": times}
        made = recordings_from(truth, components=components, seed=seed, **terms)  # type: ignore[arg-type]
        values = made.responses.transpose(0, 2, 1).reshape(n * times, m)
        shown = {"stimulus": np.repeat(self.stimuli.ids, times), "repetition": np.tile(np.arange(times), n)}
        who = {"neuroid": np.arange(m), "subject": list(self.subjects), "region": [REGION] * m}
        coords = {name: ("presentation", labels) for name, labels in shown.items()}
        coords |= {name: ("neuroid", np.asarray(labels)) for name, labels in who.items()}
        data = xr.DataArray(values, dims=("presentation", "neuroid"), coords=coords)
        return Recordings(REGION, self.stimuli, data)


def design_of(case: Case, recordings: Recordings, *, reliability: float | None = None) -> Design:
    """The design of a benchmark, from its recordings.

    Each neuroid's reliability is what the benchmark's own ceiling says of it, where that is of neuroids, else
    that of split halves of its repetitions.
    reliability: of all neuroids instead, where the recordings do not tell.
    Raises MetricError for recordings that are choices or RDMs, and for means of repetitions of which nothing
    says how reliable they are.
    """
    benchmark = case.benchmark
    refuse_unsuited(benchmark.metric, case.where)
    chosen = recordings.select(region=case.region, **benchmark.select)
    if chosen.kind != "responses":
        raise MetricError(
            f"{case.where}: {case.name} has {chosen.kind}, and a layer can stand in the place of responses of"
            " neuroids alone: take a benchmark on responses"
        )
    responses = responses_of(benchmark, case.region, chosen, torch.device("cpu"))
    known = _reliability(case, recordings, responses) if reliability is None else None
    each = np.full(len(responses.names), reliability) if known is None else known
    subjects = chosen.data["subject"].values[responses.usable]
    return Design(
        stimuli=responses.stimuli,
        reliability=np.clip(np.nan_to_num(each), LEAST_RELIABLE, 1.0),
        subjects=tuple(map(str, subjects)),
        repetitions=_repetitions(responses),
        benchmark=benchmark,
    )


def refuse_unsuited(metric: Metric, where: str) -> None:
    """Raise MetricError for a metric that compares something else than responses of neuroids to stimuli."""
    if isinstance(metric, Behavioural) or metric.over_time:
        what = "responses over time" if metric.over_time else "choices"
        raise MetricError(f"{where}: {metric.name} compares {what}, which are not made from a layer here")
    if isinstance(metric, UniqueVariance):
        raise MetricError(
            f"{where}: unique_variance needs baselines beside each layer, which recover has not"
        )
    if isinstance(metric, Encoded) and metric.features == "units":
        raise MetricError(f"{where}: {metric.name}: recover takes `features: exact` or projection, not units")


def _reliability(case: Case, recordings: Recordings, responses: Responses) -> Floats:
    target = scoring.target(case.benchmark, case.region, recordings, torch.device("cpu"))
    ceiling = target.ceiling if isinstance(target, scoring.Target) else None
    if ceiling is None or ceiling.over != "neuroid" or not _of_neuroids(ceiling, len(responses.names)):
        ceiling = _of_halves(case, responses)
    assert ceiling.values is not None  # both kinds have one for each neuroid
    return np.asarray(ceiling.values.nanmean(dim=0).cpu().numpy(), np.float64)


def _of_neuroids(ceiling: Ceiling, count: int) -> bool:
    return ceiling.values is not None and ceiling.values.ndim == 2 and ceiling.values.shape[1] == count


def _of_halves(case: Case, responses: Responses) -> Ceiling:
    try:
        return internal_consistency(*responses.presentations())
    except MetricError as why:
        raise MetricError(
            f"{case.where}: how reliable the neuroids of {case.name} are cannot be told ({why}): say it"
            " (`--reliability 0.5`)"
        ) from None


def _repetitions(responses: Responses) -> int:
    _, stimulus, _ = responses.presentations()
    return max(1, int(np.median(np.unique(stimulus, return_counts=True)[1])))
