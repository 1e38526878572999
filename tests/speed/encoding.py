"""Measure encoding and veRSA beside scikit-learn's RidgeCV and himalaya's KernelRidgeCV, in turns.

    python tests/speed/encoding.py
    python tests/speed/encoding.py --voxels 7500 --rounds 5 --without scikit-learn

1,000 stimuli, even rows fitted on and odd rows predicted; 5,920 projections, float32; 30,000 simulated
voxels, float32, of four subjects; seven alphas from 0.1 to 100,000, one for each voxel. From activations to
the predictions of the test stimuli, r of every voxel and veRSA of every subject.

scikit-learn: RidgeCV, float64, alpha_per_target, leave-one-out. himalaya: KernelRidgeCV, backend torch,
float32, 5 folds, 4,000 targets at a time; both then have RDMs by torch.corrcoef in their own precision.
"both halves" is what a benchmark measures: left-out predictions, their r and veRSA besides, and the explained
variance. Every measurement is a process of its own, so that its largest resident memory is told; making the
data takes none of its time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from pytest_brainscore.metrics.correlation import pearson  # noqa: E402
from pytest_brainscore.metrics.encoding import encode, encoding, versa  # noqa: E402
from pytest_brainscore.metrics.rsa import brain_rdms, compare  # noqa: E402
from pytest_brainscore.metrics.splits import alternate  # noqa: E402

ALPHAS = [10.0**k for k in range(-1, 6)]
STIMULI, PROJECTIONS, SUBJECTS, BLOCK = 1000, 5920, 4, 4096
Scores = tuple[float, float]


def problem(voxels: int) -> tuple[Tensor, Tensor]:
    """Projections and responses that share 300 dimensions of falling weight; each voxel half noise."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    latent = normal(STIMULI, 300) * torch.arange(1, 301) ** -0.7
    x = latent @ normal(300, PROJECTIONS) + 0.3 * normal(STIMULI, PROJECTIONS)
    y = latent @ normal(300, voxels)
    return x, y / y.std(0) + 1.2 * normal(STIMULI, voxels)


def test_half(x: Tensor, y: Tensor) -> Scores:
    (split,) = alternate(STIMULI)
    predicted, seen = encode(x, y, [split], alphas=ALPHAS).splits[0].test, y[split.test]
    pairs = zip(predicted.split(BLOCK, 1), seen.split(BLOCK, 1), strict=True)
    r = torch.cat([pearson(some, recorded.double()) for some, recorded in pairs])
    groups = list(torch.arange(y.shape[1]).chunk(SUBJECTS))
    own, brain = brain_rdms(predicted, "pearson", groups), brain_rdms(seen, "pearson", groups)
    return float(r.mean()), float(compare(own, brain, "pearson").mean())


def both_halves(x: Tensor, y: Tensor) -> Scores:
    splits, groups = alternate(STIMULI), list(torch.arange(y.shape[1]).chunk(SUBJECTS))
    made = encode(x, y, splits, alphas=ALPHAS)
    return encoding(made, y, splits).raw(), versa(made, y, splits, groups=groups).raw()


def scikit_learn(x: Tensor, y: Tensor) -> Scores:
    from sklearn.linear_model import RidgeCV

    x, y = x.double(), y.double()
    train, test = z_scored(x)
    fit = RidgeCV(alphas=ALPHAS, alpha_per_target=True).fit(train.numpy(), y[::2].numpy())
    return compared(torch.from_numpy(fit.predict(test.numpy())), y[1::2])


def himalaya(x: Tensor, y: Tensor) -> Scores:
    from himalaya.backend import set_backend
    from himalaya.kernel_ridge import KernelRidgeCV

    set_backend("torch")
    train, test = z_scored(x)
    mean = y[::2].mean(0)
    fit = KernelRidgeCV(alphas=ALPHAS, cv=5, solver_params={"n_targets_batch": 4000})
    predicted = fit.fit(train, y[::2] - mean).predict(test) + mean
    return compared(predicted, y[1::2])


def z_scored(x: Tensor) -> tuple[Tensor, Tensor]:
    mean, deviation = x[::2].mean(0), x[::2].std(0, correction=0)
    return (x[::2] - mean) / deviation, (x[1::2] - mean) / deviation


def compared(predicted: Tensor, y: Tensor) -> Scores:
    """Mean r, and the mean over subjects of the correlation of two RDMs."""
    a, b = predicted - predicted.mean(0), y - y.mean(0)
    r = (a * b).sum(0) / (a.square().sum(0) * b.square().sum(0)).sqrt()
    pairs = zip(predicted.chunk(SUBJECTS, 1), y.chunk(SUBJECTS, 1), strict=True)
    rows = torch.triu_indices(len(y), len(y), 1)
    both = [torch.stack([torch.corrcoef(v)[rows[0], rows[1]] for v in pair]) for pair in pairs]
    return float(r.mean()), float(np.mean([float(torch.corrcoef(two)[0, 1]) for two in both]))


WAYS: dict[str, Callable[[Tensor, Tensor], Scores]] = {
    "ours": test_half,
    "ours, both halves": both_halves,
    "himalaya": himalaya,
    "scikit-learn": scikit_learn,
}


def measure(way: str, voxels: int) -> dict[str, float]:
    """What one way takes, after a small problem that pays for its imports."""
    WAYS[way](*problem(40))
    x, y = problem(voxels)
    wall, cpu = time.perf_counter(), time.process_time()
    r, similarity = WAYS[way](x, y)
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {**took, "GiB": peak, "r": r, "veRSA": similarity}


def apart(way: str, voxels: int) -> dict[str, float]:
    """`measure` in a process of its own."""
    command = [sys.executable, __file__, "--voxels", str(voxels), "--measure", way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--voxels", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", choices=[*WAYS], action="append", default=[])
    parser.add_argument("--measure", choices=[*WAYS], help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure(chosen.measure, chosen.voxels)))
        return
    print(f"{chosen.voxels} voxels, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")
    ways = [way for way in WAYS if way not in chosen.without]
    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(chosen.rounds):
        for way in ways:
            found[way].append(apart(way, chosen.voxels))
    told(found)


def told(found: dict[str, list[dict[str, float]]]) -> None:
    print("| | wall s | CPU s | wall / ours | CPU / ours | GiB at most | mean r | veRSA |\n|" + "---|" * 8)
    own = {clock: np.median([run[clock] for run in found["ours"]]) for clock in ("wall", "cpu")}
    for way, runs in found.items():
        middle = {name: float(np.median([run[name] for run in runs])) for name in runs[0]}
        print(
            f"| {way} | {middle['wall']:.2f} | {middle['cpu']:.2f} | {middle['wall'] / own['wall']:.2f}"
            f" | {middle['cpu'] / own['cpu']:.2f} | {max(run['GiB'] for run in runs):.2f}"
            f" | {middle['r']:.5f} | {middle['veRSA']:.5f} |"
        )
    for way, runs in found.items():
        print(way, "wall:", ", ".join(f"{run['wall']:.2f}" for run in runs))


if __name__ == "__main__":
    main()
