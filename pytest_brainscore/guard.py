"""The guard: a new score, its baseline and a policy make a verdict.

On raw scores. delta is the mean of the paired differences per split (of the two numbers, where a metric has
no splits), so the luck of the splits cancels. With drift and band = max(drop, drift):

    regressed  <- -band <- drifted <- -drift <-  same  -> drift -> drifted -> band ->  improved

`unguarded` has no baseline. `mismatched` has one of another side (stimuli, spec, ...): nothing is compared.
The standard error over splits is a unit here and no p-value: training sets overlap, so it is too small.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, pstdev

from .specs.guards import Guard, Word

EQUAL = 1e-6

Told = Mapping[str, str | int | float | None]


@dataclass(frozen=True)
class Measured:
    """A score as the guard sees it.

    raw: in the metric's unit. error: standard error over splits, None for a single one. splits: raw of each.
    side: the benchmark's side (spec, stimuli, ...), which must be equal. made_with: the model's (layer,
    weights, torch, ...), which is what a guard watches.
    """

    raw: float
    error: float | None
    splits: tuple[float, ...]
    side: Told = field(default_factory=dict)
    made_with: Told = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What the guard says, and why.

    delta: new - baseline. se: standard error of the paired differences. unit: standard error of the
    baseline. band: how far the score may fall. fell: in how many of n splits it did. changed: what else did.
    below: the minimum that is not reached. held: the minimum that is. All numbers in the metric's unit.
    """

    word: Word
    message: str
    delta: float | None = None
    se: float | None = None
    unit: float | None = None
    band: float | None = None
    fell: int = 0
    n: int = 0
    changed: tuple[str, ...] = ()
    below: float | None = None
    held: float | None = None


def judge(new: Measured, old: Measured | None, policy: Guard, minimum: float | None = None) -> Verdict:
    """The verdict on a score.

    old: the baseline, None where there is none. minimum: the raw score that must be reached in any case.
    Raises SpecError where the policy's drop is in standard errors, and the baseline has none.
    """
    verdict = _unlike(new, old) or _compared(new, old, policy)
    if minimum is None:
        return verdict
    if new.raw >= minimum:
        return replace(verdict, held=minimum)
    short = f"{new.raw:.4f} is below the minimum {minimum:.4f}"
    if verdict.word == "mismatched":
        return replace(verdict, message=f"{verdict.message}; {short}", below=minimum)
    return replace(verdict, word="regressed", message=f"regressed: {short}", below=minimum)


def in_se(delta: float, unit: float | None) -> str:
    """A difference, and what it is in standard errors of the baseline: ``-0.0218 = -7.2 se``."""
    return f"{delta:+.4f}" + (f" = {delta / unit:+.1f} se" if unit else "")


def differences(old: Told, new: Told) -> Iterator[str]:
    """Each thing that differs, by name: ``stimuli 1a2b3c4d → 5e6f7a8b``."""
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if not _equal(before, after):
            yield f"{name} {shortened(before)} → {shortened(after)}"


def agree(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two lists of numbers are the same, to the precision that baselines are written with."""
    return len(a) == len(b) and all(abs(x - y) <= EQUAL for x, y in zip(a, b, strict=True))


def shortened(value: str | int | float | None) -> str:
    """What a difference shows of a value: of a digest its first eight digits."""
    if isinstance(value, float):
        return f"{value:.6f}"
    text = "none" if value is None else str(value)
    return text[:8] if len(text) >= 16 and set(text) <= set("0123456789abcdef") else text


def _unlike(new: Measured, old: Measured | None) -> Verdict | None:
    """The verdict where the two cannot be compared."""
    odd = [*_no_numbers(new, "the score"), *(_no_numbers(old, "its baseline") if old else ())]
    if old is not None and not odd:
        odd = list(differences(old.side, new.side))
        if len(new.splits) != len(old.splits):
            odd.append(f"splits {len(old.splits)} → {len(new.splits)}")
    if not odd:
        return None
    message = f"mismatched: {'; '.join(odd)}"
    return Verdict("mismatched", message, changed=_changed(new, old))


def _compared(new: Measured, old: Measured | None, policy: Guard) -> Verdict:
    if old is None:
        return Verdict("unguarded", f"unguarded: {new.raw:.4f}, and there is no baseline")
    differences = [after - before for after, before in zip(new.splits, old.splits, strict=True)]
    delta, band = fmean(differences), policy.band(old.error)
    word = _word(delta, policy.drift, band)
    return Verdict(
        word,
        f"{word}: {new.raw:.4f}, baseline {old.raw:.4f}, {in_se(delta, old.error)}",
        delta=delta,
        se=pstdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else None,
        unit=old.error,
        band=band,
        fell=sum(difference < -EQUAL for difference in differences),
        n=len(differences),
        changed=_changed(new, old),
    )


def _word(delta: float, drift: float, band: float) -> Word:
    if abs(delta) <= drift:
        return "same"
    if abs(delta) <= band:
        return "drifted"
    return "improved" if delta > 0 else "regressed"


def _no_numbers(measured: Measured, name: str) -> Iterator[str]:
    at = [str(i) for i, value in enumerate(measured.splits, 1) if not math.isfinite(value)]
    if at:
        yield f"{name} is not a number in split {', '.join(at)} of {len(measured.splits)}"
    elif not measured.splits or not math.isfinite(measured.raw):
        yield f"{name} is not a number"


def _changed(new: Measured, old: Measured | None) -> tuple[str, ...]:
    return tuple(differences(old.made_with, new.made_with)) if old else ()


def _equal(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= EQUAL
    return a == b
