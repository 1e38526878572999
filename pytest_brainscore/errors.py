"""The errors of this package, each a message for its reader: what is wrong, where, and what to do next.

BrainScoreError
├── SpecError           a YAML file or a value in it cannot be what it says
├── SelectionError      a name on the command line matches nothing, or two things at once
├── DataError           stimuli or recordings cannot be read as described
│   └── FetchError      a file cannot be had, or is not the one that was named
│       └── NotHere     offline, and the file is on no disk: a skip, not a failure
├── ModelError          a network cannot be built, loaded or read out
├── MetricError         a metric cannot be computed from what it was given
│   └── Unsuited        a model of this kind has no score by it: a skip, not a failure
├── ResultsError        the results of a run cannot be read, or not be joined with others
├── WorkError           a unit of work broke, or did not come back from where it was sent
└── GuardFailure        a score was measured, and its guard does not let it pass
    └── Regressed       it fell: what a benchmark's `known:` expects
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters, which a terminal obeys."""
_FEW = 6
"""So many names are listed where none is like the one that was asked for."""


class BrainScoreError(Exception):
    """The root: catch it to catch all that this package raises on purpose."""

    def __str__(self) -> str:
        return speakable(super().__str__())


class SpecError(BrainScoreError):
    """A YAML file, or a value in it, cannot be what it says."""


class SelectionError(BrainScoreError):
    """A name on the command line matches nothing, or two things at once."""


class DataError(BrainScoreError):
    """Stimuli or recordings cannot be read as described."""


class FetchError(DataError):
    """A file cannot be had, or its content is not what its hash promises."""


class NotHere(FetchError):
    """Offline, and the file is neither in the cache nor in a mirror."""


class ModelError(BrainScoreError):
    """A network cannot be built, loaded or read out."""


class MetricError(BrainScoreError):
    """A metric cannot be computed from what it was given."""


class Unsuited(MetricError):
    """The model is of a kind that no score by this metric is made for."""


class ResultsError(BrainScoreError):
    """The results of a run cannot be read, or not be joined with others."""


class WorkError(BrainScoreError):
    """A unit of work broke, or did not come back from where it was sent."""


class GuardFailure(BrainScoreError):
    """A score was measured, and its guard does not let it pass."""


class Regressed(GuardFailure):
    """A score fell further than its guard allows."""


def speakable(text: str) -> str:
    r"""Return the text as a terminal can show it: what is no UTF-8 is escaped, and what would command it.

    Tabs and the ends of lines stay.

    >>> speakable("caf\udce9.png"), speakable("\x1b[31mred")
    ('caf\\udce9.png', '\\x1b[31mred')
    """
    shown = text.encode(errors="backslashreplace").decode()
    return _COMMANDS.sub(lambda found: f"\\x{ord(found[0]):02x}", shown)


def first_line(why: BaseException, silent: str | None = None) -> str:
    """Return the first line of what an exception says; of one that says nothing `silent`, or its type's name.

    >>> first_line(ValueError("too wide\\nby far")), first_line(MemoryError())
    ('too wide', 'MemoryError')
    """
    return (str(why).strip() or silent or type(why).__name__).splitlines()[0]


def nearest(name: str, known: Iterable[str], n: int = 3) -> str:
    """Return ``"; did you mean a, b?"`` for the names most like `name`, or an empty string.

    >>> nearest("alexnt", ["alexnet", "vgg16"])
    '; did you mean alexnet?'
    """
    by_folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=n, cutoff=0.6)
    return f"; did you mean {', '.join(by_folded[c] for c in close)}?" if close else ""


def near_pattern(pattern: str, known: Iterable[str]) -> str:
    """Return what to say of a pattern that no name is as: names like it, else the first few that there are.

    >>> near_pattern("alexnt*", ["alexnet", "vgg16"]), near_pattern("x*", ["alexnet", "vgg16"])
    ('; did you mean alexnet?', ' (there are alexnet, vgg16)')
    """
    names = list(known)
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return nearest(pattern.strip("*?"), names) or f" (there are {', '.join(names[:_FEW])}{more})"
