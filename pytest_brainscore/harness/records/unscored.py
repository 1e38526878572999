"""Unscored: what has no score, in few lines: by benchmark, model, shared reason, host out of reach."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ...data.reach import host_in
from ...specs.results import Row

MOST_ERRORS = 10
"""So many benchmarks that failed for every model still have a row each in the table."""
MOST_SHARED = 5
"""So many reasons that several errors share are said once more, below the table."""
_LONGEST, _LONGEST_SHARED = 120, 240
_PLACE = re.compile(r" \([^()]+:\d+\)$")


def split(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The rows for the table, and a line that counts the benchmarks without a score of any model.

    Left out is what was skipped for every model; with more than MOST_ERRORS benchmarks that failed for every
    model, these too.
    """
    every = dict.fromkeys(row.benchmark for row in rows)
    scored = {row.benchmark for row in rows if row.status == "scored"}
    failed = {row.benchmark for row in rows if row.status == "error"} - scored
    skipped = every.keys() - scored - failed
    hidden = skipped | failed if len(failed) > MOST_ERRORS else skipped
    told = [row for row in rows if row.benchmark not in hidden]
    return told, list(_counted(len(skipped), len(hidden) - len(skipped)))


def reasons(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each model that has no score, where one reason of its own skipped its items.

    Its own is a reason that begins with its name, and one for what other models have a score of.
    """
    scored = {row.benchmark for row in rows if row.status == "scored"}
    for model in dict.fromkeys(row.model for row in rows):
        its = [row for row in rows if row.model == model]
        own = [row for row in its if row.benchmark in scored or (row.message or "").startswith(f"{model}: ")]
        whys = {row.message for row in own if row.status == "skipped" and row.message}
        if len(whys) == 1 and all(row.status == "skipped" for row in own):
            yield f"{model}: {_short(whys.pop(), model)} ({_items(len(own))} skipped; -rs says what to do)"


def shared(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each reason that several items failed for, such as a misspelt layer, wherever they stand."""
    said = [row.message.splitlines()[0] for row in rows if row.status == "error" and row.message]
    often = Counter(_PLACE.sub("", why) for why in said if not host_in(why))
    common = [(why, n) for why, n in often.most_common() if n > 1]
    for why, n in common[:MOST_SHARED]:
        yield f"{_cut(why, _LONGEST_SHARED)} ({_items(n)} failed)"
    if len(common) > MOST_SHARED:
        yield f"and {len(common) - MOST_SHARED} more reasons of several errors (-rE says all)"


def unreached(rows: Sequence[Row]) -> Iterator[str]:
    """A line where items failed since hosts could not be reached: which, and what to do."""
    hosts = Counter(host for row in rows if row.status == "error" and (host := host_in(row.message)))
    if hosts:
        found = ", ".join(host for host, _ in hosts.most_common())
        yield (
            f"no connection to {found}: {_items(hosts.total())} failed; run again with a connection, or with"
            " --brainscore-offline, which skips what is not on this machine"
        )


def _counted(skipped: int, failed: int) -> Iterator[str]:
    n = skipped + failed
    benchmarks = f"{n} benchmark{'' if n == 1 else 's'}"
    if failed:
        parts = [f"{skipped} skipped"] * bool(skipped) + [f"{failed} error{'' if failed == 1 else 's'}"]
        told = f"{benchmarks}, {' and '.join(parts)}"
        yield f"could not be measured for any model: {told} (-rsE says why, -v lists)"
    elif skipped:
        yield f"skipped for every model: {benchmarks} (-rs says why, -v lists)"


def _short(why: str, model: str) -> str:
    """The first part of a reason, up to what to do."""
    said = why.removeprefix(f"{model}: ").partition("; ")[0]
    return _cut(said, _LONGEST)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _items(n: int) -> str:
    return f"{n} item{'' if n == 1 else 's'}"
