"""Incoming: the body of an answer as it comes, stopped where it is too long, too slow, or fills the disk."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from urllib3.exceptions import IncompleteRead

from ..errors import FetchError

SLOWEST = 1000
"""Bytes per second, averaged over WINDOW_S; what is slower is given up, and can be taken up again."""
WINDOW_S = 90.0
RESERVE = 1 << 28
"""Bytes that stay free on the disk; less on a small one, of which a fiftieth stays free."""
PAGE = 1 << 20
"""Bytes at most of an answer that is not the file: a refusal, or a redirection."""

_LOOK_EVERY = 1 << 24
_LENGTH = re.compile(r"[0-9]{1,18}")
_PAGES = {
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"<?xml": "XML, such as a store's error",
    b"<error>": "XML, such as a store's error",
}


class TooLong(FetchError):
    """More comes than the file has; none of it is worth keeping."""


class TooSlow(FetchError):
    """So slowly that it is no download; what has come is worth keeping."""


class Incoming:
    """Stands in the place of urllib3's response, `raw`, and has all that it has.

    start: bytes of the file that are there already. at_most: bytes of the whole file, None where nobody says.
    folder: where it is written, on the disk that is not to be filled.
    Raises TooLong where it says at once that more will come; FetchError where what it says is no length.
    """

    def __init__(self, raw: Any, url: str, start: int, at_most: int | None, folder: Path) -> None:
        self._raw, self._url, self._size, self._at_most, self._folder = raw, url, start, at_most, folder
        self._window, self._in_window, self._look_at = time.monotonic(), 0, start
        declared = raw.headers.get("content-length")
        if declared is not None and not _LENGTH.fullmatch(declared):
            raise FetchError(f"{url}: the server gives {declared[:40]!r} as length; ask who runs it")
        coded = "content-encoding" in raw.headers  # its length is that of the code
        self._end = None if declared is None or coded else start + int(declared)
        self._hold_length(self._end or 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amt: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """Chunks of `amt` bytes, the last shorter; checked as the bytes come, since one chunk may take hours.

        Raises TooLong; TooSlow; OSError with ENOSPC; and what urllib3 raises; after the bytes that have come.
        """
        held = b""
        try:
            while piece := self._piece(amt - len(held), decode_content):
                held += piece
                if len(held) >= amt:
                    yield held
                    held = b""
            self._hold_end()
        except Exception:
            yield held
            raise
        finally:
            self._raw.close()
        yield held

    def _piece(self, n: int, decode_content: bool | None) -> bytes:
        self._hold_rate()
        read = getattr(self._raw, "read1", self._raw.read)  # urllib3 1 has no read1
        piece: bytes = read(n, decode_content=decode_content)
        self._size, self._in_window = self._size + len(piece), self._in_window + len(piece)
        self._hold_length(self._size)
        self._hold_disk()
        return piece

    def _hold_length(self, size: int) -> None:
        if self._at_most is not None and size > self._at_most:
            raise TooLong(
                f"{self._url}: the server gives more than the {self._at_most} bytes that are due;"
                " correct `bytes` in the YAML if the file is larger"
            )

    def _hold_end(self) -> None:
        if self._end is not None and self._size < self._end:
            raise IncompleteRead(self._size, self._end - self._size)

    def _hold_disk(self) -> None:
        if self._size < self._look_at:
            return
        self._look_at = self._size + _LOOK_EVERY
        disk = shutil.disk_usage(self._folder)
        if disk.free < min(RESERVE, disk.total // 50):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _hold_rate(self) -> None:
        now = time.monotonic()
        if now - self._window < WINDOW_S:
            return
        if self._in_window < SLOWEST * (now - self._window):
            raise TooSlow(
                f"{self._url}: less than {SLOWEST / 1000:g} kB/s for {WINDOW_S:g} s; {self._size} bytes are"
                " kept, run again later and it goes on from there"
            )
        self._window, self._in_window = now, 0


def page_in(path: Path) -> str:
    """``"; it looks like ..."`` where a file begins as what servers send instead of one; else nothing."""
    with path.open("rb") as file:
        head = file.read(256).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    found = next((kind for start, kind in _PAGES.items() if head.startswith(start)), None)
    return f"; it looks like {found}" if found else ""
