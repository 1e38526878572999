"""Parts: what sections of the report are made of. Frozen: a page is laid out of them and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True, eq=False)
class Table:
    """A table that is shown, and written as CSV and Parquet.

    id: of the page and of the files, such as ``scores``. rows: of plain values, all with the same keys.
    columns: key to the heading that is shown, in order; keys that it lacks are in the files alone.
    says: a sentence above it. shown: False for what is in the files alone.
    """

    id: str
    title: str
    rows: Sequence[Mapping[str, Any]]
    columns: Mapping[str, str]
    says: str = ""
    shown: bool = True


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure that is shown as small panels that flow, and written as SVG and PNG.

    panels: one chart each, at most 324 px wide, so that a telephone shows them under each other and a desk
    side by side. alt: what it shows, in words, for those who cannot see it. says: what follows from it, in
    sentences that a reader can quote. table: the numbers that it is drawn from.
    """

    id: str
    title: str
    panels: Sequence[alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart]
    alt: str
    says: Sequence[str] = ()
    table: Table | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """A stimulus, and what is said under it. png: its bytes."""

    png: bytes
    alt: str
    caption: str


@dataclass(frozen=True, eq=False)
class Pictures:
    """Stimuli in a row. says: what they have in common."""

    id: str
    title: str
    pictures: Sequence[Picture]
    says: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Tables:
    """A part that writes tables of its own: the leaderboard (`page/board.py`)."""

    id: str
    tables: Sequence[Table]


@dataclass(frozen=True, eq=False)
class Section:
    """A part of the page with a heading. says: paragraphs above its parts."""

    id: str
    title: str
    parts: Sequence[Table | Figure | Pictures | Tables]
    says: Sequence[str] = field(default=())
