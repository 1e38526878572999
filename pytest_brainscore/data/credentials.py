"""Credentials: the user's own for S3, found where boto3 finds them, and the client that uses them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from urllib3.exceptions import HTTPError

from ..errors import FetchError, first_line
from .download import TIMEOUT_S, TRIES, BrokeOff

INSTALL = 'pip install "pytest-brainscore[s3]"'
SET = "set the AWS credentials of somebody who may (AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret)"


def has_boto3() -> bool:
    """Whether the extra `s3` is installed."""
    return importlib.util.find_spec("boto3") is not None


def how_to_get() -> str:
    """What somebody has to do whom boto3 finds no credentials for."""
    return SET if has_boto3() else f"{INSTALL}, and {SET}"


@cache
def credentials() -> Any:
    """What boto3 finds in the environment, profiles and settings; None where it finds nothing.

    Asked once per process: on a machine that is none of Amazon's the last place to look is a timeout away.
    """
    return _session().get_credentials() if has_boto3() else None


@cache
def client(region: str | None) -> Any:
    """A client of S3 with these credentials; `region` where the object's address names one."""
    from botocore.config import Config

    connect, read = TIMEOUT_S
    settings = Config(connect_timeout=connect, read_timeout=read, retries={"total_max_attempts": TRIES})
    region = region or _session().region_name or "us-east-1"
    made = _session().client("s3", region_name=region, config=settings)
    made.meta.events.register_first("needs-retry.s3", _stay)
    return made


def _stay(response: Any, **_: Any) -> None:
    """Raise ClientError where a server sends elsewhere and names no region; boto3 would not stop asking."""
    from botocore.exceptions import ClientError

    if response is None or not 300 <= response[0].status_code < 400:
        return
    answer = response[1]
    known = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    if not (known or answer.get("Error", {}).get("Region")):
        raise ClientError(answer, "GetObject")


def origin() -> str:
    """Where boto3 found the credentials, in brackets, such as (env)."""
    return f" ({credentials().method})" if credentials() is not None else ""


@contextmanager
def plainly(where: str) -> Iterator[None]:
    """Raise what boto3 cannot do as FetchError, in a line that begins with `where`; BrokeOff by itself."""
    if not has_boto3():
        yield
        return
    from botocore import exceptions as boto

    try:
        yield
    except (boto.ConnectionError, boto.HTTPClientError, boto.IncompleteReadError, HTTPError) as why:
        raise BrokeOff(f"no connection, or it broke off ({first_line(why)})") from why
    except (boto.BotoCoreError, ValueError) as why:
        raise FetchError(
            f"{where}: boto3 cannot use your AWS settings ({first_line(why)}); correct or renew them"
            " (environment, ~/.aws, aws sso login)"
        ) from why


@contextmanager
def understood(where: str) -> Iterator[None]:
    """Raise an answer that boto3 cannot read as FetchError, in a line that begins with `where`."""
    from botocore.exceptions import BotoCoreError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except BotoCoreError:
        raise
    except (ValueError, ResponseParserError) as why:
        raise FetchError(
            f"{where}: its answer cannot be read ({first_line(why)}); try again later, or ask who runs it"
        ) from why


def never_began(why: Exception) -> bool:
    """Whether boto3 came to no connection at all."""
    from botocore import exceptions as boto

    return isinstance(
        why, boto.EndpointConnectionError | boto.ConnectTimeoutError | boto.ProxyConnectionError
    )


@cache
def _session() -> Any:
    import boto3  # an extra, and slow to import

    return boto3.Session()
