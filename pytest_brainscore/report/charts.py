"""What all charts of the report share: size, colours that colour-blind people can tell apart, type."""

from __future__ import annotations

import altair as alt

WIDTH, HEIGHT = 280, 220
"""Of a panel's plot, in pixels: with its axis it stays within 340."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")
"""Okabe and Ito 2008: for categories, the most frequent first."""
SCALE = "viridis"
"""For amounts."""
REFERENCE = "#6e6e6e"
"""For lines that scores are held against: ceilings, baselines."""
FONT = "DejaVu Sans, Liberation Sans, Arial, sans-serif"


def themed(chart: alt.Chart | alt.LayerChart) -> alt.Chart | alt.LayerChart:
    """The chart at the common size and in the common type; text of at least 11 px."""
    made: alt.Chart | alt.LayerChart = (
        chart.properties(width=WIDTH, height=HEIGHT)
        .configure(font=FONT)
        .configure_axis(labelFontSize=11, titleFontSize=11)
        .configure_view(stroke=None)
    )
    return made
