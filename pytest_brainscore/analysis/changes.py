"""Changes: what two sets of scores say of the same models and benchmarks, before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ..errors import MetricError
from ..guard import Measured, Told, Verdict, agree, differences, judge
from ..inference.paired import Difference, paired
from ..inference.replicates import Sampled
from ..specs.guards import Guard

Key = tuple[str, str]
"""A benchmark, and the line of a model there: ``model``, or ``model:layer`` where layers were named."""


def _unsampled() -> tuple[str, Sampled]:
    return "", {}


@dataclass(frozen=True, eq=False)
class Held:
    """What one side has for a key.

    measured: None where it could not be scored; `why` then says why. details: what else it says of how the
    score was made (versions, settings), None where it does not say (a baseline). sampled: reads the score on
    other samples, where these were kept, and the key that scores on the same samples share; asked only of
    scores that moved. missing: the file that should hold these samples and is not there. known: why it is
    known to have fallen, where its guard's policy says so.
    """

    measured: Measured | None
    details: Told | None = None
    why: str = ""
    sampled: Callable[[], tuple[str, Sampled]] = _unsampled
    missing: str = ""
    known: str = ""


@dataclass(frozen=True)
class Change:
    """A key that both sides have a score of.

    verdict: the guard's, by the default policy (a fall of 2 standard errors over splits, or of 0.01 without
    splits, is `regressed`); `mismatched` is not compared. differs: what else does. difference: new - old
    with its interval and p, on the same samples; None where these were not kept, or not resampled alike.
    missing: the files for want of which there is none. untested: why samples that are there say nothing.
    known: why it is known to have regressed, as the policy of the new side has it; empty where it had already
    fallen on the old side: a further fall is new.
    """

    benchmark: str
    line: str
    old: Measured
    new: Measured
    verdict: Verdict
    differs: tuple[str, ...] = ()
    difference: Difference | None = None
    missing: tuple[str, ...] = ()
    untested: str = ""
    known: str = ""

    @property
    def compared(self) -> bool:
        """Whether both are scores of one benchmark, and numbers."""
        return self.verdict.delta is not None

    @property
    def moved(self) -> bool:
        """Whether the score of any split moved, to the precision that baselines are written with."""
        return self.compared and not agree(self.new.splits, self.old.splits)

    @property
    def in_se(self) -> float | None:
        """How far the score moved in standard errors of the old one; None where it has none."""
        unit, delta = self.verdict.unit, self.verdict.delta
        return delta / unit if delta is not None and unit else None


@dataclass(frozen=True)
class Lack:
    """A key that only one side has a score of: that score, and why the other has none."""

    benchmark: str
    line: str
    score: Measured
    why: str


@dataclass(frozen=True)
class Changes:
    """All keys of both sides.

    pairs: both have a score, the largest difference first. new, gone: only the new side, or the old, has the
    key. lost, found: the new side, or the old, has the key but could not score it. unscored: how many keys
    neither side has a score of.
    """

    pairs: tuple[Change, ...]
    new: tuple[Lack, ...]
    gone: tuple[Lack, ...]
    lost: tuple[Lack, ...]
    found: tuple[Lack, ...]
    unscored: int = 0

    @cached_property
    def moved(self) -> tuple[Change, ...]:
        """Those that moved, but for regressions that are known."""
        return tuple(change for change in self.pairs if change.moved and not change.known)

    @cached_property
    def known(self) -> tuple[Change, ...]:
        """Regressions that are known."""
        return tuple(change for change in self.pairs if change.known)

    @cached_property
    def unmoved(self) -> tuple[Change, ...]:
        """Those that did not."""
        return tuple(change for change in self.pairs if change.compared and not change.moved)

    @cached_property
    def apart(self) -> tuple[Change, ...]:
        """Those that could not be compared."""
        return tuple(change for change in self.pairs if not change.compared)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The files for want of which scores that moved have no interval."""
        return tuple(dict.fromkeys(file for change in (*self.moved, *self.known) for file in change.missing))

    def words(self) -> frozenset[str]:
        """The verdicts that there are, but of what is known; `gone` also where a score was lost."""
        words = {change.verdict.word for change in self.pairs if not change.known}
        return frozenset(words | ({"gone"} if self.gone or self.lost else set()))


def changes(old: Mapping[Key, Held], new: Mapping[Key, Held]) -> Changes:
    """Every key of two sides, compared on raw scores."""
    both = [key for key in old if key in new]
    pairs = [_change(key, old[key], new[key]) for key in both if _scored(old[key]) and _scored(new[key])]
    return Changes(
        pairs=tuple(sorted(pairs, key=_size)),
        new=_lacks(new, (key for key in new if key not in old), old),
        gone=_lacks(old, (key for key in old if key not in new), new),
        lost=_lacks(old, (key for key in both if not _scored(new[key])), new),
        found=_lacks(new, (key for key in both if not _scored(old[key])), old),
        unscored=sum(not (_scored(old.get(key)) or _scored(new.get(key))) for key in {**old, **new}),
    )


def _scored(held: Held | None) -> bool:
    return held is not None and held.measured is not None


def _change(key: Key, old: Held, new: Held) -> Change:
    before, after = _measured(old), _measured(new)
    verdict = judge(after, before, Guard())
    told = old.details is not None and new.details is not None
    more = differences(old.details or {}, new.details or {}) if told else ()
    known = new.known if verdict.word == "regressed" and not old.known else ""
    change = Change(*key, before, after, verdict, (*verdict.changed, *more), known=known)
    if not change.moved:
        return change
    difference, why = _difference(old, new)
    return replace(change, difference=difference, missing=_missing(old, new), untested=why)


def _missing(old: Held, new: Held) -> tuple[str, ...]:
    """The files that would make an interval: none where a side never had any samples."""
    files = tuple(held.missing for held in (old, new) if held.missing)
    return files if files and all(held.missing or held.sampled()[1] for held in (old, new)) else ()


def _difference(old: Held, new: Held) -> tuple[Difference | None, str]:
    """The paired difference; else why there is none of samples that share a key."""
    (one, before), (other, after) = old.sampled(), new.sampled()
    if one != other:
        return None, ""
    try:
        return paired(_measured(new).raw, _measured(old).raw, after, before), ""
    except MetricError as why:  # the scores are compared without
        return None, str(why)


def _measured(held: Held) -> Measured:
    assert held.measured is not None
    return held.measured


def _size(change: Change) -> tuple[float, str, str]:
    return -abs(change.verdict.delta or 0.0), change.benchmark, change.line


def _lacks(there: Mapping[Key, Held], keys: Iterable[Key], other: Mapping[Key, Held]) -> tuple[Lack, ...]:
    """The scores of `there` under these keys, with why the other side has none."""
    scored = [key for key in keys if _scored(there[key])]
    return tuple(Lack(*key, _measured(there[key]), other[key].why if key in other else "") for key in scored)
