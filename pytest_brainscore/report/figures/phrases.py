"""Phrases: numbers and intervals as sentences of the report have them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...analysis.statistics.estimates import Estimate

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")


def number(value: float | None, sign: str = "", digits: int = 3) -> str:
    """The number with a true minus, or a dash; sign: "+" for one before what is above zero, too."""
    return "–" if value is None or value != value else f"{value:{sign}z.{digits}f}".replace("-", "−")


def ends(low: float | None, high: float | None, sign: str = "", digits: int = 3) -> str:
    """The interval in words."""
    if low is None or high is None:
        return "no interval"
    return f"95 % interval {number(low, sign, digits)} to {number(high, sign, digits)}"


def difference(found: Estimate | None, digits: int = 3) -> str:
    """A difference with its interval."""
    if found is None:
        return "no interval"
    return f"{number(found.value, '+', digits)}, {ends(*found.interval(), '+', digits)}"


def p(value: float | None) -> str:
    """A p value."""
    return "" if value is None else "p < 0.0001" if value < 1e-4 else f"p = {value:.4f}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number of things."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names with commas; of many the first, and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def slug(text: str) -> str:
    """The text as a part of an id and of a file's name."""
    return _NOT_PLAIN.sub("-", text).strip("-.") or "none"
