"""``python -m pytest_brainscore merge``: runs joined by key, and unlike ones refused."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import jsonschema
import pytest

from pytest_brainscore.__main__ import main
from pytest_brainscore.report.joining import join
from pytest_brainscore.report.runs import Part, read
from pytest_brainscore.specs.results import OTHER_HALF, Row, Run, Share, json_schema

VERSIONS = {"python": "3.11.7", "torch": "2.6.0+cpu", "numpy": "2.1.0"}
MODELS = ("a", "b", "c")
BENCHMARKS = ("Own.V4-pls", "Own.IT-pls")


def row(model: str, benchmark: str = BENCHMARKS[0], **changed) -> Row:
    raw = 0.1 * (ord(model[0]) - ord("a")) + 0.25
    digests = {"spec": "5" * 64, "stimuli": "1" * 64, "recordings": "2" * 64, "weights": model * 64}
    numbers = {
        "raw": raw,
        "error": 0.01,
        "ceiling": 0.8,
        "ceiled": raw**2 / 0.8,
        "splits": (raw - 0.1, raw + 0.1),
    }
    told = {"dataset": "Own", "region": "IT", "metric": "pls", "layer": "3", "normalise": "r2_over_ceiling"}
    known = {
        "benchmark": benchmark,
        "model": model,
        "status": "scored",
        "digests": digests,
        "versions": VERSIONS,
    }
    return Row(**{**known, **told, **numbers, **changed})


def failed(model: str, benchmark: str = BENCHMARKS[0], status: str = "error") -> Row:
    names = {"dataset": "Own", "region": "IT", "metric": "pls", "versions": VERSIONS}
    return Row(benchmark=benchmark, model=model, status=status, message="no such file", **names)


def write(folder: Path, *rows: Row, complete: bool = True, models=(), shard=None) -> Path:
    """A run as pytest leaves it; without `complete` as it is left by a kill."""
    folder.mkdir()
    for one in rows:
        if one.values:
            (folder / one.values).write_bytes(f"{one.model} on {one.benchmark}".encode())
    (folder / "results.jsonl").write_text("".join(one.model_dump_json() + "\n" for one in rows))
    if complete:
        started, share = (
            "2026-11-21T05:00:00+00:00",
            Share(number=shard[0], count=shard[1], models=shard[2]) if shard else None,
        )
        run = Run(
            run=folder.name,
            started=started,
            seconds=2.5,
            complete=True,
            models=models,
            shard=share,
            results=rows,
        )
        (folder / "results.json").write_text(run.text())
    return folder


def merged(into: Path) -> dict:
    document = json.loads((into / "results.json").read_text())
    jsonschema.validate(document, json_schema())
    lines = [json.loads(line) for line in (into / "results.jsonl").read_text().splitlines()]
    assert lines == document["results"]
    return document


def merge(tmp_path: Path, *runs: Path) -> tuple[int, dict]:
    into = tmp_path / "merged"
    return main(["merge", *map(str, runs), "--into", str(into)]), merged(into)


def shards(tmp_path: Path) -> list[Path]:
    mine = {1: ("b",), 2: ("a", "c"), 3: ()}
    return [
        write(
            tmp_path / f"shard{number}",
            *(row(m, b) for m in own for b in BENCHMARKS),
            models=MODELS,
            shard=(number, 3, own),
        )
        for number, own in mine.items()
    ]


def test_rows_come_in_the_order_of_the_models_that_were_asked_for(tmp_path, capsys):
    for i, some in enumerate(permutations(shards(tmp_path))):
        into = tmp_path / f"merged{i}"
        assert main(["merge", *map(str, some), "--into", str(into)]) == 0
        document = merged(into)
        keys = [(one["model"], one["benchmark"]) for one in document["results"]]
        assert keys == [(model, benchmark) for model in MODELS for benchmark in BENCHMARKS]
        assert (document["complete"], document["missing"], document["seconds"]) == (True, [], 7.5)
        assert sorted(document["merged"]) == ["shard1", "shard2", "shard3"]
        assert document["versions"] == VERSIONS
    shown = capsys.readouterr().out
    assert "Own.V4-pls     0.800  0.250 → 0.078  0.350 → 0.153  0.450 → 0.253" in shown
    assert "merged: 6 row(s) of 3 run(s), complete" in shown


def test_a_shard_that_is_not_there_is_missed(tmp_path, capsys):
    first, _, third = shards(tmp_path)
    status, document = merge(tmp_path, first, third)
    assert (status, document["complete"]) == (1, False)
    assert document["missing"] == [[model, benchmark] for model in "ac" for benchmark in BENCHMARKS]
    assert (
        "missing: a on Own.V4-pls, a on Own.IT-pls, c on Own.V4-pls, c on Own.IT-pls"
        in capsys.readouterr().out
    )


def test_a_model_that_its_shard_deselected_is_not_missed(tmp_path):
    first = write(tmp_path / "first", row("a"), models=("a", "b"), shard=(1, 2, ("a",)))
    second = write(tmp_path / "second", row("c"), models=("a", "b", "c"), shard=(2, 2, ("b", "c")))
    assert merge(tmp_path, first, second)[0] == 0


@pytest.mark.parametrize("torn", [False, True])
def test_a_killed_run_gives_its_rows_and_is_named(tmp_path, capsys, torn):
    killed = write(tmp_path / "killed", *(row("a", name) for name in BENCHMARKS), row("b"), complete=False)
    if torn:
        with (killed / "results.jsonl").open("a") as lines:
            lines.write(row("b", BENCHMARKS[1]).model_dump_json()[:200])
    status, document = merge(tmp_path, killed)
    assert (status, document["complete"]) == (1, False)
    assert [one["model"] for one in document["results"]] == ["a", "a", "b"]
    assert document["missing"] == [["b", BENCHMARKS[1]]]
    assert "killed/results.jsonl (3 row(s))" in capsys.readouterr().out


def test_of_a_rerun_item_the_later_row_counts(tmp_path):
    killed = write(
        tmp_path / "killed", failed("a").model_copy(update={"layer": "3"}), row("a"), complete=False
    )
    assert [one.status for one in read(killed).rows] == ["scored"]


def test_one_row_in_two_runs_is_taken_once(tmp_path):
    first = write(tmp_path / "first", row("a", seconds={"forward": 9.0}), models=("a",))
    second = write(
        tmp_path / "second", row("a", cache_hit=True, raw=0.25 + 4e-7), row("b"), models=("a", "b")
    )
    status, document = merge(tmp_path, first, second)
    assert status == 0
    assert [(one["model"], one["raw"]) for one in document["results"]] == [("a", 0.25), ("b", 0.35)]


def test_a_score_stands_in_for_what_failed_in_another_run(tmp_path):
    first = write(tmp_path / "first", failed("a"), failed("b", status="skipped"), models=("a", "b"))
    second = write(tmp_path / "second", row("a"), failed("b"), models=("a", "b"))
    _, document = merge(tmp_path, first, second)
    assert [(one["model"], one["status"]) for one in document["results"]] == [("a", "scored"), ("b", "error")]


def at(layer: str, one: Row) -> Row:
    """The row of an item whose layer was named for the run."""
    node = f"own.yaml::{one.benchmark}::{one.model}-{layer}"
    return one.model_copy(update={"layer": layer, "node": node})


def test_a_score_in_one_layer_hides_no_error_in_another(tmp_path):
    layers = write(tmp_path / "layers", at("l1", row("a")), at("l2", failed("a")), models=("a",))
    mapped = write(tmp_path / "mapped", row("a"), models=("a",))
    _, document = merge(tmp_path, layers, mapped)
    assert [(one["layer"], one["status"]) for one in document["results"]] == [
        ("l1", "scored"),
        ("l2", "error"),
        ("3", "scored"),
    ]


@pytest.mark.parametrize(("layer", "statuses"), [("l1", ["error", "scored"]), (None, ["scored"])])
def test_the_error_of_a_mapped_layer_gives_way_to_its_score_alone(tmp_path, layer, statuses):
    failing = write(tmp_path / "failing", failed("a"), models=("a",))
    scored = write(tmp_path / "scored", at(layer, row("a")) if layer else row("a"), models=("a",))
    _, document = merge(tmp_path, failing, scored)
    assert [one["status"] for one in document["results"]] == statuses


def test_the_error_of_a_named_layer_gives_way_to_its_score(tmp_path):
    failing = write(tmp_path / "failing", at("l1", failed("a")), models=("a",))
    scored = write(tmp_path / "scored", at("l1", row("a")), models=("a",))
    assert [one["status"] for one in merge(tmp_path, failing, scored)[1]["results"]] == ["scored"]


def test_a_rerun_of_a_mapped_item_replaces_its_error_whose_layer_was_not_known(tmp_path):
    node = {"node": f"own.yaml::{BENCHMARKS[0]}::a"}
    rows = failed("a").model_copy(update=node), row("a").model_copy(update=node)
    killed = write(tmp_path / "killed", *rows, complete=False)
    assert [(one.layer, one.status) for one in read(killed).rows] == [("3", "scored")]


UNLIKE = {
    "torch": ({"versions": {**VERSIONS, "torch": "2.5.1+cpu"}}, "version of torch is 2.5.1, and 2.6.0 in"),
    "stimuli": (
        {"digests": {**row("a").digests, "stimuli": "9" * 64}},
        "digest of stimuli of benchmark Own.V4-pls is 99999999, and 11111111",
    ),
    "recordings": (
        {"digests": {**row("a").digests, "recordings": "8" * 64}},
        "digest of recordings of benchmark",
    ),
    "spec": ({"digests": {**row("a").digests, "spec": "7" * 64}}, "digest of spec of benchmark Own.V4-pls"),
    "metric": ({"metric_version": 2}, "metric version of benchmark Own.V4-pls is 2, and 1 in"),
    "weights": (
        {"digests": {**row("a").digests, "weights": "e" * 64}},
        "digest of weights of model a is eeeeeeee, and aaaaaaaa",
    ),
    "raw": ({"raw": 0.26}, "raw is 0.26, and 0.25 in"),
    "split": ({"splits": (0.15, 0.36)}, "split 2 is 0.36, and 0.35 in"),
    "fewer splits": ({"splits": (0.15,)}, "split 2 is None, and 0.35 in"),
    "ceiling": ({"ceiling": None}, "ceiling is None, and 0.8 in"),
}


@pytest.mark.parametrize("changed", UNLIKE)
def test_unlike_runs_are_refused_with_files_key_and_what_differs(tmp_path, capsys, changed):
    update, message = UNLIKE[changed]
    first = write(tmp_path / "first", row("a"), models=("a",))
    second = write(tmp_path / "second", row("a", **update), models=("a",))
    assert main(["merge", str(first), str(second), "--into", str(tmp_path / "merged")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{second / 'results.json'} (Own.V4-pls, a, layer 3): {message}")
    assert f"{first / 'results.json'} (Own.V4-pls, a, layer 3): " in said
    assert "leave" in said
    assert not (tmp_path / "merged").exists()


def test_half_of_the_stimuli_stands_beside_all_of_them_and_it_is_said(tmp_path, capsys):
    half = "best of 4 layers on one half of the stimuli (seed 0)" + OTHER_HALF
    auto = row("b", layer_source=half, digests={**row("b").digests, "spec": "7" * 64})
    assert (auto.half, row("a").half) == ("one half of the stimuli (seed 0)", "")
    status, document = merge(tmp_path, write(tmp_path / "one", row("a"), auto, models=("a", "b")))
    assert (status, [one["raw"] for one in document["results"]]) == (0, [0.25, 0.35])
    said = "b: scored on half of the stimuli (layers: auto), unlike others on Own.V4-pls"
    assert said in capsys.readouterr().out.splitlines()
    other = write(tmp_path / "other", row("c", layer_source=half), models=("c",))
    assert main(["merge", str(tmp_path / "one"), str(other), "--into", str(tmp_path / "x")]) == 2
    assert "without one half of the stimuli (seed 0) is 55555555, and 77777777" in capsys.readouterr().err


def test_what_may_differ_between_machines_does_not_matter(tmp_path):
    here = row("a", device="cpu")
    there = row("b", device="cuda:0", versions={**VERSIONS, "torch": "2.6.0+cu124", "python": "3.12.1"})
    parts = [
        Part(tmp_path / name / "results.json", (one,), complete=True)
        for name, one in (("1", here), ("2", there))
    ]
    assert [found.row for found in join(parts).found] == [here, there]


def test_values_are_copied_and_said_to_be_away_where_they_are(tmp_path):
    rows = [row("a", values="a.nc"), row("b", values="b.nc"), row("c", values="c.nc")]
    first = write(tmp_path / "first", *rows[:2], models=MODELS[:2])
    (first / "b.nc").unlink()
    _, document = merge(tmp_path, first, write(tmp_path / "second", rows[2]))
    assert (tmp_path / "merged" / "a.nc").read_text() == "a on Own.V4-pls"
    assert [one["values"] for one in document["results"]] == ["a.nc", None, "c.nc"]
    assert document["results"][1]["notes"] == [
        f"the values per target were not beside {first / 'results.json'}"
    ]
    assert {path.suffix for path in (tmp_path / "merged").iterdir()} == {".nc", ".json", ".jsonl"}


def test_values_that_lie_elsewhere_are_refused(tmp_path, capsys):
    outside = write(tmp_path / "outside", row("a").model_copy(update={"values": "../secret.nc"}))
    assert main(["merge", str(outside), "--into", str(tmp_path / "merged")]) == 2
    said = capsys.readouterr().err
    assert "results.0.values: '../secret.nc' is no plain name of a file beside the results" in said


def damaged(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder


def test_what_cannot_be_read_is_named(tmp_path, capsys):
    good = write(tmp_path / "good", row("a"))
    text = (good / "results.json").read_text()
    cut = damaged(write(tmp_path / "cut", row("a")), "results.json", text[:300])
    line = row("a").model_dump_json()
    middle = damaged(write(tmp_path / "middle", complete=False), "results.jsonl", f"{line[:99]}\n{line}\n")
    empty = write(tmp_path / "empty", complete=False)
    expected = {
        cut: f"{cut}/results.json: is cut off: Invalid JSON: EOF while parsing",
        middle: f"{middle}/results.jsonl:1: is no row of results",
        empty: f"{empty}: no rows in these runs",
        tmp_path: f"{tmp_path}: is no folder of a run; name the runs in it: {tmp_path}/*",
        tmp_path / "none": f"{tmp_path / 'none'}: is no folder of a run: no results.json",
    }
    for path, said in expected.items():
        assert main(["merge", str(path), "--into", str(tmp_path / "merged")]) == 2
        assert capsys.readouterr().err.startswith(said)
    assert main(["merge", str(cut / "results.jsonl"), "--into", str(tmp_path / "merged")]) == 1
    assert "cut/results.jsonl (1 row(s))" in capsys.readouterr().out


def test_a_folder_in_use_is_left_alone(tmp_path, capsys):
    first = write(tmp_path / "first", row("a"))
    before = (first / "results.json").read_text()
    assert main(["merge", str(first), "--into", str(first)]) == 2
    assert "there is something already; name a new folder" in capsys.readouterr().err
    assert (first / "results.json").read_text() == before


def test_without_into_it_is_a_run_of_reports(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["merge", str(write(tmp_path / "first", row("a"), models=("a",)))]) == 0
    (folder,) = (tmp_path / "reports").iterdir()
    assert folder.name.endswith("-merged")
    assert merged(folder)["run"] == folder.name


@pytest.mark.parametrize("name", ["results.json", "results.jsonl"])
def test_a_number_that_was_damaged_in_one_of_the_two_files_is_named(tmp_path, capsys, name):
    run = write(tmp_path / "run", row("a"), row("b"))
    path = run / name
    path.write_text(path.read_text().replace("0.35", "0.95", 1))
    assert main(["merge", str(run), "--into", str(tmp_path / "out")]) == 2
    assert "damaged: splits of a on Own.V4-pls differ" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
