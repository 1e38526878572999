"""Drawing: charts of Altair as SVG and PNG, by vl-convert, without a browser or a network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert

_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
_IDS = re.compile(r'(\bid="|url\(#|xlink:href="#|\bhref="#)')
_SPOKEN = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
_LINKS = re.compile(r"<a [^>]*>|</a>")
_GAP = 12
_PER_LINE = 3
_SHARPNESS = 2


@dataclass(frozen=True)
class Panel:
    """A chart as SVG text with a size in pixels."""

    svg: str
    width: float
    height: float


def drawn(chart: Any, prefix: str) -> Panel:
    """The chart as SVG. prefix: put before each id in it, so that several stand in one page.

    Words for screen readers are left to the figure as a whole, and links are left out.
    """
    raw: str = vl_convert.vegalite_to_svg(chart.to_dict())
    svg = _LINKS.sub("", _SPOKEN.sub("", _IDS.sub(rf"\g<1>{prefix}", raw)))
    size = _SIZE.search(svg)
    assert size is not None  # vl-convert writes both on the root
    return Panel(svg, float(size[1]), float(size[2]))


def sheet(panels: Sequence[Panel]) -> str:
    """One SVG of all panels, three in a line."""
    lines = [panels[i : i + _PER_LINE] for i in range(0, len(panels), _PER_LINE)]
    placed, top, wide = [], 0.0, 0.0
    for line in lines:
        left = 0.0
        for panel in line:
            placed.append(f'<g transform="translate({left:g},{top:g})">{panel.svg}</g>')
            left += panel.width + _GAP
        top += max(panel.height for panel in line) + _GAP
        wide = max(wide, left)
    size = f'width="{max(wide - _GAP, 1):g}" height="{max(top - _GAP, 1):g}"'
    ground = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{ground}{"".join(placed)}</svg>'


def png(svg: str) -> bytes:
    """The SVG as PNG, two pixels for each of its own."""
    made: bytes = vl_convert.svg_to_png(svg, scale=_SHARPNESS)
    return made
