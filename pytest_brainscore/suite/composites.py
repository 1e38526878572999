"""Which composites there are: those beside the benchmarks, the project's before the shipped ones."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import SpecError
from ..specs.cases import load_cases
from ..specs.composites import Composite, load_composites, refuse_unknown
from ..specs.named import files_of, of_folder
from . import files_in

FOLDER = "composites"


def composites(suites: Iterable[Path]) -> tuple[Composite, ...]:
    """The composites of the folders of benchmarks; where two folders have one of an id, the first's stands.

    Raises SpecError where a file is wrong, or two files of a folder have one id.
    """
    found: dict[str, Composite] = {}
    for suite in dict.fromkeys(folder.resolve() for folder in suites):
        found = {**_in(suite / FOLDER), **found}
    return tuple(found.values())


def species(suites: Iterable[Path]) -> dict[str, str | None]:
    """The full names of all benchmarks, with the species of their data; of files that can be read."""
    found: dict[str, str | None] = {}
    for folder in dict.fromkeys(folder.resolve() for folder in suites):
        for path in files_in(folder):
            with suppress(SpecError):  # who scores it is told so: here its benchmarks are not there
                found = {**{case.name: case.dataset.species for case in load_cases(path)}, **found}
    return found


def refuse_unknown_parts(suites: Iterable[Path]) -> None:
    """Raise SpecError where a composite of the first folder names a benchmark that none of the folders has.

    Where a benchmark file cannot be read, nothing is refused: collecting it says what is wrong.
    """
    folders = list(dict.fromkeys(folder.resolve() for folder in suites))
    files = files_of(folders[0] / FOLDER)
    try:
        paths = [path for folder in folders for path in files_in(folder)] if files else []
        known = [case.name for path in paths for case in load_cases(path)]
    except SpecError:
        return
    for file in files:
        refuse_unknown(file, known)


def _in(folder: Path) -> dict[str, Composite]:
    return of_folder(folder, load_composites, "composite")
