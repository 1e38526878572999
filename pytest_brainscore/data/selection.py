"""Selection: which labels have the values that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..specs.base import digest_of
from ..specs.selections import Where


def matches(name: str, labels: np.ndarray, values: Any, dataset: str) -> np.ndarray:
    """Which labels (n,) of a coord equal the value, or one of the list of values; numbers also as text.

    With a `Where`, which labels it holds for; it holds for none that is missing (NaN).
    Raises DataError for a value that no label has, and for a condition that no label meets.
    """
    if isinstance(values, Where):
        return _where(name, labels, values, dataset)
    codes, distinct = pd.factorize(labels)
    found = [_code(name, value, distinct.tolist(), dataset) for value in _listed(values)]
    return np.isin(codes, found)


def written(wanted: Mapping[str, Any]) -> str:
    """What was asked for, in words."""
    return " and ".join(_written(name, values) for name, values in wanted.items())


def digest_of_selection(digest: str, wanted: Mapping[str, Any]) -> str:
    """The digest of what is selected, from the digest of the whole."""
    return digest_of([digest, {name: _said(values) for name, values in wanted.items()}])


def _where(name: str, labels: np.ndarray, where: Where, dataset: str) -> np.ndarray:
    chosen = ~pd.isna(labels)
    if where.without is not None:
        chosen &= ~matches(name, labels, where.without, dataset)
    if where.above is not None or where.below is not None:
        numbers = _numbers(name, labels, where, dataset)
        low, high = (-np.inf if where.above is None else where.above), where.below
        chosen &= (numbers > low) & (numbers < (np.inf if high is None else high))
    if not chosen.any():
        raise DataError(f"{dataset}: nothing has {_written(name, where)} ({_range(labels)})")
    return np.asarray(chosen)


def _numbers(name: str, labels: np.ndarray, where: Where, dataset: str) -> np.ndarray:
    numbers = np.asarray(pd.to_numeric(pd.Series(labels), errors="coerce"), dtype=float)
    odd = ~pd.isna(labels) & np.isnan(numbers)
    if odd.any():
        raise DataError(
            f"{dataset}: {_written(name, where)} compares numbers, and {int(odd.sum())} of {len(labels)}"
            f" values of {name} are none (such as {labels[odd][0]}): name the values, or use `without`"
        )
    return numbers


def _range(labels: np.ndarray) -> str:
    """What there is: the range of numbers, or the values, and how many are missing."""
    there = pd.Series(labels).dropna()
    missing = len(labels) - len(there)
    if there.empty:
        return "all its values are NaN"
    numbers = pd.to_numeric(there, errors="coerce")
    span = _some(there) if numbers.isna().any() else f"from {numbers.min():g} to {numbers.max():g}"
    return f"its values are {span}" + (f", and {missing} are NaN" if missing else "")


def _some(labels: pd.Series) -> str:
    texts = sorted({str(label) for label in labels})
    return ", ".join(texts[:12]) + (", ..." if len(texts) > 12 else "")


def _code(name: str, value: Any, distinct: list[Any], dataset: str) -> int:
    if value in distinct:
        return distinct.index(value)
    texts = [str(label) for label in distinct]
    if str(value) in texts:
        return texts.index(str(value))
    raise DataError(
        f"{dataset}: nothing has {name}={value}{nearest(str(value), texts)}"
        f" (there are {_some(pd.Series(distinct, dtype=object))})"
    )


def _written(name: str, values: Any) -> str:
    if not isinstance(values, Where):
        return f"{name}={', '.join(map(str, _listed(values)))}"
    said = values.model_dump(exclude_none=True)
    parts = [f"{how} {', '.join(map(str, _listed(value)))}" for how, value in said.items()]
    return f"{name} {' and '.join(parts)}"


def _said(values: Any) -> Any:
    if isinstance(values, Where):
        return values.model_dump(mode="json", exclude_none=True)
    return [str(value) for value in _listed(values)]


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple | set | np.ndarray) else [values]
