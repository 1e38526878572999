"""Parts: where every subject, or every time bin, has a raw score, a ceiling and a ceiled score of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..metrics.ceilings import Ceiling
from ..metrics.measurement import Measurement
from ..metrics.normalise import normalise
from ..specs.benchmarks import Benchmark
from .responses import Window
from .subjects import Subjects


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of one score, which is their mean.

    raw: (n_splits, n_parts). ceilings, ceiled: one per part; None without a ceiling; NaN or not above zero it
    cannot divide, and there is no ceiled score.
    """

    names: tuple[str, ...]
    raw: Tensor
    ceilings: tuple[float | None, ...]
    ceiled: tuple[float | None, ...]

    def score(self, clip: tuple[float, float] | None) -> float | None:
        """The mean of the ceiled scores of the parts that have one, within `clip`."""
        found = [value for value in self.ceiled if value is not None]
        return normalise("none", sum(found) / len(found), None, clip=clip) if found else None

    def figures(self) -> dict[str, float]:
        """Each part's three figures by name, such as ``raw.subj01``; NaN for one that it has not."""
        by_name = {"raw": self.raw.mean(dim=0).tolist(), "ceiling": self.ceilings, "ceiled": self.ceiled}
        return {
            f"{figure}.{name}": torch.nan if value is None else value
            for figure, values in by_name.items()
            for name, value in zip(self.names, values, strict=True)
            if any(value is not None for value in values)
        }

    def notes(self) -> tuple[str, ...]:
        """Which parts the ceiled score is without."""
        lacking = [name for name, value in zip(self.names, self.ceiled, strict=True) if value is None]
        if not lacking or len(lacking) == len(self.names):
            return ()
        has = "has" if len(lacking) == 1 else "have"
        return (f"the ceiled score is without {', '.join(lacking)}, which {has} no ceiling above zero",)


def parts_of(
    benchmark: Benchmark, measured: Measurement, ceiling: Ceiling | None, names: Sequence[str]
) -> Parts:
    """Divide a measurement, and its ceiling, by subject and time bin; `names` are those of the parts."""
    raw = measured.per_part().cpu()
    n_bins = measured.values.shape[1] if measured.values.ndim == 3 else 1
    bounds = _bounds(measured, ceiling, n_bins, len(names))
    ceiled = [
        normalise(benchmark.normalisation(), part, bound, chance=benchmark.chance)
        for part, bound in zip(raw.T, bounds, strict=True)
    ]
    return Parts(tuple(names), raw, tuple(bounds), tuple(ceiled))


def _bounds(
    measured: Measurement, ceiling: Ceiling | None, n_bins: int, n_parts: int
) -> list[float] | list[None]:
    """The ceiling of each part; one for all where it is not of the targets that are measured."""
    if ceiling is None:
        return [None] * n_parts
    width = 0 if ceiling.values is None else ceiling.values.shape[-1]
    due = n_parts // n_bins if ceiling.over == "subject" else measured.values.shape[-1]
    if width != due:
        return [ceiling.value] * n_parts
    bounds: list[float] = ceiling.parts(n_bins, measured.groups).tolist()
    return bounds


def part_names(subjects: Subjects, time_bins: Sequence[Window]) -> tuple[str, ...]:
    """Names of the parts, all bins of the first subject first, in the order of `measurement.by_part`."""
    bins = [bin_name(window) for window in time_bins]
    if not bins:
        return subjects.names
    return tuple(f"{subject}.{name}" for subject in subjects.names for name in bins) or tuple(bins)


def bin_name(window: Window) -> str:
    """A time bin in words, such as ``70-80``."""
    return f"{window[0]:g}-{window[1]:g}"
