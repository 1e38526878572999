"""Together: benchmarks on the same stimuli and splits, measured on one layer after the other with one fit."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor

from ..errors import BrainScoreError, MetricError
from ..metrics.encoded import Predictions, encode
from ..metrics.measurement import Measurement
from ..metrics.rsa import brain_rdms
from ..specs.benchmarks import Benchmark
from ..specs.metrics import Crsa, Encoded, Versa
from .comparison import Resolve, function_of, measured
from .subjects import Subjects
from .targets import Target

_RIDGE = ("scale", "alphas", "grid", "criterion")
Found = Measurement | BrainScoreError
Seen = Mapping[Any, Tensor | BrainScoreError]


@dataclass(frozen=True, eq=False)
class Member:
    """A benchmark and its target. sight: equal for those that see the same of a layer."""

    benchmark: Benchmark
    target: Target
    sight: Hashable

    @property
    def ridge(self) -> dict[str, Any]:
        """The terms of its ridge regression; nothing for a metric that fits none."""
        if not isinstance(self.benchmark.metric, Encoded):
            return {}
        said = self.benchmark.metric.parameters()
        return {name: said[name] for name in _RIDGE if name in said}


@dataclass(frozen=True, eq=False)
class Fit:
    """Members that one ridge regression serves: all their neuroids, each once, and which are whose."""

    members: tuple[int, ...]
    y: Tensor
    columns: tuple[Tensor, ...]
    ridge: Mapping[str, Any] = field(default_factory=dict)


class Together:
    """Members on the same stimuli and splits. Encoding and veRSA of equal terms share a regression."""

    def __init__(self, members: Sequence[Member], resolve: Resolve) -> None:
        self.members, self._resolve = tuple(map(_with_rdms, members)), resolve
        self._fits = tuple(_fits(members))

    def measured(self, seen: Seen) -> list[Found]:
        """What each member measures on a layer, or why it cannot.

        seen: by sight, the layer's answer to the stimuli of the targets, (n, p), or why there is none.
        """
        predictions = self._predictions(seen)
        return [
            self._one(member, predictions.get(i, seen[member.sight])) for i, member in enumerate(self.members)
        ]

    def _one(self, member: Member, x: Tensor | Predictions | BrainScoreError) -> Found:
        if isinstance(x, BrainScoreError):
            return x
        metric = member.benchmark.metric
        try:
            return measured(function_of(metric, self._resolve), x, member.target, metric)
        except MetricError as why:
            return why.with_traceback(None)

    def _predictions(self, seen: Seen) -> dict[int, Predictions | BrainScoreError]:
        """By member, the predictions of its neuroids, for all that predict."""
        found: dict[int, Predictions | BrainScoreError] = {}
        for fit in self._fits:
            first = self.members[fit.members[0]]
            made = _encoded(seen[first.sight], first.target, fit)
            for member, columns in zip(fit.members, fit.columns, strict=True):
                found[member] = made.some(columns) if isinstance(made, Predictions) else made
        return found


def _with_rdms(member: Member) -> Member:
    """The same; for cRSA and veRSA the subjects' RDMs are made once, and not again for each layer."""
    metric, target = member.benchmark.metric, member.target
    if not isinstance(metric, Crsa | Versa) or target.subjects.groups is None:
        return member
    try:
        rdms = brain_rdms(target.y, metric.distance, target.subjects.groups)
    except MetricError:  # of some stimuli, perhaps: the metric will say which subject has no number
        return member
    subjects = target.subjects if isinstance(metric, Versa) else Subjects(target.subjects.names)
    return replace(member, target=replace(target, y=rdms, subjects=subjects))


def _fits(members: Sequence[Member]) -> list[Fit]:
    shared: dict[object, list[int]] = {}
    for i, member in enumerate(members):
        if isinstance(member.benchmark.metric, Encoded):
            shared.setdefault((member.sight, str(sorted(member.ridge.items()))), []).append(i)
    return [
        Fit(tuple(which), *joined([members[i].target.y for i in which]), members[which[0]].ridge)
        for which in shared.values()
    ]


def _encoded(x: Tensor | BrainScoreError, to: Target, fit: Fit) -> Predictions | BrainScoreError:
    if isinstance(x, BrainScoreError):
        return x
    try:
        return encode(x, fit.y, to.splits, **fit.ridge)
    except MetricError as why:
        return why.with_traceback(None)


def joined(responses: Sequence[Tensor]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All columns of several (n, m), each once, and where the columns of each of these are among them.

    Two neuroids are one where their responses are the same: regions overlap.
    """
    place: dict[bytes, int] = {}
    fresh: list[Tensor] = []
    columns: list[Tensor] = []
    for y in responses:
        before = len(place)
        keys = [blake2b(row, digest_size=16).digest() for row in y.T.contiguous().cpu().numpy()]
        at = [place.setdefault(key, len(place)) for key in keys]
        new = {where: i for i, where in reversed(list(enumerate(at))) if where >= before}
        fresh.append(y[:, [new[where] for where in sorted(new)]])
        columns.append(torch.tensor(at))
    return torch.cat(fresh, dim=1), tuple(columns)
