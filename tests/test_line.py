"""The line beneath the cursor: whatever pytest writes looks as it would without the line."""

from __future__ import annotations

import os
import random
from types import SimpleNamespace

import pytest

from pytest_brainscore.harness.watching.line import Line, beneath

from .acceptance.screen import Screen


class Terminal:
    """A pipe with a screen at its end, and what of a terminal reporter the line uses."""

    def __init__(self, rows: int = 6, columns: int = 20) -> None:
        self.out, self.fd = os.pipe()
        self.screen = Screen(rows, columns)
        self.config = SimpleNamespace(get_terminal_writer=lambda: self)

    def write(self, text: str) -> None:
        os.write(self.fd, text.replace("\n", "\r\n").encode())  # as the terminal's driver does

    def flush(self) -> None:
        """Nothing is kept back."""

    @property
    def lines(self) -> list[str]:
        os.write(self.fd, b"\x1b[m")  # so that there is something to read
        return self.screen.feed(os.read(self.out, 1 << 20).decode()).lines


@pytest.fixture
def terminal():
    made = Terminal()
    made.line = Line(made.fd)
    yield made
    os.close(made.fd)
    os.close(made.out)


def test_the_line_stands_beneath_and_the_cursor_stays(terminal: Terminal):
    terminal.write("tests/a.py ..")
    terminal.line.show("2 of 9 items")
    assert terminal.lines == ["tests/a.py ..", "2 of 9 items"]
    terminal.write(".")
    assert terminal.lines == ["tests/a.py ...", "2 of 9 items"]
    terminal.line.show("3 of 9")
    assert terminal.lines == ["tests/a.py ...", "3 of 9"]
    terminal.line.clear()
    assert terminal.lines == ["tests/a.py ..."]


def test_there_is_room_beneath_the_last_row(terminal: Terminal):
    terminal.write("\n".join("abcdef"))
    terminal.line.show("here")
    assert terminal.lines == [*"abcdef", "here"]
    terminal.write("g")
    terminal.line.clear()
    assert terminal.lines == [*"abcde", "fg"]


def test_it_is_cut_to_the_width(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Line, "_width", lambda line: 20)
    terminal.line.show("a" * 50)
    assert terminal.lines == ["", "a" * 19]


def test_nothing_is_written_where_nothing_changes(terminal: Terminal):
    terminal.line.clear()
    terminal.line.show("")
    assert terminal.lines == []
    terminal.line.show("same")
    os.read(terminal.out, 1000)
    terminal.line.show("same")
    terminal.write("x")
    assert os.read(terminal.out, 1000) == b"x"


@pytest.mark.parametrize("seed", range(30))
def test_what_pytest_writes_looks_as_without_the_line(seed: int, terminal: Terminal):
    draw = random.Random(seed)
    said = ["." * draw.randint(1, 20), "\n", "b.yaml::IT-pls PASSED", "\n", "", "\rgw0 [3]", "\n\n", "12345"]
    plain = Screen(6, 20)
    with beneath(terminal.line, terminal):
        for _ in range(60):
            if draw.random() < 0.5:
                terminal.line.show(f"{draw.randint(1, 9)} of 9 items")
            text = draw.choice(said)
            plain.feed(text.replace("\n", "\r\n"))
            terminal.write(text)
            assert terminal.lines == plain.lines
        terminal.line.show("still here")
    assert terminal.lines == plain.lines
    assert terminal.write.__func__ is Terminal.write


def test_a_terminal_that_is_gone_ends_nothing():
    made = Terminal()
    line = Line(made.fd)
    with beneath(line, made):
        line.show("text")
        os.close(made.out)
        os.close(made.fd)
    with pytest.raises(OSError, match="Bad file"):
        line.show("other")
