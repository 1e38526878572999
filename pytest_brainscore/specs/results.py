"""What results.jsonl and results.json say: the published form of a run's results."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from .base import Spec


class Row(Spec):
    """One model on one benchmark. Numbers are finite or null."""

    benchmark: str = Field(description="data set and benchmark id: with model and layer the key of the row")
    model: str
    layer: str | None = Field(None, description="module name; several mapped together are joined by '+'")
    layer_source: str | None = None
    dataset: str
    region: str
    metric: str
    status: Literal["scored", "skipped", "error"]
    verdict: str = Field("unguarded", description="what the guard says of the score")
    message: str | None = Field(None, description="why there is no score")
    raw: float | None = None
    error: float | None = Field(None, description="standard error of raw over splits")
    ceiling: float | None = None
    ceiling_error: float | None = None
    ceiled: float | None = None
    normalise: str | None = None
    splits: tuple[float | None, ...] = Field((), description="raw per split")
    also: dict[str, float | None] = Field({}, description="further figures of the metric")
    over: str | None = Field(None, description="what the values of a split are over: neuroid, subject, all")
    targets: int | None = Field(None, description="how many neuroids (subjects) were used")
    left_out: dict[str, tuple[str, ...]] = Field({}, description="neuroids not used, by reason")
    stimuli: int | None = None
    digests: dict[str, str] = Field({}, description="sha256 of weights, stimuli, recordings, spec, ...")
    versions: dict[str, str] = Field({})
    device: str | None = None
    seconds: dict[str, float] = Field({}, description="per stage")
    cache_hit: bool | None = Field(None, description="whether the activations came from the store")
    notes: tuple[str, ...] = ()
    values: str | None = Field(None, description="netCDF file of the values per split and neuroid")
    node: str | None = Field(None, description="pytest node id")

    def key(self) -> tuple[str, str, str]:
        """Benchmark, model and layer: what results are joined by."""
        return self.benchmark, self.model, self.layer or ""


class Run(Spec):
    """One run: where and how it was made, and its rows."""

    schema_version: Literal[1] = 1
    run: str
    started: str
    seconds: float
    command: tuple[str, ...] = ()
    complete: bool = Field(description="false where the run was cut short")
    versions: dict[str, str] = Field({})
    results: tuple[Row, ...] = ()


def json_schema() -> dict[str, Any]:
    """The JSON Schema of results.json."""
    return Run.model_json_schema()
