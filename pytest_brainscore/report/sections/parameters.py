"""Parameters: are larger networks more like the brain? The second figure of the ImageBrainDL project."""

from __future__ import annotations

import altair as alt

from ...analysis.population.hypotheses import LARGER
from ..evidence import Evidence
from ..figures.charts import COUNTS
from ..figures.trend_panels import Axis
from ..figures.trends import section_of
from ..parts import Section


def section(evidence: Evidence) -> Section | None:
    """Scores by the number of parameters; None where none is known."""
    x = alt.X(
        "x:Q",
        title="parameters (number, log scale)",
        axis=alt.Axis(labelExpr=COUNTS, tickCount=4, grid=False),
        scale=alt.Scale(type="log", nice=False, padding=8),
    )
    axis = Axis("parameters", "Scores by number of parameters", "number of parameters", x)
    return section_of(evidence, LARGER, axis, "Larger networks")
