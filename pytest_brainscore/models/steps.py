"""Steps: layers that answer one after the other in time, as those of CORnet do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from ..errors import ModelError
from ..specs.models import Window
from .columns import LayerActivations


def nearest_step(steps: Mapping[str, Window], recorded: Window) -> str:
    """The step whose window starts nearest to where the recorded one does; of equals the first."""
    return min(steps, key=lambda layer: abs(steps[layer][0] - recorded[0]))


def written(steps: Mapping[str, Window]) -> str:
    """Each step with its window, in words."""
    return ", ".join(f"{layer} ({span(window)})" for layer, window in steps.items())


def span(window: Window) -> str:
    """A window in words.

    >>> span((70, 170))
    '70-170 ms'
    """
    return f"{window[0]:g}-{window[1]:g} ms"


@dataclass(frozen=True)
class Stacked:
    """Layers one below the other, as one: (k n, p), the first layer's stimuli first.

    Raises ModelError where they are not equally wide.
    """

    parts: tuple[LayerActivations, ...]

    def __post_init__(self) -> None:
        widths = [part.p for part in self.parts]
        if len(set(widths)) > 1:
            raise ModelError(
                f"these time steps have {', '.join(map(str, widths))} units, and one mapping for all needs"
                " equally many: name others under `steps`"
            )

    @property
    def n(self) -> int:
        """Number of rows: stimuli times layers."""
        return sum(part.n for part in self.parts)

    @property
    def p(self) -> int:
        """Number of units of each layer."""
        return self.parts[0].p

    @property
    def means(self) -> torch.Tensor:
        """Mean of each row, (k n,) float64."""
        return torch.cat([part.means for part in self.parts])

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all units in order, each time (k n, c) float32."""
        for blocks in zip(*(part.blocks() for part in self.parts), strict=True):
            yield torch.cat(blocks)

    def matrix(self) -> torch.Tensor:
        """The whole (k n, p) float32, in memory."""
        return torch.cat([part.matrix() for part in self.parts])


def by_stimulus(rows: torch.Tensor, steps: int) -> torch.Tensor:
    """Return (n, steps, p) from stacked rows (steps n, p)."""
    return rows.reshape(steps, -1, rows.shape[1]).transpose(0, 1).contiguous()
