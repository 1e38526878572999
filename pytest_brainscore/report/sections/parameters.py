"""Parameters: are larger networks more like the brain? The second figure of the ImageBrainDL project."""

from __future__ import annotations

import altair as alt

from ...analysis.population.hypotheses import LARGER
from ..evidence import Evidence
from ..figures.trends import Axis, section_of
from ..parts import Section


def section(evidence: Evidence) -> Section | None:
    """Scores by the number of parameters; None where none is known."""
    x = alt.X(
        "x:Q",
        title="parameters (number, log scale)",
        axis=alt.Axis(format="~s", tickCount=4, grid=False),
        scale=alt.Scale(type="log", nice=False, padding=8),
    )
    axis = Axis("parameters", "Scores by number of parameters", "number of parameters", x)
    return section_of(evidence, LARGER, axis, "Larger networks")
