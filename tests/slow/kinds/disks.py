"""Disks: full, of a limited file size, read-only; folders and files that may not be read or written."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..children import Ended
from ..faults import RECOVERED, REFUSED, NotPossible, Outcome, kind, require
from ..project import UPDATE, Project, check_baselines, check_next, check_rows, check_said, place

_LIBC = ctypes.CDLL(None, use_errno=True)
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_CLONE_NEWNS = 0x20000
_MNT_DETACH = 2
_CAPABILITIES = 0x20080522
"""Version 3 of the kernel's interface to capabilities: linux/capability.h."""


def mount(source: str, target: Path, kind: str, flags: int, options: str = "") -> None:
    """As mount(2). Raises NotPossible where that is not permitted."""
    words = (source.encode(), str(target).encode(), kind.encode())
    if _LIBC.mount(*words, ctypes.c_ulong(flags), options.encode()):
        raise NotPossible(f"mounting is not permitted ({os.strerror(ctypes.get_errno())})")


def own_mounts() -> None:
    """From now on mounts are this process's own, and end with it. Raises NotPossible."""
    if _LIBC.unshare(_CLONE_NEWNS):
        raise NotPossible(f"no mounts of its own are permitted ({os.strerror(ctypes.get_errno())})")
    mount("none", Path("/"), "", _MS_REC | _MS_PRIVATE)


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[None]:
    """A disk of some KiB in place of the folder, with its content; large enough afterwards."""
    own_mounts()
    content = folder.with_name(folder.name + "-before")
    if folder.is_dir():
        folder.rename(content)
    folder.mkdir(parents=True)
    mount("none", folder, "tmpfs", 0, "size=64m")
    if content.is_dir():
        shutil.copytree(content, folder, dirs_exist_ok=True, symlinks=True)
    used = sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
    mount("none", folder, "tmpfs", _MS_REMOUNT, f"size={used // 1024 + kib}k")
    yield
    mount("none", folder, "tmpfs", _MS_REMOUNT, "size=64m")


def _told_or_right(project: Project, ended: Ended, *causes: str) -> Outcome:
    """It succeeds with all scores, or says why not; every score that it has is right."""
    check_rows(project, ended)
    scored = sum(row.status == "scored" for row in project.rows().values())
    if ended.code == 0 and scored == len(place().right):
        return RECOVERED
    require(ended.code > 0, f"{scored} of {len(place().right)} scored, and it ends with {ended.code}")
    for row in project.rows().values():
        said = row.message or ""
        clear = row.status == "scored" or any(cause in said for cause in causes)
        require(clear, f"the cause is not named: {said}")
    require(any(cause in ended.text for cause in causes), f"the cause is not named: {ended.text[-600:]}")
    return REFUSED


FULL = ("No space left on device", "the disk is full", "File too large", "make room")


@kind("full-cache", "the disk of the cache is full (a small tmpfs)")
def full_cache(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.cold, Project.warm))(folder)
    if project.cache.is_dir() and rng.random() < 0.7:
        shutil.rmtree(project.cache / rng.choice(("activations", "unpacked", "files")))
    with small_disk(project.cache, int(2 ** rng.uniform(2, 10))):
        outcome = _told_or_right(project, project.score(), *FULL)
    check_next(project)
    return outcome


@kind("full-reports", "the disk of the reports is full")
def full_reports(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    with small_disk(project.root / "reports", rng.choice((4, 8, 16, 24, 32, 48, 64, 96, 128))):
        ended = project.score()
        check_said(ended)
        rows = project.rows()
        if len(rows) < len(place().right):
            require(
                ended.code > 0 and "not written" in ended.text, f"rows are lost without a word: {ended.code}"
            )
    check_rows(project, Ended(0, "", 0))
    check_next(project)
    return RECOVERED if ended.code == 0 else REFUSED


@kind("full-baselines", "the disk of the baselines is full")
def full_baselines(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    with small_disk(project.baselines, rng.choice((0, 4, 8, 12))):
        ended = project.score(UPDATE)
        require(check_rows(project, ended) == len(place().right), "a row is lost")
        check_baselines(project)
        if project.lines() != place().new_baselines:
            require(
                ended.code > 0 and "not written" in ended.text, f"not written without a word: {ended.code}"
            )
    check_next(project, UPDATE)
    return RECOVERED if ended.code == 0 else REFUSED


@kind("file-size", "no file may grow beyond a limit (ulimit -f)")
def file_size(rng: random.Random, folder: Path) -> Outcome:
    project, size = Project.cold(folder), int(2 ** rng.uniform(5, 18))
    ended = project.score(before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    check_said(ended)
    if ended.code == 0:
        require(len(project.rows()) == len(place().right), "rows are missing without a word")
    else:
        require(
            "File too large" in ended.text or "full" in ended.text,
            f"the cause is not named: {ended.text[-600:]}",
        )
    check_rows(project, Ended(0, "", 0))
    check_next(project)
    return RECOVERED if ended.code == 0 else REFUSED


def without_override() -> None:
    """In a child: root's power to read and write whatever it likes is gone."""
    if os.geteuid() == 0:
        header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
        if _LIBC.capset(header, (ctypes.c_uint32 * 6)()):
            raise OSError(ctypes.get_errno(), "capset")


DENIED = ("Permission denied", "Read-only file system", "not permitted")


@kind(
    "denied", "a folder or file of the project, its cache or its reports may not be read or written", share=2
)
def denied(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    (project.root / "reports").mkdir()
    parts = [project.root / "reports", project.baselines, project.cache]
    below = [path for part in parts[1:] for path in part.rglob("*")]
    path = rng.choice(parts) if rng.random() < 0.3 else rng.choice(sorted(below))
    before = path.stat().st_mode
    path.chmod(rng.choice((0o000, 0o500 if path.is_dir() else 0o400, 0o300 if path.is_dir() else 0o200)))
    ended = project.score(*rng.choice([(), (UPDATE,)]), before=without_override)
    path.chmod(before)
    outcome = _told(project, ended, path)
    check_next(project)
    return outcome


def _told(project: Project, ended: Ended, path: Path) -> Outcome:
    check_said(ended, f"{path}: ")
    check_baselines(project)
    lost = project.root / "reports" == path
    check_rows(project, Ended(ended.code, "" if lost else ended.text, 0))
    if ended.code == 0:
        return RECOVERED
    named = any(part.name in ended.text for part in (path, *path.parents) if project.root in part.parents)
    require(named and any(word in ended.text for word in DENIED), f"{path}: not named: {ended.text[-800:]}")
    return REFUSED


@kind("read-only", "the cache, the reports or the baselines lie on a disk that is mounted read-only")
def read_only(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.warm))(folder)
    path = rng.choice([project.root / "reports", project.root / "benchmarks", project.cache])
    path.mkdir(exist_ok=True)
    own_mounts()
    mount(str(path), path, "", _MS_BIND)
    mount(str(path), path, "", _MS_BIND | _MS_REMOUNT | _MS_RDONLY)
    ended = project.score(*rng.choice([(), (UPDATE,)]))
    mount(str(path), path, "", _MS_BIND | _MS_REMOUNT)
    outcome = _told_without_baselines(project, ended, path)
    check_next(project)
    return outcome


def _told_without_baselines(project: Project, ended: Ended, path: Path) -> Outcome:
    check_said(ended, f"{path}: ")
    if path.name != "reports":
        check_rows(project, ended)
    if ended.code == 0:
        return RECOVERED
    require(
        path.name in ended.text and any(word in ended.text for word in DENIED),
        f"{path}: not named: {ended.text[-800:]}",
    )
    return REFUSED
