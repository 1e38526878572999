"""Signal and noise as two multivariate normal distributions, from repetitions (GSN).

A response is a draw of the stimulus's signal and, in each repetition, a draw of noise. Both covariances are
shrunk towards their diagonals as far as held-out stimuli like it, and made positive semi-definite in turns.
Kay, Prince, Gebhart, Tuckute, Zhou, Naselaris & Schuett 2025, PLoS Comput. Biol. 21:e1012092.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .linalg import EPSILON, eigh

LEVELS = tuple(i / 50 for i in range(51))
"""What the entries beside the diagonal are multiplied by: 0, .02, ..., 1."""
HELD_OUT = 1 / 5
SAME = 0.999
"""Correlation with the covariance of the turn before from which a covariance counts as settled."""
MOST_TURNS = 100


@dataclass(frozen=True, eq=False)
class SignalAndNoise:
    """Two normal distributions over neuroids.

    mean: of the signal (m,); that of the noise is zero. signal, noise: covariances (m, m), positive
    semi-definite; the noise's is that of one repetition.
    """

    mean: Tensor
    signal: Tensor
    noise: Tensor


def signal_and_noise(responses: Tensor, seed: int = 0) -> SignalAndNoise:
    """Estimate both distributions from responses (n stimuli, r >= 2 repetitions, m neuroids), float64.

    seed: of the fifth of the stimuli that is held out to choose how far each covariance is shrunk.
    """
    n, r, _ = responses.shape
    means = responses.mean(dim=1)
    held = torch.from_numpy(np.random.RandomState(seed).permutation(n)[: round(n * HELD_OUT)])
    fitted = torch.ones(n, dtype=torch.bool).index_fill_(0, held, value=False)
    deviations = responses - means[:, None]
    noise = _shrunk(
        deviations.flatten(0, 1), n * (r - 1), _level(deviations[fitted].flatten(0, 1), r, deviations[held])
    )
    centre = means[fitted].mean(dim=0)
    level = _level(means[fitted] - centre, None, means[held] - centre)
    data = _shrunk(means - means.mean(dim=0), n - 1, level)
    return SignalAndNoise(means.mean(dim=0), *_settled(data, noise, n, r))


def nearest_positive(covariance: Tensor) -> Tensor:
    """Return the positive semi-definite matrix that is nearest in the Frobenius norm.

    Higham 1988, Linear Algebra Appl. 103:103: eigenvalues below zero are set to zero.
    """
    values, vectors = eigh((covariance + covariance.T) / 2)
    return (vectors * values.clamp(min=0)) @ vectors.T


def held_out_likelihoods(rows: Tensor, freedom: int, held: Tensor) -> Tensor:
    """Return the mean log-likelihood (levels,) of held-out rows (h, m) at each level of shrinkage.

    rows: (k, m), whose products over `freedom` are the covariance. One decomposition of the correlations, of
    rank k or m, serves all levels: with units scaled to variance one, the shrunk matrix is (1 - s) I + s R.
    -inf where that is singular.
    """
    variance = rows.square().sum(dim=0) / freedom
    variance = variance.masked_fill(variance == 0, 1.0)
    values, vectors = _principal(rows / (freedom * variance).sqrt())
    scaled = held / variance.sqrt()
    inside = (scaled @ vectors).square().mean(dim=0)
    outside = (scaled.square().sum(dim=1).mean() - inside.sum()).clamp(min=0)
    level = rows.new_tensor(LEVELS)[:, None]
    spread, rest = 1 - level + level * values, (1 - level).flatten()
    beyond = rows.shape[1] - len(values)
    distance, volume = (inside / spread).sum(dim=1), spread.log().sum(dim=1) + variance.log().sum()
    if beyond:
        distance, volume = distance + outside / rest, volume + beyond * rest.log()
    likelihood: Tensor = -(distance + volume + rows.shape[1] * np.log(2 * np.pi)) / 2
    return likelihood.nan_to_num(-torch.inf, neginf=-torch.inf, posinf=-torch.inf)


def _level(rows: Tensor, repetitions: int | None, held: Tensor) -> float:
    """The level of shrinkage under which held-out rows are most likely; of equals the first.

    repetitions: that the rows are deviations from the means of, where they are such.
    """
    freedom = len(rows) - 1 if repetitions is None else len(rows) // repetitions * (repetitions - 1)
    likelihoods = held_out_likelihoods(rows, freedom, held.reshape(-1, rows.shape[1]))
    return LEVELS[int(likelihoods.argmax())]


def _shrunk(rows: Tensor, freedom: int, level: float) -> Tensor:
    covariance = rows.T @ rows / freedom
    return level * covariance + (1 - level) * covariance.diagonal().diag()


def _principal(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (k,) above zero of the products of columns (m, m), and their eigenvectors (m, k)."""
    wide = rows.shape[0] < rows.shape[1]
    values, vectors = eigh(rows @ rows.T if wide else rows.T @ rows)
    kept = values > EPSILON * max(rows.shape) * values[-1].clamp(min=0)
    values, vectors = values[kept], vectors[:, kept]
    return values, rows.T @ vectors / values.sqrt() if wide else vectors


def _settled(data: Tensor, noise: Tensor, n: int, r: int) -> tuple[Tensor, Tensor]:
    """Signal and noise that are positive semi-definite and add up to the data, each fitted to the other.

    The noise has two estimates, from n (r - 1) deviations and, r times what of the data is not signal, from
    n - 1 means; each counts by the inverse of its variance.
    """
    deviations, means = n * (r - 1), (n - 1) / r**2
    signal_before, noise_before = data - noise / r, noise
    of_means = noise
    for _ in range(MOST_TURNS):
        signal = nearest_positive(data - of_means / r)
        both = deviations * noise + means * r * (data - signal)
        of_means = nearest_positive(both / (deviations + means))
        if _same(signal, signal_before) and _same(of_means, noise_before):
            break
        signal_before, noise_before = signal, of_means
    return signal, of_means


def _same(a: Tensor, b: Tensor) -> bool:
    """Whether two covariances correlate; what is constant has nothing to settle."""
    r = torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1]
    return not bool(r <= SAME)
