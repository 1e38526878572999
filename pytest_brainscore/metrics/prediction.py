"""What a regression hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted responses (k, m), and what the fit chose: figures of shape () or (m,)."""

    values: Tensor
    chose: Mapping[str, Tensor] = field(default_factory=dict)
