"""The readout: which object a network would name, by logistic regression or from its own classes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from ..errors import MetricError
from .linalg import EPSILON, centre, eigh

COLUMNS = 4096
"""Units that are standardised at once."""
ROWS = 4096
"""Stimuli whose logits are read at once."""
WIDE = 4
"""Units per stimulus above which solving in coordinates saves more than finding them costs."""


def probabilities(x: Tensor, fit: Tensor, labels: Tensor, *, c: float = 0.001) -> Tensor:
    """Return the probability of each object given each stimulus, (n, n_objects) float64, on the device of x.

    x: activations of all stimuli (n, p). fit: rows to fit on (n_fit,). labels: their objects (n_fit,), codes
    0 ... n_objects - 1, each there at least once; column k is the object of code k.
    Units are standardised on the fitting rows (a unit that is constant there plays no part), then multinomial
    logistic regression with intercept minimises c * (sum of log losses) + |weights|^2 / 2.
    Many units are solved in n coordinates, which have the inner products of the units: the same optimum.
    Raises MetricError for values that are not finite, and for fewer than 2 objects.
    """
    n_objects = _checked(x, fit, labels)
    z = _standardised(x, fit)
    model = LogisticRegression(
        C=2 * c if n_objects == 2 else c,  # scikit-learn fits two objects with one vector of weights, not two
        solver="newton-cg",
        tol=1e-9,
        max_iter=10_000,
    )
    rows = z.cpu().numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # not converged, or a line search failed
        try:
            model.fit(rows[fit.cpu().numpy()], labels.cpu().numpy())
        except UserWarning:
            raise MetricError("readout: logistic regression does not converge; take a smaller c") from None
    return torch.from_numpy(model.predict_proba(rows)).to(x.device)


def class_probabilities(logits: Tensor, objects: Sequence[Sequence[int]]) -> Tensor:
    """Return how likely each object is, (n, n_objects) float64: the mean probability of its classes.

    logits: (n, n_classes). objects: the classes of each. Softmax is over all classes, and large logits do not
    overflow. As these are means, they do not sum to 1 over objects.
    Raises MetricError for values that are not finite.
    """
    share = logits.new_zeros(logits.shape[1], len(objects), dtype=torch.float64)
    for column, classes in enumerate(objects):
        share[list(classes), column] = 1 / len(classes)
    finite_logits(logits)
    return torch.cat(
        [torch.softmax(rows.to(torch.float64), dim=1) @ share for rows in torch.split(logits, ROWS)]
    )


def finite_logits(logits: Tensor) -> None:
    """Raise MetricError where a logit is NaN or infinite."""
    bad = (~logits.isfinite()).any(dim=1)
    if bool(bad.any()):
        raise MetricError(
            f"readout: the logits of {int(bad.sum())} of {len(bad)} stimuli are NaN or infinite"
        )


def _checked(x: Tensor, fit: Tensor, labels: Tensor) -> int:
    if x.ndim != 2 or len(fit) != len(labels):
        raise MetricError(f"readout: activations {tuple(x.shape)}, {len(fit)} rows and {len(labels)} labels")
    if not bool(x.isfinite().all()):
        raise MetricError("readout: the activations hold values that are NaN or infinite")
    distinct = torch.unique(labels)
    if len(distinct) < 2:
        raise MetricError(f"readout: {len(distinct)} object(s) among {len(fit)} fitting stimuli; it needs 2")
    if int(distinct[0]) != 0 or int(distinct[-1]) != len(distinct) - 1:
        raise MetricError(f"readout: labels must be 0 ... {len(distinct) - 1}, each at least once")
    return len(distinct)


def _standardised(x: Tensor, fit: Tensor) -> Tensor:
    """Units at mean 0 and standard deviation 1 over the fitting rows, or coordinates of many units."""
    n, p = x.shape
    if p <= WIDE * n:
        return _scaled(x, fit)
    gram = x.new_zeros(n, n, dtype=torch.float64)
    for block in torch.split(x, COLUMNS, dim=1):
        scaled = _scaled(block, fit)
        gram.addmm_(scaled, scaled.T)
    values, vectors = eigh(gram)
    kept = values > EPSILON * n * values[-1]
    return vectors[:, kept] * values[kept].sqrt()


def _scaled(x: Tensor, fit: Tensor) -> Tensor:
    x = x.to(torch.float64)
    fitted, mean = centre(x[fit])
    scale = fitted.square().mean(dim=0).sqrt()
    return torch.where(scale > 0, (x - mean) / scale, 0.0)
