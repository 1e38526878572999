"""Which benchmarks and models there are: the shipped ones, extended by the project's own.

The shipped ones lie beside this file in a wheel, and at the top of a checkout.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from ..errors import SpecError, nearest
from ..specs.cases import Case, is_benchmark_file, load_cases
from ..specs.zoo import FILE, Zoo, load_zoo

_PACKAGED = Path(__file__).parent
_CHECKOUT = Path(__file__).parents[2]


def _home() -> Path:
    return _PACKAGED if (_PACKAGED / "models.yaml").is_file() else _CHECKOUT


def benchmarks() -> Path:
    """The folder of the shipped benchmark files."""
    return _home() / "benchmarks"


def is_installed(folder: Path) -> bool:
    """Whether it is the shipped folder of an installed package, which nothing is written into."""
    return _home() == _PACKAGED and folder.resolve() == benchmarks().resolve()


def benchmark_files(project: Path) -> list[Path]:
    """The benchmark files of the project's benchmarks/, then the shipped ones."""
    folders = dict.fromkeys(folder.resolve() for folder in (project / "benchmarks", benchmarks()))
    return [file for folder in folders for file in files_in(folder)]


def find(benchmark: str, project: Path) -> Case:
    """The case of a benchmark's full name, such as Cowley2023.V4-pls: the project's own, or a shipped one.

    Raises SpecError with the nearest names where there is none.
    """
    known: list[str] = []
    for case in (case for file in benchmark_files(project) for case in load_cases(file)):
        if case.name == benchmark:
            return case
        known.append(case.name)
    hint = nearest(benchmark, known) or " (`python -m pytest_brainscore list benchmarks` shows them)"
    raise SpecError(f"no benchmark {benchmark}{hint}")


def files_in(folder: Path) -> list[Path]:
    """The benchmark files of a folder, by name."""
    return [file for file in sorted(folder.glob("*.y*ml")) if is_benchmark_file(file)]


@cache
def _shipped(path: Path) -> Zoo:
    """Read once in a process: it is asked for several times, and nobody writes to it."""
    return load_zoo(path)


def zoo(*projects: Path) -> Zoo:
    """The shipped zoo, extended by the models.yaml of the first of `projects` that has one.

    Where both name a model, or a set, the project's entry stands alone; its sets may name shipped models.
    Raises SpecError where one of the two is wrong.
    """
    path = _home() / FILE
    shipped = _shipped(path)
    files = [project / FILE for project in projects if (project / FILE).is_file()]
    for own in files:
        if own.resolve() != path.resolve():
            return shipped.extended(load_zoo(own, shipped.models))
    return shipped if files else replace(shipped, without=tuple(dict.fromkeys(projects)))
