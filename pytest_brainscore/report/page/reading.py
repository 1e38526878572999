"""Reading: the runs that a report is asked of, as its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from ... import suite
from ...analysis.composites import compose
from ...errors import ResultsError, SelectionError, near_pattern
from ...specs.models import About, Model
from ...specs.results import Row
from ...specs.twins import architecture_of
from ...suite import composites
from ..evidence import Evidence
from ..joining import Found, join
from ..runs import DOCUMENT, LINES, Part, read

EARLIER = 50
"""So many runs beside the newest are read for the history, the newest of them."""
_OF_ARCHITECTURE = ("year", "family", "architecture", "parameters", "reference")


def evidence_of(
    runs: Sequence[Path],
    pattern: str = "*",
    history: Sequence[Path] | None = None,
    project: Path | None = None,
) -> Evidence:
    """What the runs say together, of the benchmarks that are as the pattern says.

    history: folders of earlier runs; None: the runs in the folder that the first run lies in.
    project: whose benchmarks/ and models.yaml extend the shipped ones; default: the working folder.

    Raises ResultsError where runs cannot be read or not be joined, or have no rows; SelectionError where no
    benchmark is as the pattern says; SpecError where a file of the project is wrong.
    """
    home = project or Path()
    parts = [read(path) for path in runs]
    found = _of_benchmarks(join(parts).found, pattern)
    if not found:
        raise ResultsError(f"{', '.join(map(str, runs))}: no rows in these runs: nothing to report")
    suites = (home / "benchmarks", suite.benchmarks())
    rows = [one.row for one in found]
    composed = compose(composites.composites(suites), rows, partial(composites.species, suites))
    earlier = _earlier(parts) if history is None else [read(path) for path in history]
    return Evidence(
        found=found,
        composites=tuple(composed),
        about=abouts(rows, suite.zoo(home).models),
        parts=parts,
        history=sorted(earlier, key=lambda part: part.started or part.name),
        benchmarks=suites,
    )


def abouts(rows: Iterable[Row], models: Mapping[str, Model]) -> dict[str, About]:
    """What rows say of their networks, and where they are silent models.yaml; keyed by model id.

    Of an untrained twin models.yaml says what holds of the architecture, and nothing of its training.
    """
    said: dict[str, dict[str, object]] = {}
    for row in rows:
        known = {word: value for word, value in row.about.items() if word in About.model_fields}
        said.setdefault(row.model, {}).update(known)
    return {id: About.model_validate({**_listed(id, models), **known}) for id, known in said.items()}


def _listed(id: str, models: Mapping[str, Model]) -> dict[str, object]:
    if id in models:
        return models[id].about.model_dump(exclude_none=True)
    base = architecture_of(id)
    if base not in models:
        return {}
    return models[base].about.model_dump(exclude_none=True, include=set(_OF_ARCHITECTURE))


def _of_benchmarks(found: Sequence[Found], pattern: str) -> tuple[Found, ...]:
    kept = tuple(one for one in found if fnmatchcase(one.row.benchmark, pattern))
    if found and not kept:
        known = dict.fromkeys(one.row.benchmark for one in found)
        raise SelectionError(f"--benchmark: no benchmark {pattern}{near_pattern(pattern, known)}")
    return kept


def _earlier(parts: Sequence[Part]) -> list[Part]:
    """The runs in the folder of the first one, itself included; what cannot be read says nothing here."""
    beside = parts[0].file.absolute().parent.parent
    folders = {file.parent for name in (DOCUMENT, LINES) for file in beside.glob(f"*/{name}")}
    newest = sorted(folders, key=lambda folder: (_written(folder), folder.name))[-EARLIER:]
    return [*_readable(newest)]


def _written(folder: Path) -> float:
    return max((folder / name).stat().st_mtime for name in (DOCUMENT, LINES) if (folder / name).is_file())


def _readable(folders: Iterable[Path]) -> Iterator[Part]:
    for folder in folders:
        try:
            yield read(folder)
        except ResultsError:  # of another release, or damaged: the report is of other runs
            continue
