"""Cases that go the way of a benchmark: a spec, recordings, and the score with its replicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from pytest_brainscore import scoring
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.inference.replicates import Factor, Replicates, Sampled, Shared
from pytest_brainscore.inference.sampling import Sampling
from pytest_brainscore.scores import Score, Table
from pytest_brainscore.scoring.inferred import Plan, inferred_score
from pytest_brainscore.scoring.targets import Target
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated


@dataclass(frozen=True, eq=False)
class Shipped:
    """A benchmark of n stimuli and m neuroids, as its author writes it.

    entry: its metric, splits and inference. way: what its replicates are, in words. new_neuroids: whether
    each data set has neuroids of its own.
    """

    name: str
    way: str
    n: int
    m: int
    entry: Mapping[str, Any] = field(default_factory=dict)
    new_neuroids: bool = False

    @property
    def drawn(self) -> tuple[bool, ...]:
        """Whether neuroids are drawn beside stimuli."""
        return (self.new_neuroids,)

    def raw(self, x: Tensor, y: Tensor) -> float:
        """The score of a model."""
        benchmark = self._benchmark()
        return scoring.score(benchmark, x, self._target(benchmark, y), Registry()).raw

    def sampled(self, x: Tensor, y: Tensor, sampling: Sampling, both: bool) -> Sampled:
        """The replicates that are kept beside its values; `sampling` says with which key."""
        benchmark = self._benchmark()
        target, plan = self._target(benchmark, y), Plan.of(benchmark, sampling.key)
        return _replicates(inferred_score(benchmark, x, target, lambda _: Registry(), plan))

    def _benchmark(self) -> Benchmark:
        return validated(Benchmark, {"region": "IT", **self.entry}, "calibration")

    def _target(self, benchmark: Benchmark, y: Tensor) -> Target:
        recordings = from_arrays(_images(self.n), y.numpy()[..., None], region="IT")
        target = scoring.target(benchmark, "IT", recordings, torch.device("cpu"))
        assert isinstance(target, Target)
        return target


@cache
def _images(n: int) -> list[np.ndarray]:
    return list(np.random.RandomState(0).randint(0, 256, (n, 2, 2, 3), dtype=np.uint8))


def _replicates(score: Score) -> Sampled:
    """Those that lie beside a score; `alone` is forgotten, so that it shows what is spared by a refusal."""
    lying = {factor: score.beside.get(f"replicates_{factor}") for factor in get_args(Factor)}
    return {factor: _of(factor, table, score) for factor, table in lying.items() if table is not None}


def _of(factor: Factor, table: Table, score: Score) -> Replicates:
    a: Mapping[str, Any] = table.attrs
    line = score.beside.get(f"shared_{factor}")
    shared = None if line is None else Shared(line.values, a["ratio"], a["of"])
    return Replicates(
        a["way"], factor, table.values, a["count"], bool(a["refit"]), shared=shared, df=a.get("df")
    )


ENCODING = {"metric": "encoding"}
OF_STIMULI = {"inference": {"over": ("stimulus",)}}
HALVES, FOLDS = ({"metric": "ridge", "splits": splits} for splits in ({"n": 10, "train": 0.5}, {"folds": 5}))
SIX = {"inference": {"groups": 6}}
SHIPPED = (
    Shipped("shipped encoding, two halves", "neuroids alone", 120, 500, ENCODING, True),
    Shipped("shipped ridge, 5 folds", "splits", 200, 40, {**FOLDS, **OF_STIMULI}),
    Shipped("shipped ridge, 10 splits of halves", "splits", 200, 40, {**HALVES, **OF_STIMULI}),
    Shipped("shipped rdm, Spearman", "jackknife of 20", 100, 30, {"metric": "rdm"}),
    Shipped("shipped rdm, Spearman, 6 groups", "jackknife of 6", 250, 30, {"metric": "rdm", **SIX}),
    Shipped("shipped procrustes", "jackknife of 20", 100, 30, {"metric": "procrustes"}),
    Shipped("shipped cka, 6 groups", "jackknife of 6", 250, 30, {"metric": "cka", **SIX}),
)
"""Of new neuroids in each data set where the default takes these for the sample; else of the same ones."""
