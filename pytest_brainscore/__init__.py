"""Score vision networks on their likeness to the primate brain, as pytest items or from a notebook."""

from __future__ import annotations

__version__ = "0.1.0"
