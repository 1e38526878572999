"""Joining: the rows of several runs as those of one, where they can stand side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ResultsError
from ..guard import agree, shortened
from ..specs.results import Row, is_plain
from ..versions import OF_NUMBERS, release
from .runs import Part

_OF_BENCHMARK = ("spec", "stimuli", "recordings")
_OF_MODEL = ("weights", "architecture")
_OUTCOMES = ("scored", "error", "skipped")
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Found:
    """A row, and the run that it comes from."""

    row: Row
    part: Part

    @property
    def values_file(self) -> Path | None:
        """The netCDF file of its values and replicates, beside the results; None where there is none."""
        file = self._values_due()
        return file if file is not None and file.is_file() else None

    @property
    def missing(self) -> str:
        """The values file that it names and that is not there; "" where nothing is missing."""
        file = self._values_due()
        return "" if file is None or file.is_file() else str(file)

    def _values_due(self) -> Path | None:
        """Beside the results, and nowhere else: a name with a folder in it is nobody's file."""
        name = self.row.values
        return None if name is None or not is_plain(name) else self.part.file.parent / name


@dataclass(frozen=True)
class Joined:
    """What the runs are together.

    found: one row for each key, in the order of the models asked for, then of benchmarks. missing: pairs of
    model and benchmark that no run has a row of. cut_short: the runs that did not end by themselves.
    """

    found: tuple[Found, ...]
    models: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    cut_short: tuple[Part, ...]

    @property
    def complete(self) -> bool:
        """Whether every run ended by itself, and no model is missing on a benchmark."""
        return not (self.missing or self.cut_short)


def join(parts: Sequence[Part]) -> Joined:
    """The rows of the runs, each key once; what could not be measured gives way to a score of another run.

    Scores on half of the stimuli, where the other half chose the layer, are of a benchmark of their own.
    Raises ResultsError where two scores were not made with the same versions, benchmark or network, or where
    one key has two numbers.
    """
    every = [Found(row, part) for part in parts for row in part.rows]
    _refuse_unlike([one for one in every if one.row.status == "scored"])
    kept = _once(every)
    models = tuple(dict.fromkeys([*_asked(parts), *(one.row.model for one in kept)]))
    benchmarks = list(dict.fromkeys(one.row.benchmark for one in kept))
    places = {model: i for i, model in enumerate(models)}
    kept.sort(key=lambda one: (places[one.row.model], benchmarks.index(one.row.benchmark)))
    missing = tuple(_missing(kept, _expected(parts, models, kept), benchmarks))
    return Joined(tuple(kept), models, missing, tuple(part for part in parts if not part.complete))


def _refuse_unlike(scored: Iterable[Found]) -> None:
    """Raise ResultsError at the first thing that two rows say differently, and may not."""
    first: dict[tuple[str, str], tuple[str, Found]] = {}
    for found in scored:
        for subject, what, value, advice in _facts(found.row):
            before, other = first.setdefault((subject, what), (value, found))
            if before != value:
                raise ResultsError(
                    f"{_place(found)}: {what}{subject} is {shortened(value)}, and {shortened(before)} in"
                    f" {_place(other)}: such scores are not joined; {advice}"
                )


def _facts(row: Row) -> Iterator[tuple[str, str, str, str]]:
    """(subject, what, value, what to do) of all that must be the same wherever it is said again."""
    of_benchmark, of_model = f" of benchmark {row.benchmark}", f" of model {row.model}"
    advice = "run one of the two again with the other's versions, or leave it out"
    for name in OF_NUMBERS:
        if name in row.versions:
            yield "", f"version of {name}", release(row.versions[name]), advice
    advice = "run one of the two again on the other's benchmark file and data, or leave it out"
    yield of_benchmark, "metric version", str(row.metric_version), advice
    for name in _OF_BENCHMARK:
        of = f"{of_benchmark} without {row.half}" if name == "spec" and row.half else of_benchmark
        yield of, f"digest of {name}", row.digests.get(name, "none"), advice
    advice = "give one of the two networks another name in models.yaml and run it again, or leave it out"
    for name in _OF_MODEL:
        yield of_model, f"digest of {name}", row.digests.get(name, "none"), advice


def _once(every: Sequence[Found]) -> list[Found]:
    """One row for each key, the first; of rows without a score only those that no other run has one for.

    One without a layer is of the mapped layer, which a score in a layer that was named says nothing of.
    Raises ResultsError where two rows of a key have different numbers.
    """
    found: dict[Key, Found] = {}
    measured = {one.row.key()[:2] for one in every if one.row.status == "scored" and not one.row.named}
    for one in sorted(every, key=lambda one: _OUTCOMES.index(one.row.status)):
        if one.row.layer is None and one.row.status != "scored" and one.row.key()[:2] in measured:
            continue
        first = found.setdefault(one.row.key(), one)
        if one.row.status == "scored":
            _refuse_other_numbers(one, first)
    return [one for one in every if found.get(one.row.key()) is one]


def _refuse_other_numbers(one: Found, first: Found) -> None:
    now, before = _numbers(one.row), _numbers(first.row)
    for name in dict.fromkeys([*before, *now]):
        a, b = before.get(name), now.get(name)
        if not (a is b if a is None or b is None else agree([a], [b])):
            raise ResultsError(
                f"{_place(one)}: {name} is {b}, and {a} in {_place(first)}: one key has two numbers;"
                " leave one of the two runs out"
            )


def _numbers(row: Row) -> dict[str, float | None]:
    """The numbers that a row stands for, by name."""
    named = {name: getattr(row, name) for name in ("raw", "error", "ceiling", "ceiling_error", "ceiled")}
    splits = {f"split {i}": value for i, value in enumerate(row.splits, 1)}
    return {**named, **splits, **row.also}


def _asked(parts: Sequence[Part]) -> Iterator[str]:
    return (model for part in parts for model in part.models)


def _expected(parts: Sequence[Part], models: Sequence[str], kept: Sequence[Found]) -> list[str]:
    """The models that there should be rows of: not those that a run which ended had, and deselected."""
    present = {one.row.model for one in kept}
    spared = {model for part in parts if part.complete for model in part.own_models}
    return [model for model in models if model in present or model not in spared]


def _missing(
    kept: Sequence[Found], models: Sequence[str], benchmarks: Sequence[str]
) -> Iterator[tuple[str, str]]:
    there = {(one.row.model, one.row.benchmark) for one in kept}
    pairs = ((model, benchmark) for model in models for benchmark in benchmarks)
    return (pair for pair in pairs if pair not in there)


def _place(found: Found) -> str:
    row = found.row
    layer = f", layer {row.layer}" if row.layer else ""
    return f"{found.part.file} ({row.benchmark}, {row.model}{layer})"
