"""Hypothesis strategies that the law files share: small activations, responses, recordings and strata."""

from __future__ import annotations

import torch
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor

seeds = st.integers(0, 2**31 - 1)
scales = st.sampled_from([1e-3, 0.5, 1.0, 7.0, 1e3])
factors = st.floats(0.01, 100)

few = settings(max_examples=max(1, settings.default.max_examples // 10))
"""For laws on data of a real size, or on many draws: a tenth of the profile's examples."""


def normal(seed: int, *shape: int) -> Tensor:
    """Standard normal numbers from a generator of their own."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def related(seed: int, n: int, p: int, m: int, noise: float, latents: int = 3) -> tuple[Tensor, Tensor]:
    """Activations (n, p) and responses (n, m) that share a signal of a few dimensions."""
    latent = normal(seed, n, latents)
    x = latent @ normal(seed + 1, latents, p) + 0.5 * normal(seed + 2, n, p)
    y = latent @ normal(seed + 3, latents, m) + noise * normal(seed + 4, n, m)
    return x, y


@st.composite
def matched(
    draw: st.DrawFn,
    n: tuple[int, int] = (20, 40),
    p: tuple[int, int] = (3, 50),
    m: tuple[int, int] = (1, 6),
) -> tuple[Tensor, Tensor]:
    """Activations (n, p), far from zero at times, and responses (n, m) that share a signal, noise on top."""
    n_stimuli, n_units, n_neuroids = (draw(st.integers(*bounds)) for bounds in (n, p, m))
    noise = draw(st.sampled_from([0.1, 1.0, 3.0]))
    x, y = related(draw(seeds), n_stimuli, n_units, n_neuroids, noise)
    return x + draw(scales), y


@st.composite
def presentations(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Values (k, m), stimulus (k,) and repetition (k,) of a full design with noise."""
    seed, n_stimuli = draw(seeds), draw(st.integers(8, 20))
    n_repetitions, m = draw(st.integers(2, 7)), draw(st.integers(1, 5))
    noise = draw(st.sampled_from([0.2, 1.0, 5.0]))
    return recorded(seed, n_stimuli, n_repetitions, m, noise)


def recorded(
    seed: int, n_stimuli: int, n_repetitions: int, m: int, noise: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Presentations of every stimulus in every repetition: values (k, m), stimulus (k,), repetition (k,)."""
    stimulus = torch.arange(n_stimuli).repeat(n_repetitions)
    repetition = torch.arange(n_repetitions).repeat_interleave(n_stimuli)
    values = normal(seed, n_stimuli, m)[stimulus] + noise * normal(seed + 1, len(stimulus), m)
    return values, stimulus, repetition


@st.composite
def strata(draw: st.DrawFn) -> list[int]:
    """The stratum of each stimulus, 2 to 5 strata of 10 to 16 stimuli, mixed."""
    sizes = draw(st.lists(st.integers(10, 16), min_size=2, max_size=5))
    rows = [stratum for stratum, size in enumerate(sizes) for _ in range(size)]
    return [rows[i] for i in permutation(draw(seeds), len(rows)).tolist()]


def rotation(seed: int, size: int) -> Tensor:
    """An orthogonal matrix (size, size)."""
    return torch.linalg.qr(normal(seed, size, size)).Q


def permutation(seed: int, size: int) -> Tensor:
    return torch.randperm(size, generator=torch.Generator().manual_seed(seed))
