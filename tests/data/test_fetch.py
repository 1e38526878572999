from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from pytest_brainscore.data import download, fetch
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.errors import FetchError, NotHere
from pytest_brainscore.specs.base import File

HERE = Path()


def content_of(path: Path) -> bytes:
    return path.read_bytes()


@pytest.fixture(autouse=True)
def no_memory_of_verified_files(monkeypatch):
    monkeypatch.setattr(fetch, "_verified", set())


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_file_is_downloaded_once_and_then_cached(server, fetcher):
    path = fetcher(server.file(), HERE)
    assert content_of(path) == server.content
    assert path.name == "data.bin"
    assert fetcher(server.file(), HERE) == path
    assert len(server.asked) == 1
    assert not list((fetcher.cache / "partial").iterdir())


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_any_of_the_hashes_will_do(server, fetcher, algorithm):
    digits = hashlib.new(algorithm, server.content).hexdigest()
    assert content_of(fetcher(File(url=server.url(), **{algorithm: digits}), HERE)) == server.content
    with pytest.raises(FetchError, match=f"its {algorithm} is"):
        fetcher(File(url=server.url(), **{algorithm: digits[::-1]}), HERE)


def test_a_download_that_breaks_off_is_taken_up_again(server, fetcher):
    server.breaks, server.breaks_after = 1, 100_000
    assert content_of(fetcher(server.file(), HERE)) == server.content
    (_, first), (_, second) = server.asked
    assert first is None
    assert second == "bytes=100000-"


def test_a_later_run_resumes_what_an_interrupted_one_left(server, fetcher):
    server.breaks, server.breaks_after = 99, 0
    partial = partial_of(server, fetcher, server.content[:70_000])
    with pytest.raises(FetchError, match="broke off"):
        fetcher(server.file(), HERE)
    assert partial.stat().st_size == 70_000
    server.breaks = 0
    assert content_of(fetcher(server.file(), HERE)) == server.content
    assert server.asked[-1][1] == "bytes=70000-"


def test_a_partial_that_is_complete_is_taken_without_a_request(server, fetcher):
    partial_of(server, fetcher, server.content)
    assert content_of(fetcher(server.file(), HERE)) == server.content
    assert not server.asked


@pytest.mark.parametrize("stale", [b"x" * 1000, b"x" * 400_000], ids=["shorter", "longer"])
def test_a_stale_partial_is_begun_afresh_once(server, fetcher, stale):
    partial_of(server, fetcher, stale)
    assert content_of(fetcher(server.file(), HERE)) == server.content
    assert len(server.asked) == 2
    assert server.asked[1][1] is None


def test_a_server_that_ignores_ranges_is_asked_once(server, fetcher):
    server.ranges = False
    partial_of(server, fetcher, server.content[:1000])
    assert content_of(fetcher(server.file(), HERE)) == server.content
    assert len(server.asked) == 1


def partial_of(server, fetcher, content: bytes) -> Path:
    partial = fetcher.cache / "partial" / server.file().sha256
    partial.parent.mkdir(parents=True)
    partial.write_bytes(content)
    return partial


def test_wrong_content_is_moved_aside_and_named(server, fetcher):
    server.content = b"an error page"
    with pytest.raises(FetchError) as caught:
        fetcher(server.file(), HERE)
    message = str(caught.value)
    (aside,) = (fetcher.cache / "rejected").iterdir()
    assert aside.read_bytes() == b"an error page"
    for part in (server.url(), server.file().sha256, hashlib.sha256(server.content).hexdigest(), str(aside)):
        assert part in message
    assert len(server.asked) == 1
    assert not fetcher.place(server.file()).exists()
    assert not list((fetcher.cache / "partial").iterdir())


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_refusal_is_one_line_with_the_ways_out(server, fetcher, status):
    server.status = status
    with pytest.raises(FetchError, match=f"answers {status}") as caught:
        fetcher(server.file(), HERE)
    message = str(caught.value)
    assert "\n" not in message
    for part in (server.url(), "BRAINSCORE_MIRROR", str(fetcher.place(server.file()))):
        assert part in message
    assert not list((fetcher.cache / "partial").iterdir())


def test_no_network_is_one_line(fetcher):
    with pytest.raises(FetchError, match=r"^no connection to 127\.0\.0\.1:9: x \(sha256 0+\.\.\.\); --bra"):
        fetcher(File(url="http://127.0.0.1:9/x", sha256="0" * 64), HERE)
    assert not list((fetcher.cache / "partial").iterdir())


def test_a_file_put_where_the_message_says_is_found(server, fetcher):
    server.status = 404
    file = server.file()
    with pytest.raises(FetchError):
        fetcher(file, HERE)
    fetcher.place(file).parent.mkdir(parents=True)
    fetcher.place(file).write_bytes(server.content)
    assert fetcher(file, HERE) == fetcher.place(file)


def test_a_timeout_is_one_line(server, fetcher, monkeypatch):
    def slow(*_, **__):
        raise download.requests.ReadTimeout

    monkeypatch.setattr(download.requests, "get", slow)
    with pytest.raises(FetchError, match="no answer within"):
        fetcher(server.file(), HERE)


def test_a_full_disk_leaves_no_partial(server, fetcher, monkeypatch):
    def full(self, url, file, pooch):
        file.write(b"x" * 1000)
        file.flush()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download.pooch.HTTPDownloader, "__call__", full)
    with pytest.raises(FetchError, match="the disk is full; make room there, or set BRAINSCORE_CACHE"):
        fetcher(server.file(), HERE)
    assert not list((fetcher.cache / "partial").iterdir())


