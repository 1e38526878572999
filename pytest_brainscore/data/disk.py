"""Files on disk: their hashes, their names, and writes and moves that other processes can watch."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from ..errors import FetchError

_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_LONGEST = 120

STORE = "activations"
"""The folder of a cache where the store lies."""


def hash_of(path: Path, algorithm: str = "sha256") -> str:
    """Hash of a file's bytes, hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def remembered_hash(path: Path, algorithm: str, cache: Path) -> str:
    """Hash of a file, computed once for each path, size and times of change; kept in `cache`/hashes.

    A note there that is not as it was written (cut short, or with a bit flipped) is made anew.
    """
    stat = path.stat()
    times = f"{stat.st_mtime_ns}|{stat.st_ctime_ns}"  # the second cannot be set back by who writes the file
    key = f"{path.resolve()}|{stat.st_ino}|{stat.st_size}|{times}|{algorithm}"
    note = cache / "hashes" / hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        noted, _, check = note.read_text(encoding="ascii").partition(" ")
        if check == _check(note, noted):
            return noted
    digits = hash_of(path, algorithm)
    with contextlib.suppress(OSError):
        write_whole(note, f"{digits} {_check(note, digits)}")
    return digits


def _check(note: Path, digits: str) -> str:
    """What stands in a note beside the hash, so that damage to either shows."""
    return hashlib.sha256(f"{note.name} {digits}".encode()).hexdigest()[:16]


def safe_name(name: str) -> str:
    """The name with nothing that Windows, macOS or Linux would refuse.

    >>> safe_name("a:b?.npy"), safe_name("con.txt")
    ('a_b_.npy', '_con.txt')
    """
    name = _FORBIDDEN.sub("_", name).rstrip(" .") or "_"
    name = f"_{name}" if _RESERVED.match(name) else name
    if len(name) <= _LONGEST:
        return name
    _, dot, suffix = name.rpartition(".")
    suffix = dot + suffix if dot and len(suffix) < 12 else ""
    return name[: _LONGEST - len(suffix)] + suffix


def replace(source: Path, target: Path, patience_s: float = 2.0) -> None:
    """Move in one step, over what is there; try again for a while where Windows finds the file in use."""
    end = time.monotonic() + patience_s
    while True:
        try:
            source.replace(target)
            return
        except PermissionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """A path to write to; what is there takes the place of `path` in one step, or goes where that fails.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(path)
    try:
        yield draft
        replace(draft, path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def draft_of(path: Path) -> Path:
    """A hidden path beside `path` that nobody else has; in two containers processes have the same numbers."""
    return path.with_name(f".{path.stem[:40]}-{secrets.token_hex(8)}{path.suffix}-part")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file in one step: who reads it meanwhile sees the old content or the new. Raises OSError."""
    with drafted(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


def append_whole(path: Path, text: str) -> None:
    """Append all of the text, or nothing where a disk is full or Ctrl-C comes between. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        end, rest = file.seek(0, os.SEEK_END), memoryview(text.encode())
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except BaseException:
            with contextlib.suppress(OSError):
                file.truncate(end)
            raise


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; not where nobody may look."""
    try:
        return path.exists()
    except OSError:
        return False


def kept_at(folder: Path, key: str) -> Path:
    """Where a store in `folder` keeps the tensor of that key."""
    return folder / key[:2] / f"{key}.safetensors"


def set_aside(path: Path, cache: Path) -> Path:
    """Move a file whose content is wrong to `cache`/rejected, under a name of its own."""
    folder = cache / "rejected"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / safe_name(f"{hash_of(path)[:12]}_{path.name}")
    replace(path, target)
    return target


def unusable(cache: Path, why: OSError) -> FetchError:
    """The error of a cache that cannot be written: what stands in the way, and the way out."""
    return FetchError(
        f"{cache}: cannot be used as cache ({why.strerror or why}); set BRAINSCORE_CACHE to another"
    )


@contextlib.contextmanager
def lock(cache: Path, name: str) -> Iterator[None]:
    """Hold the lock of that name; others on this cache wait. Raises OSError where none can be had."""
    with locked(cache / "locks" / f"{safe_name(name)}.lock"):
        yield


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that is this file. Raises OSError where it cannot be written, or locks are not known."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = filelock.FileLock(path)
    try:
        held.acquire()
    except NotImplementedError:  # so filelock has it
        raise OSError(errno.ENOLCK, "its file system knows no locks", str(path)) from None
    try:
        yield
    finally:
        held.release()
