"""Archives: unpacked once, whole or not at all, and never outside their folder."""

from __future__ import annotations

import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ..errors import DataError
from .disk import lock, remembered_hash, replace

_DRIVE = re.compile(r"^[A-Za-z]:")
_LINKS = {stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK}


@dataclass(frozen=True)
class _Member:
    name: str
    regular: bool
    open: Callable[[], IO[bytes] | None]


def is_archive(path: Path) -> bool:
    """Whether the file is a zip or tar archive, by its content."""
    return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def unpack(archive: Path, cache: Path) -> Path:
    """Unpack a zip or tar archive into `cache`/unpacked, once per content; return the folder.

    What macOS adds (``__MACOSX``, ``.DS_Store``) stays out. Raises DataError, with nothing left on disk, for
    a member that is a link or would lie outside the folder, and for an archive that is broken.
    """
    digits = remembered_hash(archive, "sha256", cache)
    folder = cache / "unpacked" / digits
    if folder.is_dir():
        return folder
    with lock(cache, f"unpack-{digits}"):
        if not folder.is_dir():
            _unpack_whole(archive, folder)
    return folder


def _unpack_whole(archive: Path, folder: Path) -> None:
    draft = folder.with_name(folder.name[:16] + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with _members(archive) as members:
            targets = [(member, _target(member, archive)) for member in members if not _is_litter(member)]
            draft.mkdir(parents=True)
            for member, target in targets:
                _write(member, draft / target)
        replace(draft, folder)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError, OSError) as why:
        raise DataError(f"{archive}: cannot be unpacked ({why or type(why).__name__})") from why
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _members(archive: Path) -> Iterator[list[_Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield [
                _Member(info.filename, _is_regular(info), lambda info=info: opened.open(info))  # type: ignore[misc]
                for info in opened.infolist()
                if not info.is_dir() or _escapes(info.filename)
            ]
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            yield [
                _Member(info.name, info.isreg(), lambda info=info: tar.extractfile(info))  # type: ignore[misc]
                for info in tar.getmembers()
                if not info.isdir() or _escapes(info.name)
            ]
    else:
        raise DataError(f"{archive}: neither a zip nor a tar archive")


def _is_regular(info: zipfile.ZipInfo) -> bool:
    return stat.S_IFMT(info.external_attr >> 16) not in _LINKS


def _target(member: _Member, archive: Path) -> PurePosixPath:
    if _escapes(member.name):
        raise DataError(
            f"{archive}: member {member.name!r} would lie outside its folder; nothing was unpacked"
        )
    if not member.regular:
        raise DataError(f"{archive}: member {member.name!r} is a link or device; nothing was unpacked")
    return PurePosixPath(member.name.replace("\\", "/"))


def _escapes(name: str) -> bool:
    path = name.replace("\\", "/")
    return path.startswith("/") or bool(_DRIVE.match(path)) or ".." in path.split("/")


def _is_litter(member: _Member) -> bool:
    parts = PurePosixPath(member.name).parts
    return "__MACOSX" in parts or parts[-1:] == (".DS_Store",)


def _write(member: _Member, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = member.open()
    if source is None:
        raise EOFError(f"member {member.name!r} has no content")
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
