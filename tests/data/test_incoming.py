"""Servers that give too much, too slowly, or what is no file: each a line, and nothing of no use is left."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace

import pytest

from pytest_brainscore.data import credentials, incoming
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.errors import FetchError, NotHere
from pytest_brainscore.specs.base import File
from tests.s3_server import SECRET, USER

from .test_fetch import HERE
from .test_stores import forget

CONTENT = bytes(range(256)) * 1000
DIGITS = hashlib.sha256(CONTENT).hexdigest()
OK, PLAIN = b"HTTP/1.1 200 OK\r\n", b"Connection: close\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n" + PLAIN
BOTH = pytest.mark.parametrize("access", ["public", "private"])

Answer = Callable[[socket.socket, str], None]


class Raw:
    """A server that answers each request with whatever bytes a test wants; `asked` are the requests."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[str] = []
        self._answer, self._socket = answer, socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(1 << 16).decode("latin-1")
                self.asked.append(request)
                with suppress(OSError):  # who asked has hung up
                    self._answer(connection, request)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def raw(monkeypatch, tmp_path) -> Iterator[Callable[[Answer | bytes], Raw]]:
    """Make the server; it is the endpoint of S3, and the user has credentials."""
    made: list[Raw] = []

    def make(answer: Answer | bytes) -> Raw:
        given = answer if callable(answer) else lambda connection, _: connection.sendall(answer)
        made.append(Raw(given))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", made[0].endpoint)
        return made[-1]

    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    settings = {"AWS_ACCESS_KEY_ID": USER, "AWS_SECRET_ACCESS_KEY": SECRET, "NO_PROXY": "127.0.0.1"}
    files = {"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "credentials"}
    for name, value in (settings | {key: str(tmp_path / file) for key, file in files.items()}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    forget()
    yield make
    forget()
    for server in made:
        server.close()


def file_at(server: Raw, **other) -> File:
    return File(**{"url": f"{server.endpoint}/lab/data.bin", "sha256": DIGITS, **other})


def refused(fetcher: Fetcher, file: File, access: str = "public") -> str:
    with pytest.raises(FetchError) as caught:
        fetcher(file, HERE, access)
    assert not isinstance(caught.value, NotHere)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def parts_of(fetcher: Fetcher) -> list[int]:
    return [path.stat().st_size for path in (fetcher.cache / "partial").iterdir()]


def whole(content: bytes = CONTENT, head: bytes = OK) -> bytes:
    return head + b"Content-Length: %d\r\n" % len(content) + PLAIN + content


def chunk(content: bytes) -> bytes:
    return b"%x\r\n" % len(content) + content + b"\r\n"


@BOTH
@pytest.mark.parametrize("head", [OK + PLAIN, CHUNKED], ids=["no length", "chunked"])
def test_more_than_is_due_is_stopped_and_removed(raw, fetcher, access, head):
    sent = []

    def endless(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        piece = bytes(1 << 16)
        while len(sent) < 4000:  # 262 MB
            connection.sendall(chunk(piece) if head is CHUNKED else piece)
            sent.append(len(piece))

    line = refused(fetcher, file_at(raw(endless), bytes=100_000), access)
    assert "the server gives more than the 100000 bytes that are due; correct `bytes` in the YAML" in line
    assert parts_of(fetcher) == []
    assert len(sent) < 4000


@BOTH
def test_a_length_beyond_what_is_due_is_not_waited_for(raw, fetcher, access):
    head = OK + b"Content-Length: 2700000000\r\n" + PLAIN
    assert "more than the 10 bytes" in refused(fetcher, file_at(raw(head), bytes=10), access)
    assert parts_of(fetcher) == []


@BOTH
def test_bytes_that_are_right_are_no_hindrance(raw, fetcher, access):
    assert fetcher(file_at(raw(whole()), bytes=len(CONTENT)), HERE, access).read_bytes() == CONTENT


@BOTH
@pytest.mark.parametrize("resumed", [0, 100_000])
def test_what_comes_beyond_its_length_is_not_read(raw, fetcher, access, resumed):
    def answer(connection: socket.socket, request: str) -> None:
        start = resumed if f"bytes={resumed}-" in request else 0
        head = b"HTTP/1.1 206 Partial Content\r\n" if start else OK
        connection.sendall(whole(CONTENT[start:], head) + b"x" * 100_000)

    if resumed:
        (fetcher.cache / "partial").mkdir(parents=True)
        (fetcher.cache / "partial" / DIGITS).write_bytes(CONTENT[:resumed])
    assert fetcher(file_at(raw(answer)), HERE, access).read_bytes() == CONTENT


@BOTH
@pytest.mark.parametrize("body", [CONTENT, None], ids=["no length", "chunked"])
def test_an_honest_server_may_give_no_length(raw, fetcher, access, body):
    told = []
    halves = chunk(CONTENT[:99_999]) + chunk(CONTENT[99_999:]) + b"0\r\n\r\n"
    server = raw(OK + PLAIN + body if body else CHUNKED + halves)
    telling = Fetcher(fetcher.cache, tell=lambda *said: told.append(said))
    assert telling(file_at(server), HERE, access).read_bytes() == CONTENT
    assert set(told) == {("fetch", 0, 0)}
    assert len(server.asked) == 1


@BOTH
def test_chunks_that_break_off_are_taken_up_again(raw, fetcher, access):
    def answer(connection: socket.socket, request: str) -> None:
        if "bytes=" not in request:
            connection.sendall(CHUNKED + chunk(CONTENT[:70_000]) + b"ffff\r\n" + CONTENT[70_000:80_000])
        else:
            start = int(request.partition("bytes=")[2].partition("-")[0])
            connection.sendall(whole(CONTENT[start:], b"HTTP/1.1 206 Partial Content\r\n"))

    server = raw(answer)
    assert fetcher(file_at(server), HERE, access).read_bytes() == CONTENT
    assert len(server.asked) == 2
    assert "bytes=80000-" in server.asked[1]


@BOTH
def test_a_trickle_is_given_up_and_kept(raw, fetcher, access, monkeypatch):
    monkeypatch.setattr(incoming, "WINDOW_S", 0.2)
    sent = []

    def trickle(connection: socket.socket, request: str) -> None:
        start = int(request.partition("bytes=")[2].partition("-")[0]) if "bytes=" in request else 0
        connection.sendall(b"HTTP/1.1 206 Partial\r\n" if start else OK)
        connection.sendall(b"Content-Length: %d\r\n" % (len(CONTENT) - start) + PLAIN)
        while len(sent) < 1000:
            sent.append(1)  # before it is on its way: else the client may have it first
            connection.sendall(CONTENT[start + len(sent) - 1 :][:1])
            time.sleep(0.01)

    server = raw(trickle)
    line = refused(fetcher, file_at(server), access)
    (kept,) = parts_of(fetcher)
    assert f"less than 1 kB/s for 0.2 s; {kept} bytes are kept, run again later" in line
    assert 0 < kept <= len(sent) < 1000
    assert (fetcher.cache / "partial" / DIGITS).read_bytes() == CONTENT[:kept]
    refused(fetcher, file_at(server), access)
    assert f"bytes={kept}-" in server.asked[1]


@BOTH
def test_a_disk_is_not_filled(raw, fetcher, access, monkeypatch):
    monkeypatch.setattr(incoming, "_LOOK_EVERY", 50_000)
    free = iter([1 << 40, 1 << 40, incoming.RESERVE - 1])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=1 << 41, free=next(free)))
    line = refused(fetcher, file_at(raw(OK + PLAIN + CONTENT)), access)
    assert "the disk is full; make room there, or set BRAINSCORE_CACHE to another disk" in line
    assert parts_of(fetcher) == []


def test_a_small_disk_keeps_a_fiftieth(fetcher, monkeypatch, tmp_path):
    for free, stopped in ((2_000, False), (1_999, True)):
        usage = SimpleNamespace(total=100_000, free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        body = incoming.Incoming(Body(b"abc"), "url", 0, None, tmp_path)
        if stopped:
            with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                list(body.stream(2))
        else:
            assert list(body.stream(2)) == [b"ab", b"c"]


class Body:
    """As urllib3's response, of a fixed content."""

    headers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, n: int, **_: object) -> bytes:
        piece, self._content = self._content[:n], self._content[n:]
        return piece

    def close(self) -> None:
        pass


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize("where", ["/elsewhere", "http://other.invalid/x", None])
def test_credentials_go_to_no_other_host(raw, fetcher, status, where):
    location = f"Location: {where}\r\n" if where else ""
    moved = f"HTTP/1.1 {status} Moved\r\n{location}Content-Length: 0\r\n".encode() + PLAIN
    server = raw(moved)
    line = refused(fetcher, file_at(server), "private")
    assert f"the store lab answers {status}" in line
    assert "it sends on to another address, which is not asked; correct the `url`" in line
    assert len(server.asked) == 1


def test_a_store_that_redirects_to_another_server_gives_it_nothing(raw, fetcher, monkeypatch):
    other = raw(whole())
    moved = b"HTTP/1.1 307 Moved\r\nLocation: %s/lab/data.bin\r\n" % other.endpoint.encode()
    server = raw(moved + b"Content-Length: 0\r\n" + PLAIN)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
    assert "answers 307" in refused(fetcher, file_at(server), "private")
    assert other.asked == []
    assert fetcher(file_at(server), HERE, "public").read_bytes() == CONTENT
    assert "Authorization" not in other.asked[0]


@pytest.mark.parametrize("found", [True, False])
def test_a_bucket_in_another_region_is_asked_there_once(raw, fetcher, found):
    head = b"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\n"

    def answer(connection: socket.socket, request: str) -> None:
        connection.sendall(whole() if found and "/eu-west-1/s3/" in request else whole(b"", head))

    server = raw(answer)
    if found:
        assert fetcher(file_at(server), HERE, "private").read_bytes() == CONTENT
    else:
        assert "answers 301: it sends on to another address" in refused(fetcher, file_at(server), "private")
    assert ["/eu-west-1/s3/" in asked for asked in server.asked] == [False, True]


def test_moved_to_nowhere_is_no_file(raw, fetcher):
    line = refused(fetcher, file_at(raw(whole(b"<Error><Code>PermanentRedirect</Code></Error>",
                                              b"HTTP/1.1 301 Moved\r\n"))))  # fmt: skip
    assert "the store lab answers 301 PermanentRedirect: it sends on to another address" in line
    assert not (fetcher.cache / "rejected").exists()


@BOTH
@pytest.mark.parametrize("length", [b"abc", b"-5", b"5, 5", b"9" * 5000])
def test_a_length_that_is_no_number(raw, fetcher, access, length):
    line = refused(
        fetcher, file_at(raw(OK + b"Content-Length: " + length + b"\r\n" + PLAIN + CONTENT)), access
    )
    assert "AWS settings" not in line
    assert "ask who runs it" in line
    assert len(line) < 1000


@pytest.mark.parametrize("status", [200, 403, 500])
def test_an_answer_that_boto3_cannot_read_is_not_the_users_fault(raw, fetcher, status):
    head = b"HTTP/1.1 %d Odd\r\nLast-Modified: never ever\r\n" % status
    server = raw(whole(b"<Error><Code>oh", head))
    line = refused(fetcher, file_at(server), "private")
    assert "AWS settings" not in line


def test_an_endpoint_that_is_none_is_the_users_setting(raw, fetcher, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "not an address")
    file = File(url="https://lab.s3.amazonaws.com/data.bin", sha256=DIGITS)
    assert "boto3 cannot use your AWS settings (Invalid endpoint" in refused(fetcher, file, "private")


@BOTH
@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (b"\n<!DOCTYPE html><html><body>Log in</body>", "a web page"),
        (b"<HTML><head>", "a web page"),
        (b'<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>', "XML, such as a store's error"),
    ],
)
def test_a_page_in_the_place_of_the_file_is_named(raw, fetcher, access, page, kind):
    line = refused(fetcher, file_at(raw(whole(page))), access)
    assert f"and not {DIGITS}; it looks like {kind}; what the store lab gave is at" in line


