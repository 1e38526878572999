"""Pooling: the layers of which a benchmark takes, for each subject, the one that is best in training."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..models.network import Network
from ..models.pool import pool as pool_of
from ..models.pool import trace
from ..models.precomputed import AnyNetwork
from ..models.represent import Unit
from ..opened import Opened
from ..specs.base import digest_of
from ..specs.cases import Case
from ..specs.views import Pool
from .views import View, view_of

_WORDS = {"all": "all that differ", "second_half": "the second half of all that differ"}
_NAMED = 5


@dataclass(frozen=True)
class Pooling:
    """A case, and the layers of which it takes the best.

    unsteady: layers that answer otherwise from pass to pass, though nobody says that the model does.
    """

    case: Case
    pool: Pool
    units: tuple[Unit, ...]
    unsteady: tuple[str, ...] = ()

    def views(self, opened: Opened) -> tuple[View, ...]:
        """What the benchmark sees of each layer."""
        first = view_of(self.case, self.units[0], opened)
        return tuple(replace(first, unit=unit) for unit in self.units)

    @property
    def source(self) -> str:
        """Who says which layer it is."""
        of = _WORDS.get(self.pool.of, "those named") if isinstance(self.pool.of, str) else "those named"
        return f"best of {len(self.units)} layers ({of}) on the training stimuli, per {self.pool.per}"

    @property
    def notes(self) -> tuple[str, ...]:
        """A warning where answers differ from pass to pass; what was chosen is said by the score."""
        if not self.unsteady:
            return ()
        named = ", ".join(self.unsteady[:_NAMED]) + (", ..." if len(self.unsteady) > _NAMED else "")
        return (
            f"warning: answers to the same images differ from pass to pass ({named}): dropout left on, a"
            " layer that looks at the whole batch, or is it `stochastic: true`?",
        )

    @property
    def choice(self) -> str:
        """Sha256 of the layers that are chosen among."""
        return digest_of(self.units)


def pooling_of(network: AnyNetwork, case: Case, pool: Pool, stochastic: bool = False) -> Pooling:
    """The layers of a network that the pool asks for. Raises ModelError where it has none of them.

    stochastic: whether the model says of itself that it answers differently each time.
    """
    units = tuple((layer,) for layer in pool_of(network, pool))
    if stochastic or not isinstance(network, Network):
        return Pooling(case, pool, units)
    return Pooling(case, pool, units, trace(network, pool.attention).unsteady)
