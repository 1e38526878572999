"""``python -m pytest_brainscore compare A B``: runs and baselines, read from disk."""

from __future__ import annotations

import json
import re

import pytest

from pytest_brainscore.__main__ import main
from pytest_brainscore.analysis.sides import entry_of
from pytest_brainscore.specs.baselines import Baseline
from pytest_brainscore.specs.results import Guarded

from .test_merge import BENCHMARKS, failed, row, write

RIDGE = BENCHMARKS[0]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def compared(capsys, *words, status: int = 0) -> str:
    assert main(["compare", *map(str, words)]) == status
    return capsys.readouterr().out


def fallen(model: str = "a", by: float = 0.1, **told):
    old = row(model)
    return row(model, raw=old.raw - by, splits=tuple(value - by for value in old.splits), **told)


def baselines(folder, *rows):
    folder.mkdir()
    for benchmark in {one.benchmark for one in rows}:
        models = {one.model: entry_of(one, "2026-11-21") for one in rows if one.benchmark == benchmark}
        (folder / f"{benchmark}.json").write_text(Baseline(benchmark=benchmark, models=models).text())
    return folder


def test_two_runs(tmp_path, capsys):
    a = write(tmp_path / "A", row("a"), row("b"), row("c"))
    now = {"python": "3.11.7", "torch": "2.7.0", "numpy": "2.2.0"}
    b = write(
        tmp_path / "B",
        fallen(layer="5", versions=now),
        row("b", versions=now),
        failed("c"),
        row("d", versions=now),
    )
    text = compared(capsys, a, b)
    assert text.splitlines()[0] == f"{a} → {b}"
    (line,) = re.findall(r"^  Own\.V4-pls  a .*$", text, re.MULTILINE)
    assert line.split()[2:6] == ["0.2500", "0.1500", "-0.1000", "-10.0"]
    assert line.endswith("regressed  layer 3 → 5; torch 2.6.0+cpu → 2.7.0; numpy 2.1.0 → 2.2.0")
    assert re.search(
        r"could not be scored any more:\n.*\n  Own\.V4-pls  c +0\.4500  error: no such file", text
    )
    assert re.search(r"\nnew:\n.*\n  Own\.V4-pls  d +0\.5500", text)
    assert not re.search(r"^  Own\.V4-pls  b ", text, re.MULTILINE)
    shown = compared(capsys, a, b, "--all")
    (line,) = re.findall(r"^  Own\.V4-pls  b .*$", shown, re.MULTILINE)
    assert line.endswith("same     torch 2.6.0+cpu → 2.7.0; numpy 2.1.0 → 2.2.0")


def test_a_run_against_baselines(tmp_path, capsys):
    kept = baselines(tmp_path / "baselines", row("a"), row("b"), row("a", BENCHMARKS[1]))
    now = {"torch": "2.6.0+cpu", "numpy": "9"}
    run = write(tmp_path / "run", fallen(versions=now), row("b", versions=now))
    told = json.loads(compared(capsys, kept, run, "--json"))
    (change,) = told["moved"]
    assert (change["benchmark"], change["model"], change["verdict"]) == (RIDGE, "a", "regressed")
    assert change["delta"] == pytest.approx(-0.1)
    assert change["delta_in_se"] == pytest.approx(-10)
    assert change["differs"] == []  # a baseline does not say which numpy it was made with
    assert told["unmoved"] == 1
    assert [one["benchmark"] for one in told["only_in_old"]] == [BENCHMARKS[1]]


def test_one_baseline_under_any_name(tmp_path, capsys):
    kept = baselines(tmp_path / "baselines", row("a")) / f"{RIDGE}.json"
    (tmp_path / "before.json").write_text(kept.read_text())
    baselines(tmp_path / "after", fallen())
    told = json.loads(compared(capsys, "before.json", "after", "--json"))
    assert told["moved"][0]["delta"] == pytest.approx(-0.1, abs=1e-6)


def test_a_folder_of_runs_is_their_rows_together(tmp_path, capsys):
    (tmp_path / "shards").mkdir()
    write(tmp_path / "shards" / "one", row("a"))
    write(tmp_path / "shards" / "two", row("b"))
    whole = write(tmp_path / "whole", row("a"), row("b"))
    told = json.loads(compared(capsys, "shards", whole, "--json", "--all"))
    assert [one["model"] for one in told["unmoved"]] == ["a", "b"]


def test_what_differs_on_the_benchmarks_side_is_not_compared(tmp_path, capsys):
    digests = {**row("a").digests, "spec": "6" * 64}
    a = write(tmp_path / "A", row("a", settings={"components": 25}))
    b = write(tmp_path / "B", fallen(digests=digests, settings={"components": 10}))
    text = compared(capsys, a, b)
    assert "0 moved, 0 did not, 1 could not be compared" in text
    assert "spec 55555555 → 66666666 (also: components 25 → 10)" in text


