"""Kinds: in which representation metrics see the layers of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..specs.base import digest_of
from ..specs.views import Projection

Form = Literal["coordinates", "activations", "projection"]


@dataclass(frozen=True)
class Kind:
    """One representation of the layers of a unit.

    form: `activations`, (n, p) float32; `coordinates` of these, (n, n + 1) float64; or their sparse random
        `projection`, (n, k) float32.
    by_step: whether the layers are time steps, stacked, (n, steps, p).
    projection: how it is drawn, where the form is one.
    standardised: rows of the stimuli on which every unit is z-scored before anything else is done.
    """

    form: Form
    by_step: bool = False
    projection: Projection | None = None
    standardised: tuple[int, ...] | None = None

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


COORDINATES = Kind("coordinates")
ACTIVATIONS = Kind("activations")
