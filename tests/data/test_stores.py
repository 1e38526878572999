from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from botocore.exceptions import ConnectTimeoutError

from pytest_brainscore.data import credentials, fetch
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.stores import S3Object, store_of
from pytest_brainscore.errors import FetchError, NotHere
from pytest_brainscore.specs.base import File
from tests.s3_server import OUTDATED, SECRET, STRANGER, USER, serving

HERE = Path()
CONTENT = np.random.default_rng(0).bytes(300_000)
AMAZON = "https://lab.data.s3.amazonaws.com/assy/a%20b.nc?versionId=null"


@pytest.fixture
def store(monkeypatch, tmp_path):
    """A store with a file in the bucket `lab.data`, which only one user may read; nobody has credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fetch, "_verified", set())
    settings = {"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "credentials"}
    for name, file in settings.items():
        monkeypatch.setenv(name, str(tmp_path / file))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    forget()
    with serving() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", made.endpoint)
        made.put("lab.data", "assy/a b.nc", CONTENT)
        yield made
    forget()


REMEMBERED = (credentials._session, credentials.credentials, credentials.client)


def forget() -> None:
    """What is asked once per process is asked again."""
    for asked in REMEMBERED:
        asked.cache_clear()


def file_of(store, name: str = "assy/a%20b.nc", version: str = "null", content: bytes = CONTENT) -> File:
    url = f"{store.endpoint}/lab.data/{name}?versionId={version}"
    return File(url=url, sha1=hashlib.sha1(content).hexdigest())


def log_in(monkeypatch, key: str = USER, secret: str = SECRET, token: str | None = None) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    forget()


def refused(fetcher: Fetcher, file: File, access: str) -> str:
    """The one line of a FetchError that is no skip."""
    with pytest.raises(FetchError) as caught:
        fetcher(file, HERE, access)
    assert not isinstance(caught.value, NotHere)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_object_at_an_address():
    found = {
        AMAZON: S3Object("lab.data", "assy/a b.nc", "null"),
        "https://b.s3.us-east-2.amazonaws.com/k?versionId=W2vx.7": S3Object("b", "k", "W2vx.7", "us-east-2"),
        "https://b.s3-eu-west-1.amazonaws.com/k/l": S3Object("b", "k/l", None, "eu-west-1"),
        "https://b.s3.dualstack.us-west-2.amazonaws.com/k": S3Object("b", "k", None, "us-west-2"),
        "https://s3.amazonaws.com/b/k/l?versionId=x": S3Object("b", "k/l", "x"),
        "https://s3.us-east-1.amazonaws.com/b/k": S3Object("b", "k", None, "us-east-1"),
        "https://a.s3.b.s3.amazonaws.com/k": S3Object("a.s3.b", "k"),
    }
    assert {url: S3Object.at(url) for url in found} == found
    others = (
        "https://s3.example.org/b/k",
        "https://b.s3.amazonaws.com.evil.org/k",
        "https://s3.amazonaws.com/b",
    )
    assert [S3Object.at(url) for url in others] == [None] * 3
    assert store_of(AMAZON) == "the store lab.data"
    assert store_of("https://osf.io/x") == "the server osf.io"


def test_what_is_open_to_everybody_is_asked_for_without_credentials(store, fetcher, monkeypatch):
    log_in(monkeypatch)
    store.open.add("lab.data")
    path = fetcher(file_of(store), HERE)
    assert path.read_bytes() == CONTENT
    assert path.name == "a%20b.nc"
    assert store.asked == [("/lab.data/assy/a%20b.nc?versionId=null", None, None)]


def test_versions_are_different_files(store, fetcher):
    store.open.add("lab.data")
    store.put("lab.data", "assy/a b.nc", b"second", "V.2")
    paths = [fetcher(file_of(store), HERE), fetcher(file_of(store, version="V.2", content=b"second"), HERE)]
    assert [path.read_bytes() for path in paths] == [CONTENT, b"second"]
    assert paths[0].name == paths[1].name


def test_an_open_object_is_taken_up_again_where_it_broke_off(store, fetcher):
    store.open.add("lab.data")
    store.breaks_after.append(100_000)
    assert fetcher(file_of(store), HERE).read_bytes() == CONTENT
    assert [asked[2] for asked in store.asked] == [None, "bytes=100000-"]


@pytest.mark.parametrize("access", ["private", "unclear", "public"])
def test_what_is_closed_is_read_with_ones_own_credentials(store, fetcher, monkeypatch, access):
    log_in(monkeypatch)
    assert fetcher(file_of(store), HERE, access).read_bytes() == CONTENT
    assert [asked[1] for asked in store.asked] == ([USER] if access == "private" else [None, USER])


def test_an_address_of_amazon_is_asked_through_boto3s_endpoint(store, fetcher, monkeypatch):
    log_in(monkeypatch)
    file = File(url=AMAZON, sha1=hashlib.sha1(CONTENT).hexdigest())
    assert fetcher(file, HERE, "private").read_bytes() == CONTENT
    assert store.asked == [("/lab.data/assy/a%20b.nc?versionId=null", USER, None)]


def test_credentials_of_a_profile(store, fetcher, monkeypatch, tmp_path):
    lines = f"[lab]\naws_access_key_id = {USER}\naws_secret_access_key = {SECRET}\n"
    (tmp_path / "credentials").write_text(lines)
    with pytest.raises(NotHere):
        fetcher(file_of(store), HERE, "private")
    monkeypatch.setenv("AWS_PROFILE", "lab")
    forget()
    assert fetcher(file_of(store), HERE, "private").read_bytes() == CONTENT


def test_a_private_object_is_taken_up_again_and_told(store, fetcher, monkeypatch):
    log_in(monkeypatch)
    store.breaks_after += [100_000, 50_000]
    told: list[tuple[str, int, int]] = []
    telling = Fetcher(fetcher.cache, tell=lambda *said: told.append(said))
    assert telling(file_of(store), HERE, "private").read_bytes() == CONTENT
    ranges = [int(asked[2].removeprefix("bytes=").rstrip("-")) for asked in store.asked[1:]]
    assert 0 < ranges[0] <= 100_000
    assert ranges[0] < ranges[1] <= ranges[0] + 50_000
    assert told[-1] == ("fetch", 300_000, 300_000)


def test_a_stale_part_that_is_longer_is_begun_afresh(store, fetcher, monkeypatch):
    log_in(monkeypatch)
    partial = fetcher.cache / "partial" / hashlib.sha1(CONTENT).hexdigest()
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"x" * 400_000)
    assert fetcher(file_of(store), HERE, "private").read_bytes() == CONTENT
    assert [asked[2] for asked in store.asked] == ["bytes=400000-", None]


def test_private_without_credentials_is_a_skip(store, fetcher):
    with pytest.raises(NotHere) as caught:
        fetcher(file_of(store), HERE, "private")
    message = str(caught.value)
    assert "\n" not in message
    for part in ("private", "the store lab.data", "AWS_PROFILE", "BRAINSCORE_MIRROR"):
        assert part in message
    assert "pip install" not in message
    assert not store.asked


def test_private_without_boto3_is_a_skip_that_names_the_extra(store, fetcher, monkeypatch):
    log_in(monkeypatch)
    monkeypatch.setattr(credentials, "has_boto3", lambda: False)
    with pytest.raises(NotHere, match=r'private.* lab.data; pip install "pytest-brainscore\[s3\]", and set'):
        fetcher(file_of(store), HERE, "private")
    assert 'pip install "pytest-brainscore[s3]"' in refused(fetcher, file_of(store), "unclear")


def test_private_is_read_from_the_mirror_without_credentials(store, fetcher, tmp_path):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "anything.nc").write_bytes(CONTENT)
    mirrored = Fetcher(fetcher.cache, (tmp_path / "mirror",))
    assert mirrored(file_of(store), HERE, "private").read_bytes() == CONTENT
    with pytest.raises(NotHere, match=r"has no url, and is nowhere here; it is private; put the file at"):
        fetcher(File(sha1="0" * 40), HERE, "private")


def test_offline_opens_no_socket_for_what_is_private(store, fetcher, monkeypatch):
    log_in(monkeypatch)
    monkeypatch.setattr("socket.socket", lambda *_, **__: pytest.fail("a socket was opened"))
    offline = Fetcher(fetcher.cache, offline=True)
    with pytest.raises(NotHere, match="is not on this machine, and offline; it is private; run once with"):
        offline(file_of(store), HERE, "private")


@pytest.mark.parametrize(
    ("login", "message"),
    [
        ({"key": "AKIANOBODY"}, r"403 InvalidAccessKeyId: your AWS credentials \(env\) are wrong; correct"),
        ({"secret": "no"}, r"403 SignatureDoesNotMatch: your AWS credentials \(env\) are wrong; correct"),
        ({"token": OUTDATED}, r"400 ExpiredToken: your AWS credentials \(env\) are out of date; renew them"),
        ({"key": STRANGER}, r"403 AccessDenied: your AWS credentials \(env\) may not read it; ask"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("access", ["private", "unclear"])
def test_credentials_that_do_not_open_it(store, fetcher, monkeypatch, login, message, access):
    log_in(monkeypatch, **login)
    line = refused(fetcher, file_of(store), access)
    assert line.startswith(f"{file_of(store).url}: the store lab.data answers ")
    assert re.search(message, line)
    assert not list((fetcher.cache / "partial").iterdir())


def test_forbidden_and_no_credentials(store, fetcher):
    line = refused(fetcher, file_of(store), "unclear")
    assert "the store lab.data answers 403 AccessDenied: it is not open to everybody; set the AWS" in line


@pytest.mark.parametrize("access", ["private", "public"])
@pytest.mark.parametrize(
    ("name", "version", "code"),
    [("assy/gone.nc", "null", "404 NoSuchKey"), ("assy/a%20b.nc", "V.9", "404 NoSuchVersion")],
)
def test_a_vanished_object(store, fetcher, monkeypatch, access, name, version, code):
    log_in(monkeypatch)
    store.open.add("lab.data")
    line = refused(fetcher, file_of(store, name, version), access)
    assert (
        f"the store lab.data answers {code}: the object is gone; correct the `url` and its versionId" in line
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((410, "Gone"), "410 Gone: the object is gone; correct the `url`"),
        ((405, "MethodNotAllowed"), "405 MethodNotAllowed: the object is gone"),
        ((403, "RequestTimeTooSkewed"), "the clock of this machine is wrong; set it"),
        ((418, "Odd"), "418 Odd: try again later"),
    ],
)
@pytest.mark.parametrize("access", ["private", "public"])
def test_other_answers(store, fetcher, monkeypatch, answer, message, access):
    log_in(monkeypatch)
    store.answers += [answer, answer]
    assert message in refused(fetcher, file_of(store), access)


@pytest.mark.parametrize("access", ["private", "public"])
def test_a_changed_object_says_whose_it_is_and_what_to_do(store, fetcher, monkeypatch, access):
    log_in(monkeypatch)
    store.open.add("lab.data")
    store.put("lab.data", "assy/a b.nc", b"another")
    line = refused(fetcher, file_of(store), access)
    (aside,) = (fetcher.cache / "rejected").iterdir()
    assert aside.read_bytes() == b"another"
    for digits in (hashlib.sha1(b"another").hexdigest(), hashlib.sha1(CONTENT).hexdigest()):
        assert digits in line
    assert f"what the store lab.data gave is at {aside}; correct the hash in the YAML where" in line


def test_a_store_that_cannot_be_reached(store, fetcher, monkeypatch):
    log_in(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    file = File(url=AMAZON, sha1="0" * 40)
    assert refused(fetcher, file, "private").startswith("no connection to 127.0.0.1:9: a%20b.nc (sha1 0000")


@pytest.mark.parametrize("access", ["private", "unclear"])
def test_settings_that_boto3_cannot_use(store, fetcher, monkeypatch, access):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    line = refused(fetcher, file_of(store), access)
    assert line.startswith(f"{file_of(store).url}: the store lab.data: boto3 cannot use your AWS settings (")
    assert "nobody" in line


@pytest.mark.parametrize("access", ["private", "unclear"])
def test_credentials_that_must_be_fetched_and_cannot(store, fetcher, monkeypatch, access):
    def unreachable():
        raise ConnectTimeoutError(endpoint_url="http://169.254.169.254")

    monkeypatch.setattr(credentials, "_session", unreachable)
    line = refused(fetcher, file_of(store), access)
    said = "the AWS credentials for the store lab.data: no connection, or it broke off (Connect timeout"
    assert line.startswith(said)
    assert file_of(store).url in line


def test_pin_hashes_what_only_credentials_open(store, fetcher, monkeypatch):
    log_in(monkeypatch)
    path = fetcher.unverified(File(url=file_of(store).url))
    assert path.read_bytes() == CONTENT
