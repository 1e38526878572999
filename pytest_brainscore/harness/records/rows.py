"""Rows of results: what an item measured, or why it could not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from ...errors import speakable
from ...specs.cases import Case
from ...specs.models import Model
from ...specs.results import Row
from ...versions import versions
from .about import about, without_weights

if TYPE_CHECKING:
    from ...scores import Score


def scored(case: Case, model: Model, node: str, score: Score) -> Row:
    """The row of a score, with what is known of the model."""
    notes = [*without_weights(model), *score.notes, *score.about.get("notes", [])]
    numbers = {**score.to_json(), **score.about, "notes": notes}
    return row_of({**_common(case, model.id, node), **numbers, "about": about(model), "status": "scored"})


def unscored(
    case: Case,
    model: str,
    node: str,
    layer: str | None,
    status: Literal["skipped", "error"],
    why: str | None,
) -> Row:
    """The row of an item that has no score."""
    told: dict[str, Any] = {
        "status": status,
        "message": why and speakable(why),
        "layer": layer,
        "digests": {"spec": case.digest},
    }
    return Row(**_common(case, model, node), **told)


def row_of(payload: dict[str, Any]) -> Row:
    """The row that travelled as plain JSON."""
    return Row.model_validate_json(json.dumps(payload))


def _common(case: Case, model: str, node: str) -> dict[str, Any]:
    return {
        "benchmark": case.name,
        "model": model,
        "dataset": case.dataset.id,
        "species": case.dataset.species,
        "region": case.region,
        "metric": case.metric,
        "metric_version": case.benchmark.metric.version,
        "settings": case.benchmark.metric.settings(),
        "ceiling_kind": case.benchmark.ceiling.name,
        "ceiling_settings": case.benchmark.ceiling_settings(),
        "clip": case.benchmark.clip,
        "node": node,
        "versions": versions(),
    }
