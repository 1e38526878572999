"""The Natural Scenes Dataset: a user's own folder of it, made ready once, and read from then on."""

from __future__ import annotations

from .reading import read

__all__ = ["read"]
