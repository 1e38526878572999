"""Heat maps: a square matrix of networks, of few as fields with their numbers, of many as one picture."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import altair as alt
import numpy as np
from PIL import Image

from ...analysis.statistics.numbers import signed
from .charts import COLOURS, REFERENCE, inline, themed, titled, wrapped
from .phrases import named

MOST_FIELDS, MOST_NUMBERS = 16, 8
SIDE = 204
_STRIP = 8
_PIXELS = 2 * SIDE
_LETTERS, _MOST_LETTERS, _LEADING = 16, 26, 12
_NARROW = 152
_DARK, _LIGHT = (8, 48, 107), (247, 251, 255)
"""The ends of the scale of blues, from low to high as light to dark."""


@dataclass(frozen=True, eq=False)
class Square:
    """What is drawn. matrix: (m, m), in the order in which it is shown; NaN is left white.

    kinds: of networks, of which each has a colour of `palette`.
    """

    names: tuple[str, ...]
    matrix: np.ndarray
    kinds: tuple[str, ...]


def palette(kinds: Sequence[str]) -> dict[str, str]:
    """Kind to colour, the most frequent first; beyond the seven first, and what is not known, grey."""
    ranked = sorted(dict.fromkeys(kinds), key=lambda kind: (-list(kinds).count(kind), kind))
    known = [kind for kind in ranked if not kind.endswith("not known")]
    return {kind: COLOURS[known.index(kind)] if kind in known[:7] else REFERENCE for kind in ranked}


def heatmap(square: Square, title: str, under: str = "") -> alt.LayerChart:
    """A square of colours, of correlations from 0 (or -1) to 1; kinds are a strip beside it."""
    few = len(square.names) <= MOST_FIELDS
    ends = _ends(square.matrix)
    strip = [_strip(square)] if len(set(square.kinds)) > 1 else []
    layers = [*strip, *(_fields(square, ends) if few else [_picture(square, ends), _scale(ends)])]
    chart = alt.LayerChart(layer=layers, title=titled(title, under)).resolve_scale(color="independent")
    made: alt.LayerChart = themed(chart.resolve_scale(fill="independent"))
    return made.properties(width=_wide(square) + _STRIP, height=SIDE)


def _wide(square: Square) -> int:
    """In pixels; names on one line that are long have room beside a narrower map."""
    longest = max(map(len, square.names))
    return _NARROW if MOST_NUMBERS < len(square.names) <= MOST_FIELDS and longest > _LETTERS else SIDE


def _ends(matrix: np.ndarray) -> tuple[float, float]:
    """What r can be, so that maps can be compared: from 0, or from -1 where any is negative, to 1."""
    return (-1.0 if bool((matrix < 0).any()) else 0.0), 1.0


def _places(i: int, square: Square, side: int = SIDE) -> tuple[float, float]:
    """Where the row (or column) of a network begins and ends, in pixels of a side."""
    step = side / len(square.names)
    return i * step, (i + 1) * step


def _x(name: str, wide: int = SIDE) -> alt.X:
    return alt.X(name, axis=None, scale=alt.Scale(domain=[-_STRIP, wide], nice=False, zero=False))


def _y(name: str) -> alt.Y:
    return alt.Y(name, axis=None, scale=alt.Scale(domain=[SIDE, 0], nice=False, zero=False))


def _strip(square: Square) -> alt.Chart:
    """The colours of kinds, and names where there is room."""
    colours = palette(square.kinds)
    kinds = list(colours)
    lines = []
    for i, kind in enumerate(square.kinds):
        top, bottom = _places(i, square)
        lines.append({"x": -_STRIP, "x2": -2, "y": top, "y2": bottom, "kind": kind})
    scale = alt.Scale(domain=kinds, range=[colours[kind] for kind in kinds])
    legend = alt.Legend(title=None, orient="bottom", columns=2)
    fill = alt.Fill("kind:N", scale=scale, legend=legend)
    marks = alt.Chart(inline(lines)).mark_rect()
    x = _x("x:Q", _wide(square))
    made: alt.Chart = marks.encode(x, _y("y:Q"), x2="x2:Q", y2="y2:Q", fill=fill)
    return made


def _fields(square: Square, ends: tuple[float, float]) -> Iterator[alt.Chart]:
    cells, wide = list(_cells(square, ends)), _wide(square)
    scheme = alt.Scale(domain=list(ends), range=[_hex(_LIGHT), _hex(_DARK)], clamp=True)
    base = alt.Chart(inline(cells))
    colour = alt.Color("r:Q", scale=scheme, legend=_legend(ends))
    yield base.mark_rect().encode(_x("x:Q", wide), _y("y:Q"), x2="x2:Q", y2="y2:Q", color=colour)
    if len(square.names) <= MOST_NUMBERS:
        ink = alt.Color("ink:N", scale=None)
        text = base.mark_text(fontSize=11)
        yield text.encode(_x("cx:Q", wide), _y("cy:Q"), text="said:N", color=ink)
    marks = alt.Chart(inline(list(_names(square)))).mark_text(align="right", baseline="middle", fontSize=11)
    yield marks.encode(_x("x:Q", wide), _y("y:Q"), text="name:N")


def _names(square: Square) -> Iterator[dict[str, Any]]:
    """The lines of each name: two where rows are high enough, else one."""
    for i, name in enumerate(square.names):
        whole = named(name)
        lines = wrapped(whole, _LETTERS) if len(square.names) <= MOST_NUMBERS else [_cut(whole)]
        lines = lines if len(lines) <= 2 else wrapped(_cut(whole), _LETTERS)[:2]
        middle = sum(_places(i, square)) / 2
        for k, line in enumerate(lines):
            yield {"x": -_STRIP - 3, "y": middle + _LEADING * (k - (len(lines) - 1) / 2), "name": line}


def _cells(square: Square, ends: tuple[float, float]) -> Iterator[dict[str, Any]]:
    for i, row in enumerate(square.matrix.tolist()):
        for j, value in enumerate(row):
            if value == value:
                (y, y2), (x, x2) = _places(i, square), _places(j, square, _wide(square))
                middle = {"cx": (x + x2) / 2, "cy": (y + y2) / 2}
                said = {"r": round(value, 4), "said": signed(value, 2), "ink": ink(value, ends)}
                yield {"x": x, "x2": x2, "y": y, "y2": y2, **middle, **said}


def ink(value: float, ends: tuple[float, float]) -> str:
    """Black or white, whichever has the larger contrast with the colour of the value (WCAG 2)."""
    share = min(max((value - ends[0]) / (ends[1] - ends[0]), 0.0), 1.0)
    parts = [low + share * (high - low) for low, high in zip(_LIGHT, _DARK, strict=True)]
    linear = [x / 255 / 12.92 if x <= 10 else ((x / 255 + 0.055) / 1.055) ** 2.4 for x in parts]
    luminance = float(np.dot(linear, [0.2126, 0.7152, 0.0722]))
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def _legend(ends: tuple[float, float]) -> alt.Legend:
    return alt.Legend(title="r", orient="top", gradientLength=_NARROW - 20, values=list(ends), format=".2f")


def _scale(ends: tuple[float, float]) -> alt.Chart:
    """Nothing but the legend of a picture's colours."""
    scheme = alt.Scale(domain=list(ends), range=[_hex(_LIGHT), _hex(_DARK)])
    data = alt.Chart(inline([{"r": end} for end in ends]))
    colour = alt.Color("r:Q", scale=scheme, legend=_legend(ends))
    made: alt.Chart = data.mark_point(opacity=0, size=0).encode(colour)
    return made


