"""Expressions: regular expressions of a kind that finds what it seeks in bounded time.

Python's `re` tries all ways to match, and has no limit of time: over 30 letters `(a+)+$` takes minutes. So
no group repeats, and there are few choices; and all searches together have a limit.
"""

from __future__ import annotations

import re
import time

LONGEST = 255
"""Characters of a name that is searched; file systems allow no longer one."""
_LONGEST_EXPRESSION = 200
_CHOICES = 3
_MOST_S = 30.0
"""Processor time for all names of a table: a million ordinary ones take a second or two."""
_ITEM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_OPENING = re.compile(r"\(\?(?:P<|<=|<!|:|=|!)")
_ODD_OPENING = re.compile(r"\(\?(?!P<|<=|<!|:|=|!).?")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{)")
_CHOICE = re.compile(r"(?:[*+?]|\{\d*,\d*\})[?+]?|\|")


def refuse_costly(expression: str) -> None:
    """Raise ValueError for what might take long: repeated groups, and more than three choices.

    A choice is each `*`, `+`, `?`, `{m,n}` and `|`. Flags, comments and conditions are refused, too. What is
    left takes seconds at most over a name of `LONGEST` characters.
    """
    if len(expression) > _LONGEST_EXPRESSION:
        raise ValueError(f"has {len(expression)} characters, and {_LONGEST_EXPRESSION} are the most")
    plain = _ITEM.sub("x", expression)  # an escape or a class is one letter, whatever stands in it
    odd = _ODD_OPENING.search(plain)
    if odd:
        raise ValueError(f"has {odd[0]}...): groups are (...), (?:...), (?P<name>...), (?=...) and the like")
    if _REPEATED_GROUP.search(plain):
        raise ValueError("repeats a group, which may take for ever: repeat single characters, such as [a-z]+")
    choices = len(_CHOICE.findall(_OPENING.sub("(", plain)))
    if choices > _CHOICES:
        raise ValueError(
            f"has {choices} of * + ? {{m,n}} and |, and {_CHOICES} are the most: more may take for ever"
        )


class Search:
    """An expression that is sought in many names, and how long that took so far."""

    def __init__(self, expression: str) -> None:
        """Raises ValueError where it might take long."""
        refuse_costly(expression)
        self._expression = re.compile(expression)
        self._spent_s = 0.0

    def __str__(self) -> str:
        return repr(self._expression.pattern)

    def __call__(self, name: str) -> re.Match[str] | None:
        """The first match. Raises ValueError for a name that is too long, and once the time is spent."""
        if len(name) > LONGEST:
            raise ValueError(f"a name of {len(name):,} characters, and {LONGEST} are the most")
        start = time.thread_time()
        found = self._expression.search(name)
        self._spent_s += time.thread_time() - start
        if self._spent_s > _MOST_S:
            raise ValueError(f"{self} takes more than {_MOST_S:g} s: write a simpler one")
        return found
