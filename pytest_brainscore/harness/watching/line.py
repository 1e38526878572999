"""A line of text beneath the cursor of a terminal, which comes and goes and moves nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any

import pytest

# The escape codes of the VT100: index and reverse index make room below the cursor (and scroll where there
# is none), then what is written stands between saving the cursor and restoring it.
_ROOM, _SAVE, _RESTORE = "\x1bD\x1bM", "\x1b7", "\x1b8"
_LINE_BELOW = "\x1b[B\r\x1b[2K"
_USUAL_WIDTH = 80


class Line:
    """The line beneath the cursor of the terminal that a file descriptor writes to."""

    def __init__(self, fd: int) -> None:
        self.lock = RLock()
        self._fd, self._shown = fd, ""

    def show(self, text: str) -> None:
        """Show a text (ASCII), cut to the terminal's width. Raises OSError where the terminal is gone."""
        with self.lock:
            text = text[: self._width() - 1]
            if text and text != self._shown:
                self._write(_ROOM + _SAVE + _LINE_BELOW + text + _RESTORE)
                self._shown = text
            elif not text:
                self.clear()

    def clear(self) -> None:
        """Take the text away. Raises OSError where the terminal is gone."""
        with self.lock:
            if self._shown:
                self._write(_SAVE + _LINE_BELOW + _RESTORE)
                self._shown = ""

    def _write(self, codes: str) -> None:
        data = codes.encode("ascii", "replace")
        while data:
            data = data[os.write(self._fd, data) :]

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._fd).columns or _USUAL_WIDTH
        except OSError:
            return _USUAL_WIDTH


@contextmanager
def beneath(line: Line, terminal: pytest.TerminalReporter) -> Iterator[None]:
    """While this is open the line makes way for whatever pytest writes."""
    writer: Any = terminal.config.get_terminal_writer()
    write: Callable[..., None] = writer.write

    def write_without_line(*args: Any, **how: Any) -> None:
        with line.lock:
            line.clear()
            write(*args, **how)
            writer.flush()  # the line does not go through its buffer

    writer.write = write_without_line
    try:
        yield
    finally:
        writer.write = write
        with suppress(OSError):
            line.clear()
