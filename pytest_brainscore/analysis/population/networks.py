"""Networks: what is known of each one, and its score on a benchmark, whole and by subject."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...specs.contrasts import Condition, OtherThan, Where, Word, values_of
from ...specs.results import Row
from ..outcomes import Outcomes

_TIME_BIN = re.compile(r"(^|\.)-?[\d.]+(e[+-]?\d+)?--?[\d.]+$")
Stimuli = Mapping[tuple[str, str], Mapping[str, float]]
"""Model and benchmark to the score at each stimulus, by the stimulus's name."""


@dataclass(frozen=True)
class Network:
    """One network on one benchmark.

    about: what is said of it, by word. score: raw or ceiled, whole. subjects: its scores by subject; empty
    where the results have none. stimuli: likewise by stimulus.
    """

    model: str
    about: Mapping[str, Word]
    score: float
    subjects: Mapping[str, float] = field(default_factory=dict)
    stimuli: Mapping[str, float] = field(default_factory=dict)

    def number(self, word: str) -> float | None:
        """What is said of it as a number; None where nothing is, or no number."""
        value = self.about.get(word)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def networks(
    rows: Sequence[Row], of: str = "raw", stimuli: Stimuli | None = None
) -> dict[str, tuple[Network, ...]]:
    """The networks that have a score on each benchmark, in the order of the rows.

    of: raw or ceiled. Of a network that was scored in several layers its own layer counts, as in composites.
    """
    outcomes, found = Outcomes(rows), dict[str, list[Network]]()
    for row in (row for row in rows if row.status == "scored"):
        score = outcomes.of(row.model, row.benchmark, of).value
        known = found.setdefault(row.benchmark, [])
        if score is None or score != getattr(row, of) or any(one.model == row.model for one in known):
            continue
        at_stimuli = (stimuli or {}).get((row.model, row.benchmark), {})
        known.append(Network(row.model, _about(row), score, _subjects(row, of), at_stimuli))
    return {benchmark: tuple(known) for benchmark, known in found.items()}


def select(among: Iterable[Network], where: Where) -> tuple[Network, ...]:
    """The networks that fulfil all conditions; what is not known of a network fulfils none."""
    return tuple(one for one in among if all(_fulfils(one, *pair) for pair in where.items()))


def known_of(network: Network, word: str) -> Word | None:
    """What is said of a network, its own name included."""
    return network.model if word == "model" else network.about.get(word)


def _fulfils(network: Network, word: str, condition: Condition) -> bool:
    value = known_of(network, word)
    if value is None:
        return False
    among = any(type(one) is type(value) and one == value for one in values_of(condition))
    return among != isinstance(condition, OtherThan)


def _about(row: Row) -> dict[str, Word]:
    """What the row says, and the dimensionality of the layers that were chosen for the network."""
    said = {word: value for word, value in row.about.items() if value is not None}
    chosen = {*row.layers.values(), row.layer}
    found = [
        one.dimensionality for one in row.profile if one.layer in chosen and one.dimensionality is not None
    ]
    return {"dimensionality": statistics.fmean(found), **said} if found else said


def _subjects(row: Row, of: str) -> dict[str, float]:
    """Scores by subject; parts that are time bins are none."""
    parts = {
        name.removeprefix(f"{of}."): value for name, value in row.also.items() if name.startswith(f"{of}.")
    }
    return {name: value for name, value in parts.items() if value is not None and not _TIME_BIN.search(name)}
