from __future__ import annotations

import errno
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from pytest_brainscore.data import archives
from pytest_brainscore.data.archives import names_in, unpack
from pytest_brainscore.errors import DataError, FetchError


def make_zip(path: Path, members: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            file.writestr(info, target)
    return path


def make_tar(path: Path, members: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            file.addfile(info)
    return path


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


MAKERS = pytest.mark.parametrize("make", [make_zip, make_tar])


@MAKERS
def test_unpacked_once_with_its_folders(make, tmp_path, monkeypatch):
    archive = make(tmp_path / "a", {"x/1.png": b"one", "x/y/2.png": b"two"})
    folder = unpack(archive, tmp_path / "cache")
    assert files_below(folder) == {"x/1.png", "x/y/2.png"}
    assert (folder / "x/y/2.png").read_bytes() == b"two"
    monkeypatch.setattr(archives, "_unpack_whole", lambda *_: pytest.fail("unpacked twice"))
    assert unpack(archive, tmp_path / "cache") == folder


@MAKERS
def test_what_macos_adds_stays_out(make, tmp_path):
    archive = make(tmp_path / "a", {"1.png": b"", "__MACOSX/._1.png": b"", "x/.DS_Store": b""})
    assert files_below(unpack(archive, tmp_path / "cache")) == {"1.png"}


@MAKERS
@pytest.mark.parametrize(
    "name", ["../evil.png", "x/../../evil.png", "/evil.png", "C:/evil.png", "c:\\evil.png", "..\\evil.png"]
)
def test_a_member_that_would_leave_the_folder_is_refused(make, tmp_path, name):
    archive = make(tmp_path / "a", {"good.png": b"", name: b"evil"})
    with pytest.raises(DataError, match=r"would lie outside its folder; nothing was unpacked") as caught:
        unpack(archive, tmp_path / "cache")
    assert repr(name) in str(caught.value)
    assert not any("png" in name for name in files_below(tmp_path))


@MAKERS
def test_a_link_is_refused(make, tmp_path):
    archive = make(tmp_path / "a", {"good.png": b""}, links={"link.png": "/etc/hosts"})
    with pytest.raises(DataError, match=r"'link.png' is a link or device"):
        unpack(archive, tmp_path / "cache")
    assert not any("png" in name for name in files_below(tmp_path))


def test_an_interrupted_unpack_is_done_again(tmp_path, monkeypatch):
    archive = make_zip(tmp_path / "a", {"1.png": b"one", "2.png": b"two"})
    write = archives._write

    def killed(member, target):
        if target.name == "2.png":
            raise KeyboardInterrupt
        write(member, target)

    monkeypatch.setattr(archives, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "cache")
    monkeypatch.setattr(archives, "_write", write)
    assert files_below(unpack(archive, tmp_path / "cache")) == {"1.png", "2.png"}


@MAKERS
@pytest.mark.parametrize("again", ["x//1.png", "x/./1.png"])
def test_a_member_that_is_there_twice(make, tmp_path, again):
    archive = make(tmp_path / "a", {"x/1.png": b"one", again: b"two"})
    for asked in (unpack, lambda archive, _: names_in(archive)):
        with pytest.raises(DataError, match=r"holds 'x/1\.png' 2 times, and which is meant is unknown"):
            asked(archive, tmp_path / "cache")
    assert not (tmp_path / "cache" / "unpacked").exists()


@MAKERS
def test_names_are_those_that_would_be_unpacked(make, tmp_path):
    archive = make(tmp_path / "a", {"x/1.png": b"", "2.png": b"", "__MACOSX/._2.png": b""})
    assert set(names_in(archive)) == files_below(unpack(archive, tmp_path / "cache")) == {"x/1.png", "2.png"}
    (tmp_path / "b").write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(DataError):
        names_in(tmp_path / "b")


def test_what_a_killed_process_left_is_not_used(tmp_path):
    archive = make_zip(tmp_path / "a", {"1.png": b"one"})
    folder = unpack(archive, tmp_path / "first")
    left = tmp_path / "cache" / "unpacked" / (folder.name[:16] + ".partial")
    left.mkdir(parents=True)
    (left / "half.png").write_bytes(b"")
    assert files_below(unpack(archive, tmp_path / "cache")) == {"1.png"}


def test_a_broken_archive_is_one_line(tmp_path):
    archive = make_zip(tmp_path / "a", {"1.png": bytes(range(256)) * 100})
    content = bytearray(archive.read_bytes())
    content[60:90] = b"\xff" * 30
    archive.write_bytes(content)
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "cache")
    assert not list((tmp_path / "cache" / "unpacked").iterdir())
    (tmp_path / "b").write_bytes(b"no archive")
    with pytest.raises(DataError, match="neither a zip nor a tar"):
        unpack(tmp_path / "b", tmp_path / "cache")


def tampered(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"other")
    (folder / "b.png").unlink()
    (folder / "c.png").write_bytes(b"more")


@MAKERS
def test_an_unpacked_folder_that_was_changed_is_unpacked_again(make, tmp_path, monkeypatch):
    archive = make(tmp_path / "archive", {"a.png": b"one", "b.png": b"two"})
    folder = unpack(archive, tmp_path / "cache")
    tampered(folder)
    monkeypatch.setattr(archives, "_intact", set())
    assert unpack(archive, tmp_path / "cache") == folder
    assert files_below(folder) == {"a.png", "b.png"}
    assert (folder / "a.png").read_bytes() == b"one"


def test_an_unpacked_folder_is_compared_once_per_process(tmp_path, monkeypatch):
    archive = make_zip(tmp_path / "archive", {"a.png": b"one"})
    folder = unpack(archive, tmp_path / "cache")
    monkeypatch.setattr(archives, "_intact", set())
    monkeypatch.setattr(archives, "_unpack_whole", lambda *_: pytest.fail("unpacked twice"))
    unpack(archive, tmp_path / "cache")
    monkeypatch.setattr(archives, "_listing", lambda _: pytest.fail("compared twice"))
    assert unpack(archive, tmp_path / "cache") == folder


@pytest.mark.parametrize("damage", [b"", b"0" * 63, b"../" * 21 + b"x", b"\xff" * 64])
def test_a_damaged_note_of_a_hash_is_made_anew(tmp_path, damage):
    archive, other = (make_zip(tmp_path / n, {f"{n}.png": n.encode()}) for n in ("one", "two"))
    folder = unpack(archive, tmp_path / "cache")
    unpack(other, tmp_path / "cache")
    notes = {path: path.read_bytes() for path in (tmp_path / "cache" / "hashes").iterdir()}
    for note in notes:
        note.write_bytes(damage)
    assert unpack(archive, tmp_path / "cache") == folder
    unpack(other, tmp_path / "cache")
    assert {note: note.read_bytes() for note in notes} == notes


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    archive = make_zip(tmp_path / "archive", {"a.png": b"one"})
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FetchError, match=r"file: cannot be used as cache .* set BRAINSCORE_CACHE"):
        unpack(archive, tmp_path / "file")

    def refused(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(archives, "_write", refused)
    with pytest.raises(FetchError, match=r"cache: cannot be used as cache \(Read-only file system\)"):
        unpack(archive, tmp_path / "cache")
