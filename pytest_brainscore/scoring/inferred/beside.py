"""Beside: the replicates of a score as arrays that are kept with its values."""

from __future__ import annotations

from collections.abc import Iterator

from ...inference.replicates import Factor, Replicates, Sampled
from ...scores import Table


def tables(sampled: Sampled, key: str) -> dict[str, Table]:
    """`replicates_<factor>` by factor, (replicates,), with what they are in the attributes.

    Of splits there is `shared_<factor>` too: the part that splits share where they share stimuli.
    key: scores of one key have the same samples, so that they can be paired.
    """
    return dict(each for factor, made in sampled.items() for each in _of(factor, made, key))


def _of(factor: Factor, made: Replicates, key: str) -> Iterator[tuple[str, Table]]:
    dims = (f"replicate_{factor}",)
    attrs = {
        "way": made.way,
        "count": made.count,
        "refit": int(made.refit),
        "alone": int(made.alone),
        "key": key,
        **({} if made.df is None else {"df": made.df}),
        **({} if made.shared is None else {"ratio": made.shared.ratio, "of": made.shared.of}),
    }
    yield f"replicates_{factor}", Table(made.values, dims, attrs=attrs)
    if made.shared is not None:
        yield f"shared_{factor}", Table(made.shared.line, dims)
