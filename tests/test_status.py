"""The status of a process, in words and in the file that a worker leaves for its controller."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_brainscore.harness.watching import status
from pytest_brainscore.harness.watching.status import Doing, Status

NODE = "benchmarks/own.yaml::IT-pls::alexnet"


@pytest.mark.parametrize(
    ("stage", "done", "of", "words"),
    [
        ("", 0, 0, "start"),
        ("fetch", 0, 0, "fetch"),
        ("fetch", 12_000_000, 244_400_000, "fetch 12 MB of 244 MB"),
        ("build", 0, 0, "build"),
        ("forward", 0, 0, "forward"),
        ("forward", 259, 640, "forward 40 %"),
        ("training", 2, 12, "training 3 of 12"),
        ("coordinates", 1, 3, "coordinates"),
        ("elsewhere", 2, 9, "2 of 9 models under way on Dask workers"),
    ],
)
def test_words(stage: str, done: int, of: int, words: str):
    assert Doing(NODE, stage, done, of).words() == words


def test_item_and_model():
    assert (Doing(NODE).item, Doing(NODE).model) == ("alexnet IT-pls", "alexnet")


def test_a_worker_notes_what_the_controller_reads(tmp_path: Path):
    config = SimpleNamespace(workerinput={status.FOLDER: str(tmp_path), "workerid": "gw1"})
    its, other = status.of(config), Status(tmp_path / "gw0.json")
    its.begin(NODE)
    its.tell("forward", 64, 640)
    other.begin("b.yaml::V4-pls::vgg16")
    assert list(status.read(tmp_path)) == [Doing("b.yaml::V4-pls::vgg16"), Doing(NODE, "forward", 64, 640)]
    its.end()
    status.forget(tmp_path, "gw0")
    assert list(status.read(tmp_path)) == [Doing()]


def test_a_stage_is_noted_at_once_and_its_progress_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=100.0)
    monkeypatch.setattr(status, "time", clock)
    its = Status(tmp_path / "gw0.json")
    noted = []
    for clock.now, stage, done in [
        (100, "forward", 1),
        (100.01, "forward", 2),
        (100.02, "metric", 0),
        (101, "metric", 1),
    ]:
        its.tell(stage, done, 9)
        noted += [(one.stage, one.done) for one in status.read(tmp_path)]
    assert noted == [("forward", 1), ("forward", 1), ("metric", 0), ("metric", 1)]


def test_a_note_that_is_cut_off_or_cannot_be_written_is_left_out(tmp_path: Path):
    (tmp_path / "gw0.json").write_text('["a", "forw')
    (tmp_path / "gw1.json").write_text("[1, 2, 3, 4, 5, 6]")
    assert list(status.read(tmp_path)) == []
    Status(tmp_path / "gone" / "gw2.json").begin(NODE)
    assert list(status.read(tmp_path / "gone")) == []


def test_without_a_controller_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    its = status.of(SimpleNamespace())
    its.begin(NODE)
    its.tell("metric", 0, 0)
    assert its.now == Doing(NODE, "metric")
    assert list(tmp_path.iterdir()) == []
