"""Numbers: how effects, intervals, p values and counts are written in sentences, one way for all of them.

A real minus sign, three digits of an effect and of p, ends in brackets, and nouns in the number they need.
"""

from __future__ import annotations

from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"
RHO = "\N{GREEK SMALL LETTER RHO}"
SMALLEST_P = 0.001
"""p below it is written as less than it."""


def signed(value: float, digits: int = 3) -> str:
    """``0.123`` or ``−0.123``; what rounds to zero has no sign."""
    text = f"{value:.{digits}f}".replace("-", MINUS)
    return text if any(digit in text for digit in "123456789") else text.removeprefix(MINUS)


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """``[−0.123, 0.456]``; nothing where an end is unknown."""
    return "" if low is None or high is None else f"[{signed(low, digits)}, {signed(high, digits)}]"


def estimate(
    value: float | None, low: float | None = None, high: float | None = None, digits: int = 3
) -> str:
    """``−0.176 [−0.372, 0.035]``, the value alone without its interval; nothing where it is unknown."""
    return "" if value is None else f"{signed(value, digits)} {interval(low, high, digits)}".rstrip()


def p_value(p: float | None, name: str = "p ") -> str:
    """``p = 0.012``, ``p < 0.001`` or ``p unknown``; without a name ``0.012``, ``< 0.001`` or nothing."""
    if p is None:
        return f"{name}unknown" if name else ""
    small = p < SMALLEST_P
    return f"{name}< {SMALLEST_P}" if small else f"{name}{'= ' if name else ''}{p:.3f}"


def both_p(p: float | None, by_holm: float | None) -> str:
    """``p = 0.012, by Holm p = 0.048``; p alone where Holm's is written alike."""
    own, corrected = p_value(p), p_value(by_holm)
    return own if corrected in (own, p_value(None)) else f"{own}, by Holm {corrected}"


def percent(share: float, low: float | None = None, high: float | None = None) -> str:
    """A share as ``35 %`` or ``35 % [30, 41]``."""
    ends = "" if low is None or high is None else f" [{100 * low:.0f}, {100 * high:.0f}]"
    return f"{100 * share:.0f} %{ends}"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """``1 network`` or ``2 networks``. nouns: the plural, where it is not the noun with an s."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names with commas; of many the first, and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
