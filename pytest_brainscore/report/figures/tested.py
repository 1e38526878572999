"""Tested: the scores of one layer, and what a hypothesis on their networks comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...analysis.population.hypotheses import FEWEST, Hypothesis, Trend, trends
from ...analysis.population.networks import Network, networks
from .. import layers


@dataclass(frozen=True)
class Tested:
    """One layer's scores by benchmark, and their trends, by set of networks (trained, untrained)."""

    choice: layers.Choice
    scores: Mapping[str, Mapping[str, tuple[Network, ...]]]
    trends: Mapping[str, tuple[Trend, ...]]

    def of(self, benchmark: str) -> dict[str, tuple[Network, ...]]:
        """The networks of each set that is drawn, on a benchmark."""
        drawn = {name: among for name, among in self.scores.items() if name != layers.PUBLISHED}
        return {name: among.get(benchmark, ()) for name, among in drawn.items()}

    @property
    def most(self) -> int:
        """The networks of the largest set on any benchmark."""
        return max((trend.n for found in self.trends.values() for trend in found), default=0)

    @property
    def enough(self) -> bool:
        """Whether any set is large enough for a test."""
        return self.most >= FEWEST

    def same(self, other: Tested) -> bool:
        """Whether the two are of the same networks with the same scores."""
        return self._plain() == other._plain()

    def _plain(self) -> dict[str, dict[str, list[tuple[str, float]]]]:
        return {
            name: {benchmark: [(one.model, one.score) for one in known] for benchmark, known in among.items()}
            for name, among in self.scores.items()
        }


def tested(choice: layers.Choice, of: Hypothesis) -> Tested:
    """The hypothesis over the rows of one layer, trained and untrained networks apart."""
    sets = {name: networks(rows) for name, rows in layers.trained(choice.rows).items() if rows}
    known = {
        name: {benchmark: _known(among, of.word) for benchmark, among in found.items()}
        for name, found in sets.items()
    }
    known = {name: among for name, among in known.items() if not _said_before(name, known)}
    return Tested(choice, known, {name: trends(found, of) for name, found in known.items()})


def _said_before(name: str, known: Mapping[str, Mapping[str, tuple[Network, ...]]]) -> bool:
    """Whether the networks as the study counts them are those that are trained."""
    return name == layers.PUBLISHED and known[name] == known.get("trained")


def _known(among: Sequence[Network], word: str) -> tuple[Network, ...]:
    return tuple(one for one in among if (number := one.number(word)) is not None and number > 0)
