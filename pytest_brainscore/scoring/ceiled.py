"""Ceiled: a raw score and the ceiling of its data, joined as a benchmark says."""

from __future__ import annotations

from torch import Tensor

from ..metrics.ceilings import Ceiling
from ..metrics.normalise import normalise
from ..specs.benchmarks import Benchmark


def ceiled(
    benchmark: Benchmark, raw: Tensor | float, ceiling: Ceiling | None, per_split: Tensor | None = None
) -> float | None:
    """Return the ceiled score, within the benchmark's bounds; None where there is none to give.

    raw: per split (n_splits,), or their mean. per_split: the ceiling of each split, where it has several.
    """
    value = per_split if per_split is not None else ceiling.value if ceiling else None
    return normalise(benchmark.normalisation(), raw, value, chance=benchmark.chance, clip=benchmark.clip)
