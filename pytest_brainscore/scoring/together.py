"""Together: benchmarks on the same stimuli and splits, measured on one layer after the other with one fit."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor

from ..errors import BrainScoreError, MetricError
from ..metrics.encoded import Predictions, encode
from ..metrics.measurement import Measurement
from ..metrics.rsa import brain_rdms
from ..specs.benchmarks import Benchmark
from ..specs.metrics import Crsa, Encoded, Encoding, Metric, Versa
from .comparison import Resolve, function_of, measured
from .halves import by_subject
from .subjects import Subjects
from .targets import Target

_RIDGE = ("scale", "alphas", "grid", "criterion")
Found = Measurement | BrainScoreError
Seen = Mapping[Any, Tensor | BrainScoreError]
Shown = Tensor | Predictions | BrainScoreError


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


@dataclass(frozen=True, eq=False)
class Share:
    """Members of one metric that are measured in one call: the targets of all, and which values are whose."""

    members: tuple[int, ...]
    target: Target
    columns: tuple[Tensor, ...]


class Together:
    """Members on the same stimuli and splits. Encoding and veRSA of equal terms share a regression.

    What is the same for several members is computed once for each layer: the predictions, each neuroid's r,
    the layer's own RDM.
    """

    def __init__(self, members: Sequence[Member], resolve: Resolve) -> None:
        self.members, self._resolve = tuple(map(_with_rdms, members)), cache(resolve)
        self._fits = tuple(_fits(members))
        self._place = {i: at for fit in self._fits for i, at in zip(fit.members, fit.columns, strict=True)}
        self._shares = tuple(self._share(which) for which in _alike(self.members))
        self.members = _without_copies(self.members, self._shares)

    def measured(self, seen: Seen) -> list[Found]:
        """What each member measures on a layer, or why it cannot.

        seen: by sight, the layer's answer to the stimuli of the targets, (n, p), or why there is none.
        """
        shown = self._shown(seen)
        found: dict[int, Found] = {}
        for share in self._shares:
            found |= self._shared(share, shown[share.members[0]])
        return [found[i] if i in found else self._alone(i, x) for i, x in enumerate(shown)]

    def _shown(self, seen: Seen) -> list[Shown]:
        """For each member the predictions of all neuroids of its fit, or the layer's answer."""
        shown: list[Shown] = [seen[member.sight] for member in self.members]
        for fit in self._fits:
            first = self.members[fit.members[0]]
            made = _encoded(seen[first.sight], first.target, fit)
            for i in fit.members:
                shown[i] = made
        return shown

    def _alone(self, i: int, x: Shown) -> Found:
        member = self.members[i]
        own = x.some(self._place[i]) if isinstance(x, Predictions) else x
        return self._measured(member.benchmark.metric, own, member.target)

    def _shared(self, share: Share, x: Shown) -> dict[int, Found]:
        """What its members measure, but for those without a number, who say why when they are alone."""
        whole = self._measured(self.members[share.members[0]].benchmark.metric, x, share.target)
        if not isinstance(whole, Measurement):
            return {}
        parts = {
            i: _part(whole, columns, self.members[i].target)
            for i, columns in zip(share.members, share.columns, strict=True)
        }
        return {i: part for i, part in parts.items() if _has_numbers(part)}

    def _measured(self, metric: Metric, x: Shown, to: Target) -> Found:
        if isinstance(x, BrainScoreError):
            return x
        try:
            return measured(function_of(metric, self._resolve), x, to, metric)
        except MetricError as why:
            return why.with_traceback(None)

    def _share(self, which: Sequence[int]) -> Share:
        """Of encoding all neuroids of the fit, of cRSA and veRSA the RDMs of all subjects of all members."""
        first, targets = self.members[which[0]], [self.members[i].target for i in which]
        if isinstance(first.benchmark.metric, Encoding):
            fit = next(fit for fit in self._fits if which[0] in fit.members)
            whole = replace(first.target, y=fit.y, subjects=Subjects())
            return Share(tuple(which), whole, tuple(self._place[i] for i in which))
        rdms = torch.cat([target.y for target in targets])
        columns = torch.split(torch.arange(len(rdms)), [len(target.y) for target in targets])
        groups = tuple(
            self._place[i][group.to(self._place[i].device)]
            for i, target in zip(which, targets, strict=True)
            for group in target.subjects.groups or ()
        )
        whole = replace(first.target, y=rdms, subjects=Subjects(groups=groups or None))
        return Share(tuple(which), whole, tuple(columns))


def _alike(members: Sequence[Member]) -> list[list[int]]:
    """Members that one call can measure, where there are several: they differ in their targets alone."""
    alike: dict[object, list[int]] = {}
    for i, member in enumerate(members):
        metric = member.benchmark.metric
        if isinstance(metric, Encoding) or (isinstance(metric, Crsa | Versa) and member.target.y.ndim == 3):
            terms = str(sorted(metric.parameters().items()))
            alike.setdefault((metric.name, member.sight, terms), []).append(i)
    return [which for which in alike.values() if len(which) > 1]


def _without_copies(members: Sequence[Member], shares: Sequence[Share]) -> tuple[Member, ...]:
    """The same; RDMs that are held for all subjects of a share are not held again for each member."""
    held = {
        i: replace(members[i].target, y=share.target.y[columns[0] : columns[-1] + 1])
        for share in shares
        if share.target.y.ndim == 3
        for i, columns in zip(share.members, share.columns, strict=True)
    }
    return tuple(replace(one, target=held.get(i, one.target)) for i, one in enumerate(members))


def _part(whole: Measurement, columns: Tensor, to: Target) -> Measurement:
    """The values of one member, as it would measure them alone."""
    at = columns.to(whole.values.device)
    rdms = tuple(rdm if len(rdm) == 1 else rdm[at] for rdm in whole.rdms)
    each = whole.values.shape  # the others are one figure per split
    also = {name: figure[:, at] if figure.shape == each else figure for name, figure in whole.also.items()}
    part = replace(whole, values=whole.values[:, at], also=also, rdms=rdms, groups=to.subjects.groups)
    return by_subject(part)


def _has_numbers(part: Measurement) -> bool:
    sides = (part.values, part.also["train"])
    return all(bool(side.isfinite().any(dim=1).all()) for side in sides)


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
