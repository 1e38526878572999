"""Partial least squares regression with one set of components for all targets (PLS2).

Improved kernel PLS, algorithm 1 of Dayal and MacGregor 1997, J. Chemometrics 11:73: only the cross product
X'Y is deflated, and each component starts from the leading left singular vector of what is left of it, so
that no inner iteration has to converge. (SIMPLS is another model where there are several targets.)
"""

from __future__ import annotations

import torch
from torch import Tensor

from pytest_brainscore.metrics.linalg import EPSILON, centre, leading_eigenvector, unit
from pytest_brainscore.metrics.prediction import Prediction


def pls(x_train: Tensor, y_train: Tensor, x_test: Tensor, components: int) -> Prediction:
    """Predict (k, m) from x_train (n, p), y_train (n, m), x_test (k, p), all float64 on one device.

    Stops early where the training rows have fewer dimensions, or nothing of X'Y is left; ``components``
    tells how many were used.
    """
    x, x_mean = centre(x_train)
    y, y_mean = centre(y_train)
    cross = CrossProduct(x, y)
    norm = torch.linalg.vector_norm
    x_size = norm(x)
    nothing = 64 * EPSILON * (norm(x_train) * norm(y) + x_size * norm(y_train))  # rounding of centred X'Y
    most = min(components, x.shape[0] - 1, x.shape[1])
    rotations, loadings, weights = (x.new_zeros(side, most) for side in (x.shape[1], x.shape[1], y.shape[1]))
    used = 0
    while used < most and bool(cross.size() > nothing):
        direction = cross.leading_left()
        direction = direction - rotations[:, :used] @ (loadings[:, :used].T @ direction)
        scores = x @ direction
        size: Tensor = scores @ scores
        if bool(size <= (1e4 * EPSILON * x_size) ** 2):
            break
        rotations[:, used] = direction
        loadings[:, used] = torch.mv(x.T, scores) / size
        weights[:, used] = direction @ cross.matrix / size
        cross.deflate(loadings[:, used], weights[:, used] * size)
        used += 1
    predicted = ((x_test - x_mean) @ rotations[:, :used]) @ weights[:, :used].T + y_mean
    return Prediction(predicted, {"components": torch.tensor(float(used), dtype=torch.float64)})


class CrossProduct:
    """X'Y (p, m) as components are taken from it, with the Gram matrix of its shorter side.

    The Gram matrix follows by rank-two updates. Their rounding is of the size that the matrix had, so it is
    formed anew once only 1e-4 of its trace is left.
    """

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.matrix = x.T @ y
        self._over_units = x.shape[1] <= y.shape[1]
        self._form_gram()

    def size(self) -> Tensor:
        """Return the Frobenius norm."""
        size: Tensor = torch.linalg.vector_norm(self.matrix)
        return size

    def leading_left(self) -> Tensor:
        """Return the leading left singular vector (p,)."""
        vector = leading_eigenvector(self._gram)
        return vector if self._over_units else unit(self.matrix @ vector)

    def deflate(self, left: Tensor, right: Tensor) -> None:
        """Subtract the outer product of left (p,) and right (m,)."""
        if self._over_units:
            here, image = left, self.matrix @ right - right @ right / 2 * left
        else:
            here, image = right, left @ self.matrix - left @ left / 2 * right
        self.matrix.addr_(left, right, alpha=-1)
        self._gram.addr_(image, here, alpha=-1).addr_(here, image, alpha=-1)
        if bool(self._gram.trace() <= 1e-4 * self._formed_trace):
            self._form_gram()

    def _form_gram(self) -> None:
        side = self.matrix if self._over_units else self.matrix.T
        self._gram = side @ side.T
        self._formed_trace = self._gram.trace()
