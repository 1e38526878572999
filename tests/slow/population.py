"""A population whose truth is known: stimuli with latents, neuroids that read them, and two equal models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor

from pytest_brainscore.inference.left_out import jackknifed
from pytest_brainscore.inference.replicates import Sampled
from pytest_brainscore.inference.resplit import resplit
from pytest_brainscore.inference.sampling import Sampling
from pytest_brainscore.inference.stored import stored
from pytest_brainscore.metrics import rsa
from pytest_brainscore.metrics.cka import cka
from pytest_brainscore.metrics.encoding import encoding, versa
from pytest_brainscore.metrics.measurement import Measurement
from pytest_brainscore.metrics.predictivity import pls, ridge
from pytest_brainscore.metrics.splits import Split, alternate, shuffle

FIXED = 7
"""The seed of the models' weights, and of neuroids that are the same in all data sets."""


@dataclass(frozen=True)
class Kind:
    """What data are like.

    latents: of the stimuli; that of rank k has variance k^(-2 decay). seen: the latents that a model has; the
    others make what it misses alike in all neuroids. noise: of neuroids, and of the models' units. views: how
    many stimuli show the same object, and have the same latents.
    """

    latents: int = 8
    seen: int = 6
    units: int = 20
    decay: float = 0.5
    noise: float = 1.5
    noise_of_units: float = 2.0
    views: int = 1


@dataclass(frozen=True, eq=False)
class Data:
    """One data set: activations of two models that are equally good (n, units), and responses (n, m)."""

    a: Tensor
    b: Tensor
    y: Tensor


def draw(n: int, m: int, seed: int, *, new_neuroids: bool, kind: Kind | None = None) -> Data:
    """n new stimuli, shown to two models and to m neuroids; both views have the same distribution."""
    kind = kind or Kind()
    source = torch.Generator().manual_seed(1_000_003 * seed + 1)
    objects = _normal(source, -(-n // kind.views), kind.latents)
    z = objects.repeat_interleave(kind.views, dim=0)[:n] / torch.arange(1, kind.latents + 1) ** kind.decay
    weights, seen = _normal(torch.Generator().manual_seed(FIXED), kind.seen, kind.units), z[:, : kind.seen]
    a, b = (seen @ weights + kind.noise_of_units * _normal(source, n, kind.units) for _ in range(2))
    tuning = source if new_neuroids else torch.Generator().manual_seed(FIXED + 1)
    read, noise = _normal(tuning, kind.latents, m), (0.5 * _normal(tuning, m)).exp()
    return Data(a, b, z @ read + kind.noise * noise * _normal(source, n, m))


def _normal(source: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=source, dtype=torch.float64)


Measure = Callable[[Tensor, Tensor, Sequence[Split]], Measurement]


@dataclass(frozen=True, eq=False)
class Case:
    """A metric, the size of a data set, and the way its samples are made.

    neuroids: whether they can be resampled beside stimuli.
    """

    name: str
    way: str
    n: int
    m: int
    measure: Measure
    splits: Sequence[Split] = field(default=())
    neuroids: bool = True

    @property
    def drawn(self) -> tuple[bool, ...]:
        """Whether neuroids are drawn beside stimuli: without, and with where that can be."""
        return (False, True)[: 1 + self.neuroids]

    def raw(self, x: Tensor, y: Tensor) -> float:
        """The score of a model."""
        return self.measure(x, y, self.splits).raw()

    def sampled(self, x: Tensor, y: Tensor, sampling: Sampling, both: bool) -> Sampled:
        """Its replicates, over stimuli or over both factors."""
        return _SAMPLED[self.way](self, x, y, sampling, both)


def _stored(case: Case, x: Tensor, y: Tensor, sampling: Sampling, both: bool) -> Sampled:
    measured = case.measure(x, y, case.splits)
    return stored(measured, case.splits, case.n, sampling, None if both else ("stimulus",))


def _refitted(case: Case, x: Tensor, y: Tensor, sampling: Sampling, both: bool) -> Sampled:
    def measure(split: Split) -> Measurement:
        return case.measure(x, y, [split])

    over = None if both else ("stimulus",)
    return resplit(measure, case.measure(x, y, case.splits), case.splits, case.n, sampling, over)


def _batched(case: Case, x: Tensor, y: Tensor, sampling: Sampling, both: bool) -> Sampled:
    """`jackknifed` of what fits nothing, all samples at once: 500 simulations take seconds."""
    kept_rows: list[Tensor] = []

    def remember(rows: Tensor) -> float:
        kept_rows.append(rows)
        return 0.0

    made = jackknifed(remember, case.n, sampling)
    masks = torch.zeros(len(kept_rows), case.n, dtype=torch.float64)
    for mask, rows in zip(masks, kept_rows, strict=True):
        mask[rows] = 1
    return {"stimulus": replace(made, values=BATCHED[case.name](x, y, masks).numpy())}


def rdm_of_masks(x: Tensor, y: Tensor, masks: Tensor) -> Tensor:
    """`rdm` with Pearson's r on the stimuli of each mask (k, n) of ones and zeros, (k,)."""
    a, b = rsa.pearson_distance(x), rsa.pearson_distance(y)
    pairs, one, other, square, squared, product = (
        ((masks @ table) * masks).sum(dim=1)
        for table in (1 - torch.eye(len(a), dtype=a.dtype), a, b, a * a, b * b, a * b)
    )
    scale = (square - one**2 / pairs) * (squared - other**2 / pairs)
    return (product - one * other / pairs) / scale.sqrt()


def cka_of_masks(x: Tensor, y: Tensor, masks: Tensor) -> Tensor:
    """Debiased `cka` on the stimuli of each mask (k, n), (k,)."""
    k, h = ((v @ v.T).fill_diagonal_(0.0) for v in (x - x.mean(dim=0), y - y.mean(dim=0)))
    n = masks.sum(dim=1)

    def hsic(one: Tensor, other: Tensor) -> Tensor:
        rows, columns = (masks @ one) * masks, (masks @ other) * masks
        both = ((masks @ (one * other)) * masks).sum(dim=1)
        pairs = rows.sum(dim=1) * columns.sum(dim=1) / ((n - 1) * (n - 2))
        return both + pairs - 2 * (rows * columns).sum(dim=1) / (n - 2)

    return hsic(k, h) / (hsic(k, k) * hsic(h, h)).sqrt()


BATCHED = {"rdm": rdm_of_masks, "cka": cka_of_masks}
_SAMPLED = {"splits": _stored, "refit": _refitted, "jackknife": _batched}

CASES = (
    Case("ridge, 10 splits", "splits", 200, 40, ridge, shuffle(200)),
    Case("ridge, 10 splits of 600", "splits", 600, 40, ridge, shuffle(600)),
    Case("pls, 10 splits", "splits", 200, 40, partial(pls, components=5), shuffle(200)),
    Case("encoding, one split", "refit", 200, 40, encoding, shuffle(200, n_splits=1, train=0.8)),
    Case("encoding, two halves", "refit", 200, 40, encoding, alternate(200)),
    Case("versa, two halves", "refit", 200, 40, versa, alternate(200), neuroids=False),
    Case("rdm", "jackknife", 40, 20, partial(rsa.rdm, comparison="pearson"), neuroids=False),
    Case("cka", "jackknife", 40, 20, cka, neuroids=False),
)