def _picture(square: Square, ends: tuple[float, float]) -> alt.Chart:
    """The matrix as a PNG in the chart: an element for each of 50,000 fields would be too much for a page."""
    address = "data:image/png;base64," + base64.b64encode(png(square.matrix, ends)).decode()
    place = {"x": SIDE / 2, "y": SIDE / 2, "url": address}
    marks = alt.Chart(inline([place])).mark_image(width=SIDE, height=SIDE, aspect=False)
    made: alt.Chart = marks.encode(_x("x:Q"), _y("y:Q"), url="url:N")
    return made


def png(matrix: np.ndarray, ends: tuple[float, float]) -> bytes:
    """The matrix (m, m) as PNG, each number a square of pixels; NaN is white."""
    low, high = ends
    share = np.clip((matrix - low) / ((high - low) or 1.0), 0, 1)
    levels = np.where(np.isfinite(share), 1 + np.round(np.nan_to_num(share) * 254), 0).astype(np.uint8)
    times = max(1, round(_PIXELS / len(matrix)))
    image = Image.fromarray(levels.repeat(times, axis=0).repeat(times, axis=1), "P")
    steps = np.linspace(0, 1, 255)[:, None]
    blues = np.array(_LIGHT) * (1 - steps) + np.array(_DARK) * steps
    image.putpalette([255, 255, 255, *np.round(blues).astype(int).ravel().tolist()])
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _hex(colour: tuple[int, int, int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _cut(name: str) -> str:
    """A very long name without its middle."""
    return name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 11]}…{name[-10:]}"
