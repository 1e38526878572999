"""Twins: trained networks beside networks of the same architecture with random weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...specs.contrasts import Contrast
from ...specs.results import Row
from .contrasts import contrasted
from .networks import Network

TWINS = Contrast(
    id="twins",
    title="Trained networks, and networks of the same architecture with random weights",
    groups={"trained": {"trained": True}, "untrained": {"trained": False}},
    against="trained - untrained",
    pairs="architecture",
)


def with_twins(asked: Sequence[Contrast], among: Mapping[str, Sequence[Network]]) -> tuple[Contrast, ...]:
    """The contrasts, and `TWINS` where the study's strict `training` has no answer and that has one."""
    strict = [one for one in asked if one.id in ("training", TWINS.id)]
    stands_in = not _is_answered(strict, among) and _is_answered([TWINS], among)
    return (*asked, TWINS) if stands_in else tuple(asked)


def architecture(row: Row) -> str:
    """What twins share; a network without an architecture stands for itself."""
    return str(row.about.get("architecture") or row.model)


def _is_answered(asked: Sequence[Contrast], among: Mapping[str, Sequence[Network]]) -> bool:
    """Whether one of the contrasts has networks on both sides, on any benchmark."""
    return any(one.difference is not None for one in contrasted(asked, among).effects)