def test_a_corrupted_cache_is_moved_aside_and_fetched_again(server, fetcher, monkeypatch):
    path = fetcher(server.file(), HERE)
    path.write_bytes(b"x" * len(server.content))
    assert content_of(fetcher(server.file(), HERE)) == server.content
    assert len(server.asked) == 2
    assert [p.read_bytes()[:1] for p in (fetcher.cache / "rejected").iterdir()] == [b"x"]


def test_the_cache_is_verified_once_per_process(server, fetcher, monkeypatch):
    fetcher(server.file(), HERE)
    monkeypatch.setattr(fetch, "hash_of", lambda *_: pytest.fail("hashed twice"))
    fetcher(server.file(), HERE)


def test_offline_opens_no_socket(server, tmp_path, monkeypatch):
    monkeypatch.setattr("socket.socket", lambda *_, **__: pytest.fail("a socket was opened"))
    offline = Fetcher(tmp_path / "cache", offline=True)
    with pytest.raises(NotHere, match=r"data.bin \(0.3 MB, sha256 \w{12}...\) is not on this machine"):
        offline(server.file(bytes=300_000), HERE)
    assert not server.asked


def test_offline_takes_what_the_cache_has(server, fetcher):
    path = fetcher(server.file(), HERE)
    assert Fetcher(fetcher.cache, offline=True)(server.file(), HERE) == path


def test_a_url_without_a_hash_names_pin(server, fetcher):
    with pytest.raises(FetchError, match="python -m pytest_brainscore pin"):
        fetcher(File(url=server.url()), HERE)
    assert not server.asked


def test_what_is_not_public_and_has_no_hash_is_not_here_yet(server, fetcher):
    with pytest.raises(NotHere, match=r"has no hash.*pytest_brainscore pin"):
        fetcher(File(url=server.url()), HERE, "unclear")
    with pytest.raises(FetchError) as told:
        fetcher(File(url=server.url()), HERE, "public")
    assert type(told.value) is FetchError
    assert not server.asked


def test_unverified_is_found_again_once_it_is_pinned(server, fetcher):
    path = fetcher.unverified(File(url=server.url()))
    assert content_of(path) == server.content
    assert fetcher(server.file(), HERE) == path
    assert len(server.asked) == 1


def test_a_local_file_comes_first_and_its_hash_is_checked(server, fetcher, tmp_path):
    (tmp_path / "here.bin").write_bytes(b"local")
    right = hashlib.sha256(b"local").hexdigest()
    assert fetcher(File(file="here.bin"), tmp_path) == tmp_path / "here.bin"
    assert fetcher(File(file="here.bin", sha256=right), tmp_path) == tmp_path / "here.bin"
    with pytest.raises(FetchError, match=rf"here.bin: its sha256 is {right}, and not {'0' * 64}"):
        fetcher(File(file="here.bin", sha256="0" * 64), tmp_path)
    said = f"^of/absent.bin: no such file or folder in {tmp_path}, where the YAML file lies$"
    with pytest.raises(FetchError, match=said):
        fetcher(File(file="of/absent.bin"), tmp_path)
    with pytest.raises(FetchError, match=r"^here.bn: .*, where the YAML file lies; did you mean here.bin\?$"):
        fetcher(File(file="here.bn"), tmp_path)
    with pytest.raises(FetchError, match=rf"^{tmp_path}/her.bin: no such file or folder; did you mean here"):
        fetcher(File(file=f"{tmp_path}/her.bin"), HERE)


def test_a_local_file_that_is_absent_is_fetched_where_it_has_a_url(server, fetcher, tmp_path):
    assert content_of(fetcher(server.file(file="absent.bin"), tmp_path)) == server.content


def test_a_cache_that_cannot_be_written_is_one_line(server, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(FetchError, match=r"cannot be used as cache .* set BRAINSCORE_CACHE"):
        Fetcher(tmp_path / "cache")(server.file(), HERE)


def test_names_are_safe_everywhere(server, fetcher):
    path = fetcher(server.file("a:b%3F*.npy?download=1"), HERE)
    assert not set(path.name) & set('<>:"/\\|?*')
    assert path.name.endswith(".npy")


def test_from_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "c"))
    monkeypatch.setenv("BRAINSCORE_MIRROR", os.pathsep.join([str(tmp_path / "a"), "", str(tmp_path / "b")]))
    made = Fetcher.from_environment(offline=True)
    assert made == Fetcher(tmp_path / "c", (tmp_path / "a", tmp_path / "b"), offline=True)
    monkeypatch.delenv("BRAINSCORE_CACHE")
    assert "pytest-brainscore" in str(Fetcher.from_environment().cache)


def _fetch_in_a_process(cache: Path, file: File, barrier, results) -> None:
    barrier.wait()
    results.put(Fetcher(cache)(file, HERE).read_bytes())


def test_two_processes_at_once_make_one_request(processes, server, tmp_path):
    barrier, results = processes.Barrier(2), processes.Queue()
    arguments = (tmp_path / "cache", server.file(), barrier, results)
    running = [processes.Process(target=_fetch_in_a_process, args=arguments) for _ in range(2)]
    for process in running:
        process.start()
    assert [results.get(timeout=60) for _ in running] == [server.content] * 2
    for process in running:
        process.join(timeout=60)
        assert process.exitcode == 0
    assert len(server.asked) == 1
