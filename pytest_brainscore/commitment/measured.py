"""Measured: a score, and what is to be said of where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..data.recordings import Recordings
from ..models.looks import looks_of, said_of
from ..models.precomputed import AnyNetwork
from ..models.represent import Represented
from ..opened import Opened
from ..scores import Score
from ..specs.cases import Case
from ..specs.models import Model
from .choosing import Commitment
from .pooling import Pooling


@dataclass(frozen=True)
class Measured:
    """A score, its layers, which solvers fell back to the CPU, and the seconds of each stage.

    hit: whether the activations were in the store. stored: where it has them, of several layers the last.
    """

    score: Score
    layer: str
    hit: bool
    stored: str | None
    fallbacks: tuple[str, ...]
    seconds: dict[str, float]

    def told(
        self,
        settled: Commitment | Pooling,
        model: Model,
        network: AnyNetwork,
        opened: Opened,
        seconds: dict[str, float],
        device: str,
    ) -> Score:
        """The score with its provenance. seconds: of what was done before."""
        case, recordings = settled.case, opened.recordings(settled.case)[0]
        about: dict[str, Any] = {
            "benchmark": case.name,
            "model": model.id,
            "layer": self.layer,
            "layer_source": settled.source,
            "stimuli": len(opened.target(case)[0].rows),
            "digests": _digests(settled, network, opened),
            "device": device,
            "cache_hit": self.hit,
            "stored": self.stored,
            "notes": list(self.fallbacks),
            "seconds": {part: round(taken, 3) for part, taken in {**seconds, **self.seconds}.items()},
        }
        return replace(self.score, about=about, notes=self._notes(settled, model, recordings))

    def _notes(self, settled: Commitment | Pooling, model: Model, recordings: Recordings) -> tuple[str, ...]:
        looked = said_of(looks_of(model, settled.case.benchmark.trials))
        return (*recordings.notes, *settled.notes, *looked, *self.score.notes)


def spent(opened: Opened, case: Case, shown: Represented) -> dict[str, float]:
    """Seconds of what comes before the metric."""
    return {
        "forward": shown.forward_seconds,
        "coordinates": shown.coordinates_seconds,
        "target": opened.target(case)[1],
    }


def _digests(settled: Commitment | Pooling, network: AnyNetwork, opened: Opened) -> dict[str, str]:
    """What a score was made from, by content; `architecture` and `choice` where there are such."""
    digests = {
        "weights": network.weights_digest,
        "preprocess": network.preprocess_digest,
        **opened.digests(settled.case),
        "architecture": network.architecture_digest,
        "choice": settled.choice,
    }
    return {name: digest for name, digest in digests.items() if digest is not None}
