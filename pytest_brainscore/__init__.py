"""Score vision networks on their likeness to the primate brain, as pytest items or from a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import score
    from .scores import Score
    from .surveying import contrasts, pairs

__version__ = "0.1.0"
__all__ = ["Score", "__version__", "contrasts", "pairs", "score"]

_HOMES = {"score": "api", "contrasts": "surveying", "pairs": "surveying", "Score": "scores"}


def __getattr__(name: str) -> Any:
    """Import the public names when they are used: `import pytest_brainscore` stays free of torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
