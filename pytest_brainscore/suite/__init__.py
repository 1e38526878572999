"""Where the shipped benchmarks and zoo lie: inside the wheel, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parent
_CHECKOUT = Path(__file__).parents[2]


def _home() -> Path:
    return _PACKAGED if (_PACKAGED / "models.yaml").is_file() else _CHECKOUT


def benchmarks() -> Path:
    """The folder of the shipped benchmark files."""
    return _home() / "benchmarks"


def models() -> Path:
    """The shipped models.yaml."""
    return _home() / "models.yaml"
