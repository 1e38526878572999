"""Writing: the folder of a run that no items left, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..data.disk import draft_of, replace
from ..errors import ResultsError
from ..specs.results import Run
from .runs import DOCUMENT, LINES


def write(target: Path, run: Run, option: str) -> Path:
    """Write results.json and results.jsonl into a new folder; the path of the first.

    option: what named the folder, for messages. Raises ResultsError where there is something already, or it
    cannot be written.
    """
    refuse_occupied(target, option)
    with drafted(target, option) as draft:
        put(draft, run)
    return target / DOCUMENT


def refuse_occupied(target: Path, option: str) -> None:
    """Raise ResultsError where there is something already."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ResultsError(f"{option} {target}: there is something already; name a new folder")


@contextmanager
def drafted(target: Path, option: str) -> Iterator[Path]:
    """A folder beside `target` that takes its place in one step when all is written, and else is gone.

    Raises ResultsError where it cannot be written.
    """
    draft = draft_of(target.absolute())
    try:
        draft.mkdir(parents=True)
        yield draft
        if target.exists():
            target.rmdir()
        replace(draft, target)
    except OSError as why:
        raise ResultsError(f"{option} {target}: cannot be written ({why.strerror or why})") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def put(folder: Path, run: Run) -> None:
    """Write the rows, and the document that holds them."""
    lines = "".join(row.model_dump_json() + "\n" for row in run.results)
    (folder / LINES).write_text(lines, encoding="utf-8", newline="\n")
    (folder / DOCUMENT).write_text(run.text(), encoding="utf-8")
