"""What results.jsonl and results.json say: the published form of a run's results."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field, field_validator

from .base import Spec
from .guards import Word

OTHER_HALF = "; the other half is scored"
"""How `layer_source` ends where half of the stimuli chose the layer."""


class Guarded(Spec):
    """What the guard compared, and with what. Numbers are in the metric's unit."""

    baseline: str = Field(description="file of the baseline, also where there is none yet")
    key: str = Field(description="its line there: the model, or model:layer where layers were named")
    message: str = Field(description="the verdict in a line")
    delta_in_se: float | None = Field(None, description="delta in standard errors of the baseline")
    se: float | None = Field(None, description="standard error of the paired differences per split")
    band: float | None = Field(None, description="how far the score may fall")
    fell: int = Field(0, description="in how many splits the score fell")
    changed: tuple[str, ...] = Field((), description="what else changed: weights, layer, torch, ...")
    minimum: float | None = None
    known: str | None = Field(
        None, description="why the policy says that the score is known to have fallen, as it has it"
    )
    moved: bool = Field(description="whether the numbers are other than those of the baseline")
    updates: bool = Field(description="whether --brainscore-update may take the score as baseline")


class Interval(Spec):
    """Where the score of a mapping fitted at this training size would lie, over new samples of `over`."""

    low: float | None
    high: float | None
    level: float = Field(0.95, description="how often such intervals hold the true score")
    se: float | None = Field(None, description="standard error, all factors of `over` together")
    df: float | None = Field(None, description="degrees of freedom of the t distribution")
    over: tuple[str, ...] = Field(description="what was taken as a sample: stimulus, neuroid, subject")
    by: dict[str, Literal["splits", "bootstrap", "jackknife"]] = Field(
        {}, description="how each factor was resampled"
    )
    refit: bool = Field(
        False, description="whether mappings were fitted anew; false: from the values of one fit"
    )
    without_stimuli: bool = Field(
        False,
        description="whether the score depends on stimuli too, and these could not be a sample: too short,"
        " and two models cannot be told apart by it",
    )


class Null(Spec):
    """The score where stimuli are shuffled, so that activations and recordings have nothing in common."""

    p: float = Field(description="(1 + shuffles that score as high) / (1 + shuffles)")
    high: float | None = Field(None, description="the 95th percentile of shuffled scores")
    mean: float | None = Field(None, description="their mean")
    permutations: int
    refit: bool = Field(False, description="whether mappings were fitted anew for each shuffle")
    layers: int = Field(1, description="the maximum over so many layers was taken in each shuffle")


class LayerScores(Spec):
    """One layer of the pool that a benchmark chose from: the mean over splits, by region's subject."""

    layer: str
    train: dict[str, float | None] = Field(description="score on the training stimuli, by subject")
    test: dict[str, float | None] = Field(description="score on the test stimuli, by subject")
    dimensionality: float | None = Field(None, description="participation ratio over all stimuli")
    dimensionality_corrected: float | None = Field(None, description="its estimate for infinitely many")


def is_plain(name: str) -> bool:
    """Whether a name is that of a file in the same folder, on any system.

    >>> is_plain("0001.nc"), is_plain("../0001.nc"), is_plain("..")
    (True, False, False)
    """
    return name.strip(".") != "" and not set(name) & set("/\\\0")


