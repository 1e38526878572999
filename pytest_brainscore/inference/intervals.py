"""Intervals: where a score would lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scipy.special import stdtrit

from ..errors import MetricError
from ..specs.results import Interval
from .one_factor import Variance
from .replicates import Sampled
from .variance import variance


def interval(raw: float, sampled: Sampled, *, level: float = 0.95) -> Interval | None:
    """The interval of the score that is expected on new samples of all factors in `sampled`.

    raw -+ t se, t of `variance`'s degrees of freedom. None without any factor. Raises MetricError for a level
    outside (0, 1), and as `variance` does.
    """
    if not sampled:
        return None
    found = variance(sampled)
    low, high = ends(raw, found, level)
    over = tuple(factor for factor in sampled if factor != "both")
    return Interval(
        low=low,
        high=high,
        level=level,
        se=found.se,
        df=found.df,
        over=over,
        by={factor: sampled[factor].way for factor in over},
        refit=any(sampled[factor].refit for factor in over),
        without_stimuli=any(sampled[factor].alone for factor in over),
    )


def ends(raw: float, found: Variance, level: float) -> tuple[float, float]:
    """raw -+ t se. Raises MetricError for a level outside (0, 1)."""
    if not 0 < level < 1:
        raise MetricError(f"an interval's level lies between 0 and 1, such as 0.95: not at {level:g}")
    reach = float(stdtrit(found.df, (1 + level) / 2)) * found.se
    return raw - reach, raw + reach


def through(interval: Interval, change: Callable[[float], float | None]) -> Interval:
    """The interval of what a monotone function makes of the score, such as the ceiled score.

    Its ends are changed, and put in order; its standard error has no like, and is None.
    """
    changed = [None if end is None else change(end) for end in (interval.low, interval.high)]
    there = sorted(end for end in changed if end is not None)
    low, high = there if len(there) == 2 else (None, None)
    update: Mapping[str, float | None] = {"low": low, "high": high, "se": None}
    return interval.model_copy(update=update)
