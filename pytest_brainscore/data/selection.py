"""Selection: which labels have the values that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..specs.base import digest_of


def matches(name: str, labels: np.ndarray, values: Any, dataset: str) -> np.ndarray:
    """Which labels (n,) of a coord equal the value, or one of the list of values; numbers also as text.

    Raises DataError for a value that no label has.
    """
    codes, distinct = pd.factorize(labels)
    found = [_code(name, value, distinct.tolist(), dataset) for value in _listed(values)]
    return np.isin(codes, found)


def written(wanted: Mapping[str, Any]) -> str:
    """What was asked for, in words."""
    return " and ".join(f"{name}={', '.join(map(str, _listed(v)))}" for name, v in wanted.items())


def digest_of_selection(digest: str, wanted: Mapping[str, Any]) -> str:
    """The digest of what is selected, from the digest of the whole."""
    return digest_of([digest, {name: [str(value) for value in _listed(v)] for name, v in wanted.items()}])


def _code(name: str, value: Any, distinct: list[Any], dataset: str) -> int:
    if value in distinct:
        return distinct.index(value)
    texts = [str(label) for label in distinct]
    if str(value) in texts:
        return texts.index(str(value))
    some = ", ".join(sorted(texts)[:12]) + (", ..." if len(texts) > 12 else "")
    raise DataError(f"{dataset}: nothing has {name}={value}{nearest(str(value), texts)} (there are {some})")


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple | set | np.ndarray) else [values]
