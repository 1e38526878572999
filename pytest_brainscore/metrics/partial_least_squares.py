"""Partial least squares regression with one set of components for all targets (PLS2).

Improved kernel PLS, algorithm 1 of Dayal and MacGregor 1997, J. Chemometrics 11:73: only the cross product
X'Y is deflated, and each component starts from the leading left singular vector of what is left of it, so
that no inner iteration has to converge. (SIMPLS is another model where there are several targets.)

All splits advance together, one component at a time: a pass over the activations, which is where the time
goes, then serves every split.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .linalg import EPSILON, centre, leading_eigenvectors, trace, unit
from .prediction import Prediction
from .splits import Split

BYTES_AT_ONCE = 2**29


def pls(x: Tensor, y: Tensor, splits: Sequence[Split], components: int) -> list[Prediction]:
    """Predict the test responses of each split from x (n, p) and y (n, m), float64 on one device.

    A split stops early where its training rows have fewer dimensions, or nothing of X'Y is left;
    ``components`` tells how many were used.
    """
    centred, _ = centre(x)  # each split takes its own means below; this keeps them small
    responses, y_mean = centre(y)
    norm = torch.linalg.vector_norm
    rounding = 64 * EPSILON * (norm(x) * norm(responses) + norm(centred) * norm(y))
    at_once = max(1, BYTES_AT_ONCE // (8 * x.shape[1] * y.shape[1]))
    return [
        Prediction(prediction.values + y_mean, prediction.chose)
        for first in range(0, len(splits), at_once)
        for prediction in _together(centred, responses, splits[first : first + at_once], components, rounding)
    ]


def pls_of_many(x: Tensor, y: Tensor, splits: Sequence[Split], components: int) -> Iterator[list[Prediction]]:
    """As `pls`, for y (n, m) of any float type with more targets than memory has room for.

    Yields the predictions of all splits for some targets after the others. What is taken from x depends on
    the left singular vectors of X'Y alone: a triangular factor of it has them, too, and is no wider than x.
    """
    x, x_before = centre(x)[0], torch.linalg.vector_norm(x)
    train = _masks(splits, x)
    x_mean = _means(x, train)
    width = max(1, BYTES_AT_ONCE // (32 * max(len(x), len(splits) * x.shape[1])))
    factors, y_sizes = _factors(x, _blocks(y, width), train, x_mean)
    x_sizes = torch.stack([x_before, torch.linalg.vector_norm(x)])
    rounding = 64 * EPSILON * (x_sizes * y_sizes).sum()
    found = _extract(x, train, x_mean, CrossProducts(factors), components, rounding)
    scores = [(x - mean) @ rotations for mean, rotations in zip(x_mean, found.rotations, strict=True)]
    for block in _blocks(y, width):
        yield [
            Prediction(_regressed(scores[i], found.shares[i], block, split), {"components": found.used[i]})
            for i, split in enumerate(splits)
        ]


def _blocks(y: Tensor, width: int) -> list[Tensor]:
    return [y[:, start : start + width] for start in range(0, y.shape[1], width)]


def _regressed(scores: Tensor, shares: Tensor, block: Tensor, split: Split) -> Tensor:
    """Return (k, w): the test responses that scores (n, a) without correlation predict, each by itself."""
    y, y_mean = centre(block[split.train].to(torch.float64))
    return scores[split.test] @ (shares[:, None] * (scores[split.train].T @ y)) + y_mean


def _factors(x: Tensor, blocks: Sequence[Tensor], train: Tensor, x_mean: Tensor) -> tuple[Tensor, Tensor]:
    """Return L (s, p, q) with X'Y = L Q of each split, q at most p; the sizes of y centred and as it was."""
    factor = x.new_zeros(train.shape[1], x.shape[1], 0)
    squares = x.new_zeros(2)
    for block in blocks:
        y, before = centre(block.to(torch.float64))[0], block
        squares += torch.stack([v.to(torch.float64).square().sum() for v in (y, before)])
        cross = _cross_products(x, y, train, x_mean, _means(y, train))
        factor = torch.linalg.qr(torch.cat([factor, cross], dim=2).mT, mode="r").R.mT.contiguous()
    return factor, squares.sqrt()


def _together(
    x: Tensor, y: Tensor, splits: Sequence[Split], components: int, rounding: Tensor
) -> list[Prediction]:
    train = _masks(splits, x)  # (n, s)
    x_mean, y_mean = (_means(v, train) for v in (x, y))  # (s, p), (s, m)
    cross = CrossProducts(_cross_products(x, y, train, x_mean, y_mean))
    found = _extract(x, train, x_mean, cross, components, rounding)
    rotations, weights, used = found.rotations, found.weights, found.used
    return [
        Prediction((x[s.test] - x_mean[i]) @ rotations[i] @ weights[i].T + y_mean[i], {"components": used[i]})
        for i, s in enumerate(splits)
    ]


@dataclass(frozen=True, eq=False)
class Components:
    """What was taken from several splits: rotations (s, p, a) turn x into scores, shares (s, a) are 1 / (t't)
    of these, weights (s, m, a) predict the columns of X'Y, used (s,) counts.
    """

    rotations: Tensor
    shares: Tensor
    weights: Tensor
    used: Tensor


