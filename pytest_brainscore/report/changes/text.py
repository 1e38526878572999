"""Changes as text and as Markdown: what moved, what is new or gone, and what could not be compared."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...analysis.changes import Change, Changes, Lack
from ...guard import EQUAL
from ...inference.paired import Difference
from .markdown import Block, Grid, code, document

_SHOWN = 20
_WIDTH = 100
_NAMES = 2
_PLURALS = {"stimulus": "stimuli", "neuroid": "neuroids", "subject": "subjects"}


@dataclass(frozen=True)
class Listing:
    """A list of changes of one kind: the first two columns are names, the last may be a foreign text.

    numbers: how many columns after the names hold numbers.
    """

    id: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int
    more: int = 0

    @property
    def right(self) -> range:
        """The columns of numbers, by place."""
        return range(_NAMES, _NAMES + self.numbers)


def listings(changes: Changes, every: bool = False) -> list[Listing]:
    """What there is to show, each kind with its rows; every: also what did not move, and long lists whole."""
    compared = ("benchmark", "model", "old", "new", "difference", "in se", "95 % interval", "p")
    moved, unmoved = ([_compared(one) for one in some] for some in (changes.moved, changes.unmoved))
    known = [(*_compared(one), one.known) for one in changes.known]
    apart = [(*_both(one), _reason(one)) for one in changes.apart]
    lost, found, new, gone = (
        [_lack(one) for one in some] for some in (changes.lost, changes.found, changes.new, changes.gone)
    )
    score = ("benchmark", "model", "score")
    kinds = [
        ("moved", "moved", (*compared, "verdict", "what else differs"), moved, 6),
        ("known", "regressed, as is known", (*compared, "verdict", "what else differs", "why"), known, 6),
        ("same", f"did not move (to {EQUAL:g})", (*compared, "verdict", "what else differs"), unmoved, 6),
        ("apart", "could not be compared", (*compared[:4], "why"), apart, 2),
        ("lost", "could not be scored any more", (*score, "why"), lost, 1),
        ("found", "could not be scored before", (*score, "why"), found, 1),
        ("new", "new", (*score, "why"), new, 1),
        ("gone", "gone", (*score, "why"), gone, 1),
    ]
    shown = [kind for kind in kinds if kind[3] and (every or kind[0] != "same")]
    return [_listing(id, title, header, rows, n, every) for id, title, header, rows, n in shown]


def lines(changes: Changes, names: tuple[str, str], every: bool = False) -> Iterator[str]:
    """Lines of text. names: what the two sides are called."""
    yield f"{names[0]} → {names[1]}"
    yield counted(changes)
    for listing in listings(changes, every):
        yield ""
        yield f"{listing.title}:"
        yield from _padded(listing)
        if listing.more:
            yield f"  and {listing.more} more (--all shows them)"
    for note in notes(changes):
        yield ""
        yield from textwrap.wrap(note, _WIDTH, break_long_words=False, break_on_hyphens=False)


def markdown(changes: Changes, names: tuple[str, str], every: bool = False) -> str:
    """The same as Markdown, short enough for a comment."""
    blocks: list[Block] = [f"### Brain scores: {code(names[0])} → {code(names[1])}", counted(changes)]
    for listing in listings(changes, every):
        blocks += [f"**{listing.title[0].upper()}{listing.title[1:]}**", _grid(listing)]
        blocks += [f"and {listing.more} more"] if listing.more else []
    return document([*blocks, *notes(changes, code)])


def counted(changes: Changes) -> str:
    """How many scores there are of each kind, in a sentence."""
    both = len(changes.pairs)
    unscored = f"; {changes.unscored} without a score on either side" if changes.unscored else ""
    known = f"{len(changes.known)} known regression(s), " if changes.known else ""
    return (
        f"{both} score(s) on both sides: {len(changes.moved)} moved, {known}{len(changes.unmoved)} did not,"
        f" {len(changes.apart)} could not be compared; {len(changes.new) + len(changes.found)} only in the"
        f" new, {len(changes.gone) + len(changes.lost)} only in the old{unscored}"
    )


def notes(changes: Changes, shown: Callable[[object], str] = str) -> list[str]:
    """What a reader should know of the scores that moved. shown: how a file is written."""
    moved = (*changes.moved, *changes.known)
    if not moved:
        return []
    missing = _said_of_missing(changes.missing, shown)
    return [*missing, *_said_of_untested(moved, shown), _said_of_columns(moved)]


def _said_of_missing(files: Sequence[str], shown: Callable[[object], str]) -> Iterator[str]:
    """Why some scores have no interval."""
    if files:
        more = f" and {len(files) - 1} more are" if len(files) > 1 else " is"
        yield f"no interval where values are missing: {shown(files[0])}{more}; copy them beside the results"


def _said_of_untested(moved: Sequence[Change], shown: Callable[[object], str]) -> Iterator[str]:
    """Why there is no interval though there are samples, and of which benchmarks."""
    for why in dict.fromkeys(change.untested for change in moved if change.untested):
        named = dict.fromkeys(shown(change.benchmark) for change in moved if change.untested == why)
        yield f"no interval of {', '.join(named)}: {why}"


def _said_of_columns(moved: Sequence[Change]) -> str:
    tested = (change.difference.over for change in moved if change.difference)
    over = " or ".join(dict.fromkeys(" and ".join(map(_PLURALS.__getitem__, factors)) for factors in tested))
    told = any(change.in_se is not None for change in moved)
    in_se = "in se: in standard errors of the old score over splits; " if told else ""
    return (
        f"difference: mean over splits of new - old, in the metric's unit; {in_se}interval and p: a paired t"
        " test on the same samples"
        f" of {over or 'stimuli'}, where these were kept;"
        " verdict: a fall of more than 2 se (0.01 without splits) is a regression"
    )


def _listing(
    id: str, title: str, header: tuple[str, ...], rows: list[tuple[str, ...]], numbers: int, every: bool
) -> Listing:
    """The list, without columns in which nothing is said."""
    whole = every or id in {"moved", "known", "same"}
    kept = rows if whole else rows[:_SHOWN]
    told = [i for i in range(len(header)) if any(row[i] not in {"", "-"} for row in kept)]
    numbers -= sum(_NAMES <= i < _NAMES + numbers for i in set(range(len(header))) - set(told))
    short = tuple(tuple(row[i] for i in told) for row in kept)
    return Listing(id, title, tuple(header[i] for i in told), short, numbers, len(rows) - len(kept))


def _compared(change: Change) -> tuple[str, ...]:
    in_se = "-" if change.in_se is None else f"{change.in_se:+z.1f}"
    delta = f"{change.verdict.delta or 0.0:+z.4f}"
    differs = "; ".join(change.differs) or "nothing else"
    word = "known" if change.known else change.verdict.word
    return (*_both(change), delta, in_se, *_tested(change.difference), word, differs)


def _tested(difference: Difference | None) -> tuple[str, str]:
    if difference is None:
        return "-", "-"
    p = "< 0.001" if difference.p < 0.001 else f"{difference.p:.3f}"
    return f"{difference.low:+z.4f} to {difference.high:+z.4f}", p


def _both(change: Change) -> tuple[str, ...]:
    return change.benchmark, change.line, f"{change.old.raw:z.4f}", f"{change.new.raw:z.4f}"


def _reason(change: Change) -> str:
    """What makes them scores of two benchmarks, and what else differs."""
    said = change.verdict.message.removeprefix("mismatched: ")
    return f"{said} (also: {'; '.join(change.differs)})" if change.differs else said


def _lack(lack: Lack) -> tuple[str, ...]:
    return lack.benchmark, lack.line, f"{lack.score.raw:z.4f}", lack.why


def _padded(listing: Listing) -> Iterator[str]:
    grid = [listing.header, *listing.rows]
    widths = [max(map(len, cells)) for cells in zip(*grid, strict=True)]
    for row in grid:
        cells = [_aligned(cell, widths[i], i, listing) for i, cell in enumerate(row)]
        yield f"  {'  '.join(cells)}".rstrip()


def _aligned(cell: str, width: int, place: int, listing: Listing) -> str:
    return cell.rjust(width) if place in listing.right else cell.ljust(width)


def _grid(listing: Listing) -> Grid:
    """Names and texts as code; numbers and words of ours as they are."""
    ours = {*listing.right, *([listing.header.index("verdict")] if "verdict" in listing.header else [])}
    rows = [[cell if i in ours else code(cell) for i, cell in enumerate(row)] for row in listing.rows]
    return Grid(listing.header, rows, frozenset(listing.right))
