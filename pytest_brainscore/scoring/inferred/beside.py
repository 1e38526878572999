"""Beside: the replicates of a score as arrays that are kept with its values."""

from __future__ import annotations

from ...inference.replicates import Sampled
from ...scores import Table


def tables(sampled: Sampled, key: str) -> dict[str, Table]:
    """`replicates_<factor>` by factor, (replicates,), with what they are in the attributes.

    key: scores of one key have the same samples, so that they can be paired.
    """
    return {
        f"replicates_{factor}": Table(
            made.values,
            (f"replicate_{factor}",),
            attrs={
                "way": made.way,
                "count": made.count,
                "refit": int(made.refit),
                "alone": int(made.alone),
                "key": key,
                **({} if made.ratio is None else {"ratio": made.ratio}),
            },
        )
        for factor, made in sampled.items()
    }
