"""Layers: the rows of the committed layer, and of the final one, with all that is known of their networks."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..specs.models import BASELINE, FINAL, About
from ..specs.results import LayerScores, Row
from .evidence import Evidence

OWN_ANSWER = "the network's own answer"
"""How `layer_source` begins where that stands for the region."""
PUBLISHED = "trained, as the study counts"
IMPORTED, _STUDY = "published", "train_task"
"""The digest of rows that were imported, and a study's own word for what its networks were trained on."""
_OF_TRAINING = frozenset({"objective", "task", "cluster", "diet", "top1"})


@dataclass(frozen=True)
class Choice:
    """Which layer of each network scores are of. id: for files. rows: one for each benchmark and network."""

    id: str
    title: str
    rows: tuple[Row, ...]


def committed(evidence: Evidence) -> Choice:
    """The layer that stands for the region, whoever chose it: not those that were named for a run."""
    rows = (row for row in _scored(evidence) if not row.named)
    return Choice("committed", "committed layer", tuple(_once(rows)))


def final(evidence: Evidence) -> Choice:
    """The network's own answer: named for a run, or standing for the region; else the last layer of a pool.

    Of a pool it is the mean over subjects of the score on the test stimuli; it has no interval.
    """
    rows = list(_scored(evidence))
    own = [row for row in rows if row.layer == FINAL or (row.layer_source or "").startswith(OWN_ANSWER)]
    last = [made for row in rows if row.profile and (made := _of_pool(row, row.profile[-1])) is not None]
    return Choice("final", "final layer", tuple(_once([*own, *last])))


def known(row: Row, about: Mapping[str, About], spared: Collection[str] = ()) -> Row:
    """The row with what the evidence knows of its network; of an untrained one nothing on training.

    spared: words that are not filled in.
    """
    entry = about.get(row.model)
    said = entry.model_dump(exclude_none=True) if entry else {}
    spared = {*spared, *(_OF_TRAINING if row.about.get("trained") is False else ())}
    said = {word: value for word, value in said.items() if word not in spared}
    return row.model_copy(update={"about": {**said, **row.about}})


def trained(rows: Sequence[Row]) -> dict[str, tuple[Row, ...]]:
    """Rows of trained and of untrained networks; baselines and what nobody knows of are in neither.

    Where a study counts random weights among its trained networks, those that it so counts are a third set.
    """
    kept = [row for row in rows if row.about.get("family") != BASELINE]
    sets = {
        name: tuple(row for row in kept if row.about.get("trained") is value)
        for name, value in (("trained", True), ("untrained", False))
    }
    study = tuple(row for row in kept if row.about.get(_STUDY) not in (None, "random"))
    return {**sets, PUBLISHED: study} if any(row.about.get("trained") is False for row in study) else sets


def _scored(evidence: Evidence) -> Iterator[Row]:
    """All rows with a score. What a study says of some of its networks it alone says of the others."""
    rows = [one.row for one in evidence.scored if one.row.raw is not None]
    study = {word for row in rows if IMPORTED in row.digests for word in row.about}
    yield from (known(row, evidence.about, study if IMPORTED in row.digests else ()) for row in rows)


def _of_pool(row: Row, last: LayerScores) -> Row | None:
    scores = [score for score in last.test.values() if score is not None]
    if not scores or len(scores) < len(last.test):
        return None
    said = {"layer": last.layer, "layer_source": "the last layer of the pool", "node": None, "profile": ()}
    silent: dict[str, Any] = {
        "ceiled": None,
        "interval": None,
        "ceiled_interval": None,
        "error": None,
        "layers": {},
    }
    return row.model_copy(update={"raw": statistics.fmean(scores), **said, **silent, "also": {}})


def _once(rows: Iterator[Row] | Sequence[Row]) -> Iterator[Row]:
    """The first row of each benchmark and network, as if its layer were the network's own."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        if (row.benchmark, row.model) not in seen:
            seen.add((row.benchmark, row.model))
            yield row.model_copy(update={"node": None})
