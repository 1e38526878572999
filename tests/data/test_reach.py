"""A host that cannot be reached: what is said, and that nothing waits for it again."""

from __future__ import annotations

import pickle
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, ProtocolError

from pytest_brainscore.data import download, reach
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.reach import NoConnection, host_in
from pytest_brainscore.errors import FetchError, ModelError
from pytest_brainscore.models import published
from pytest_brainscore.specs.base import File

HERE = Path()
HOST = "store.invalid:9"


def file(name: str = "x.nc") -> File:
    return File(url=f"http://{HOST}/{name}", sha1="0" * 40, bytes=300_000)


@pytest.fixture(autouse=True)
def no_memory(monkeypatch):
    monkeypatch.setattr(reach, "_unreached", {})


@pytest.fixture
def asked(monkeypatch):
    """The URLs that were asked for; each ends in the error that the test puts first."""
    urls, errors = [], [requests.ConnectTimeout(MaxRetryError(None, HOST, ConnectTimeoutError()))]

    def get(url, **_):
        urls.append(url)
        raise errors[0]

    monkeypatch.setattr(download.requests, "get", get)
    return urls, errors


def test_the_cause_comes_first_and_then_the_file_and_what_to_do(asked, fetcher):
    with pytest.raises(NoConnection) as caught:
        fetcher(file(), HERE)
    assert str(caught.value) == (
        f"no connection to {HOST}: x.nc (0.3 MB, sha1 000000000000...); --brainscore-offline skips what is"
        f" not here; put the file at {fetcher.place(file())}, or name a folder that holds it in"
        f" BRAINSCORE_MIRROR (http://{HOST}/x.nc)"
    )
    assert host_in(str(pickle.loads(pickle.dumps(caught.value)))) == HOST
    assert not list((fetcher.cache / "partial").iterdir())


def test_it_is_asked_once_for_all_files_and_again_after_a_while(asked, fetcher, monkeypatch):
    urls, _ = asked
    for name in ("x.nc", "x.nc", "y.csv"):
        with pytest.raises(NoConnection, match=f"no connection to {HOST}: {name} "):
            fetcher(file(name), HERE)
    assert urls == [file().url]
    monkeypatch.setattr(reach, "RETRY_AFTER_S", 0.0)
    with pytest.raises(NoConnection):
        fetcher(file("y.csv"), HERE)
    assert urls == [file().url, file("y.csv").url]


def test_a_connection_that_breaks_off_is_not_remembered(asked, fetcher):
    urls, errors = asked
    errors[0] = requests.ConnectionError(ProtocolError("reset"))
    for _ in range(2):
        with pytest.raises(FetchError, match=r"x\.nc: no connection to the server") as caught:
            fetcher(file(), HERE)
        assert host_in(str(caught.value)) is None
    assert len(urls) == 2


def test_a_host_that_it_was_sent_on_to_is_not_taken_for_it(asked, fetcher):
    _, errors = asked
    errors[0].request = requests.Request("GET", "http://elsewhere.invalid/x.nc").prepare()
    with pytest.raises(FetchError) as caught:
        fetcher(file(), HERE)
    assert not isinstance(caught.value, NoConnection)


def test_a_file_without_a_hash_says_its_url(asked, tmp_path):
    with pytest.raises(NoConnection, match=f"^no connection to {HOST}: http://{HOST}/x.nc$"):
        Fetcher(tmp_path).unverified(File(url=file().url))


@pytest.mark.parametrize(
    ("error", "times"), [(URLError(OSError("no route")), 1), (HTTPError("u", 500, "odd", None, None), 2)]
)
def test_published_weights_are_asked_for_once_where_there_is_no_connection(
    tmp_path, monkeypatch, error, times
):
    monkeypatch.setattr(published.torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    calls = []

    def broken(url, *_, **__):
        calls.append(url)
        raise error

    monkeypatch.setattr(published.torch.hub, "download_url_to_file", broken)
    for _ in range(2):
        with pytest.raises((FetchError, ModelError)) as caught:
            published.from_torch_hub(f"http://{HOST}/net-0123abcd.pth", "net", offline=False)
    assert len(calls) == times
    told = f"no connection to {HOST}: net: net-0123abcd.pth cannot be fetched; --brainscore-offline skips"
    assert str(caught.value).startswith(told) == (times == 1)


@pytest.mark.parametrize("message", [None, "", "another", "x: no connection to h: y"])
def test_other_messages_name_no_host(message):
    assert host_in(message) is None