def test_what_is_no_page_is_not_called_one(raw, fetcher):
    assert "looks like" not in refused(fetcher, file_at(raw(whole(b"x<html>"))))


def test_without_boto3_private_is_skipped_and_public_is_fetched(raw, fetcher, monkeypatch):
    for name in ("boto3", "botocore", "botocore.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)
    server = raw(whole())
    with pytest.raises(
        NotHere, match=r'private.* lab; pip install "pytest-brainscore\[s3\]", and set the AWS'
    ):
        fetcher(file_at(server), HERE, "private")
    assert server.asked == []
    assert fetcher(file_at(server), HERE, "public").read_bytes() == CONTENT


def test_offline_looks_for_no_credentials(raw, fetcher, monkeypatch):
    monkeypatch.setattr(credentials, "_session", lambda: pytest.fail("credentials were looked for"))
    offline = Fetcher(fetcher.cache, offline=True)
    with pytest.raises(NotHere, match="and offline; it is private"):
        offline(file_at(raw(whole())), HERE, "private")


def test_a_machine_that_gives_no_credentials_is_asked_once(raw, fetcher, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name)
    server, machine = raw(whole()), raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" + PLAIN)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.endpoint)
    for _ in range(2):
        with pytest.raises(NotHere, match="private, in the store lab; set the AWS credentials"):
            fetcher(file_at(server), HERE, "private")
    assert [asked.split()[0] for asked in machine.asked] == ["PUT", "GET"]
    assert server.asked == []
