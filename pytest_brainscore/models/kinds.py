"""Kinds: in which representation metrics see the layers of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..specs.base import digest_of
from ..specs.views import Projection

Form = Literal["coordinates", "activations", "projection"]

Reading = str | tuple[str, Projection]
"""What one pass reads of a layer: all its units, or their projection alone."""


@dataclass(frozen=True)
class Kind:
    """One representation of the layers of a unit.

    form: `activations`, (n, p) float32; `coordinates` of these, (n, n + 1) float64; or their sparse random
        `projection`, (n, k) float32.
    by_step: whether the layers are time steps, stacked, (n, steps, p).
    projection: how it is drawn, where the form is one.
    standardised: rows of the stimuli on which every unit is z-scored before anything else is done.
    Raises ValueError where these do not go together.
    """

    form: Form
    by_step: bool = False
    projection: Projection | None = None
    standardised: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if (self.form == "projection") != (self.projection is not None):
            raise ValueError("a projection, and nothing else, needs to know how it is drawn")
        if self.by_step and self.standardised is not None:
            raise ValueError("units of time steps that are stacked are not z-scored: name one step")

    def __str__(self) -> str:
        """What the store's key says of it."""
        rows = self.standardised
        parts = (
            self.form,
            self.projection and self.projection.digest()[:16],
            f"standardised on {digest_of(rows)[:16]}" if rows is not None else None,
            "by step" if self.by_step else None,
        )
        return " ".join(part for part in parts if part)

    def readings(self, unit: tuple[str, ...]) -> tuple[Reading, ...]:
        """What has to be read of the layers of a unit: its projection itself, where nothing comes before."""
        alone = len(unit) == 1 and self.standardised is None and not self.by_step
        return ((unit[0], self.projection),) if self.projection and alone else unit


COORDINATES = Kind("coordinates")
ACTIVATIONS = Kind("activations")


def layer_of(reading: Reading) -> str:
    """The layer that is read."""
    return reading if isinstance(reading, str) else reading[0]
