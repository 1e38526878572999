"""Prepared files: what is kept of NSD, with a note beside each that has its hash and what it was made of."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ...errors import BrainScoreError, DataError, NotHere, first_line
from ..disk import hash_of, remembered_hash, replace, write_whole

AGAIN = "python -m pytest_brainscore prepare nsd"

Inputs = Mapping[str, list[int]]
"""Each file that a prepared one was made of, with its size and the time of its last change."""


def subject_file(folder: Path, subject: int, betas: str) -> Path:
    """Where the voxels of a subject are kept."""
    return folder / f"S{subject}.{betas}.npz"


def stimuli_file(folder: Path, set: str = "shared1000") -> Path:
    """Where the images are kept."""
    return folder / f"{set}.npy"


@dataclass(frozen=True)
class Note:
    """What stands beside a prepared file: its sha256 and bytes, and its inputs."""

    sha256: str
    bytes: int
    inputs: Inputs


def inputs_of(paths: list[Path], root: Path) -> Inputs:
    """What tells whether files have changed since, by their paths below `root`."""
    stats = {path: path.stat() for path in paths}
    return {
        path.relative_to(root).as_posix(): [stat.st_size, stat.st_mtime_ns] for path, stat in stats.items()
    }


def note_of(path: Path) -> Note | None:
    """The note beside a prepared file; None where it is missing, or of a file of another size."""
    try:
        note = Note(**json.loads(_note(path).read_text(encoding="utf-8")))
        return note if path.stat().st_size == note.bytes else None
    except (OSError, ValueError, TypeError):
        return None


def refuse_changed(path: Path, note: Note, inputs: Inputs) -> None:
    """Raise DataError where a prepared file was made of other files than there are now."""
    changed = sorted(
        name for name in {*note.inputs, *inputs} if list(note.inputs.get(name, ())) != inputs.get(name)
    )
    if changed:
        raise DataError(
            f"{path}: {changed[0]} has changed since it was made, or is new or gone ({len(changed)} of"
            f" {len(inputs)} files); `{AGAIN} --again` makes it anew"
        )


@contextlib.contextmanager
def written(path: Path, inputs: Inputs) -> Iterator[IO[bytes]]:
    """A file that stands under its name, with its note, when all is in it, and else not at all.

    Raises DataError where it cannot be written: the disk is full, or nobody may.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            yield file
        note = {"sha256": hash_of(draft), "bytes": draft.stat().st_size, "inputs": inputs}
        _note(path).unlink(missing_ok=True)
        replace(draft, path)
        write_whole(_note(path), json.dumps(note, indent=1, sort_keys=True))
    except OSError as why:
        raise unwritable(path, why) from why
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def unwritable(path: Path, why: BaseException) -> DataError:
    """The error of a file that cannot be written."""
    return DataError(f"{path}: cannot be written ({why}); what is done so far is kept: make room, run again")


@contextlib.contextmanager
def as_prepared(path: Path) -> Iterator[None]:
    """Of whatever is raised while a prepared file is read, make a DataError: a note vouches for no shape."""
    try:
        yield
    except BrainScoreError:
        raise
    except Exception as why:  # of a file that others made numpy raises anything
        raise DataError(
            f"{path}: is not as `{AGAIN}` writes it ({first_line(why)}); delete it and run that again"
        ) from why


def verified(path: Path, cache: Path) -> str:
    """The sha256 of a prepared file, which is that of its note.

    Raises NotHere where it was not prepared, DataError where it is not as it was written.
    """
    note = note_of(path)
    if note is None and not path.is_file():
        raise NotHere(f"{path}: not prepared on this machine; run `{AGAIN}` (docs/nsd.md)")
    found = remembered_hash(path, "sha256", cache)
    if note is None or found != note.sha256:
        due = "its note is missing or of another file" if note is None else f"{note.sha256} is due"
        raise DataError(
            f"{path}: its sha256 is {found}, and {due}: it was damaged or changed since it was"
            f" prepared; copy it again with {_note(path).name}, or run `{AGAIN} --again`"
        )
    return found


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
