"""Watching a run: the plan before its first item, and the live line on a terminal, and only there."""

from __future__ import annotations

import os
import re
import struct
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_brainscore.harness.hooks import Hooks
from pytest_brainscore.harness.watching import live
from pytest_brainscore.harness.watching.outlook import Outlook
from pytest_brainscore.harness.watching.status import Status

from .conftest import UNUSED, Project, on_own
from .screen import Screen
from .starter import begun

ROWS, COLUMNS = 16, 120

SLOW = """
import time
from nets import nn, small


class Slow(nn.Module):
    def forward(self, images):
        time.sleep(0.45)
        return images


def net(seed: int = 0) -> nn.Module:
    return nn.Sequential(Slow(), *small(seed=seed))


def metric(x, y, splits):
    time.sleep(0.5)
    return [float(seed) for seed in range(4)]
"""
STARTS_SLOWLY = """
import time

def pytest_runtest_setup(item):
    time.sleep(0.45)
"""
MODELS = """
slow:
  source: slow:net
  layers: {IT: "3"}
  preprocess: {size: 32}
  batch_size: 5
other:
  source: slow:net
  arguments: {seed: 1}
  layers: {IT: "3"}
  preprocess: {size: 32}
  batch_size: 5
"""
BENCHMARKS = on_own("""
  - {region: IT, metric: {name: "slow:metric"}, splits: {n: 4, train: 0.75, seed: 1}}
  - {region: IT, metric: rdm}
""")


@pytest.fixture
def slow(project: Project) -> Project:
    """A project whose networks take half a second for five images."""
    project.write("slow.py", SLOW)
    project.write("models.yaml", MODELS)
    project.write("benchmarks/own.yaml", BENCHMARKS)
    return project


