"""Ini keys of ours that the project's file misspells: pytest itself says neither where nor what was meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import pytest

from ..errors import nearest

_KEY = re.compile(r"^[ \t]*(brainscore_\w+)[ \t]*=", re.MULTILINE)


def misspelt(config: pytest.Config, known: Collection[str]) -> Iterator[str]:
    """A line for each key with our prefix that nobody has: where it stands, and the nearest in `known`."""
    path = config.inipath
    text = path.read_text(encoding="utf-8", errors="replace") if path else ""
    for match in _KEY.finditer(text):
        key, line = match[1], text.count("\n", 0, match.start(1)) + 1
        if key not in known and not _is_of_others(config, key):
            yield f"{path}:{line}: {key}: no such key{nearest(key, known)}"


def _is_of_others(config: pytest.Config, key: str) -> bool:
    """Whether another plugin or a conftest has the key."""
    try:
        config.getini(key)
    except (KeyError, ValueError):
        return False
    return True
