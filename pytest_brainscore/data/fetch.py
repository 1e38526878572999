"""Fetching: a file that a spec names becomes a path whose content is what its hash promises."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ..errors import FetchError, NotHere, nearest
from ..progress import Tell, untold
from ..specs.base import File
from ..specs.collection import Collection
from ..specs.datasets import Access
from .disk import hash_of, lock, replace, safe_name, set_aside, unusable
from .incoming import page_in
from .mirrors import find_in_mirror
from .obtained import folder_of
from .reach import NoConnection

CACHE, MIRROR = "BRAINSCORE_CACHE", "BRAINSCORE_MIRROR"

_verified: set[tuple[Path, int, int, str]] = set()


@dataclass(frozen=True)
class Fetcher:
    """Finds files: beside the YAML, in the cache, in the mirrors, at their URL, in that order.

    cache: where downloads go. mirrors: folders that are read and never written. offline: open no socket.
    progress: show a bar while downloading, where tqdm is there. tell: hears of the bytes instead.
    """

    cache: Path
    mirrors: tuple[Path, ...] = ()
    offline: bool = False
    progress: bool = False
    tell: Tell = untold

    @classmethod
    def from_environment(
        cls, *, offline: bool = False, progress: bool = False, tell: Tell = untold
    ) -> Fetcher:
        """The user's own: BRAINSCORE_CACHE and BRAINSCORE_MIRROR (a path list), or the system's cache."""
        cache = os.environ.get(CACHE) or platformdirs.user_cache_dir("pytest-brainscore", appauthor=False)
        mirrors = [part for part in os.environ.get(MIRROR, "").split(os.pathsep) if part.strip()]
        return cls(_absolute(cache), tuple(_absolute(part) for part in mirrors), offline, progress, tell)

    def __call__(self, file: File | Collection, folder: Path, access: Access = "public") -> Path:
        """A path to the file's content, verified once per process; `folder` is where relative paths start.

        Of a collection, the folder that the user has it in. What is private is fetched with the user's own
        credentials.
        Raises FetchError with the cause and what to do; NotHere where the file is on no disk and `offline`
        is set, or the user may not have it: no such collection, no credentials for what is private, and no
        hash of what is not public;
        NoConnection where the server cannot be reached.
        """
        if isinstance(file, Collection):
            return folder_of(file)
        if local := self._local(file, folder):
            return local
        if file.hash is None:
            raise _unpinned(file, folder, access)
        try:
            return self._cached(file) or self._mirrored(file) or self._fetched(file, access)
        except OSError as why:
            raise unusable(self.cache, why) from why

    def unverified(self, file: File) -> Path:
        """Download a file that has no hash yet, so that one can be made of it: only for `pin`.

        Raises FetchError where it cannot be had.
        """
        if self.offline or file.url is None:
            raise NotHere(f"{file.name}: offline, and only a download can show its hash")
        partial = self.cache / "partial" / f"unpinned_{safe_name(file.name)}"
        with lock(self.cache, partial.name):
            partial.unlink(missing_ok=True)
            try:
                self._ask(file, file.url, partial, "unclear")
            except NoConnection as why:
                raise NoConnection(f"{why}: {file.url}") from why
            return self._adopted(partial, File(url=file.url, sha256=hash_of(partial)))

    def place(self, file: File) -> Path:
        """Where the cache keeps, or would keep, a file that has a hash."""
        _, digits = _hash(file)
        return self.cache / "files" / digits[:2] / digits / safe_name(file.name)

    def _local(self, file: File, folder: Path) -> Path | None:
        if file.file is None:
            return None
        path = folder / Path(file.file).expanduser()
        if path.is_dir():
            return path
        if path.is_file():
            if file.hash and not _is_right(path, file):
                raise FetchError(
                    f"{path}: {_difference(path, file)}; correct the file, or the hash in the YAML"
                )
            return path
        if file.url is None and file.hash is None:
            raise FetchError(_missing(file.file, path, folder))
        return None

    def _cached(self, file: File) -> Path | None:
        path = self.place(file)
        if not path.is_file():
            return None
        if not _is_right(path, file):
            with lock(self.cache, _hash(file)[1]):
                if path.is_file() and not _is_right(path, file):
                    set_aside(path, self.cache)
            return path if path.is_file() else None
        return path

    def _mirrored(self, file: File) -> Path | None:
        for mirror in self.mirrors:
            found = find_in_mirror(mirror, *_hash(file), file.name, file.bytes, self.cache)
            if found and _is_right(found, file):  # as remembered, and still: a disk may fail
                return found
        return None

    def _fetched(self, file: File, access: Access) -> Path:
        private = "; it is private" if access == "private" else ""
        try:
            if self.offline:
                raise NotHere(f"{_described(file)} is not on this machine, and offline{private}")
            if file.url is None:
                kind = NotHere if access == "private" else FetchError
                raise kind(f"{_described(file)} has no url, and is nowhere here{private}")
            with lock(self.cache, _hash(file)[1]):
                return self._cached_by_another(file) or self._downloaded(file, file.url, access)
        except NoConnection as why:
            skips = "--brainscore-offline skips what is not here"
            raise NoConnection(
                f"{why}: {_described(file)}; {skips}{self._ways_out(file)} ({file.url})"
            ) from why
        except FetchError as why:
            kind = NotHere if isinstance(why, NotHere) else FetchError
            raise kind(f"{why}{self._ways_out(file)}") from why

    def _cached_by_another(self, file: File) -> Path | None:
        path = self.place(file)
        return path if path.is_file() and _is_right(path, file) else None

    def _downloaded(self, file: File, url: str, access: Access) -> Path:
        """Under the lock: resume, verify, begin once afresh if what was resumed is wrong, move into place."""
        partial = self.cache / "partial" / _hash(file)[1]
        if partial.is_file() and _is_right(partial, file):
            return self._adopted(partial, file)
        resumed = self._ask(file, url, partial, access)
        if resumed and not _is_right(partial, file):
            partial.unlink()
            self._ask(file, url, partial, access)
        if not _is_right(partial, file):
            difference = _difference(partial, file) + page_in(partial)
            aside = set_aside(partial, self.cache)
            from .stores import store_of

            raise FetchError(
                f"{url}: {difference}; what {store_of(url)} gave is at {aside}; correct the hash in the YAML"
                " where the file was meant to change"
            )
        return self._adopted(partial, file)

    def _ask(self, file: File, url: str, partial: Path, access: Access) -> bool:
        from .stores import fetch_object  # requests: only where something is fetched

        return fetch_object(url, partial, access, at_most=file.bytes, progress=self.progress, tell=self.tell)

    def _adopted(self, partial: Path, file: File) -> Path:
        path = self.place(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(partial, path)
        _verified.add(_key(path, file))
        return path

    def _ways_out(self, file: File) -> str:
        again = f"run once with a connection ({file.url}), " if self.offline and file.url else ""
        where = f"put the file at {self.place(file)}, or name a folder that holds it in {MIRROR}"
        return f"{self._rejected(file)}; {again}{where}"

    def _rejected(self, file: File) -> str:
        """A word on what was set aside under this name, if anything was."""
        found = sorted((self.cache / "rejected").glob(f"*_{glob.escape(safe_name(file.name))}"))
        return f"; a damaged one lies at {found[-1]}" if found else ""


def _missing(said: str, path: Path, folder: Path) -> str:
    """What to say of a file that a YAML file names and that is not there, with names like it beside it."""
    where = "" if Path(said).expanduser().is_absolute() else f" in {folder}, where the YAML file lies"
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    return f"{said}: no such file or folder{where}{nearest(path.name, [other.name for other in beside])}"


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()


def _hash(file: File) -> tuple[str, str]:
    if file.hash is None:
        raise FetchError(f"{file.name}: has no hash")
    return file.hash


def _is_right(path: Path, file: File) -> bool:
    """Whether the content has the hash; asked of the disk once per process, path, size and time of change."""
    algorithm, digits = _hash(file)
    key = _key(path, file)
    if key not in _verified:
        if hash_of(path, algorithm) != digits:
            return False
        _verified.add(key)
    return True


def _key(path: Path, file: File) -> tuple[Path, int, int, str]:
    stat = path.stat()
    return path, stat.st_size, stat.st_mtime_ns, _hash(file)[1]


def _difference(path: Path, file: File) -> str:
    algorithm, digits = _hash(file)
    return f"its {algorithm} is {hash_of(path, algorithm)}, and not {digits}"


def _described(file: File) -> str:
    size = f"{file.bytes / 1e6:.1f} MB, " if file.bytes is not None else ""
    algorithm, digits = _hash(file)
    return f"{file.name} ({size}{algorithm} {digits[:12]}...)"


def _unpinned(file: File, folder: Path, access: Access) -> FetchError:
    """Of what is public an error of its YAML; else the user has yet to have it."""
    kind = FetchError if access == "public" else NotHere
    return kind(
        f"{file.url}: has no hash, so its content cannot be trusted; run `python -m pytest_brainscore pin`"
        f" with the YAML file in {folder}: it fetches the file once and writes its sha256"
    )
