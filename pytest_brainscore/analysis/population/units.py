"""Units: what is taken to vary from one study to the next, and the interval that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...specs.contrasts import Unit
from ..statistics import attainable, estimates
from ..statistics.estimates import Estimate, Resampled
from ..statistics.least_squares import Fit, fit, two_groups, two_groups_apart
from .members import Member, Sides


@dataclass(frozen=True)
class Lacking:
    """Why there is no interval."""

    why: str


@dataclass(frozen=True)
class Question:
    """One group against another. sides: of all groups that the contrast compares; paired: by their keys."""

    sides: Sides
    group: str
    against: str
    paired: bool

    @property
    def both(self) -> tuple[tuple[Member, ...], tuple[Member, ...]]:
        """The members of the two groups."""
        return self.sides[self.group], self.sides[self.against]

    @property
    def difference(self) -> float | None:
        """The mean of the one group minus that of the other; None where one has no network."""
        first, second = map(_scores, self.both)
        return float(first.mean() - second.mean()) if len(first) and len(second) else None


Answer = Estimate | Resampled | Lacking


def answer(question: Question, unit: Unit) -> Answer:
    """The difference and its interval, where `unit` says what varies.

    networks: the networks are a sample of those that might have been compared (pooled t, or t of the pairs).
    welch: likewise, where the two groups may spread differently.
    subjects: the subjects are (t of each one's difference). subject_bootstrap, stimulus_bootstrap: likewise
    by resampling. released: each network in each subject is a sample of its own, with an effect of the
    subject, all groups fitted together. clustered: that fit, with the covariance of a network (or pair).
    """
    empty = [name for name in (question.group, question.against) if not question.sides[name]]
    if empty:
        return Lacking("no pair of networks" if question.paired else f"no network of {' and '.join(empty)}")
    return _ANSWERS[unit](question)


def least_p(question: Question, unit: Unit) -> float:
    """The least two-sided p of the exact test that goes with `unit`, which takes no scores for normal.

    Labels of networks are exchanged (of `released`, of each network in each subject), or the signs of the
    differences of pairs, subjects or stimuli.
    """
    if part := _PARTS.get(unit):
        found = by_part(question, part)
        return attainable.of_signs(0 if isinstance(found, Lacking) else len(found))
    if unit == "released":
        return attainable.of_groups(*(sum(len(one.subjects) for one in side) for side in question.both))
    sizes = [len(side) for side in question.both]
    return attainable.of_signs(sizes[0]) if question.paired else attainable.of_groups(*sizes)


def _of_networks(question: Question) -> Answer:
    first, second = question.both
    if question.paired:
        found = estimates.mean(_scores(first) - _scores(second))
        return found or Lacking("one pair: no spread between pairs")
    return two_groups(_scores(first), _scores(second)) or Lacking(
        "one network each: no spread between networks"
    )


def _of_networks_apart(question: Question) -> Answer:
    if question.paired:
        return Lacking("pairs have one spread, that of their differences")
    first, second = map(_scores, question.both)
    return two_groups_apart(first, second) or Lacking("one network in a group: no spread of its own")


def _of_subjects(question: Question) -> Answer:
    return _over_parts(question, "subject", estimates.mean)


def _of_resampled_subjects(question: Question) -> Answer:
    return _over_parts(question, "subject", estimates.bootstrap)


def _of_resampled_stimuli(question: Question) -> Answer:
    return _over_parts(question, "stimulus", estimates.bootstrap)


def _over_parts(
    question: Question, part: str, made: Callable[[np.ndarray], Estimate | Resampled | None]
) -> Answer:
    found = by_part(question, part)
    if isinstance(found, Lacking):
        return found
    return made(np.array(list(found.values()))) or Lacking(f"fewer than two {_plural(part)}")


def by_part(question: Question, part: str) -> dict[str, float] | Lacking:
    """The difference in each subject (or at each stimulus) that all networks of both groups have."""
    first, second = ([_parts(member, part) for member in side] for side in question.both)
    every = [*first, *second]
    silent = sum(not parts for parts in every)
    if silent:
        return Lacking(f"{silent} of {len(every)} networks have no scores by {part}")
    shared = [name for name in every[0] if all(name in parts for parts in every)]
    if not shared:
        return Lacking(f"the networks share no {part}")
    return {name: _mean_of(first, name) - _mean_of(second, name) for name in shared}


def _as_released(question: Question) -> Answer:
    return _fitted(question, clustered=False)


def _clustered(question: Question) -> Answer:
    """With one cluster in a group nothing tells how far it is from others of its kind."""
    single = [name for name in (question.group, question.against) if len(question.sides[name]) < 2]
    if single:
        return Lacking(f"one network of {' and of '.join(single)}: no spread between networks")
    return _fitted(question, clustered=True)


def _fitted(question: Question, clustered: bool) -> Answer:
    silent = sum(not member.subjects for side in question.both for member in side)
    if silent:
        total = sum(map(len, question.both))
        return Lacking(f"{silent} of {total} networks have no scores by subject")
    found = _joint_fit(question.sides, clustered)
    return (
        found.difference(question.group, question.against) if found else Lacking("too few scores for a fit")
    )


def _joint_fit(sides: Sides, clustered: bool) -> Fit | None:
    """One row for each member and subject, of the groups that have scores by subject."""
    rows = [
        (score, group, subject, member.key)
        for group, members in sides.items()
        for member in members
        for subject, score in member.subjects.items()
    ]
    scores, groups, subjects, keys = (list(column) for column in zip(*rows, strict=True))
    return fit(np.array(scores), groups, subjects, keys if clustered else None)


def _scores(members: Sequence[Member]) -> np.ndarray:
    return np.array([member.score for member in members])


def _parts(member: Member, part: str) -> Mapping[str, float]:
    return member.subjects if part == "subject" else member.stimuli


def _mean_of(parts: Sequence[Mapping[str, float]], name: str) -> float:
    return float(np.mean([one[name] for one in parts]))


def _plural(part: str) -> str:
    return {"stimulus": "stimuli"}.get(part, f"{part}s")


_ANSWERS: Mapping[Unit, Callable[[Question], Answer]] = {
    "networks": _of_networks,
    "welch": _of_networks_apart,
    "released": _as_released,
    "clustered": _clustered,
    "subjects": _of_subjects,
    "subject_bootstrap": _of_resampled_subjects,
    "stimulus_bootstrap": _of_resampled_stimuli,
}
_PARTS: Mapping[Unit, str] = {
    "subjects": "subject",
    "subject_bootstrap": "subject",
    "stimulus_bootstrap": "stimulus",
}
UNITS: tuple[Unit, ...] = tuple(_ANSWERS)
