"""Agreement: are two who chose right and wrong on the same images, or as often?

Both take rates of being right, 0 ... 1 by item, a (r, i) of those who approach and b (s, i) of those who are
approached, and the condition of each item (i,). They return (r, s, c), by condition. Items that one of two
did not see (NaN) are left out; without any others there is no figure (NaN).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

Agreement = Literal["error_consistency", "accuracy_distance"]


def kappa(a: Tensor, b: Tensor, condition: Tensor) -> Tensor:
    """Return Cohen's kappa of being right: (observed - expected) / (1 - expected) of agreement.

    With means over items it is 2 (m_ab - m_a m_b) / (m_a + m_b - 2 m_a m_b). NaN where both are always right,
    or both always wrong: chance would agree as much. Cohen 1960, Educ. Psychol. Meas. 20:37.
    """
    return _by_condition(_kappa, a, b, condition)


def nearness(a: Tensor, b: Tensor, condition: Tensor) -> Tensor:
    """Return 1 - |m_a - m_b| / max(m_b, 1 - m_b), of accuracies m: 0 where a is as far from b as can be."""
    return _by_condition(_nearness, a, b, condition)


BY_METRIC: dict[Agreement, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "error_consistency": kappa,
    "accuracy_distance": nearness,
}


def _by_condition(
    compare: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], a: Tensor, b: Tensor, condition: Tensor
) -> Tensor:
    """Compare the sums over shared items: their number, those of a and of b, and those of the product."""
    cells = []
    for code in torch.unique(condition):
        of_a, of_b = a[:, condition == code], b[:, condition == code]
        seen_a, seen_b = ((~rates.isnan()).to(torch.float64) for rates in (of_a, of_b))
        of_a, of_b = of_a.nan_to_num(0.0), of_b.nan_to_num(0.0)
        cells.append(compare(seen_a @ seen_b.T, of_a @ seen_b.T, seen_a @ of_b.T, of_a @ of_b.T))
    return torch.stack(cells, dim=2)


def _kappa(n: Tensor, a: Tensor, b: Tensor, both: Tensor) -> Tensor:
    return 2 * (n * both - a * b) / (n * (a + b) - 2 * a * b)  # of whole numbers 0 / 0 is exact


def _nearness(n: Tensor, a: Tensor, b: Tensor, _: Tensor) -> Tensor:
    return 1 - (a - b).abs() / torch.maximum(b, n - b)
