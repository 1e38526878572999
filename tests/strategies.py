"""Hypothesis strategies that the law files share: small activations, responses and recordings."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor

seeds = st.integers(0, 2**31 - 1)
scales = st.sampled_from([1e-3, 0.5, 1.0, 7.0, 1e3])


def normal(seed: int, *shape: int) -> Tensor:
    """Standard normal numbers from a generator of their own."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@st.composite
def matched(
    draw: st.DrawFn, n: tuple[int, int] = (20, 40), p: tuple[int, int] = (3, 50)
) -> tuple[Tensor, Tensor]:
    """Activations (n, p) and responses (n, m) that share a signal, noise on top."""
    seed, n_stimuli, n_units = draw(seeds), draw(st.integers(*n)), draw(st.integers(*p))
    n_neuroids, noise = draw(st.integers(1, 6)), draw(st.sampled_from([0.1, 1.0, 3.0]))
    latent = normal(seed, n_stimuli, 3)
    x = latent @ normal(seed + 1, 3, n_units) + 0.5 * normal(seed + 2, n_stimuli, n_units)
    y = latent @ normal(seed + 3, 3, n_neuroids) + noise * normal(seed + 4, n_stimuli, n_neuroids)
    return x + draw(scales), y


@st.composite
def presentations(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Values (k, m), stimulus (k,) and repetition (k,) of a full design with noise."""
    seed, n_stimuli = draw(seeds), draw(st.integers(8, 20))
    n_repetitions, m = draw(st.integers(2, 7)), draw(st.integers(1, 5))
    stimulus = torch.arange(n_stimuli).repeat(n_repetitions)
    repetition = torch.arange(n_repetitions).repeat_interleave(n_stimuli)
    noise = draw(st.sampled_from([0.2, 1.0, 5.0]))
    values = normal(seed, n_stimuli, m)[stimulus] + noise * normal(seed + 1, len(stimulus), m)
    return values, stimulus, repetition


def rotation(seed: int, size: int) -> Tensor:
    """An orthogonal matrix (size, size)."""
    return torch.linalg.qr(normal(seed, size, size)).Q


def permutation(seed: int, size: int) -> Tensor:
    return torch.randperm(size, generator=torch.Generator().manual_seed(seed))
