"""Downloads: bytes from a URL into a partial file, resumed where it broke off."""

from __future__ import annotations

import errno
import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pooch
import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

from ..errors import FetchError
from ..progress import Tell, untold
from .incoming import PAGE, Incoming, TooLong
from .reach import asking

TRIES = 3
TIMEOUT_S = (15, 60)
CHUNK = 1 << 16
_BROKE_OFF = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
_NOT_SATISFIABLE = 416
_FILE, _ELSEWHERE = (200, 206), range(300, 400)
_CODE = re.compile(rb"<Code>(\w{1,64})</Code>")


class BrokeOff(Exception):
    """A connection failed; what came before stays."""


class BeyondTheEnd(Exception):
    """The rest of a file was asked for, and there is none."""


class Refused(FetchError):
    """A server answers, and does not give the file. `code` is the store's own word for why, or empty."""

    def __init__(self, message: str, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status, self.code = status, code


def download(
    url: str, partial: Path, *, at_most: int | None = None, progress: bool = False, tell: Tell = untold
) -> bool:
    """Append to `partial` what it lacks of the file at `url`; return whether that took more than one request.

    A server that ignores the range, or finds it beyond the end, makes it start again. `at_most`:
    bytes of the whole file, if they are known. `progress` shows a bar, unless `tell` hears of the bytes.
    Raises FetchError with the cause, in one line; Refused where the server answers no; NoConnection where it
    cannot be reached.
    """
    return persist(url, partial, lambda: _append(url, partial, at_most, progress, tell))


def persist(url: str, partial: Path, append: Callable[[], None]) -> bool:
    """Call `append` until `partial` is whole; return whether that took more than one request.

    A connection that breaks off after some bytes is taken up again. What has arrived stays for the next run,
    except on a full disk, or if it is too long; where nothing has, no empty file is left.
    `append` adds what the file lacks, and raises BrokeOff or BeyondTheEnd.
    Raises FetchError with the cause, in one line.
    """
    partial.parent.mkdir(parents=True, exist_ok=True)
    resumed = _size(partial) > 0
    for attempt in range(1, TRIES + 1):
        before = _size(partial)
        try:
            with _not_left_empty(partial):
                append()
            return resumed or attempt > 1
        except BrokeOff as why:
            if attempt == TRIES or _size(partial) <= before:
                raise FetchError(f"{url}: {why}") from why
        except BeyondTheEnd as why:
            if before == 0:
                raise FetchError(f"{url}: {why}") from why
            partial.unlink()
        except TooLong:
            partial.unlink(missing_ok=True)
            raise
        except OSError as why:
            raise _disk_error(why, partial) from why
    raise FetchError(f"{url}: the server answers no request for the rest of the file")


@contextmanager
def _not_left_empty(partial: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if _size(partial) == 0:
            partial.unlink(missing_ok=True)
        raise


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _append(url: str, partial: Path, at_most: int | None, progress: bool, tell: Tell) -> None:
    try:
        with asking(url, lambda why: _never_began(why, url)):
            _append_over_http(url, partial, at_most, progress, tell)
    except _BROKE_OFF as why:
        raise BrokeOff(_cause(why)) from why
    except requests.HTTPError as why:
        status = why.response.status_code
        if status == _NOT_SATISFIABLE:
            raise BeyondTheEnd(_cause(why)) from why
        raise Refused(f"{url}: {_cause(why)}", status, _code(why.response)) from why
    except (requests.RequestException, ValueError) as why:
        raise FetchError(f"{url}: {_cause(why)}") from why


def _append_over_http(url: str, partial: Path, at_most: int | None, progress: bool, tell: Tell) -> None:
    with partial.open("ab") as file:
        start = file.tell()
        told = Told(tell, file)

        def receive(response: requests.Response, *_: Any, **__: Any) -> None:
            if start and response.status_code == requests.codes.ok:
                file.truncate(0)
                told.start = 0
            due = (told.start, at_most) if response.status_code in _FILE else (0, PAGE)
            response.raw = Incoming(response.raw, url, *due, partial.parent)
            if response.status_code in _ELSEWHERE and not response.is_redirect:  # it does not say where
                raise requests.HTTPError(response=response)

        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        shown = progress and importlib.util.find_spec("tqdm") is not None
        fetch = _downloader(shown if tell is untold else told, headers, receive)
        fetch(url, file, None)


def _never_began(why: Exception, url: str) -> bool:
    """Whether there was no connection to the server of `url` itself, to which it did not redirect."""
    if not isinstance(why, requests.ConnectionError) or not why.args:
        return False
    reason, request = getattr(why.args[0], "reason", None), why.request
    here = request is None or urlsplit(request.url or url).netloc == urlsplit(url).netloc
    return here and isinstance(reason, NewConnectionError | ConnectTimeoutError | ProxyError)


def _code(response: requests.Response) -> str:
    """The code in the XML with which a store says no; empty where it says nothing of the kind."""
    with suppress(requests.RequestException, FetchError):
        found = _CODE.search(next(response.iter_content(CHUNK), b""))
        return found[1].decode("ascii", "replace") if found else ""
    return ""


def _downloader(bar: Any, headers: dict[str, str], hook: Any) -> Any:
    return pooch.HTTPDownloader(
        progressbar=bar, chunk_size=CHUNK, headers=headers, timeout=TIMEOUT_S, hooks={"response": hook}
    )


class Told:
    """What pooch takes for a progress bar: the bytes are told, with those that were there at the start."""

    def __init__(self, tell: Tell, file: BinaryIO) -> None:
        self.total, self.start, self._tell, self._file = 0, file.tell(), tell, file

    def update(self, _: int) -> None:
        """More bytes came; how many, the file says better, since pooch counts the last chunk as whole."""
        known = (self._file.tell(), self.start + self.total) if self.total else (0, 0)
        self._tell("fetch", *known)

    def reset(self) -> None:
        """Pooch counts again from nothing, at the end."""

    def close(self) -> None:
        """Nothing is open."""


def _cause(why: requests.RequestException | ValueError) -> str:
    if isinstance(why, requests.HTTPError):
        return f"the server answers {why.response.status_code} {why.response.reason}"
    if isinstance(why, requests.Timeout):
        return f"no answer within {TIMEOUT_S[1]} s"
    if isinstance(why, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(why, requests.ConnectionError):
        return "no connection to the server"
    return f"{type(why).__name__}: {str(why).splitlines()[0] if str(why) else ''}"


def _disk_error(why: OSError, partial: Path) -> FetchError:
    if why.errno in (errno.ENOSPC, errno.EDQUOT):
        partial.unlink(missing_ok=True)
        return FetchError(
            f"{partial.parent}: the disk is full; make room there, or set BRAINSCORE_CACHE to another disk"
        )
    return FetchError(f"{partial}: cannot be written ({why.strerror or why})")
