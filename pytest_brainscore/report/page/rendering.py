"""Rendering: sections as HTML, with everything that the page needs inside it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from ..parts import Figure, Picture, Table
from .exports import FIGURES, TABLES

_PAGE = "page.html"
_SCRIPT = "page.js"
_STYLE = "page.css"
_CODE = re.compile(r"`([^`]+)`")
_AFTER = re.compile(r"(?<=[._/-])(?!(?<=\d[.-])\d)")
_MOST = 200
"""So many lines of a table are shown; the files have all."""
_FEW = 5
"""So many findings of a figure stand open."""
_LONG = 0, 24, 60, 160
"""Letters from which text of a table stands on one line, needs some room, is long, and very long."""


@cache
def environment() -> jinja2.Environment:
    """Templates of the report; what they are given is escaped, since names come from strangers."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_brainscore.report", "assets"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters.update(value=shown, json=as_json, packed=packed, image=as_image)
    made.filters.update(numeric=is_number, day=day, files=files, breakable=breakable)
    made.filters.update(coded=coded, widths=widths, right=right)
    made.globals.update(most=_MOST, few=_FEW)
    return made


def page(**given: Any) -> str:
    """The page as one document: style, script, data and charts are in it."""
    script, style = source(_SCRIPT), source(_STYLE)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = environment().get_template(_PAGE)
    return template.render(script=Markup(script), style=Markup(style), script_hash=digest, **given)


def source(name: str) -> str:
    """The text of a file in assets/."""
    loader = environment().loader
    assert loader is not None
    return loader.get_source(environment(), name)[0].replace("\r\n", "\n")


def shown(value: Any) -> str:
    """A value of a table as text: three decimals, a dash for nothing."""
    if value is None or value != value:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value)


def breakable(name: str) -> Markup:
    """A name that lines may break in, after the marks that join its parts; not within a number."""
    return Markup("<wbr>").join(part for part in _AFTER.split(name) if part)


def coded(text: str) -> Markup:
    """Words for the page: what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(Markup.escape(text))))


def widths(rows: Sequence[Mapping[str, Any]], keys: Iterable[str]) -> dict[str, str]:
    """The class of each column that needs room for its words, else an empty text."""
    return {key: _width(rows[:_MOST], key) for key in keys}


def _width(rows: Sequence[Mapping[str, Any]], key: str) -> str:
    most = max((len(row[key]) for row in rows if isinstance(row[key], str)), default=0)
    return ["", "whole", "some", "long", "verylong"][sum(most > limit for limit in _LONG)]


def right(rows: Sequence[Mapping[str, Any]], keys: Iterable[str]) -> list[int]:
    """The columns of numbers by place, as the first row has them."""
    return [place for place, key in enumerate(keys) if rows and is_number(rows[0][key])]


def is_number(value: Any) -> bool:
    """Whether a value stands at the right of its column."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def as_json(value: Any) -> Markup:
    """JSON that stays within its script element, whatever the names in it are."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)


def packed(value: Any) -> str:
    """JSON, gzipped, in base64: a third of its size, and nothing that HTML could read."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def as_image(picture: Picture) -> str:
    """A picture as the address of itself."""
    return "data:image/png;base64," + base64.b64encode(picture.png).decode()


def files(part: Table | Figure) -> Mapping[str, str]:
    """Kind of file to its path from the page."""
    if isinstance(part, Table):
        return {"CSV": f"{TABLES}/{part.id}.csv", "Parquet": f"{TABLES}/{part.id}.parquet"}
    return {"SVG": f"{FIGURES}/{part.id}.svg", "PNG": f"{FIGURES}/{part.id}.png"}


def day(started: str | None) -> str:
    """A time of ISO 8601 to the minute."""
    try:
        return f"{datetime.fromisoformat(started or ''):%Y-%m-%d %H:%M}"
    except ValueError:
        return "at a time that is not known"


def _number(value: float) -> str:
    if 0 < abs(value) < 0.0005:
        return f"{value:.1e}".replace("-", "−")
    text = f"{value:z.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("-", "−")
