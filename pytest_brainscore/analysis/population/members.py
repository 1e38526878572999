"""Members: what a group of a contrast is made of, networks or the partners of pairs."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...specs.contrasts import Contrast, Where, named
from ..statistics.numbers import listed
from .networks import Network, known_of, select

_SHOWN = 5


@dataclass(frozen=True)
class Member:
    """One network, or the mean of those of a group that share the key of a pair.

    key: the network's name, or what is shared by a pair. subjects, stimuli: scores by subject and stimulus.
    """

    key: str
    score: float
    subjects: Mapping[str, float]
    stimuli: Mapping[str, float]
    networks: tuple[str, ...]


Sides = Mapping[str, tuple[Member, ...]]
"""Group to its members, in the order of the contrast."""


def sort(contrast: Contrast, networks: Sequence[Network]) -> tuple[Sides, tuple[str, ...]]:
    """Sort networks into the groups of a contrast; and what a reader should know of these.

    With `pairs`, a key takes part that each group which has any networks has; several networks of a group and
    key are averaged. A network of two groups is in both.
    """
    there = select(networks, contrast.where)
    groups = {name: select(there, where) for name, where in _conditions(contrast, there).items()}
    notes = tuple(f"no network of {name}" for name, found in groups.items() if not found)
    if contrast.pairs is None:
        return {name: tuple(map(_alone, found)) for name, found in groups.items()}, notes
    sides, of_pairs = _paired(groups, contrast.pairs)
    return sides, notes + of_pairs


def _paired(groups: Mapping[str, Sequence[Network]], word: str) -> tuple[Sides, tuple[str, ...]]:
    keyed = {name: _keyed(found, word) for name, found in groups.items()}
    filled = [set(members) for members in keyed.values() if members]
    common = set.intersection(*filled) if filled else set()
    sides = {
        name: tuple(_averaged(key, members[key]) for key in sorted(common & set(members)))
        for name, members in keyed.items()
    }
    return sides, tuple(_notes(groups, keyed, common, word))


def _conditions(contrast: Contrast, networks: Sequence[Network]) -> dict[str, Where]:
    """The condition of each group; of `by` alone one for each value, in alphabetical order.

    What `against` names and no network has is a group that stays empty.
    """
    if isinstance(contrast.groups, dict):
        return dict(contrast.groups)
    word = contrast.by or ""
    if contrast.groups:
        return {named(value): {word: value} for value in contrast.groups}
    found = {named(value): value for one in networks if (value := known_of(one, word)) is not None}
    every = {**{name: name for name in contrast.compared}, **found}
    return {name: {word: every[name]} for name in sorted(every)}


def _alone(network: Network) -> Member:
    return Member(network.model, network.score, network.subjects, network.stimuli, (network.model,))


def _keyed(networks: Sequence[Network], word: str) -> dict[str, list[Network]]:
    found: dict[str, list[Network]] = {}
    for network in networks:
        if (key := known_of(network, word)) is not None:
            found.setdefault(str(key), []).append(network)
    return found


def _averaged(key: str, networks: Sequence[Network]) -> Member:
    subjects = _common([one.subjects for one in networks])
    stimuli = _common([one.stimuli for one in networks])
    score = statistics.fmean(one.score for one in networks)
    return Member(key, score, subjects, stimuli, tuple(one.model for one in networks))


def _common(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each part that all have."""
    shared = [name for name in scores[0] if all(name in one for one in scores)]
    return {name: statistics.fmean(one[name] for one in scores) for name in shared}


def _notes(
    groups: Mapping[str, Sequence[Network]],
    keyed: Mapping[str, Mapping[str, Sequence[Network]]],
    common: set[str],
    word: str,
) -> Iterator[str]:
    for name, members in keyed.items():
        lonely = [one.model for key, found in members.items() if key not in common for one in found]
        lonely += [one.model for one in groups[name] if known_of(one, word) is None]
        if lonely:
            yield f"{name}: without a partner of the same {word}: {listed(lonely, _SHOWN)}"
        several = [key for key, found in members.items() if key in common and len(found) > 1]
        if several:
            yield f"{name}: the mean of several networks stands for {listed(several, _SHOWN)}"
