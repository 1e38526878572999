"""Targets: what every model of a benchmark is compared with, made once of the recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..data.recordings import Recordings
from ..data.stimuli import Stimuli
from ..errors import MetricError
from ..metrics.ceilings import Ceiling
from ..metrics.splits import Split
from ..specs.benchmarks import Benchmark
from ..specs.metrics import Behavioural, Crsa, Metric, MutualKnn, Rdm, RdmCV, Rsm
from .ceilings import ceiling_of_rdms, ceiling_of_responses
from .choices import ChoiceTarget, choice_target
from .responses import Responses, Window, responses_of
from .splitting import draw
from .subjects import Subjects


@dataclass(frozen=True, eq=False)
class Target:
    """What every model of a benchmark is compared with.

    y: responses (n_stimuli, n_neuroids), over time (n_stimuli, n_bins, n_neuroids), or RDMs (n_subjects,
        n_stimuli, n_stimuli), float64.
    rows: the places of its stimuli in the data set's full list. stimuli: their ids.
    names: of the neuroids, or of the subjects.
    subjects: for metrics that take them one by one, their names and columns of y.
    time_bins: start and end of each bin, over time.
    left_out: neuroids that could not be used, by reason.
    """

    y: Tensor
    rows: Tensor
    names: tuple[str, ...]
    splits: tuple[Split, ...]
    ceiling: Ceiling | None
    subjects: Subjects = field(default_factory=Subjects)
    time_bins: tuple[Window, ...] = ()
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    stimuli: tuple[str, ...] = ()


AnyTarget = Target | ChoiceTarget
_OF_RDMS = (Rdm, RdmCV, Rsm, Crsa, MutualKnn)


def target(benchmark: Benchmark, region: str, recordings: Recordings, device: torch.device) -> AnyTarget:
    """Prepare the recordings of one region.

    Raises DataError where nothing is left after `select`, MetricError where splits or ceiling cannot be made.
    """
    chosen = recordings.select(region=region, **benchmark.select)
    if chosen.kind == "choices" or isinstance(benchmark.metric, Behavioural):
        return choice_target(benchmark, recordings, chosen, device)
    if chosen.kind == "rdms":
        return _rdm_target(benchmark, recordings.stimuli, chosen, device)
    return _response_target(benchmark, region, recordings.stimuli, chosen, device)


def _response_target(
    benchmark: Benchmark, region: str, shown: Stimuli, chosen: Recordings, device: torch.device
) -> Target:
    responses = responses_of(benchmark, region, chosen, device)
    splits = _splits(benchmark, responses.stimuli)
    if _by_crossnobis(benchmark.metric):
        return _crossnobis_target(benchmark, shown, responses, splits)
    ceiling = ceiling_of_responses(benchmark, responses, splits)
    return Target(
        y=responses.y,
        rows=_rows(responses.stimuli, shown),
        names=responses.names,
        splits=splits,
        ceiling=ceiling,
        subjects=responses.subjects,
        time_bins=responses.time_bins,
        left_out=responses.left_out,
        notes=(*responses.notes, *(ceiling.notes if ceiling else ())),
        stimuli=responses.stimuli.ids,
    )


def _crossnobis_target(
    benchmark: Benchmark, shown: Stimuli, responses: Responses, splits: tuple[Split, ...]
) -> Target:
    rdms, names = responses.crossnobis(), responses.subjects.names or ("all",)
    return Target(
        y=rdms,
        rows=_rows(responses.stimuli, shown),
        names=names,
        splits=splits,
        ceiling=ceiling_of_rdms(benchmark, rdms, splits),
        subjects=Subjects(names),
        left_out=responses.left_out,
        notes=responses.notes,
        stimuli=responses.stimuli.ids,
    )


def _rdm_target(benchmark: Benchmark, shown: Stimuli, chosen: Recordings, device: torch.device) -> Target:
    _refuse_rdms(benchmark.metric)
    y = torch.as_tensor(chosen.data.values, dtype=torch.float64, device=device)
    names = tuple(str(name) for name in chosen.data["subject"].values)
    splits = _splits(benchmark, chosen.stimuli)
    return Target(
        y=y,
        rows=_rows(chosen.stimuli, shown),
        names=names,
        splits=splits,
        ceiling=ceiling_of_rdms(benchmark, y, splits),
        subjects=Subjects(names),
        stimuli=chosen.stimuli.ids,
    )


def _refuse_rdms(metric: Metric) -> None:
    if not isinstance(metric, _OF_RDMS):
        raise MetricError(
            f"these recordings are RDMs, which {metric.name} cannot use: use rdm, rdm_cv, crsa, rsm or"
            " mutual_knn"
        )
    if _by_crossnobis(metric):
        raise MetricError(
            f"{metric.name}: distance: crossnobis is made of repetitions, and these recordings are RDMs: use"
            " pearson, cosine or euclidean, which is then the network's"
        )


def _by_crossnobis(metric: Metric) -> bool:
    return isinstance(metric, Rdm | RdmCV | Crsa) and metric.distance == "crossnobis"


def _rows(stimuli: Stimuli, shown: Stimuli) -> Tensor:
    place = {stimulus: i for i, stimulus in enumerate(shown.ids)}
    return torch.tensor([place[stimulus] for stimulus in stimuli.ids])


def _splits(benchmark: Benchmark, stimuli: Stimuli) -> tuple[Split, ...]:
    """Rows of the responses, drawn in their order, or in that of the data set's table."""
    metric = benchmark.metric
    if not metric.splits_as_listed:
        return tuple(draw(benchmark.splits, len(stimuli), stimuli.coords, metric))
    rows = stimuli.as_listed()
    drawn = draw(benchmark.splits, len(stimuli), stimuli.take(rows).coords, metric)
    row = torch.as_tensor(rows)
    return tuple(Split(train=row[split.train], test=row[split.test]) for split in drawn)