def test_layers_that_were_named_are_told_apart(tmp_path, capsys):
    layers = [row("a", layer=layer, node=f"own.yaml::V4-pls::a:{layer}") for layer in "35"]
    a = write(tmp_path / "A", *layers)
    told = json.loads(compared(capsys, a, a, "--json", "--all"))
    assert [one["model"] for one in told["unmoved"]] == ["a:3", "a:5"]


@pytest.mark.parametrize(
    ("words", "status"),
    [((), 0), (("regressed",), 1), (("improved",), 0), (("improved", "gone"), 1), (("mismatched",), 0)],
)
def test_the_exit_status_is_what_is_asked(tmp_path, capsys, words, status):
    a, b = write(tmp_path / "A", row("a"), row("b")), write(tmp_path / "B", fallen())
    compared(capsys, a, b, *(f"--fail-on={word}" for word in words), status=status)


def test_a_regression_that_the_policy_knows_is_no_failure(tmp_path, capsys):
    told = {"baseline": "b.json", "key": "a", "message": "", "moved": True, "updates": False}
    guard = Guarded(**told, known="#41, filters")
    known = write(tmp_path / "B", fallen(verdict="regressed", guard=guard))
    a = write(tmp_path / "A", row("a"))
    text = compared(capsys, a, known, "--markdown", "--fail-on=regressed")
    assert "**Regressed, as is known**" in text
    assert "| -0.1000 | -10.0 | known | `nothing else` | `#41, filters` |" in text
    further = write(tmp_path / "C", fallen(by=0.2, verdict="regressed", guard=guard))
    compared(capsys, known, further, "--fail-on=regressed", status=1)


def test_markdown_is_a_table(tmp_path, capsys):
    a, b = write(tmp_path / "A", row("a")), write(tmp_path / "B", fallen())
    text = compared(capsys, a, b, "--markdown")
    assert "| benchmark | model | old | new | difference | in se | verdict | what else differs |" in text
    assert "| `Own.V4-pls` | `a` | 0.2500 | 0.1500 | -0.1000 | -10.0 | regressed | `nothing else` |" in text


def test_the_page_is_one_file_without_scripts(tmp_path, capsys):
    pytest.importorskip("jinja2")
    a = write(tmp_path / "A<b>", row("a"))
    compared(capsys, a, write(tmp_path / "B", fallen()), "--html", tmp_path / "made" / "page.html")
    page = (tmp_path / "made" / "page.html").read_text(encoding="utf-8")
    assert '<td class="number">-0.1000</td>' in page
    assert "<h1>What changed</h1>" in page
    assert "A&lt;b&gt; → " in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("one",), "name two, A and B, or a --reference (1 are named)"),
        (("none", "none"), "none: is no folder of a run: no results.json and no results.jsonl"),
        (("--reference=2018", "--markdown"), "compare --reference: --markdown belongs to `compare A B`"),
        (("A", "A", "--html=A"), "--html A: cannot be written"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, capsys, words, said):
    write(tmp_path / "A", row("a"))
    assert main(["compare", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_damaged_baseline_is_named_with_its_line(tmp_path, capsys):
    kept = baselines(tmp_path / "baselines", row("a"))
    (file,) = kept.iterdir()
    file.write_text(file.read_text()[:-30])
    assert main(["compare", str(kept), str(kept)]) == 2
    assert re.search(rf"{file.name}:\d+: not JSON, perhaps cut off", capsys.readouterr().err)


def test_a_run_is_a_run_whatever_else_lies_in_its_folder(tmp_path, capsys):
    a, b = write(tmp_path / "A", row("a")), write(tmp_path / "B", fallen())
    (b / "recovery.json").write_text('{"benchmark": "Own.V4-pls", "layers": []}')
    killed = write(tmp_path / "C", fallen(by=0.2), complete=False)
    (killed / "recovery.json").write_text("{}")
    assert "1 score(s) on both sides: 1 moved" in compared(capsys, a, b)
    assert "-0.2000" in compared(capsys, a, killed)


def test_values_that_are_missing_cost_the_interval_and_it_is_said(tmp_path, capsys):
    a, b = write(tmp_path / "A", row("a", values="a.nc")), write(tmp_path / "B", fallen(values="b.nc"))
    for file in (a / "a.nc", b / "b.nc"):
        file.unlink()
    said = " ".join(compared(capsys, a, b).split())
    assert f"no interval where values are missing: {a / 'a.nc'} and 1 more are; copy them beside" in said
    assert json.loads(compared(capsys, a, b, "--json"))["missing_values"] == [
        str(a / "a.nc"),
        str(b / "b.nc"),
    ]
    assert f"`{a / 'a.nc'}`" in compared(capsys, a, b, "--markdown")
    never_kept = write(tmp_path / "C", row("a"))
    assert "values are missing" not in compared(capsys, never_kept, b)


def test_the_code_of_a_metric_is_what_else_differs(tmp_path, capsys):
    digests = row("a").digests
    a = write(tmp_path / "A", row("a", digests={**digests, "metric": "c" * 64}))
    b = write(tmp_path / "B", fallen(digests={**digests, "metric": "d" * 64}))
    assert "regressed  metric cccccccc → dddddddd" in compared(capsys, a, b)