def on_terminal(project: Project, *arguments: str, **environment: str) -> str:
    """All that a run writes to a terminal."""
    termios, fcntl, pty = (pytest.importorskip(name) for name in ("termios", "fcntl", "pty"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    known = {name: value for name, value in os.environ.items() if name not in ("CI", "COLUMNS", "LINES")}
    words = ["-p", "no:cacheprovider", "--color=no", *UNUSED, *arguments]
    settings = {**known, "TERM": "xterm", "OMP_NUM_THREADS": "1", **environment}
    process = begun(words, project.root, settings, (theirs,) * 3)
    os.close(theirs)
    said = b""
    while chunk := _read(ours):
        said += chunk
    os.close(ours)
    assert process.wait() == 0, said.decode()
    return said.decode()


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 16)
    except OSError:  # Linux: the other end is closed
        return b""


def shown(said: str) -> list[str]:
    """What the live line said, each once."""
    return list(dict.fromkeys(text for text in re.findall(r"\x1b\[2K([^\x1b]*)\x1b8", said) if text))


def report(lines: list[str]) -> list[str]:
    """What pytest said from the first item on, without what differs between two runs."""
    said = [re.sub(r"collecting \.+ |\d+\.\d\ds|reports/\S+|=+", "", line).rstrip() for line in lines]
    return said[said.index("collected 2 items") :]


def test_the_line_says_what_is_done_and_garbles_nothing(slow: Project, monkeypatch: pytest.MonkeyPatch):
    slow.write("conftest.py", STARTS_SLOWLY)
    said = on_terminal(slow, "--models", "slow", "-v")
    lines = shown(said)
    assert lines[0] == "0 of 2 items | slow IT-metric: start"
    assert "0 of 2 items | slow IT-metric: metric" in lines
    passed = {
        int(found[1]) for line in lines if (found := re.search(r"slow IT-metric: forward (\d+) %", line))
    }
    assert passed <= {25, 50, 75, 100}
    assert len(passed) >= 2

    monkeypatch.delenv("CI", raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": str(COLUMNS)}.items():
        monkeypatch.setenv(name, value)
    piped = slow.run("--models", "slow", "-v")
    assert "\x1b" not in piped.stdout.str()
    on_screen, in_pipe = report(Screen(ROWS, COLUMNS).feed(said).lines), report(piped.outlines)
    assert on_screen[1] == "brainscore: 1 model(s) x 2 benchmark(s): 2 item(s), at most 1 forward pass(es)"
    assert in_pipe[1] == on_screen[1] + ", 1 of them stored"
    assert re.fullmatch(r"brainscore: about \d+ s", in_pipe[2])
    assert on_screen[2:] == in_pipe[3:]


def test_workers_are_shown_by_their_controller(slow: Project):
    said = on_terminal(slow, "--models", "slow,other", "-n2")
    screen = Screen(ROWS, COLUMNS).feed(said).lines
    assert any("brainscore: 2 model(s) x 2 benchmark(s): 4 item(s), at most 2 forward" in x for x in screen)
    assert any(re.fullmatch(r"\.{4} +\[100%\]", line) for line in screen)
    lines = shown(said)
    assert any("slow: " in line and "other: " in line for line in lines)
    assert any(re.search(r"forward (25|50|75|100) %", line) for line in lines)
    assert any(line.startswith("0 of 4 items | ") for line in lines)
    assert not [line for line in screen if " items" in line and " | " in line]


def config(**given: object) -> SimpleNamespace:
    options = {"capture": "fd", "verbose": 0, **given}
    return SimpleNamespace(
        getoption=lambda name, default=None: options.get(name, default),
        getini=lambda name: options.get(name, False),
        **({"workerinput": {}} if given.get("worker") else {}),
    )


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    """Standard output is a terminal, with a person before it."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    # in the module alone: pytest's capturing sets that of sys after each phase
    monkeypatch.setattr(live, "sys", SimpleNamespace(stdout=SimpleNamespace(fileno=lambda: theirs)))
    yield
    os.close(ours)
    os.close(theirs)


@pytest.mark.usefixtures("terminal")
def test_it_is_wanted_on_a_terminal():
    assert live.wanted(config())
    assert live.wanted(config(verbose=1))
    assert live.wanted(config(verbose=-1))


@pytest.mark.usefixtures("terminal")
def test_plugins_of_pytest_that_are_off_have_no_options():
    def no_such_ini(name: str) -> bool:
        raise ValueError(f"unknown configuration value: {name!r}")

    options = {"capture": "fd"}
    given = SimpleNamespace(getini=no_such_ini, getoption=lambda name, default: options.get(name, default))
    assert live.wanted(given)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    "given",
    [
        {"capture": "no"},
        {"capture": "sys"},
        {"capture": "tee-sys"},
        {"verbose": -2},
        {"setupshow": True},
        {"usepdb": True},
        {"collectonly": True},
        {"log_cli": True},
        {"log_cli_level": "INFO"},
        {"worker": True},
    ],
    ids=lambda given: next(iter(given)) + str(next(iter(given.values()))),
)
def test_it_is_not_wanted_where_others_write_or_nobody_asks(given: dict[str, object]):
    assert not live.wanted(config(**given))


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb"), ("TERM", None)])
def test_it_is_not_wanted_in_ci_and_on_a_dumb_terminal(
    name: str, value: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(name, raising=False)
    if value is not None:
        monkeypatch.setenv(name, value)
    assert not live.wanted(config())


@pytest.mark.usefixtures("terminal")
def test_it_is_not_wanted_in_a_pipe_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with (tmp_path / "log.txt").open("w") as file:
        monkeypatch.setattr(live.sys, "stdout", file)
        assert not live.wanted(config())
    assert not live.wanted(config())  # closed
    monkeypatch.setattr(live.sys, "stdout", None)
    assert not live.wanted(config())


def run_of(*nodes: str, seconds: float | None = None) -> SimpleNamespace:
    models = tuple(node.rpartition("::")[2] for node in nodes)
    outlook = Outlook(nodes, models, (seconds,) * len(nodes), 1, 1, 0, ())
    return SimpleNamespace(status=Status(), outlook=outlook)


def reporter(written: list[str]) -> SimpleNamespace:
    writer = SimpleNamespace(write=written.append, flush=lambda: None)
    return SimpleNamespace(config=SimpleNamespace(get_terminal_writer=lambda: writer))


def with_reporter(reporter: SimpleNamespace | None) -> SimpleNamespace:
    given = config()
    given.pluginmanager = SimpleNamespace(get_plugin=lambda name: reporter)
    return given


A, B = "benchmarks/own.yaml::IT-pls::a", "benchmarks/own.yaml::IT-pls::b"


@pytest.mark.usefixtures("terminal")
def test_without_a_terminal_reporter_nothing_begins():
    line = live.Live(run_of(A))
    with line.shown(with_reporter(None)):
        line.begin(A)
        line.note(SimpleNamespace(nodeid=A, when="teardown", duration=1.0))
        line.crashed(A)
        assert line.text(0.0) == ""
    line.stop()


@pytest.mark.usefixtures("terminal")
def test_items_of_others_have_no_line_and_ours_have():
    line, now = live.Live(run_of(A, B, seconds=30.0)), time.monotonic()
    with line.shown(with_reporter(reporter([]))):
        line.begin("tests/test_other.py::test_it")
        assert line.text(now) == ""
        line.begin(A)
        line.run.status.tell("forward", 2, 5)
        assert line.text(now) == "0 of 2 items, about 60 s left | a IT-pls: forward 40 %"
        for when in ("setup", "call", "teardown"):
            line.note(SimpleNamespace(nodeid=A, when=when, duration=10.0))
        line.begin(B)
        assert line.text(now) == "1 of 2 items, about 30 s left | b IT-pls: start"


@pytest.mark.usefixtures("terminal")
def test_an_item_that_a_worker_died_in_is_done():
    run = run_of(A, B, seconds=30.0)
    run.book, run.nodes = SimpleNamespace(rows={}), SimpleNamespace(find=lambda node: None)
    hooks = Hooks(run)
    with hooks.live.shown(with_reporter(reporter([]))):
        hooks.live.begin(A)
        report = SimpleNamespace(nodeid=A, when="setup", duration=0)
        hooks.pytest_handlecrashitem(report)
        hooks.live.note(report)
        hooks.live.begin(B)
        assert hooks.live.text(time.monotonic()).startswith("1 of 2 items, about ")


@pytest.mark.usefixtures("terminal")
def test_a_worker_that_ended_is_forgotten_and_its_folder_goes():
    line, now = live.Live(run_of(A, B)), time.monotonic()
    nodes = [
        SimpleNamespace(config=config(), workerinput={}, gateway=SimpleNamespace(id=id))
        for id in ("gw0", "gw1")
    ]
    with line.shown(with_reporter(reporter([]))):
        line.begin(A)
        for node, item in zip(nodes, (A, B), strict=True):
            line.tell_worker(node)
            Status(Path(node.workerinput["brainscore_status"]) / f"{node.gateway.id}.json").begin(item)
        assert line.text(now) == "0 of 2 items | a: start | b: start"
        line.forget_worker(nodes[0])
        assert line.text(now) == "0 of 2 items | b IT-pls: start"
    assert not line.folder.exists()


def test_where_it_is_not_wanted_workers_note_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CI", "1")
    line, node = live.Live(run_of(A)), SimpleNamespace(config=config(), workerinput={})
    line.tell_worker(node)
    line.forget_worker(node)
    assert node.workerinput == {}


@pytest.mark.usefixtures("terminal")
def test_whatever_goes_wrong_with_the_line_the_run_goes_on(monkeypatch: pytest.MonkeyPatch):
    asked = threading.Event()

    def broken(line: live.Live, now: float) -> str:
        asked.set()
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(live.Live, "text", broken)
    written: list[str] = []
    terminal = reporter(written)
    with live.Live(run_of(A)).shown(with_reporter(terminal)):
        assert asked.wait(30)
        terminal.config.get_terminal_writer().write("goes on")
    assert written == ["goes on"]
    assert [thread.name for thread in threading.enumerate()].count("brainscore-live") == 0