class Row(Spec):
    """One model on one benchmark. Numbers are finite or null."""

    benchmark: str = Field(description="data set and benchmark id: with model and layer the key of the row")
    model: str
    layer: str | None = Field(None, description="module name; several mapped together are joined by '+'")
    layer_source: str | None = None
    layers: dict[str, str] = Field(
        {}, description="subject to the layer chosen for it, where each has its own"
    )
    profile: tuple[LayerScores, ...] = Field(
        (), description="all layers that were chosen among, in call order"
    )
    about: dict[str, str | bool | int | float | None] = Field(
        {}, description="of the model: trained, family, diet, top1, ..."
    )
    dataset: str
    species: str | None = None
    region: str
    metric: str
    metric_version: int = 1
    settings: dict[str, Any] = Field(
        {}, description="of the metric: what is not the default, and what a reader has to know"
    )
    status: Literal["scored", "skipped", "error"]
    verdict: Word | None = Field(None, description="what the guard says of the score; null: not judged")
    delta: float | None = Field(None, description="score - baseline: mean of the differences per split")
    guard: Guarded | None = None
    message: str | None = Field(None, description="why there is no score")
    raw: float | None = None
    error: float | None = Field(None, description="standard error of raw over splits")
    ceiling: float | None = None
    ceiling_error: float | None = None
    ceiling_kind: str | None = Field(
        None, description="how it was estimated: internal_consistency, ncsnr, ...; null: not said"
    )
    ceiling_settings: dict[str, Any] = Field({}, description="of the ceiling: draws, seed, value, ...")
    ceiled: float | None = None
    clip: tuple[float, float] | None = Field(
        None, description="bounds of ceiled, where the benchmark has any; at one of them no error is known"
    )
    interval: Interval | None = Field(None, description="of raw")
    ceiled_interval: Interval | None = Field(None, description="of ceiled, the ceiling taken as known")
    null: Null | None = None
    power: float | None = Field(
        None, description="how often the metric recovers a known truth here, where the benchmark demands it"
    )
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
    host: str | None = Field(None, description="machine that measured it, where Dask sent it there")
    seconds: dict[str, float] = Field({}, description="per stage")
    cache_hit: bool | None = Field(None, description="whether the activations came from the store")
    stored: str | None = Field(None, description="key of the activations (coordinates) in the store")
    notes: tuple[str, ...] = ()
    values: str | None = Field(
        None, description="netCDF file of the values per split and neuroid, in the folder of the results"
    )
    node: str | None = Field(None, description="pytest node id")

    @field_validator("values")
    @classmethod
    def _plain(cls, name: str | None) -> str | None:
        if name is not None and not is_plain(name):
            raise ValueError(f"{name!r} is no plain name of a file beside the results")
        return name

    def key(self) -> tuple[str, str, str]:
        """Benchmark, model and layer: what results are joined by."""
        return self.benchmark, self.model, self.layer or ""

    @property
    def clipped(self) -> bool:
        """Whether the ceiled score is one of the benchmark's bounds."""
        return self.clip is not None and self.ceiled in self.clip

    @property
    def known(self) -> str | None:
        """Why its regression is known, as the guard's policy has it; None where it is new, or is none."""
        return self.guard.known if self.guard and self.verdict == "regressed" else None

    @property
    def judged(self) -> Word | Literal["known"] | None:
        """The verdict, but that of a regression which is known: ``known``."""
        return self.verdict if self.known is None else "known"

    @property
    def half(self) -> str:
        """The half of the stimuli that chose the layer, and is not scored; "" where all are scored."""
        source = self.layer_source or ""
        return source.removesuffix(OTHER_HALF).rpartition(" on ")[2] if source.endswith(OTHER_HALF) else ""

    @property
    def named(self) -> bool:
        """Whether its layer was named for the run, and is not the mapped one: the node id ends in it."""
        return self.node is not None and self.node.rpartition("::")[2] != self.model

    @property
    def item(self) -> tuple[str, str, str]:
        """What a rerun repeats: the key, but that a mapped layer is known only once there is a score."""
        return self.key() if self.named or self.node is None else (self.benchmark, self.model, "")


class Composed(Spec):
    """A composite of one model. Numbers are finite or null."""

    composite: str = Field(description="its id; of a tree per species also that: Brain-Score.macaque")
    title: str | None = Field(None, description="what it is, and what a reader of the number should know")
    model: str
    of: Literal["raw", "ceiled"]
    value: float | None = Field(None, description="null where a part is missing, or has no such score")
    error: float | None = Field(None, description="as if the errors of the parts were independent")
    parts: int = Field(description="how many benchmarks it is made of")
    missing: dict[str, str] = Field({}, description="the parts that have no score, and why")
    missing_as: Literal["skip", "zero"] | None = Field(
        None, description="what was done with them: left out, or counted as 0; null: then there is no value"
    )
    means: dict[str, float | None] = Field({}, description="of the means in it, such as those of regions")
    stand_ins: dict[str, str] = Field({}, description="benchmark that was due to the one that stands in")

    @property
    def scored(self) -> int:
        """How many parts have a score."""
        return self.parts - len(self.missing)


class Share(Spec):
    """One shard of N, and the models that fell to it."""

    number: int
    count: int
    models: tuple[str, ...] = ()


class Run(Spec):
    """One run: where and how it was made, and its rows."""

    schema_version: Literal[1] = 1
    run: str
    started: str
    seconds: float
    command: tuple[str, ...] = ()
    complete: bool = Field(description="false where the run was cut short, or a joined one lacks something")
    versions: dict[str, str] = Field({})
    models: tuple[str, ...] = Field((), description="that were asked for; of a shard, by all shards together")
    shard: Share | None = None
    merged: tuple[str, ...] = Field((), description="the runs that this one was joined from")
    missing: tuple[tuple[str, str], ...] = Field((), description="pairs of model and benchmark without a row")
    composites: tuple[Composed, ...] = Field((), description="of which at least one part was scored")
    results: tuple[Row, ...] = ()

    def text(self) -> str:
        """The document as it is written."""
        return json.dumps(self.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of results.json."""
    return Run.model_json_schema()
