"""Details: what a score was made of, in words, as the page shows it when a cell is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...analysis.statistics.numbers import listed
from ...specs.results import Composed, Interval, Null, Row
from ..joining import Found

Said = tuple[str, str, str]
"""Group, term, and what is said of it."""
_NAMED = 12
_WAYS = {True: "mappings fitted anew", False: "from the values of one fit"}


def of_row(found: Found, twin: Row | None = None) -> list[Said]:
    """What a row says. twin: of the same architecture, untrained."""
    row = found.row
    return [
        *_message(row),
        *(("Score", term, text) for term, text in _score(row)),
        *(("Score", term, text) for term, text in _twin(row, twin)),
        *(("Layer", term, text) for term, text in _layer(row)),
        *(("Data", term, text) for term, text in _data(row)),
        *(("Guard", term, text) for term, text in _guard(row)),
        *(("Made with", term, text) for term, text in _made(row, found)),
        *(("Versions", name, version) for name, version in row.versions.items()),
        *(("Digests (sha256)", name, digest) for name, digest in row.digests.items()),
        *(("Notes", str(i), note) for i, note in enumerate(row.notes, 1)),
    ]


def of_composite(mean: Composed) -> list[Said]:
    """What a composite is of."""
    return [("Composite", term, text) for term, text in _composite(mean)] + [
        ("Missing", name, why) for name, why in mean.missing.items()
    ]


def pooled(every: Sequence[Sequence[Sequence[Said] | None]]) -> dict[str, Any]:
    """The same with each group and term, and each pair, once: cells are lists of numbers of pairs."""
    terms: dict[tuple[str, str], int] = {}
    pairs: dict[tuple[int, str], int] = {}

    def number(group: str, term: str, text: str) -> int:
        of_term = terms.setdefault((group, term), len(terms))
        return pairs.setdefault((of_term, text), len(pairs))

    cells = [[None if said is None else [number(*one) for one in said] for said in line] for line in every]
    return {"terms": [*terms], "pairs": [*pairs], "cells": cells}


def _message(row: Row) -> Iterator[Said]:
    if row.status != "scored":
        yield "No score", "error" if row.status == "error" else "skipped", row.message or "nothing was said"


def _score(row: Row) -> Iterator[tuple[str, str]]:
    if row.raw is None:
        return
    yield "raw", f"{row.raw:.4f}{_plus_minus(row.error)}{' over splits' if row.error is not None else ''}"
    yield from _interval(row.interval, "interval of raw")
    if row.ceiling is not None:
        yield "ceiling", f"{row.ceiling:.4f}{_plus_minus(row.ceiling_error)}"
    if row.ceiling_kind is not None:
        yield "ceiling by", _made_by(row.ceiling_kind, row.ceiling_settings)
    if row.ceiled is not None and row.normalise != "none":
        yield "ceiled", f"{row.ceiled:.4f} ({row.normalise}{', clipped' if row.clipped else ''})"
        yield from _interval(row.ceiled_interval, "interval of ceiled")
    if row.null:
        yield "shuffled stimuli", _null(row.null)
    if row.power is not None:
        yield "power", f"{row.power:.2f}: how often the metric recovers a known truth here"
    if len(row.splits) > 1:
        yield f"{len(row.splits)} splits", ", ".join(_short(value) for value in row.splits)
    for name, value in row.also.items():
        yield name, _short(value)


def _interval(interval: Interval | None, term: str) -> Iterator[tuple[str, str]]:
    if interval and interval.low is not None and interval.high is not None:
        how = ", ".join(f"{factor} by {way}" for factor, way in interval.by.items())
        over = how or ", ".join(interval.over)
        ends = f"{interval.low:.4f} to {interval.high:.4f}"
        alone = ", not over stimuli" if interval.without_stimuli else ""
        yield term, f"{ends} ({100 * interval.level:.0f} %; over {over}{alone}; {_WAYS[interval.refit]})"


def _made_by(kind: str, settings: Mapping[str, Any]) -> str:
    """``internal_consistency (n 10, seed 1)``."""
    said = ", ".join(f"{name} {value}" for name, value in settings.items())
    return f"{kind} ({said})" if said else kind


def _null(null: Null) -> str:
    high = "" if null.high is None else f", their 95th percentile {null.high:.4f}"
    layers = "" if null.layers == 1 else f", the maximum over {null.layers} layers"
    return f"p = {null.p:.4f} of {null.permutations} shuffles{high}{layers}; {_WAYS[null.refit]}"


def _twin(row: Row, twin: Row | None) -> Iterator[tuple[str, str]]:
    if twin and twin.raw is not None and row.raw is not None:
        yield "untrained twin", f"{twin.raw:.4f}, {row.raw - twin.raw:+.4f} with training"


def _layer(row: Row) -> Iterator[tuple[str, str]]:
    if row.layer:
        yield "layer", row.layer
    if row.layer_source:
        yield "chosen by", row.layer_source
    for subject, layer in row.layers.items():
        yield f"of {subject}", layer


def _data(row: Row) -> Iterator[tuple[str, str]]:
    yield "data set", row.dataset
    yield "region", f"{row.region}{f' ({row.species})' if row.species else ''}"
    yield "metric", f"{row.metric}, version {row.metric_version}"
    for name, value in row.settings.items():
        yield name, str(value)
    if row.stimuli is not None:
        yield "stimuli", str(row.stimuli)
    if row.targets is not None:
        yield f"{_PLURALS.get(row.over or '', 'targets')} used", str(row.targets)
    for why, names in row.left_out.items():
        yield f"left out: {why}", f"{len(names)}: {listed(names, _NAMED)}"


_PLURALS = {"neuroid": "neuroids", "subject": "subjects", "stimulus": "stimuli"}


def _guard(row: Row) -> Iterator[tuple[str, str]]:
    if row.verdict:
        yield "verdict", row.verdict if row.known is None else f"{row.verdict}, as is known: {row.known}"
    if row.guard:
        yield "says", row.guard.message
        yield "baseline", row.guard.baseline
        if row.guard.changed:
            yield "what else changed", ", ".join(row.guard.changed)


def _made(row: Row, found: Found) -> Iterator[tuple[str, str]]:
    yield "run", found.part.name
    if row.device:
        yield "device", f"{row.device}{f' of {row.host}' if row.host else ''}"
    if row.seconds:
        yield "seconds", f"{sum(row.seconds.values()):.1f}"
    if row.cache_hit is not None:
        yield "activations", "from the store" if row.cache_hit else "made in this run"


def _composite(mean: Composed) -> Iterator[tuple[str, str]]:
    if mean.title:
        yield "is", mean.title
    if mean.value is not None:
        yield "value", f"{mean.value:.4f}{_plus_minus(mean.error)}"
    yield "of", f"{mean.of} scores; {mean.scored} of {mean.parts} benchmarks have one"
    if mean.missing_as:
        yield "what is missing", "left out" if mean.missing_as == "skip" else "counted as 0"
    for name, value in mean.means.items():
        yield f"mean {name}", _short(value)
    for due, there in mean.stand_ins.items():
        yield "stands in", f"{there} for {due}"


def _plus_minus(error: float | None) -> str:
    return "" if error is None else f" ± {error:.4f} (standard error)"


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value.is_integer() else f"{value:.4f}"
