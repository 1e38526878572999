"""Fallbacks: which solvers failed on the accelerator, so that the CPU did their work."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..metrics.linalg import SolverFellBack


@contextmanager
def noted_fallbacks() -> Iterator[list[str]]:
    """Collect what solvers say when they fall back to the CPU; other warnings go on as they are."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SolverFellBack)
        yield notes
    for warning in caught:
        if issubclass(warning.category, SolverFellBack):
            notes.append(str(warning.message))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
