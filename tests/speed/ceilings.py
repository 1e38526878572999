"""What the ceilings of fMRI cost, and what drawing neuroids does to GSN's: prints the tables of docs.

OMP_NUM_THREADS=1 python -m tests.speed.ceilings gsn
OMP_NUM_THREADS=1 python -m tests.speed.ceilings recovery
OMP_NUM_THREADS=1 python -m tests.speed.ceilings unique
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from pytest_brainscore.metrics.gsn import gsn
from pytest_brainscore.metrics.signal_and_noise import SignalAndNoise
from pytest_brainscore.metrics.simulation import Simulation, ceilings_of, drawn, root_of
from pytest_brainscore.metrics.splits import alternate
from pytest_brainscore.metrics.unique_variance import unique_variance


def truth(m: int, seed: int, ratio: float = 0.45, shared: float = 0.3) -> SignalAndNoise:
    """Like voxels: a signal whose variances fall as 1 / k, noise of which `shared` is common to neuroids."""
    generator = torch.Generator().manual_seed(seed)
    signal, common = (_power_law(m, exponent, generator) for exponent in (1.0, 1.0))
    noise = shared * common + (1 - shared) * torch.eye(m, dtype=torch.float64)
    mean = 0.3 * torch.randn(m, generator=generator, dtype=torch.float64)
    return SignalAndNoise(mean, ratio**2 * signal, noise)


def _power_law(m: int, exponent: float, generator: torch.Generator) -> Tensor:
    basis = torch.linalg.qr(torch.randn(m, m, generator=generator, dtype=torch.float64)).Q
    values = torch.arange(1, m + 1, dtype=torch.float64) ** -exponent
    return (basis * (m * values / values.sum())) @ basis.T


def few_dimensions(m: int, seed: int, noise: float) -> SignalAndNoise:
    """A signal of 30 dimensions, variances as 1 / k; noise of each neuroid alone, `noise` its deviation."""
    generator = torch.Generator().manual_seed(seed)
    deviations = torch.arange(1, 31, dtype=torch.float64)[:, None] ** -0.5
    loadings = deviations * torch.randn(30, m, generator=generator, dtype=torch.float64)
    variance = float(loadings.square().sum(dim=0).mean())
    own = noise**2 * variance * torch.eye(m, dtype=torch.float64)
    return SignalAndNoise(torch.zeros(m, dtype=torch.float64), loadings.T @ loadings, own)


def responses(model: SignalAndNoise, n: int, r: int, seed: int) -> Tensor:
    """(n r, m), all repetitions of a stimulus after each other."""
    generator = torch.Generator().manual_seed(seed)
    roots = [root_of(part) for part in (model.signal, model.noise)]
    pairs = zip((n, n * r), roots, strict=True)
    signal, noise = (
        torch.randn(k, len(root), generator=generator, dtype=torch.float64) @ root for k, root in pairs
    )
    return (model.mean + signal).repeat_interleave(r, dim=0) + noise


def of_truth(model: SignalAndNoise, r: int) -> float:
    """The ceiling of the known distributions."""
    simulation = Simulation(n=200)
    return float(np.median(ceilings_of(model, drawn(model, simulation), r, simulation)))


def draws_of_neuroids() -> None:
    """GSN on some of 800 neuroids, extrapolated: 500 stimuli, 3 repetitions."""
    model = truth(800, 0)
    shown, stimulus = responses(model, 500, 3, 1), torch.arange(500).repeat_interleave(3)
    print(f"truth of 800 neuroids {of_truth(model, 3):.3f}")
    print("| neuroids | of these | extrapolated | processor seconds |\n|---|---|---|---|")
    for most in (100, 200, 400, 800):
        start = time.process_time()
        found = gsn(shown, stimulus, Simulation(), most=most)
        of_these = found.also.get("ceiling_of_drawn", found.value)
        spent = time.process_time() - start
        print(f"| {most} | {of_these:.3f} | {found.value:.3f} | {spent:.1f} |", flush=True)


def recovery() -> None:
    """GSN against the truth, 5 seeds each: signals of all dimensions, then of 30."""
    print("| signal | neuroids | stimuli | repetitions | truth | GSN, mean of 5 seeds | largest error |")
    print("|---|---|---|---|---|---|---|")
    for sizes in ((50, 500, 3), (200, 500, 3), (200, 100, 3), (200, 500, 2), (400, 200, 4)):
        _recovered("all dimensions", truth, *sizes)
    for noise, *sizes in ((4.0, 200, 500, 3), (2.27, 400, 500, 3), (2.0, 400, 100, 2), (4.0, 800, 500, 3)):
        _recovered(f"30, noise {noise:g}", partial(few_dimensions, noise=noise), *sizes)


def _recovered(name: str, make: Callable[[int, int], SignalAndNoise], m: int, n: int, r: int) -> None:
    pairs = []
    for seed in range(5):
        model = make(m, seed)
        shown = responses(model, n, r, seed + 100)
        found = gsn(shown, torch.arange(n).repeat_interleave(r), Simulation(seed=seed)).value
        pairs.append((of_truth(model, r), found))
    known, found = np.array(pairs).T
    error = np.abs(known - found).max()
    print(f"| {name} | {m} | {n} | {r} | {known.mean():.3f} | {found.mean():.3f} | {error:.3f} |", flush=True)


def unique() -> None:
    """Banded ridge of three bands: 500 stimuli in each half, 50 divisions, 9 alphas."""
    rng = np.random.default_rng(0)
    x = [torch.from_numpy(rng.standard_normal((1000, 1001))) for _ in range(3)]
    print("| neuroids | processor seconds |\n|---|---|")
    for m in (10, 100):
        y = torch.from_numpy(rng.standard_normal((1000, m)))
        start = time.process_time()
        unique_variance(x[0], y, alternate(1000), beside={"b": x[1], "c": x[2]})
        print(f"| {m} | {time.process_time() - start:.0f} |", flush=True)


if __name__ == "__main__":
    {"gsn": draws_of_neuroids, "recovery": recovery, "unique": unique}[sys.argv[1]]()
