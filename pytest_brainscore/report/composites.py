"""Composites as text: their rows of the table, what stood in, and what they lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..analysis.statistics.numbers import listed
from ..specs.results import Composed

_NAMED = 3


def figure(value: float) -> str:
    """Three decimals, and no minus before a zero."""
    return f"{value:z.3f}"


def shown(composed: Iterable[Composed]) -> list[Composed]:
    """Those to stand in the table: of the composites that have a value for any model."""
    every = list(composed)
    valued = {one.composite for one in every if one.value is not None}
    return [one for one in every if one.composite in valued]


def cell(one: Composed | None) -> str:
    """The value, marked where it is not of all parts; a dash where there is none."""
    if one is None:
        return ""
    if one.value is None:
        return "-"
    rest = ", rest 0" if one.missing_as == "zero" else ""
    return figure(one.value) + (f" ({one.scored} of {one.parts}{rest})" if one.missing else "")


def titles(composed: Iterable[Composed]) -> Iterator[str]:
    """Lines of what each composite is."""
    yield from dict.fromkeys(f"{one.composite}: {one.title}" for one in composed if one.title)


def stood_in(composed: Iterable[Composed]) -> Iterator[str]:
    """Lines of which benchmark stood in for which."""
    pairs = dict.fromkeys(
        (one.composite, due, there) for one in composed for due, there in one.stand_ins.items()
    )
    yield from (f"{composite}: {there} stands in for {due}" for composite, due, there in pairs)


def lacks(composed: Iterable[Composed]) -> Iterator[str]:
    """Lines of what is missing from composites: its first few parts, for all models that lack the same."""
    by_lack: dict[tuple[str, tuple[str, ...]], list[Composed]] = {}
    for one in composed:
        if one.missing:
            by_lack.setdefault((one.composite, tuple(one.missing)), []).append(one)
    for (composite, _), alike in by_lack.items():
        models = ", ".join(one.model for one in alike)
        yield f"{composite} of {models}: missing: {_named(alike[0])}"


def _named(one: Composed) -> str:
    return listed([f"{name} ({why})" for name, why in one.missing.items()], _NAMED)
