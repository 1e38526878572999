"""A terminal of the VT100's kind, as far as pytest and the live line use one: what a reader sees."""

from __future__ import annotations

import re

_CODE = re.compile(r"\x1b\[([\d;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b([78DM])")


class Screen:
    """Rows of text and a cursor. `history` is what has scrolled off the top."""

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        self.columns = columns
        self.history: list[str] = []
        self._rows = [" " * columns for _ in range(rows)]
        self._row = self._column = 0
        self._saved = (0, 0)

    def feed(self, text: str) -> Screen:
        """Take what a program writes. Raises ValueError for a code that this terminal does not know."""
        place = 0
        while place < len(text):
            if code := _CODE.match(text, place):
                self._obey(code)
                place = code.end()
            else:
                self._take(text[place])
                place += 1
        return self

    @property
    def lines(self) -> list[str]:
        """Everything that was shown and is not overwritten, without what is empty at the end."""
        lines = [line.rstrip() for line in [*self.history, *self._rows]]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _take(self, letter: str) -> None:
        if letter == "\r":
            self._column = 0
        elif letter == "\n":
            self._down()
        elif letter == "\x1b":
            raise ValueError("a code that is not known")
        else:
            if self._column == self.columns:  # it stays at the edge until the next letter
                self._column = 0
                self._down()
            row = self._rows[self._row]
            self._rows[self._row] = row[: self._column] + letter + row[self._column + 1 :]
            self._column += 1

    def _down(self) -> None:
        if self._row < len(self._rows) - 1:
            self._row += 1
        else:
            self.history.append(self._rows.pop(0))
            self._rows.append(" " * self.columns)

    def _obey(self, code: re.Match[str]) -> None:
        number, letter, short = code.groups()
        if short == "7":
            self._saved = (self._row, self._column)
        elif short == "8":
            self._row, self._column = self._saved
        elif short == "D":
            self._down()
        elif short == "M":
            self._row = max(self._row - 1, 0)
        elif letter == "B":
            self._row = min(self._row + int(number or 1), len(self._rows) - 1)
        elif letter == "K" and number == "2":
            self._rows[self._row] = " " * self.columns
        elif letter not in ("m", None):
            raise ValueError(f"a code that is not known: {code.group()!r}")
