"""Kernels: of metrics that fit nothing, RDMs and Gram matrices that are made once and cut for each sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from ...metrics import rsa
from ...metrics.cka import kernel, of_kernels
from ...metrics.correlation import all_differ, rank
from ...metrics.measurement import Measurement
from ...specs.metrics import Cka, Crsa, Metric, Rdm
from ..targets import Target
from .anew import kept


class Cut(Protocol):
    """What measures from matrices of all stimuli."""

    def __call__(self, rows: Tensor) -> Measurement:
        """The measurement on some of the stimuli, rows (k,)."""

    def shuffled(self, order: Tensor) -> float:
        """The raw score with the model's stimuli in another order (n,)."""


def cut_of(metric: Metric, x: Tensor | None, target: Target, measured: Measurement) -> Cut | None:
    """The measurement on some of the stimuli; None where no matrix is enough.

    x: (n, p) of the target's stimuli; None where no one layer is measured. measured: on all of them. Of cRSA
    the stimuli are those that its one split tests. Raises MetricError where responses have no matrix.
    """
    if isinstance(metric, Crsa):
        return _cut_of_test(metric, target, measured)
    if x is not None and isinstance(metric, Cka):
        return Grams.of(x, target, metric.debiased)
    if x is not None and isinstance(metric, Rdm):
        model = rsa.brain_rdms(x.to(torch.float64), metric.distance)
        return Rdms(model, _brain(target, metric.distance), metric.comparison)
    return None


def _cut_of_test(metric: Crsa, target: Target, measured: Measurement) -> Rdms | None:
    """Of one split, by the network's RDMs that the measurement holds: training stimuli may have none."""
    if len(target.splits) != 1 or len(measured.rdms) != 1:
        return None
    tested = kept(target, target.splits[0].test)
    return Rdms(measured.rdms[0], _brain(tested, metric.distance), metric.comparison)


def _brain(target: Target, distance: str) -> Tensor:
    """The RDM of each subject (s, n, n)."""
    y = target.y
    return y.to(torch.float64) if y.ndim == 3 else rsa.brain_rdms(y, distance, target.subjects.groups)


@dataclass(frozen=True, eq=False)
class Grams:
    """Kernels of activations (n, n) and of each subject's responses, (n, n) each, for CKA."""

    model: Tensor
    brain: tuple[Tensor, ...]
    debiased: bool

    @classmethod
    def of(cls, x: Tensor, target: Target, debiased: bool) -> Grams:
        """Of activations (n, p) and a target's responses."""
        subjects = rsa.by_group(target.y, target.subjects.groups)
        model, *brain = (kernel(one.to(torch.float64), debiased) for one in (x, *subjects))
        return cls(model, tuple(brain), debiased)

    def __call__(self, rows: Tensor) -> Measurement:
        """CKA of some of the stimuli."""
        model, *brain = (self._cut(one, rows) for one in (self.model, *self.brain))
        return _measured(torch.stack([of_kernels(model, one, self.debiased) for one in brain]))

    def shuffled(self, order: Tensor) -> float:
        """CKA with the model's stimuli in another order."""
        at = order.to(self.model.device)
        model = self.model[at[:, None], at]
        return float(torch.stack([of_kernels(model, one, self.debiased) for one in self.brain]).nanmean())

    def _cut(self, whole: Tensor, rows: Tensor) -> Tensor:
        """The kernel of some rows; it is centred on these, but for a debiased one, which need not be."""
        at = rows.to(whole.device)
        cut = whole[at[:, None], at]
        return cut if self.debiased else cut - cut.mean(dim=0) - cut.mean(dim=1, keepdim=True) + cut.mean()


