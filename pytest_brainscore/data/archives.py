"""Archives: unpacked once, whole or not at all, and never outside their folder."""

from __future__ import annotations

import errno
import re
import shutil
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ..errors import DataError
from .disk import hash_of, lock, remembered_hash, replace, unusable

LARGEST, DENSEST = 2**30, 200
"""Bytes, and times the archive's own size: what unpacks to more than both is taken for a bomb."""
_DRIVE = re.compile(r"^[A-Za-z]:")
_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
_LINKS = {stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK}

_intact: set[Path] = set()


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    regular: bool
    open: Callable[[], IO[bytes] | None]


def is_archive(path: Path) -> bool:
    """Whether the file is a zip or tar archive, by its content."""
    return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def unpack(archive: Path, cache: Path) -> Path:
    """Unpack a zip or tar archive into `cache`/unpacked, once per content; return the folder.

    What macOS adds (``__MACOSX``, ``.DS_Store``) stays out. Once per process the folder is compared with the
    list that was written beside it; one whose files differ is removed and unpacked again.
    Raises DataError, with nothing left on disk, for a member that is a link, is there twice or would lie
    outside the folder, and for an archive that is broken or unpacks to vastly more than itself; FetchError
    where the cache cannot be written.
    """
    digits = remembered_hash(archive, "sha256", cache)
    folder = cache / "unpacked" / digits
    try:
        if not _is_intact(folder):
            with lock(cache, f"unpack-{digits}"):
                if not _is_intact(folder):
                    _unpack_whole(archive, folder)
    except OSError as why:
        raise unusable(cache, why) from why
    _intact.add(folder)
    return folder


def names_in(archive: Path) -> list[str]:
    """The paths of the files that `unpack` would write, relative to its folder; nothing is unpacked.

    Raises DataError as `unpack` does.
    """
    try:
        with _members(archive) as found:
            return [target.as_posix() for _, target in _targets(found, archive)]
    except DataError:
        raise
    except Exception as why:  # of a damaged archive libraries raise anything
        raise _damaged(archive, why) from why


def _is_intact(folder: Path) -> bool:
    """Whether the folder holds what was unpacked; asked of its files once per process."""
    if not folder.is_dir():
        return False
    if folder in _intact:
        return True
    note = _note(folder)
    return note.is_file() and note.read_bytes() == _listing(folder)


def _note(folder: Path) -> Path:
    """Where the list of a folder stands: beside it, so that nothing is among the archive's files."""
    return folder.with_name(f"{folder.name}.sha256")


def _listing(folder: Path) -> bytes:
    """The hash and the name of each file below the folder, as sha256sum writes them."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return "".join(f"{hash_of(folder / name)}  {name}\n" for name in names).encode(errors="surrogateescape")


def _unpack_whole(archive: Path, folder: Path) -> None:
    draft = folder.with_name(folder.name[:16] + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    if folder.is_dir():
        shutil.rmtree(folder)
    try:
        with _members(archive) as members:
            targets = _targets(members, archive)
            draft.mkdir(parents=True)
            for member, target in targets:
                _write(member, draft / target)
        _note(folder).write_bytes(_listing(draft))
        replace(draft, folder)
    except DataError:
        raise
    except Exception as why:  # of a damaged archive libraries raise anything
        if isinstance(why, OSError) and why.errno in _UNWRITABLE:
            raise
        raise _damaged(archive, why) from why
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _members(archive: Path) -> Iterator[list[_Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield [
                _Member(info.filename, info.file_size, _is_regular(info), lambda info=info: opened.open(info))  # type: ignore[misc]
                for info in opened.infolist()
                if not info.is_dir() or _escapes(info.filename)
            ]
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            yield [
                _Member(info.name, info.size, info.isreg(), lambda info=info: tar.extractfile(info))  # type: ignore[misc]
                for info in tar.getmembers()
                if not info.isdir() or _escapes(info.name)
            ]
    else:
        raise DataError(f"{archive}: neither a zip nor a tar archive")


def _damaged(archive: Path, why: Exception) -> DataError:
    return DataError(f"{archive}: cannot be unpacked ({why or type(why).__name__})")


def _targets(members: list[_Member], archive: Path) -> list[tuple[_Member, PurePosixPath]]:
    """The members that are unpacked, and where to. Raises DataError for a bomb, and for a path of two."""
    _refuse_bomb(members, archive)
    targets = [(member, _target(member, archive)) for member in members if not _is_litter(member)]
    count = Counter(target for _, target in targets)
    repeated = next((target for target, times in count.items() if times > 1), None)
    if repeated is not None:
        raise DataError(
            f"{archive}: holds {str(repeated)!r} {count[repeated]} times, and which is meant is unknown;"
            " nothing was unpacked"
        )
    return targets


def _refuse_bomb(members: list[_Member], archive: Path) -> None:
    total = sum(member.size for member in members)
    if total > max(LARGEST, DENSEST * archive.stat().st_size):
        raise DataError(
            f"{archive}: would unpack to {total / 1e9:,.1f} GB, more than {DENSEST} times its own size;"
            " nothing was unpacked"
        )


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
