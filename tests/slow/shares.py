"""Shares: how much splits have in common beside their test stimuli, as a share of n_test/n_train.

python -m tests.slow.shares --simulations 400 --write docs/statistics.md

`inference.stored.OF_TRAINING` was chosen by what this prints.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from pytest_brainscore.inference.intervals import interval
from pytest_brainscore.inference.paired import paired
from pytest_brainscore.inference.replicates import Replicates
from pytest_brainscore.inference.sharing import OF_TRAINING
from pytest_brainscore.inference.stored import by_splits
from pytest_brainscore.metrics.predictivity import pls, ridge
from pytest_brainscore.metrics.splits import Split, kfold, shuffle

from .document import between
from .population import Kind, Measure, draw

MARK = "shares"


@dataclass(frozen=True, eq=False)
class Setting:
    """Data, their size, and how they are split and scored."""

    splits: Sequence[Split]
    said: str
    n: int = 200
    m: int = 40
    measure: Measure = ridge
    kind: Kind = field(default_factory=Kind)


def settings() -> Iterator[Setting]:
    """All that is simulated."""
    tenths = "10 random splits, tests of a tenth"
    for n, m in ((30, 40), (100, 40), (200, 10), (200, 40), (200, 150), (600, 40)):
        yield Setting(shuffle(n), tenths, n, m)
    yield Setting(shuffle(200, n_splits=20), "20 random splits, tests of a tenth")
    yield Setting(shuffle(200, train=0.8), "10 random splits, tests of a fifth")
    yield Setting(shuffle(200, train=0.5), "10 random splits in halves")
    yield Setting(shuffle(200, train=0.2), "10 random splits, tests of four fifths")
    for n, folds in ((200, 5), (200, 10), (600, 5)):
        yield Setting(kfold(n, folds), f"{folds} folds", n)
    for kind in (
        Kind(units=100),
        Kind(noise=0.5, noise_of_units=0.5),
        Kind(latents=30, seen=15, units=60, decay=0.3, noise_of_units=1.0),
    ):
        yield Setting(shuffle(200), tenths, kind=kind)
    yield Setting(shuffle(200), f"{tenths}; five views of each object", kind=Kind(views=5))
    yield Setting(shuffle(200), f"{tenths}; alpha 100", measure=partial(ridge, alpha=100.0))
    five = partial(pls, components=5)
    yield Setting(shuffle(200), f"{tenths}; pls, 5 components", measure=five, kind=Kind(units=100))


@dataclass(frozen=True, eq=False)
class Simulated:
    """Replicates of two equal models' scores, in each of many data sets."""

    setting: Setting
    a: Sequence[Replicates]
    b: Sequence[Replicates]

    def best(self, made: Sequence[Replicates]) -> float:
        """The share of n_test/n_train at which variances would have been right in the mean."""
        values, line = np.stack([one.values for one in made]), np.stack([one.shared.line for one in made])
        own, shared = (float(each.var(axis=1, ddof=1).mean()) for each in (values, line))
        due = (values.mean(axis=1).var(ddof=1) - own / values.shape[1]) / shared
        split = self.setting.splits[0]
        trained = min(len(split.test) / len(split.train), 1)
        return float((due - made[0].shared.ratio) / trained + OF_TRAINING)

    def held(self) -> float:
        """How many of 100 intervals hold the mean score of all data sets."""
        raws = [float(each.values.mean()) for each in self.a]
        truth = float(np.mean(raws))
        made = [interval(raw, {"stimulus": each}) for raw, each in zip(raws, self.a, strict=True)]
        return 100 * float(np.mean([each.low <= truth <= each.high for each in made]))

    def told(self) -> float:
        """How many of 100 tests tell the two equal models apart."""
        pairs = zip(self.a, self.b, strict=True)
        found = (
            paired(float(a.values.mean()), float(b.values.mean()), {"stimulus": a}, {"stimulus": b})
            for a, b in pairs
        )
        return 100 * float(np.mean([each.p <= 0.05 for each in found]))


def simulated(setting: Setting, simulations: int) -> Simulated:
    """Draw data sets and score both models on each."""
    made: list[list[Replicates]] = [[], []]
    for seed in range(simulations):
        data = draw(setting.n, setting.m, seed, new_neuroids=False, kind=setting.kind)
        for x, kept in zip((data.a, data.b), made, strict=True):
            kept.append(by_splits(setting.measure(x, data.y, setting.splits), setting.splits, setting.n))
    return Simulated(setting, *made)


def row(of: Simulated) -> str:
    """A line of Markdown."""
    setting, kind = of.setting, of.setting.kind
    differences = [a.minus(b) for a, b in zip(of.a, of.b, strict=True)]
    return (
        f"| {setting.said} | {setting.n} | {setting.m} | {kind.units} | {kind.latents} |"
        f" {kind.noise:g}, {kind.noise_of_units:g} | {of.best(of.a):.2f} | {of.best(differences):.2f} |"
        f" {of.held():.1f} | {of.told():.1f} |"
    )


HEAD = (
    "| splits | stimuli | neuroids | units | latents | noise | best for scores | best for differences |"
    " interval holds it, % | equal models told apart, % |",
    "|---|---:|---:|---:|---:|---|---:|---:|---:|---:|",
)


def main(given: Sequence[str] | None = None) -> int:
    """Print a row for each setting, and write them."""
    parser = argparse.ArgumentParser(prog="python -m tests.slow.shares", description=__doc__)
    parser.add_argument("--simulations", type=int, default=400)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into this document")
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    lines = list(HEAD)
    for setting in settings():
        lines.append(row(simulated(setting, options.simulations)))
        print(lines[-1], flush=True)
    if options.write:
        head = f"{options.simulations} data sets each:"
        between(options.write, MARK, "\n".join([head, "", *lines]))
    return 0


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main())
