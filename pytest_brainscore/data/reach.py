"""Reach: hosts that cannot be reached, remembered for a while, so that no file waits for them again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from ..errors import FetchError

RETRY_AFTER_S = 300.0
_BEGINNING = "no connection to "

_unreached: dict[str, float] = {}


class NoConnection(FetchError):
    """A host could not be reached at all; the message begins with it."""


@contextmanager
def asking(url: str, never_began: Callable[[Exception], bool]) -> Iterator[None]:
    """Ask the host of a URL, unless this process could not reach it within the last RETRY_AFTER_S seconds.

    never_began: whether an error says that no connection came about, and not that one broke off.
    Raises NoConnection.
    """
    scheme, host, *_ = urlsplit(url)
    if time.monotonic() - _unreached.get(f"{scheme}://{host}", -RETRY_AFTER_S) < RETRY_AFTER_S:
        raise NoConnection(f"{_BEGINNING}{host}")
    try:
        yield
    except Exception as why:
        if not never_began(why):
            raise
        _unreached[f"{scheme}://{host}"] = time.monotonic()
        raise NoConnection(f"{_BEGINNING}{host}") from why


def host_in(message: str | None) -> str | None:
    """The host that a message says cannot be reached; None where it says something else."""
    if message is None or not message.startswith(_BEGINNING):
        return None
    return message.removeprefix(_BEGINNING).partition(": ")[0]
