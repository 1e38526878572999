"""The metrics that `recover --benchmark --metric` names, written as in a benchmark file."""

from __future__ import annotations

import yaml
from pydantic import TypeAdapter, ValidationError

from ...analysis.truth.design import refuse_unsuited
from ...errors import SelectionError, nearest
from ...specs.cases import Case
from ...specs.metrics import AnyMetric

_METRIC: TypeAdapter[AnyMetric] = TypeAdapter(AnyMetric)


def metrics_named(text: str | None, case: Case) -> tuple[AnyMetric, ...]:
    """The metrics that are written as in a benchmark file, with commas between; else the benchmark's own.

    Raises SelectionError for what is no metric, and MetricError for one that recordings cannot be made for.
    """
    if text is None:
        return (case.benchmark.metric,)
    try:
        written = yaml.safe_load(f"[{text}]")
        found = tuple(map(_metric, written))
    except (yaml.YAMLError, ValidationError) as why:
        said = _explained(why) if isinstance(why, ValidationError) else "this is not YAML"
        raise SelectionError(
            f"--metric {text}: {said}; write names with commas between, or as in"
            " 'pls, {name: cka, debiased: false}'"
        ) from None
    for metric in found:
        refuse_unsuited(metric, f"--metric {text}")
    return found


def _explained(why: ValidationError) -> str:
    """The first mistake; of a wrong name those most like it, or all there are."""
    first = why.errors()[0]
    if first["type"] != "union_tag_invalid":
        return first["msg"][0].lower() + first["msg"][1:]
    given, every = first["ctx"]["tag"], first["ctx"]["expected_tags"].replace("'", "")
    known = every.split(", ")
    return f"no such metric: {given}{nearest(given, known) or f' (there are {every})'}"


def _metric(written: object) -> AnyMetric:
    return _METRIC.validate_python({"name": written} if isinstance(written, str) else written)
