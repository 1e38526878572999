from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pytest_brainscore.data import disk, mirrors
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.errors import FetchError, NotHere
from pytest_brainscore.specs.base import File

CONTENT = b"recordings"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """The names of the files whose content was read."""
    names: list[str] = []
    hash_of = disk.hash_of

    def spy(path: Path, algorithm: str = "sha256") -> str:
        names.append(path.name)
        return hash_of(path, algorithm)

    monkeypatch.setattr(disk, "hash_of", spy)
    return names


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror" / "deep"
    folder.mkdir(parents=True)
    for name in ("one.bin", "two.bin", "other.bin"):
        (folder / name).write_bytes(name.encode() * 3)
    return tmp_path / "mirror"


def find(mirror: Path, **keys) -> Path:
    fetcher = Fetcher(mirror.parent / "cache", (mirror,), offline=True)
    return fetcher(File(**{"url": "http://127.0.0.1:9/data.npy", "sha256": SHA256, **keys}), Path())


@pytest.mark.parametrize("name", ["data.npy", "sub/data.npy", SHA256, f"{SHA256}.bin"])
def test_likely_names_are_tried_first(mirror, hashed, name):
    (mirror / name).parent.mkdir(exist_ok=True)
    (mirror / name).write_bytes(CONTENT)
    assert find(mirror) == mirror / name
    assert hashed == [Path(name).name]


def test_a_checksum_list_leads_to_the_file(mirror, hashed):
    (mirror / "deep" / "renamed.bin").write_bytes(CONTENT)
    (mirror / "SHA256SUMS").write_text(f"{'0' * 64}  deep/one.bin\n{SHA256} *deep/renamed.bin\n")
    assert find(mirror) == mirror / "deep" / "renamed.bin"
    assert hashed == ["renamed.bin"]


def test_a_checksum_list_is_not_believed(mirror):
    (mirror / "SHA256SUMS").write_text(f"{SHA256}  deep/one.bin\n{SHA256}  deep/absent.bin\n")
    with pytest.raises(NotHere):
        find(mirror)


def test_where_the_size_is_known_only_files_of_that_size_are_read(mirror, hashed):
    (mirror / "renamed.bin").write_bytes(CONTENT)
    (mirror / "same_size.bin").write_bytes(b"x" * len(CONTENT))
    assert find(mirror, bytes=len(CONTENT)).name == "renamed.bin"
    assert set(hashed) <= {"renamed.bin", "same_size.bin"}


def test_without_a_size_all_files_are_read_and_only_once(mirror, hashed):
    (mirror / "deep" / "zzz.bin").write_bytes(CONTENT)
    assert find(mirror).name == "zzz.bin"
    assert sorted(hashed) == ["one.bin", "other.bin", "two.bin", "zzz.bin"]
    find(mirror)
    with pytest.raises(NotHere):
        find(mirror, sha256="0" * 64)
    assert len(hashed) == 4


def test_a_file_that_changed_is_hashed_again(mirror):
    (mirror / "data.npy").write_bytes(CONTENT)
    assert find(mirror)
    (mirror / "data.npy").write_bytes(CONTENT[::-1])
    os.utime(mirror / "data.npy", ns=(1, 1))
    mirrors.listing.cache_clear()
    with pytest.raises(NotHere):
        find(mirror)


def test_a_mirror_is_never_written(mirror):
    (mirror / "data.npy").write_bytes(CONTENT)
    before = {path: path.stat().st_mtime_ns for path in mirror.rglob("*")}
    find(mirror)
    assert {path: path.stat().st_mtime_ns for path in mirror.rglob("*")} == before


def test_the_same_name_with_other_content_is_not_taken(mirror):
    (mirror / "data.npy").write_bytes(b"other")
    (mirror / "really.npy").write_bytes(CONTENT)
    assert find(mirror).name == "really.npy"


def test_a_file_with_only_a_hash_is_found_and_else_an_error_online(mirror, tmp_path):
    (mirror / "x").write_bytes(CONTENT)
    assert find(mirror, url=None).name == "x"
    with pytest.raises(FetchError, match="has no url, and is nowhere here") as caught:
        Fetcher(tmp_path / "cache")(File(sha256="0" * 64), Path())
    assert not isinstance(caught.value, NotHere)


def test_mirrors_that_are_not_there_are_passed_over(tmp_path):
    with pytest.raises(NotHere):
        find(tmp_path / "absent")
