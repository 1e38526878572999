"""Stores: objects on S3, open to everybody or to those who have credentials."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from ..errors import FetchError, NotHere
from ..progress import Tell, untold
from ..specs.datasets import Access
from .credentials import SET, client, credentials, how_to_get, never_began, origin, plainly, understood
from .download import CHUNK, BeyondTheEnd, BrokeOff, Refused, Told, download, persist
from .incoming import Incoming
from .reach import asking

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""Where boto3 looks for another S3 than Amazon's; the first that is set counts."""

_AMAZON = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?(?P<region>[a-z0-9-]+))?\.amazonaws\.com"
)
_GONE = {"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "MethodNotAllowed"}
_WRONG = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity", "AuthorizationHeaderMalformed"}
_EXPIRED = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestExpired"}


@dataclass(frozen=True)
class S3Object:
    """An object in a bucket, which is the store; `version` may be the word ``null``."""

    bucket: str
    key: str
    version: str | None = None
    region: str | None = None

    @classmethod
    def at(cls, url: str) -> S3Object | None:
        """The object at a URL of Amazon's S3, or of the endpoint in the environment; None at any other."""
        parts = urlsplit(url)
        key, version = unquote(parts.path.lstrip("/")), parse_qs(parts.query).get("versionId", [None])[0]
        amazon = _AMAZON.fullmatch(parts.hostname or "")
        if amazon is None and not _is_endpoint(parts.scheme, parts.netloc):
            return None
        bucket, region = (amazon["bucket"], amazon["region"]) if amazon else (None, None)
        if bucket is None:
            bucket, _, key = key.partition("/")
        return cls(bucket, key, version, region) if bucket and key else None


def fetch_object(
    url: str,
    partial: Path,
    access: Access,
    *,
    at_most: int | None = None,
    progress: bool = False,
    tell: Tell = untold,
) -> bool:
    """As `download`, and what is private on S3 with the user's own credentials.

    What is not private is asked for as anybody may; with credentials, if there are any, where that is
    forbidden.
    Raises NotHere where it is private and there are none; FetchError that names the store and what to do;
    NoConnection where the store cannot be reached.
    """
    stored = S3Object.at(url)
    if stored is None:
        return download(url, partial, at_most=at_most, progress=progress, tell=tell)
    if access == "private":
        if not _as_user(url, stored):
            raise NotHere(f"{url}: private, in the store {stored.bucket}; {how_to_get()}")
        return _download_as_user(url, stored, partial, at_most, tell)
    try:
        return download(url, partial, at_most=at_most, progress=progress, tell=tell)
    except Refused as why:
        if why.status == 403 and _as_user(url, stored):
            return _download_as_user(url, stored, partial, at_most, tell)
        raise _explained(url, stored, why.status, why.code, as_user=False) from why


def store_of(url: str) -> str:
    """What gives the file at a URL, in words."""
    stored = S3Object.at(url)
    return f"the store {stored.bucket}" if stored else f"the server {urlsplit(url).netloc}"


def _is_endpoint(scheme: str, netloc: str) -> bool:
    endpoint = next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), "")
    return bool(endpoint) and urlsplit(endpoint)[:2] == (scheme, netloc)


def _place(url: str, stored: S3Object) -> str:
    return f"{url}: the store {stored.bucket}"


def _as_user(url: str, stored: S3Object) -> bool:
    """Whether the user has credentials to try."""
    try:
        with plainly(_place(url, stored)):
            return credentials() is not None
    except BrokeOff as why:
        raise FetchError(
            f"the AWS credentials for the store {stored.bucket}: {why}; wanted for {url}"
        ) from why


def _download_as_user(url: str, stored: S3Object, partial: Path, at_most: int | None, tell: Tell) -> bool:
    return persist(url, partial, lambda: _append(url, stored, partial, at_most, tell))


def _append(url: str, stored: S3Object, partial: Path, at_most: int | None, tell: Tell) -> None:
    version = {"VersionId": stored.version} if stored.version else {}
    with plainly(_place(url, stored)):
        s3 = client(stored.region)
    with partial.open("ab") as file, _said_by_store(url, stored):
        start = file.tell()
        rest = {"Range": f"bytes={start}-"} if start else {}
        with asking(s3.meta.endpoint_url, never_began):
            answer = s3.get_object(Bucket=stored.bucket, Key=stored.key, **version, **rest)
        if start and answer["ResponseMetadata"]["HTTPStatusCode"] == 200:
            file.truncate(0)
            start = 0
        told = Told(tell, file)
        told.start = start
        told.total = answer.get("ContentLength", 0)  # not where it comes in chunks
        body = answer["Body"]._raw_stream  # the bytes as they come: boto3's own methods wait for a chunk
        for chunk in Incoming(body, url, start, at_most, partial.parent).stream(CHUNK):
            file.write(chunk)
            file.flush()
            told.update(len(chunk))


@contextmanager
def _said_by_store(url: str, stored: S3Object) -> Iterator[None]:
    """What boto3 raises, as what `persist` takes up again and people understand."""
    from botocore.exceptions import ClientError

    try:
        with plainly(_place(url, stored)), understood(_place(url, stored)):
            yield
    except ClientError as why:
        status = why.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = why.response.get("Error", {}).get("Code", "")
        if status == 416:
            raise BeyondTheEnd(code) from why
        raise _explained(url, stored, status, code, as_user=True) from why


def _explained(url: str, stored: S3Object, status: int, code: str, *, as_user: bool) -> FetchError:
    said = str(status) if code in ("", str(status)) else f"{status} {code}"
    return FetchError(f"{_place(url, stored)} answers {said}: {_advice(status, code, as_user=as_user)}")


def _advice(status: int, code: str, *, as_user: bool) -> str:
    """What somebody can do who reads such an answer."""
    if code in _GONE or status in (404, 405, 410):
        return "the object is gone; correct the `url` and its versionId in the YAML"
    if 300 <= status < 400:
        return f"it sends on to another address, which is not asked; correct the `url`, or {ENDPOINTS[0]}"
    if as_user:
        return _advice_to_user(status, code)
    return f"it is not open to everybody; {how_to_get()}" if status in (401, 403) else "try again later"


def _advice_to_user(status: int, code: str) -> str:
    """What somebody can do whose credentials were shown."""
    if code == "RequestTimeTooSkewed":
        return "the clock of this machine is wrong; set it"
    if code in _EXPIRED:
        return f"your AWS credentials{origin()} are out of date; renew them (aws sso login, or a new token)"
    if code in _WRONG:
        return f"your AWS credentials{origin()} are wrong; correct them"
    if status in (401, 403):
        return f"your AWS credentials{origin()} may not read it; ask its owners, or {SET}"
    return "try again later"
