"""History: scores of guarded models over earlier runs, with their baselines and verdicts."""

from __future__ import annotations

from ..page.evidence import Evidence
from ..page.parts import Section


def section(evidence: Evidence) -> Section | None:
    """Raw scores over runs; None where no model is guarded in two runs."""
    return None
