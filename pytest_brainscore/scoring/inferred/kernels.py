"""Kernels: of metrics that fit nothing, RDMs and Gram matrices that are made once and cut for each sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from ...metrics import rsa
from ...metrics.cka import kernel, of_kernels
from ...metrics.correlation import pearson, rank
from ...metrics.measurement import Measurement
from ...specs.metrics import Cka, Crsa, Metric, Rdm
from ..targets import Target


class Cut(Protocol):
    """What measures from matrices of all stimuli."""

    def __call__(self, rows: Tensor) -> Measurement:
        """The measurement on some of the stimuli, rows (k,)."""

    def shuffled(self, order: Tensor) -> float:
        """The raw score with the model's stimuli in another order (n,)."""


def cut_of(metric: Metric, x: Tensor, target: Target, measured: Measurement) -> tuple[int, Cut] | None:
    """How many stimuli there are, and the measurement on some of them; None where no matrix is enough.

    x: (n, p) of the target's stimuli. measured: on all of them. cRSA is on the test stimuli of its one split.
    """
    if isinstance(metric, Cka):
        return len(x), Grams.of(x, target, metric.debiased)
    if isinstance(metric, Rdm):
        model = rsa.brain_rdms(x.to(torch.float64), metric.distance)
        return len(x), Rdms(model, _brain(target, metric.distance), metric.comparison)
    return cut_of_test(metric, target, measured)


def cut_of_test(metric: Metric, target: Target, measured: Measurement) -> tuple[int, Cut] | None:
    """Of cRSA in one split, by the network's RDMs that the measurement holds; None for all else."""
    if not isinstance(metric, Crsa) or len(target.splits) != 1 or len(measured.rdms) != 1:
        return None
    rows = target.splits[0].test.to(target.y.device)
    brain = _brain(target, metric.distance)[:, rows[:, None], rows]
    return len(rows), Rdms(measured.rdms[0], brain, metric.comparison)


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
        if self._sorted is not None:
            return _measured(self._by_order(rows))
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
    def _sorted(self) -> tuple[Tensor, Tensor] | None:
        """The order of the pairs (pairs, s) by each RDM, for Spearman's rho of values that all differ."""
        if self.comparison != "spearman":
            return None
        orders = []
        for rdms in (self.model, self.brain):
            ordered, order = rsa.upper(rdms).T.contiguous().sort(dim=1)
            if not bool((ordered[:, 1:] > ordered[:, :-1]).all()):
                return None
            orders.append(order)
        return orders[0], orders[1]

    @cached_property
    def _pairs(self) -> tuple[Tensor, Tensor]:
        """The two stimuli of each pair (pairs,)."""
        n = self.brain.shape[-1]
        one, other = torch.triu_indices(n, n, offset=1, device=self.brain.device)
        return one, other

    def _by_order(self, rows: Tensor) -> Tensor:
        """Spearman's rho (s,) from the orders of all pairs: those that are left keep their order."""
        n = self.brain.shape[-1]
        there = torch.zeros(n, dtype=torch.bool, device=self.brain.device)
        there[rows.to(there.device)] = True
        one, other = self._pairs
        left = there[one] & there[other]
        model, brain = (
            torch.stack([_ranks(order, left) for order in orders], dim=1) for orders in self._sorted or ()
        )
        return pearson(model, brain)


def _ranks(order: Tensor, left: Tensor) -> Tensor:
    """The ranks of the pairs that are left (k,), from the order of all pairs."""
    ranks = torch.zeros(len(order), dtype=torch.float64, device=order.device)
    kept = order[left[order]]
    ranks[kept] = torch.arange(1, len(kept) + 1, dtype=torch.float64, device=order.device)
    return ranks[left]


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
