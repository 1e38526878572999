"""Ridge regressions that share one decomposition, each target at the alpha that does best for it.

`Few` goes from target to target through the basis. `Many` makes a map between stimuli for each alpha first,
which pays where targets are many times the stimuli: a search then takes half of the products, and what is
predicted one product in place of two. Both are exact, and take the same alphas.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .leave_one_out import Criterion, Decomposition, LeaveOneOut, at_once
from .linalg import centre

CLOSE = 1e-4
"""Alphas that float32 finds as good as the best within this are compared again in float64."""
ROUNDING = 1e-5
"""The same of lengths, beside the length of the response: fifty times what float32 loses in a product."""
MANY = 8
"""Times as many targets as stimuli."""
TILE = 128
"""Rows of a triangular factor that are multiplied together."""


@dataclass(frozen=True, eq=False)
class OwnAlpha(ABC):
    """Regressions of any responses y (n, m) to the stimuli of the basis.

    seen: (n_test, k), other activations on the basis; alphas: of equals the first is taken.
    """

    basis: Decomposition
    seen: Tensor
    alphas: tuple[float, ...]
    criterion: Criterion

    def best(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """Which alpha does best for each target, (m,) integers, and where none does: it is constant, (m,)."""
        found = [(self._best(centred), ~centred.any(dim=0)) for _, centred, _ in _centred(y)]
        which, constant = zip(*found, strict=True)
        return torch.cat(which), torch.cat(constant)

    @abstractmethod
    def predicted(self, y: Tensor, which: Tensor) -> Tensor:
        """Return (n_test, m) float64: predictions for the other activations, at alpha number `which` (m,)."""

    @abstractmethod
    def errors(self, y: Tensor, which: Tensor) -> Tensor:
        """Return (n, m) float64: each response minus its prediction by the fit without it."""

    @abstractmethod
    def _goodness(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """How good each alpha is for centred y, (a, m), in float32, and how far that may be trusted, (m,)."""

    def _best(self, y: Tensor) -> Tensor:
        goodness, rounding = self._goodness(y)
        best = goodness.argmax(dim=0)
        if len(self.alphas) > 1:
            first, second = goodness.topk(2, dim=0).values
            close = (~(first - second > rounding)).nonzero().flatten()
            if len(close):
                best[close] = self._found(self.basis.fit(y[:, close])).argmax(dim=0)
        return best

    def _in_basis(self, y: Tensor) -> tuple[Tensor, Tensor]:
        goodness = self._found(self.basis.fit(y).narrow())
        first = goodness.amax(dim=0)
        return goodness, CLOSE * (
            first.abs() if self.criterion == "squared_error" else torch.ones_like(first)
        )

    def _found(self, fit: LeaveOneOut) -> Tensor:
        """How good each alpha is for each target, (a, m); the lowest there is where it says nothing."""
        return fit.goodness(self.alphas, self.criterion).nan_to_num(-torch.inf)


class Few(OwnAlpha):
    """By way of the basis."""

    def predicted(self, y: Tensor, which: Tensor) -> Tensor:
        """As told above."""
        alpha = self.basis.w.new_tensor(self.alphas)[which]
        parts = _centred(y)
        return torch.cat(
            [self.seen @ self.basis.fit(part).weights(alpha[at]) + mean for at, part, mean in parts], dim=1
        )

    def errors(self, y: Tensor, which: Tensor) -> Tensor:
        """As told above."""
        alpha = self.basis.w.new_tensor(self.alphas)[which]
        return torch.cat([self.basis.fit(part).errors_at(alpha[at]) for at, part, _ in _centred(y)], dim=1)

    def _goodness(self, y: Tensor) -> tuple[Tensor, Tensor]:
        return self._in_basis(y)


class Many(OwnAlpha):
    """By way of one map for each alpha."""

    def predicted(self, y: Tensor, which: Tensor) -> Tensor:
        """As told above."""
        return self._mapped(y, which, len(self.seen), lambda a: self.basis.to_others(self.seen, a), True)

    def errors(self, y: Tensor, which: Tensor) -> Tensor:
        """As told above."""
        return self._mapped(y, which, len(y), self.basis.to_errors, False)

    def _mapped(
        self, y: Tensor, which: Tensor, rows: int, to: Callable[[float], Tensor], back: bool
    ) -> Tensor:
        """Each target by the map of its alpha, (rows, m), and if asked back where its mean was."""
        made = y.new_empty(rows, y.shape[1], dtype=torch.float64)
        for number in sorted(set(which.tolist())):
            linear = to(self.alphas[number])
            for columns in (which == number).nonzero().flatten().split(at_once(len(y))):
                centred, mean = centre(y.index_select(1, columns).to(torch.float64))
                part = linear @ centred
                made.index_copy_(1, columns, part.add_(mean) if back else part)
        return made

    def _goodness(self, y: Tensor) -> tuple[Tensor, Tensor]:
        if self.criterion == "pearson":
            return self._in_basis(y)
        length = y.square().sum(dim=0).sqrt()
        narrow = y.div(length.where(length > 0, 1.0)).float()
        squares = torch.stack([_squared_lengths(factor, narrow) for factor in self._factors])
        least = squares.amin(dim=0)
        return -squares, CLOSE * least + ROUNDING * self._longest * least.sqrt()

    @cached_property
    def _factors(self) -> tuple[Tensor, ...]:
        """For each alpha R (n, n), upper triangular, float32: |R y| is the length of y's left-out errors.

        A factor, by QR, of the map to the errors themselves.
        """
        return tuple(torch.linalg.qr(self.basis.to_errors(a), mode="r").R.float() for a in self.alphas)

    @cached_property
    def _longest(self) -> float:
        """Length of a row of the maps, root mean square, at most."""
        lengths: list[float] = [float(torch.linalg.matrix_norm(factor)) for factor in self._factors]
        return max(lengths) / math.sqrt(len(self.basis.u))


def own_alpha(
    basis: Decomposition, seen: Tensor, alphas: tuple[float, ...], criterion: Criterion, m: int
) -> OwnAlpha:
    """The quicker way for m targets."""
    kind = Many if m > MANY * len(basis.u) else Few
    return kind(basis, seen, alphas, criterion)


def blocks(m: int, n: int) -> Iterator[slice]:
    """Columns of m responses to n stimuli, some after the others."""
    width = at_once(n)
    yield from (slice(start, start + width) for start in range(0, m, width))


def _centred(y: Tensor) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Columns, their responses (n, c) in float64 without means, and the means (c,)."""
    for some in blocks(y.shape[1], len(y)):
        yield some, *centre(y[:, some].to(torch.float64))


def _squared_lengths(factor: Tensor, y: Tensor) -> Tensor:
    """|R y|^2 of every column, (m,), R upper triangular (n, n): by tiles, half of the products."""
    total = y.new_zeros(y.shape[1])
    for start in range(0, len(factor), TILE):
        tile = factor[start : start + TILE, start:]
        total += (tile @ y[start:]).square_().sum(dim=0)
    return total
