"""From a raw score and a ceiling to the ceiled score."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import MetricError, nearest


@dataclass(frozen=True)
class _Normalisation:
    ceil: Callable[[float, float], float]
    divides: bool = True
    per_split: bool = False


_BY_NAME = {
    "r2_over_ceiling": _Normalisation(lambda raw, ceiling: raw * abs(raw) / ceiling),
    "r2_over_ceiling2": _Normalisation(lambda raw, ceiling: raw * abs(raw) / ceiling**2),
    "r_over_ceiling": _Normalisation(lambda raw, ceiling: raw / ceiling),
    "r_over_sqrt_ceiling": _Normalisation(lambda raw, ceiling: raw / math.sqrt(ceiling), per_split=True),
    "above_chance": _Normalisation(lambda raw, ceiling: raw / ceiling),
    "none": _Normalisation(lambda raw, _: raw, divides=False),
}

NAMES = tuple(_BY_NAME)


def normalise(
    how: str,
    raw: float | Tensor,
    ceiling: float | Tensor | None,
    *,
    chance: float | None = None,
    clip: tuple[float, float] | None = None,
) -> float | None:
    """Return the ceiled score, or None where there is none to give.

    how: ``r2_over_ceiling`` (r |r| / c, so that a negative raw score stays negative; Brain-Score since 2026),
        ``r2_over_ceiling2`` (r |r| / c^2; Brain-Score before), ``r_over_ceiling``, ``r_over_sqrt_ceiling``
        (split by split, then averaged), ``above_chance`` ((raw - chance) / (ceiling - chance)), ``none``.
    raw: per split (n_splits,), or their mean.
    ceiling: one figure, or one per split (n_splits,); only ``r_over_sqrt_ceiling`` keeps splits apart, the
        others take both means first.
    chance: the raw score of guessing, for ``above_chance`` alone.
    clip: lowest and highest ceiled score, where the benchmark says so.

    None where the raw score is NaN, or where the ceiling divides and is missing, NaN or not above zero (not
    above chance). Raises MetricError for an unknown name, and for a chance missing or out of place.
    """
    if how not in _BY_NAME:
        raise MetricError(f"no normalisation {how!r}{nearest(how, NAMES)} (there are {', '.join(NAMES)})")
    if (chance is None) == (how == "above_chance"):
        raise MetricError(
            f"normalise {how}: chance {'is missing' if chance is None else 'has no place here'}"
        )
    rule, base = _BY_NAME[how], chance or 0.0
    pairs = _pairs(raw, ceiling, rule.per_split)
    if not all(_usable(r - base, None if c is None else c - base, rule.divides) for r, c in pairs):
        return None
    ceiled = [rule.ceil(r - base, 1.0 if c is None else c - base) for r, c in pairs]
    return _clipped(sum(ceiled) / len(ceiled), clip)


def _pairs(
    raw: float | Tensor, ceiling: float | Tensor | None, per_split: bool
) -> list[tuple[float, float | None]]:
    raws = _floats(raw, per_split)
    ceilings: list[float | None] = [None] if ceiling is None else [*_floats(ceiling, per_split)]
    if len(ceilings) == 1:
        ceilings = ceilings * len(raws)
    if len(raws) == 1:
        raws = raws * len(ceilings)
    if len(raws) != len(ceilings):
        raise MetricError(f"{len(raws)} splits have a raw score and {len(ceilings)} a ceiling")
    return list(zip(raws, ceilings, strict=True))


def _floats(figure: float | Tensor, per_split: bool) -> list[float]:
    figures = torch.as_tensor(figure, dtype=torch.float64).reshape(-1)
    return [float(f) for f in (figures if per_split else figures.mean().reshape(1))]


def _usable(raw: float, ceiling: float | None, divides: bool) -> bool:
    return not math.isnan(raw) and (not divides or (ceiling is not None and ceiling > 0))


def _clipped(ceiled: float, clip: tuple[float, float] | None) -> float:
    return ceiled if clip is None else min(max(ceiled, clip[0]), clip[1])
