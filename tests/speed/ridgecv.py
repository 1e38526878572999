"""Measure ridgecv beside scikit-learn's RidgeCV, and beside itself with one alpha after the other, in turns.

    python tests/speed/ridgecv.py
    python tests/speed/ridgecv.py --targets 30000 --splits 1 --rounds 1

960 stimuli in 961 coordinates, as the shipped simulated recordings have, 90 % of them fitted on; 99 alphas,
one for all targets, chosen by exact leave-one-out. "one alpha after the other": the same closed form, with a
matrix n x n and its product with all responses for each alpha. Wall and processor seconds, whether the alphas
are the same, and how far predictions are from ours.

On a machine that others use only processor seconds tell much, with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from pytest_brainscore.metrics.leave_one_out import Decomposition  # noqa: E402
from pytest_brainscore.metrics.linalg import centre  # noqa: E402
from pytest_brainscore.metrics.predictivity import ALPHAS  # noqa: E402
from pytest_brainscore.metrics.regression import ridge_loo  # noqa: E402
from pytest_brainscore.metrics.splits import Split, shuffle  # noqa: E402

STIMULI = 960
Fitted = tuple[float, Tensor]


def problem(targets: int) -> tuple[Tensor, Tensor]:
    """Coordinates of falling weight, and responses to the first fifty, half noise."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x = normal(STIMULI, STIMULI + 1) * torch.arange(1, STIMULI + 2) ** -0.7
    return x, x[:, :50] @ normal(50, targets) + normal(STIMULI, targets)


def ours(x: Tensor, y: Tensor, test: Tensor) -> Fitted:
    made = ridge_loo(x, y, test, ALPHAS)
    return float(made.chose["alpha"]), made.values


def one_after_the_other(x: Tensor, y: Tensor, test: Tensor) -> Fitted:
    (x, x_mean), (y, y_mean) = centre(x), centre(y)
    basis = Decomposition.of(x, x_mean)
    z, (left, unseen) = basis.u.T @ y, basis.shrinkage(torch.tensor(ALPHAS, dtype=torch.float64))
    through = ((basis.u * left[:, i] / unseen[:, i, None]) @ z for i in range(len(ALPHAS)))
    alpha = ALPHAS[int(np.argmin([float(error.square_().mean()) for error in through]))]
    return alpha, basis.to_others(basis.project(test - x_mean), alpha) @ y + y_mean


def scikit_learn(x: Tensor, y: Tensor, test: Tensor) -> Fitted:
    from sklearn.linear_model import RidgeCV

    fit = RidgeCV(alphas=ALPHAS).fit(x.numpy(), y.numpy())
    return float(fit.alpha_), torch.from_numpy(fit.predict(test.numpy()))


WAYS: dict[str, Callable[[Tensor, Tensor, Tensor], Fitted]] = {
    "ours": ours,
    "one alpha after the other": one_after_the_other,
    "scikit-learn": scikit_learn,
}


def all_splits(way: str, x: Tensor, y: Tensor, splits: Sequence[Split]) -> tuple[list[Fitted], float, float]:
    """What each split gives, and wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = [WAYS[way](x[split.train], y[split.train], x[split.test]) for split in splits]
    return found, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=96)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    x, y = problem(chosen.targets)
    splits = shuffle(STIMULI, n_splits=chosen.splits, train=0.9, seed=1)
    print(f"{tuple(y.shape)}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")
    ridge_loo(x[:40], y[:40, :5], x[40:50], ALPHAS)
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(chosen.rounds):
        found = {}
        for way in WAYS:
            found[way], *took = all_splits(way, x, y, splits)
            times[way].append((took[0], took[1]))
    told(times, found)


def told(times: dict[str, list[tuple[float, float]]], found: dict[str, list[Fitted]]) -> None:
    own = np.median(times["ours"], axis=0)
    print(
        "| | wall s | CPU s | wall / ours | CPU / ours | same alphas | largest difference |\n|" + "---|" * 7
    )
    for way, taken in times.items():
        (wall, cpu), pairs = np.median(taken, axis=0), list(zip(found[way], found["ours"], strict=True))
        same = sum(a == b for (a, _), (b, _) in pairs)
        apart = max(float((a - b).abs().max()) for (_, a), (_, b) in pairs)
        print(
            f"| {way} | {wall:.2f} | {cpu:.2f} | {wall / own[0]:.1f} | {cpu / own[1]:.1f}"
            f" | {same} of {len(pairs)} | {apart:.1e} |"
        )
    for way, taken in times.items():
        print(way, "CPU:", ", ".join(f"{cpu:.2f}" for _, cpu in taken))


if __name__ == "__main__":
    main()
