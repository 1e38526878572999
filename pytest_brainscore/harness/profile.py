"""The profile: at which layers each model is scored, where layers are named for the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import BrainScoreError
from ..specs.cases import Case
from ..suite.selection import Candidate
from ..work import Terms

ALL = "all"
"""Written for a layer: each one that answers per image."""


class Profile:
    """The layers of `--brainscore-layers`, where `all` stands for every layer of a network.

    A network's layers are known once it is built: so `all` builds each, with random weights, when items are
    collected, on each worker.
    """

    def __init__(self, named: Sequence[str], terms: Terms) -> None:
        self._named, self._terms = tuple(named), terms
        self._known: dict[str, tuple[str, ...]] = {}

    def layers(self, candidate: Candidate, case: Case) -> tuple[str | None, ...]:
        """The layers at which a model is scored on a benchmark; None is what stands for the region.

        A benchmark that reads the network's own answer has no profile. Where `all` cannot be told, the layer
        is `all` itself, and the item says why when it is set up.
        """
        readout = case.benchmark.readout
        if ALL in self._named and readout is not None and readout.classes:
            return (None,)
        return tuple(dict.fromkeys(self._spelt(candidate))) or (None,)

    def _spelt(self, candidate: Candidate) -> Iterator[str]:
        for name in self._named:
            yield from self._every(candidate) if name == ALL else (name,)

    def _every(self, candidate: Candidate) -> tuple[str, ...]:
        if candidate.id not in self._known:
            try:
                self._known[candidate.id] = self._terms.layers(candidate.model, candidate.folder)
            except BrainScoreError:
                self._known[candidate.id] = (ALL,)
        return self._known[candidate.id]
