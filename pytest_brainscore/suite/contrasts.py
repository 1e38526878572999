"""Which contrasts there are: the shipped ones, extended by the project's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ..specs.contrasts import WORDS, Contrast, Where, Word, load_contrasts, refuse_unknown, values_of
from ..specs.named import files_of, of_folder
from ..specs.results import Row
from . import benchmarks, zoo

FOLDER = "contrasts"


def contrasts(project: Path, rows: Iterable[Row] = ()) -> tuple[Contrast, ...]:
    """The contrasts of the project's benchmarks/contrasts/, then the shipped ones of other ids.

    Raises SpecError where a file is wrong, or two files of a folder have one id; and where one of the
    project's asks for what neither the rows, nor the zoo, nor the shipped contrasts have.
    """
    shipped, folder = _in(benchmarks() / FOLDER), project / "benchmarks" / FOLDER
    if folder.resolve() == (benchmarks() / FOLDER).resolve() or not (paths := files_of(folder)):
        return tuple(shipped.values())
    own, known = _in(folder), vocabulary(rows)
    for path in paths:
        refuse_unknown(path, known)
    return tuple({**own, **{id: one for id, one in shipped.items() if id not in own}}.values())


def contrasts_of(path: Path, rows: Iterable[Row]) -> tuple[Contrast, ...]:
    """The contrasts of one file of the user's.

    Raises SpecError where it is wrong, or asks for a word or a value that neither the rows, nor the zoo, nor
    the shipped contrasts have: it would match nothing.
    """
    found = tuple(load_contrasts(path).values())
    refuse_unknown(path, vocabulary(rows))
    return found


def vocabulary(rows: Iterable[Row]) -> Mapping[str, Collection[Word]]:
    """Words that are said of networks, and their values: in the rows, the zoo and the shipped contrasts."""
    known: dict[str, set[Word]] = {}
    for row in rows:
        for word, value in {**row.about, "model": row.model}.items():
            _note(known, word, value)
    for id, model in zoo(Path()).models.items():
        said = {"model": id, "trained": model.trained, "architecture": model.architecture}
        for word, value in {**said, **model.about.model_dump(exclude_none=True)}.items():
            _note(known, word, value)
    for word in WORDS:
        _note(known, word, None)
    for contrast in _in(benchmarks() / FOLDER).values():
        for where in (contrast.where, *_conditions(contrast)):
            for word, condition in where.items():
                for value in values_of(condition):
                    _note(known, word, value)
    return known


def _note(known: dict[str, set[Word]], word: str, value: Word | None) -> None:
    """A word counts as known where a value may be missing from all that is here."""
    known.setdefault(word, set())
    if value is not None:
        known[word].add(value)


def _conditions(contrast: Contrast) -> tuple[Where, ...]:
    groups = contrast.groups
    if isinstance(groups, dict):
        return tuple(groups.values())
    return ({contrast.by: groups},) if contrast.by and groups else ()


def _in(folder: Path) -> dict[str, Contrast]:
    return of_folder(folder, load_contrasts, "contrast")
