"""Calibration: how often 95 % intervals hold the true score, and how often equal models are told apart.

python -m tests.slow.calibration --simulations 500 --write docs/statistics.md

Cases of `population.py` call the functions that make replicates; those of `shipped.py` score a benchmark.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from textwrap import fill

import numpy as np
import torch
from scipy.stats import binomtest

from pytest_brainscore.inference.intervals import interval
from pytest_brainscore.inference.paired import paired
from pytest_brainscore.inference.sampling import Sampling

from .document import between
from .population import CASES, Case, draw
from .shipped import SHIPPED, Shipped

FRESH = 1
"""Data sets per simulation that tell the true score, by default; no simulation is on one of them."""
REPLICATES = 100
LEVEL = 0.95
APART = 1_000_000
"""So far apart are the data sets of two seeds."""


@dataclass(frozen=True)
class Trial:
    """One data set: the score and its interval, and what the paired test says of two equal models.

    delta: the difference of the two, se_of_delta: its standard error.
    """

    raw: float
    low: float
    high: float
    se: float
    p: float
    delta: float = 0.0
    se_of_delta: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What came of a case, over stimuli alone or over neuroids too."""

    case: Case | Shipped
    both: bool
    truth: float
    trials: tuple[Trial, ...]

    @property
    def covered(self) -> int:
        """How many intervals hold the true score."""
        return sum(trial.low <= self.truth <= trial.high for trial in self.trials)

    @property
    def rejected(self) -> int:
        """How many paired tests tell two equal models apart."""
        return sum(trial.p <= 1 - LEVEL for trial in self.trials)

    @property
    def breadth(self) -> float:
        """The mean standard error over the standard deviation of the scores: 1 where it is right."""
        spread = np.std([trial.raw for trial in self.trials], ddof=1)
        return float(np.mean([trial.se for trial in self.trials]) / spread)

    @property
    def breadth_of_pairs(self) -> float:
        """The like of the difference of the two models."""
        spread = np.std([trial.delta for trial in self.trials], ddof=1)
        return float(np.mean([trial.se_of_delta for trial in self.trials]) / spread)


def outcome(case: Case | Shipped, both: bool, simulations: int, seed: int = 0, fresh: int = FRESH) -> Outcome:
    """Simulate: the true score is the mean over fresh data sets, of both models."""
    first = seed * APART
    others = range(first + simulations, first + (1 + fresh) * simulations)
    truth = float(np.mean([_raws(case, both, one) for one in others]))
    trials = tuple(trial(case, both, one) for one in range(first, first + simulations))
    return Outcome(case, both, truth, trials)


def _raws(case: Case | Shipped, both: bool, seed: int) -> tuple[float, float]:
    data = draw(case.n, case.m, seed, new_neuroids=both)
    return case.raw(data.a, data.y), case.raw(data.b, data.y)


def trial(case: Case | Shipped, both: bool, seed: int) -> Trial:
    """One data set, drawn, scored and judged as a benchmark's is."""
    data = draw(case.n, case.m, seed, new_neuroids=both)
    sampling = Sampling(f"calibration {seed}", replicates=REPLICATES)
    raw_a, raw_b = case.raw(data.a, data.y), case.raw(data.b, data.y)
    a, b = (case.sampled(x, data.y, sampling, both) for x in (data.a, data.b))
    found, difference = interval(raw_a, a, level=LEVEL), paired(raw_a, raw_b, a, b, level=LEVEL)
    assert found
    assert difference
    assert found.low is not None
    assert found.high is not None
    assert found.se is not None
    return Trial(raw_a, found.low, found.high, found.se, difference.p, difference.delta, difference.se)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Lines of Markdown."""
    yield (
        "| metric | stimuli | neuroids | new in each | by | simulations | true score | se / sd | of pairs |"
        " interval holds it, % | equal models told apart, % |"
    )
    yield "|---|---:|---:|---|---|---:|---:|---:|---:|---:|---:|"
    for each in outcomes:
        case, n = each.case, len(each.trials)
        over = "stimuli and neuroids" if each.both else "stimuli"
        held, told = (_share(k, n) for k in (each.covered, each.rejected))
        yield (
            f"| {case.name} | {case.n} | {case.m} | {over} | {case.way} | {n} | {each.truth:.3f} |"
            f" {each.breadth:.2f} | {each.breadth_of_pairs:.2f} | {held} | {told} |"
        )


def _share(k: int, n: int) -> str:
    """In per cent, with the exact binomial 95 % interval."""
    low, high = binomtest(k, n).proportion_ci()
    return f"{100 * k / n:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.slow.calibration", description=__doc__)
    parser.add_argument("--simulations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="other data sets: 1, 2, ...")
    parser.add_argument(
        "--fresh", type=int, default=FRESH, help="data sets per simulation for the true score"
    )
    parser.add_argument("--only", default="", help="cases whose name begins so")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into this document")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run all cases, over stimuli and over both factors where there are two."""
    options, start, outcomes = _arguments(given), time.monotonic(), []
    torch.set_num_threads(1)
    for case in (*CASES, *SHIPPED):
        if case.name.startswith(options.only):
            for both in case.drawn:
                outcomes.append(outcome(case, both, options.simulations, options.seed, options.fresh))
                print(*list(table(outcomes))[-1:], f"{time.monotonic() - start:.0f} s", flush=True)
    if options.write:
        _write(options, "\n".join(table(outcomes)), time.monotonic() - start)
    return 0


def _write(options: argparse.Namespace, text: str, seconds: float) -> None:
    """Put the table between the marks of the document; what stands around it is written by people."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "scipy"))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    command = (
        f"python -m tests.slow.calibration --simulations {options.simulations} --seed {options.seed}"
        f" --fresh {options.fresh} --write {options.write}"
    )
    head = (
        f"`{command}`, {today}, {seconds / 60:.0f} minutes on one core"
        f" (Python {platform.python_version()}, {libraries}):"
    )
    between(options.write, "calibration", f"{fill(head, 120, break_on_hyphens=False)}\n\n{text}")


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main())
