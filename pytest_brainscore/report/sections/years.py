"""Years: are newer networks more like the brain? The first figure of the ImageBrainDL project."""

from __future__ import annotations

import altair as alt

from ...analysis.population.hypotheses import NEWER
from ..evidence import Evidence
from ..figures.trend_panels import Axis
from ..figures.trends import section_of
from ..parts import Section


def section(evidence: Evidence) -> Section | None:
    """Scores in order of the year of design; None where no year is known."""
    x = alt.X(
        "x:Q",
        title="year of design",
        axis=alt.Axis(format="d", tickMinStep=1, tickCount=6),
        scale=alt.Scale(zero=False, padding=8),
    )
    axis = Axis("year", "Scores by year of design", "year of design", x, spread=0.6, named=True)
    return section_of(evidence, NEWER, axis, "Newer networks")