@dataclass(frozen=True, eq=False)
class Rdms:
    """RDMs of the model, (n, n) or (1 or s, n, n), and of subjects (s, n, n), and how they are compared."""

    model: Tensor
    brain: Tensor
    comparison: str

    def __call__(self, rows: Tensor) -> Measurement:
        """The likeness of the RDMs of some of the stimuli."""
        if self._orders is not None:
            there = torch.zeros(self.brain.shape[-1], dtype=torch.bool, device=self.brain.device)
            there[rows.to(there.device)] = True
            return _measured(torch.stack([orders.rho(there) for orders in self._orders]))
        at = rows.to(self.brain.device)
        model, brain = (rdms[..., at[:, None], at] for rdms in (self.model, self.brain))
        return _measured(rsa.compare(model, brain, self.comparison))

    def shuffled(self, order: Tensor) -> float:
        """The mean likeness with the model's stimuli in another order."""
        model, brain, comparison = self._to_shuffle
        at = order.to(model.device)
        return float(rsa.compare(model[..., at[:, None], at], brain, comparison).nanmean())

    @cached_property
    def _to_shuffle(self) -> tuple[Tensor, Tensor, str]:
        """The RDMs, or their ranks, which no order changes."""
        if self.comparison != "spearman":
            return self.model, self.brain, self.comparison
        return _ranked(self.model), _ranked(self.brain), "pearson"

    @cached_property
    def _orders(self) -> list[_Orders] | None:
        """Of each subject, for Spearman's rho of values that all differ; None where some are equal."""
        if self.comparison != "spearman":
            return None
        model, brain = (rsa.upper(rdms).T.contiguous().sort(dim=1) for rdms in (self.model, self.brain))
        if not all(all_differ(found.values.T) for found in (model, brain)):
            return None
        models = model.indices.expand_as(brain.indices)
        return [_Orders.of(self.brain.shape[-1], *two) for two in zip(models, brain.indices, strict=True)]


@dataclass(frozen=True, eq=False)
class _Orders:
    """The pairs of stimuli in the order of their values in two RDMs: pairs that are left keep their order.

    model, brain: the two stimuli of each pair, (2, pairs), in each order. place: of the pairs in the order of
    the brain, (pairs,), their places in the order of the model.
    """

    model: Tensor
    brain: Tensor
    place: Tensor

    @classmethod
    def of(cls, n: int, model: Tensor, brain: Tensor) -> _Orders:
        """Of the places of the pairs (pairs,) in the upper triangle of RDMs of n stimuli, in either order."""
        pairs = torch.triu_indices(n, n, offset=1, dtype=torch.int32, device=model.device)
        inverse = torch.empty_like(model, dtype=torch.int32)
        inverse[model] = torch.arange(len(model), dtype=torch.int32, device=model.device)
        return cls(pairs[:, model], pairs[:, brain], inverse[brain])

    def rho(self, there: Tensor) -> Tensor:
        """Spearman's rho of the pairs of stimuli that are there (n,): ranks have no ties."""
        of_model, of_brain = (
            there.index_select(0, one) & there.index_select(0, other)
            for one, other in (self.model, self.brain)
        )
        ranks = of_model.cumsum(0, dtype=torch.int32).index_select(0, self.place[of_brain])
        k = len(ranks)
        apart = ranks - torch.arange(1, k + 1, dtype=torch.int32, device=ranks.device)
        return 1 - 6 * apart.to(torch.float64).square().sum() / (k * (k**2 - 1))


def _ranked(rdms: Tensor) -> Tensor:
    """RDMs (s, n, n) or (n, n) with the ranks of their upper triangles on both sides of the diagonal."""
    stack = rdms if rdms.ndim == 3 else rdms[None]
    n = stack.shape[-1]
    one, other = torch.triu_indices(n, n, offset=1, device=stack.device)
    ranks = torch.zeros_like(stack, dtype=torch.float64)
    ranks[:, one, other] = rank(rsa.upper(stack)).T
    return ranks + ranks.mT


def _measured(values: Tensor) -> Measurement:
    """The likeness to each subject (s,), whose mean is the score."""
    return Measurement(values[None], over="subject", centre="mean")