def _extract(
    x: Tensor, train: Tensor, x_mean: Tensor, cross: CrossProducts, components: int, rounding: Tensor
) -> Components:
    n_splits, p, m = cross.matrices.shape
    smallest_scores = (1e4 * EPSILON * torch.linalg.vector_norm(x)) ** 2
    dimensions = train.sum(dim=0).sub(1).clamp(max=min(components, p))
    rotations, loadings = (x.new_zeros(n_splits, p, components) for _ in range(2))
    weights, shares = x.new_zeros(n_splits, m, components), x.new_zeros(n_splits, components)
    alive, used = torch.ones_like(dimensions, dtype=torch.bool), torch.zeros_like(dimensions)
    for number in range(int(dimensions.max())):
        alive = alive & (cross.sizes() > rounding) & (dimensions > number)
        if not bool(alive.any()):
            break
        direction = cross.leading_left(alive)
        so_far = (direction[:, None] @ loadings[..., :number]).mT
        direction = direction - (rotations[..., :number] @ so_far)[..., 0]
        scores = (x @ direction.T - (x_mean * direction).sum(dim=1)) * train
        size = scores.square().sum(dim=0)
        alive = alive & (size > smallest_scores)
        share = torch.where(alive, 1 / size, 0.0)[:, None]
        loading = (scores.T @ x - scores.sum(dim=0)[:, None] * x_mean) * share
        weight = cross.deflate(direction, loading, share)
        rotations[..., number], loadings[..., number], weights[..., number] = direction, loading, weight
        shares[:, number] = share[:, 0]
        used += alive
    return Components(rotations, shares, weights, used)


def _means(v: Tensor, train: Tensor) -> Tensor:
    """Return (s, p): the means of the columns over each split's training rows."""
    return (v.T @ train / train.sum(dim=0)).T


def _masks(splits: Sequence[Split], x: Tensor) -> Tensor:
    """Return (n, s): one where a split fits on the stimulus, zero elsewhere."""
    masks = x.new_zeros(len(splits), len(x))
    for mask, split in zip(masks, splits, strict=True):
        mask[split.train] = 1
    return masks.T.contiguous()


def _cross_products(x: Tensor, y: Tensor, train: Tensor, x_mean: Tensor, y_mean: Tensor) -> Tensor:
    """Return X'Y (s, p, m) of each split's training rows, centred on them.

    Where fewer rows are left out than trained on, it is that of all rows less that of those.
    """
    whole = x.T @ y
    products = x.new_empty(train.shape[1], *whole.shape)
    for product, mask in zip(products, train.T > 0, strict=True):
        fewer = ~mask if 2 * int(mask.sum()) > len(mask) else mask
        part = x[fewer].T @ y[fewer]
        product.copy_(part if fewer is mask else whole - part)
    return products.sub_((train.sum(dim=0)[:, None] * x_mean)[:, :, None] * y_mean[:, None, :])


class CrossProducts:
    """X'Y of several splits (s, p, m) as components are taken from them.

    Beside them stand the Gram matrices of their shorter side, whose leading eigenvectors are wanted.
    They follow by rank-two updates. The rounding of these is of the size that a matrix had, so it is formed
    anew once only 1e-4 of its trace is left.
    """

    def __init__(self, matrices: Tensor) -> None:
        self.matrices = matrices
        self._over_units = matrices.shape[1] <= matrices.shape[2]
        self._grams = self._formed(slice(None))
        self._formed_traces = trace(self._grams)

    def sizes(self) -> Tensor:
        """Return the Frobenius norms (s,)."""
        norms: Tensor = torch.linalg.vector_norm(self.matrices, dim=(1, 2))
        return norms

    def leading_left(self, chosen: Tensor) -> Tensor:
        """Return the leading left singular vectors (s, p) of the chosen (s,), zeros for the others."""
        vectors = self._grams.new_zeros(self._grams.shape[:2])
        vectors[chosen] = leading_eigenvectors(self._grams[chosen])
        if self._over_units:
            return vectors
        return unit((self.matrices @ vectors[..., None])[..., 0]).nan_to_num(0.0)

    def deflate(self, direction: Tensor, loading: Tensor, share: Tensor) -> Tensor:
        """Take out one component: its direction and loading (s, p); share (s, 1) is 1 / (t't), or 0 for none.

        Returns the weights (s, m) of the targets.
        """
        weight, image = (torch.stack((direction, loading), dim=1) @ self.matrices).unbind(dim=1)
        self.matrices.baddbmm_(loading[..., None], weight[:, None], alpha=-1)
        if self._over_units:
            here, image = loading, (self.matrices @ weight[..., None])[..., 0]
            image = image + (weight.square().sum(dim=1, keepdim=True) / 2) * loading
        else:
            here = weight
            image = image - (loading.square().sum(dim=1, keepdim=True) / 2) * weight
        self._grams.baddbmm_(image[..., None], here[:, None], alpha=-1)
        self._grams.baddbmm_(here[..., None], image[:, None], alpha=-1)
        self._form_the_faded()
        return weight * share

    def _form_the_faded(self) -> None:
        faded = trace(self._grams) <= 1e-4 * self._formed_traces
        for index in faded.nonzero().flatten().tolist():
            self._grams[index] = self._formed(index)
            self._formed_traces[index] = self._grams[index].trace()

    def _formed(self, which: int | slice) -> Tensor:
        matrices = self.matrices[which]
        return matrices @ matrices.mT if self._over_units else matrices.mT @ matrices
