"""Downloads tell of the bytes that are there, whatever the server does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_brainscore.data.fetch import Fetcher

from .conftest import CONTENT, Server

ALL = [("fetch", done, len(CONTENT)) for done in (65_536, 131_072, 196_608, 262_144, 300_000, 300_000)]


@pytest.fixture
def told(tmp_path: Path) -> list[tuple[str, int, int]]:
    return []


@pytest.fixture
def fetcher(told: list[tuple[str, int, int]], tmp_path: Path) -> Fetcher:
    return Fetcher(tmp_path / "cache", tell=lambda *said: told.append(said))


def test_bytes_are_told_as_they_come(server: Server, fetcher: Fetcher, told, tmp_path: Path):
    fetcher(server.file(), tmp_path)
    assert told == ALL


def test_a_download_that_is_taken_up_again_goes_on(server: Server, fetcher: Fetcher, told, tmp_path: Path):
    server.breaks, server.breaks_after = 1, 100_000
    fetcher(server.file(), tmp_path)
    assert [asked for _, asked in server.asked] == [None, "bytes=100000-"]
    assert [done for _, done, _ in told] == [65_536, 100_000, 165_536, 231_072, 296_608, 300_000, 300_000]
    assert {of for *_, of in told} == {300_000}


def test_a_server_that_begins_again_is_counted_from_nothing(
    server: Server, fetcher: Fetcher, told, tmp_path: Path
):
    server.breaks, server.breaks_after, server.ranges = 1, 100_000, False
    fetcher(server.file(), tmp_path)
    assert told == [ALL[0], ("fetch", 100_000, 300_000), *ALL]
