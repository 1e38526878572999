"""``python -m pytest_brainscore compare``: a published table beside runs."""

from __future__ import annotations

import json
import os

import pytest

from pytest_brainscore.__main__ import main
from pytest_brainscore.report.runs import newest
from pytest_brainscore.specs.results import OTHER_HALF

from .test_merge import row, write

V4, IT = "MajajHong2015.public.V4-pls-2018", "MajajHong2015.public.IT-pls-2018"
CHOICES = "Rajalingham2018.public.behaviour-i2n"


def compared(capsys, *words):
    assert main(["compare", "--reference", "2018", *map(str, words)]) == 0
    return capsys.readouterr().out


def line(text, start):
    return next(one for one in text.splitlines() if one.startswith(start)).split()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_without_any_run_the_table_stands_alone(capsys):
    text = compared(capsys)
    assert "beside no run (there is none under reports/: name one)" in text
    assert line(text, "densenet-169")[1:10] == [
        "densenet169",
        "0.663",
        "-",
        "0.606",
        "-",
        "0.378",
        "-",
        "0.549",
        "-",
    ]
    assert line(text, "best basenet")[-2:] == ["47.64", "-"]


def test_scores_on_half_of_the_stimuli_are_a_dash_and_it_is_said(tmp_path, capsys):
    half = "best of 4 layers on one half of the stimuli (seed 0)" + OTHER_HALF
    auto = row("alexnet", V4, raw=0.61, layer_source=half)
    run = write(tmp_path / "one", row("vgg16", V4, raw=0.65), auto)
    said = f"alexnet: scored on half of the stimuli (layers: auto), unlike others on {V4}"
    text = compared(capsys, run)
    assert line(text, "alexnet ")[2:4] == ["0.631", "-"]
    assert text.splitlines()[-1] == f"{said}; left out there: alexnet"
    assert json.loads(compared(capsys, run, "--json"))["left_out"] == f"{said}; left out there: alexnet"


def test_runs_are_joined_and_what_stood_in_is_said(tmp_path, capsys):
    first = write(tmp_path / "first", row("alexnet", V4, raw=0.61), row("vgg16", V4, raw=0.65))
    second = write(tmp_path / "second", row("alexnet", IT, raw=0.52), row("alexnet", CHOICES, raw=0.2))
    text = compared(capsys, first, second)
    shown = line(text, "alexnet ")[1:10]
    assert shown == ["alexnet*", "0.631", "0.610", "0.589", "0.520", "0.245", "0.200", "0.488", "0.443"]
    assert line(text, "vgg-16")[2:6] == ["0.669", "0.650", "0.572", "-"]
    assert line(text, "ceiling")[1:5] == ["0.892", "0.800", "0.817", "0.800"]
    assert line(text, "rank correlation")[2:6] == ["-", "n=2", "-", "n=1"]
    assert f"V4, ours: raw score of {V4}\n" in text
    due = "Rajalingham2018.private.behaviour-i2n"
    assert f"behaviour, ours: raw score of {CHOICES}, which stands in for {due}\n" in text


def test_json_has_the_same(tmp_path, capsys):
    raws = {"densenet169": 0.5, "alexnet": 0.3, "resnet18": 0.4}
    run = write(tmp_path / "run", *(row(model, IT, raw=raw) for model, raw in raws.items()))
    found = json.loads(compared(capsys, "--json", run))
    assert found["runs"] == [str(run / "results.json")]
    assert found["columns"]["IT"] == {
        "benchmark": IT,
        "due": IT,
        "ceiling": {"theirs": 0.817, "ours": 0.8},
        "models": 3,
        "spearman": pytest.approx(0.5),
    }
    assert (found["columns"]["V4"]["benchmark"], found["columns"]["V4"]["spearman"]) == (None, None)
    (alexnet,) = (one for one in found["models"] if one["name"] == "alexnet")
    assert alexnet["theirs"] == {
        "V4": 0.631,
        "IT": 0.589,
        "behaviour": 0.245,
        "mean": pytest.approx(0.4883, abs=1e-4),
        "top-1": 57.7,
    }
    assert (alexnet["ours"]["IT"], alexnet["ours"]["mean"]) == (0.3, None)


def test_the_newest_run_is_taken(tmp_path, capsys):
    reports = tmp_path / "reports"
    reports.mkdir()
    assert newest(reports) is None
    late = write(reports / "a", row("alexnet", V4, raw=0.44), complete=False)
    early = write(reports / "b", row("alexnet", V4, raw=0.33))
    for folder, when in ((early, 1_000_000), (late, 2_000_000)):
        for file in folder.iterdir():
            os.utime(file, (when, when))
    assert newest(reports) == late
    assert line(compared(capsys), "alexnet ")[3] == "0.440"


def test_what_is_wrong_is_an_error(tmp_path, capsys):
    assert main(["compare", "--reference", "2018", str(tmp_path / "none")]) == 2
    assert "is no folder of a run" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["compare", "--reference", "1999"])
    assert "invalid choice: '1999'" in capsys.readouterr().err
