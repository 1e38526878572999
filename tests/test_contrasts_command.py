"""``python -m pytest_brainscore contrasts`` and ``import``: over runs on disk, with all that they leave."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from pytest_brainscore import contrasts
from pytest_brainscore.__main__ import main
from pytest_brainscore.data.published.conwell2024 import FILES
from pytest_brainscore.report.joining import join
from pytest_brainscore.report.runs import read
from pytest_brainscore.specs.results import OTHER_HALF, Row, Run

from .data.test_published import tables
from .data.test_published import write as write_tables

CRSA = "Own.IT-crsa"
SCORES = {"cnn": (0.5, 0.6, 0.55, 0.7), "transformer": (0.4, 0.5, 0.45)}
FILE = """\
contrasts:
  - id: kinds
    title: two kinds
    by: family
    groups: [cnn, transformer]
    against: cnn - transformer
"""


def row(model, raw, family, benchmark=CRSA, **more):
    names = {"dataset": "Own", "region": "IT", "metric": "crsa", "status": "scored"}
    about = {"family": family, "trained": True, "parameters": int(1000 * raw)}
    return Row(benchmark=benchmark, model=model, raw=raw, about=about, **names, **more)


def write(folder, rows, values=None):
    folder.mkdir(parents=True)
    for name, dataset in (values or {}).items():
        dataset.to_netcdf(folder / name, engine="h5netcdf")
    run = Run(
        run=folder.name, started="2026-11-21T05:00:00+00:00", seconds=1, complete=True, results=tuple(rows)
    )
    (folder / "results.json").write_text(run.text())
    return folder


def values(rdm, order=(0, 1, 2, 3), score=None):
    names = np.array([f"s{i}" for i in range(len(rdm))])[list(order)]
    rdm = rdm[np.ix_(order, order)].astype("float32")
    variables = {"rdm": (("stimulus", "stimulus_"), rdm)} if score is None else {}
    score = ("split", "stimulus"), [score] if score is not None else np.zeros((1, len(rdm)))
    return xr.Dataset({**variables, "score": score}, coords={"stimulus": names})


def every(**more):
    pairs = ((family, i, raw) for family, scores in SCORES.items() for i, raw in enumerate(scores))
    return [row(f"{family}{i}", raw, family, **more) for family, i, raw in pairs]


def printed(capsys, *words):
    assert main(["contrasts", *map(str, words)]) == 0
    return capsys.readouterr().out


def told(capsys, *words):
    assert main(["contrasts", *map(str, words)]) == 2
    return capsys.readouterr().err


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(FILE)


def test_text_has_means_differences_and_correlates(tmp_path, capsys):
    write(tmp_path / "reports" / "a", every())
    text = printed(capsys, "--contrasts", "own.yaml")
    assert "kinds: two kinds\n" in text
    lines = {tuple(line.split()[:4]): line.split() for line in text.splitlines()}
    assert lines[CRSA, "cnn", "4", "0.588"][4:] == ["0.452", "to", "0.723"]
    effect = next(line for line in text.splitlines() if f"{CRSA} cnn - transformer" in line)
    due = stats.ttest_ind(*SCORES.values())
    low, high = due.confidence_interval()
    assert f"4, 3  +0.138      {low:+.3f} to {high:+.3f}  networks  {due.pvalue:.4f}" in effect
    assert lines[CRSA, "parameters", "all", "7"][4] == "1.000"
    assert lines[CRSA, "all", "7", "0.529"][-2:] == ["cnn3", "1"]
    assert "likeness of networks: no run left RDMs" in text


def test_runs_are_joined_and_json_has_all_tables(tmp_path, capsys):
    rows = every()
    first, second = write(tmp_path / "a", rows[:3]), write(tmp_path / "b", rows[3:])
    found = json.loads(printed(capsys, first, second, "--contrasts", "own.yaml", "--json"))
    assert found["contrasts"] == {"kinds": "two kinds"}
    (effect,) = [one for one in found["effects"] if one["chosen"]]
    assert (effect["unit"], effect["n"], effect["n_against"]) == ("networks", 4, 3)
    assert effect["difference"] == pytest.approx(0.1375)
    assert len(found["effects"]) == 7


def test_a_notebook_has_the_same_tables(tmp_path, capsys):
    write(tmp_path / "a", every())
    document = json.loads(printed(capsys, "a", "--contrasts", "own.yaml", "--json"))
    tables = contrasts("a", file="own.yaml").tables()
    assert json.loads(json.dumps(tables)) == {name: document[name] for name in tables}


def test_csv_has_a_file_for_each_table_with_rows(tmp_path, capsys):
    write(tmp_path / "a", every())
    printed(capsys, "a", "--contrasts", "own.yaml", "--csv", "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("correlates.csv", "effects.csv", "groups.csv", "summaries.csv"),
    ]
    with (tmp_path / "out" / "effects.csv").open() as file:
        first = next(csv.DictReader(file))
    assert (first["contrast"], first["unit"]) == ("kinds", "networks")
    assert float(first["difference"]) == pytest.approx(0.1375)


def test_libraries_that_take_seconds_to_load_are_left_alone(tmp_path):
    write(tmp_path / "a", every())
    slow = "{'torch', 'xarray', 'pandas', 'scipy.stats'}"
    main_ = "import sys; from pytest_brainscore.__main__ import main; main(sys.argv[1:])"
    code = f"{main_}; print({slow} & {{*sys.modules}})"
    words = [sys.executable, "-c", code, "contrasts", "a", "--contrasts", "own.yaml"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"{CRSA} cnn - transformer" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"


def test_interval_and_benchmark_are_chosen(tmp_path, capsys):
    scores = {"raw.1": 0.1, "raw.2": 0.2}
    rows = [one.model_copy(update={"also": {k: v + one.raw for k, v in scores.items()}}) for one in every()]
    rows += [one.model_copy(update={"benchmark": "Own.V4-crsa"}) for one in rows]
    write(tmp_path / "a", rows)
    words = ("a", "--contrasts", "own.yaml", "--interval", "released", "--benchmark", "*V4*", "--json")
    found = json.loads(printed(capsys, *words))
    assert {one["benchmark"] for one in found["effects"]} == {"Own.V4-crsa"}
    assert [one["df"] for one in found["effects"] if one["chosen"]] == [11]


def test_rdms_that_runs_left_are_compared_in_one_order_of_stimuli(tmp_path, capsys):
    rng = np.random.default_rng(0)
    first, second = ((one + one.T) for one in rng.random((2, 4, 4)))
    rows = [row("a", 0.1, "cnn", values="a.nc"), row("b", 0.2, "cnn", values="b.nc"), row("c", 0.3, "cnn")]
    folder = write(tmp_path / "a", rows, {"a.nc": values(first), "b.nc": values(second, (2, 0, 3, 1))})
    found = json.loads(printed(capsys, folder, "--contrasts", "own.yaml", "--json"))
    above = np.triu_indices(4, 1)
    due = np.corrcoef(first[above], second[above])[0, 1]
    assert found["likeness"] == [
        {"benchmark": CRSA, "model": "a", "other": "b", "r": pytest.approx(due, abs=1e-6)}
    ]
    assert [one["model"] for one in found["scaling"]] == ["a", "b"]
    assert sum(one["x"] for one in found["scaling"]) == pytest.approx(0, abs=1e-9)
    text = printed(capsys, folder, "--contrasts", "own.yaml")
    assert f"likeness of 2 networks by {CRSA}: mean r of their RDMs {due:.3f}" in text


def test_rdms_of_other_stimuli_are_refused(tmp_path, capsys):
    rows = [row("a", 0.1, "cnn", values="a.nc"), row("b", 0.2, "cnn", values="b.nc")]
    rdm = np.ones((4, 4))
    other = values(rdm).assign_coords(stimulus=["x", "y", "z", "s0"])
    folder = write(tmp_path / "a", rows, {"a.nc": values(rdm), "b.nc": other})
    assert "b.nc: its RDM is of other stimuli" in told(capsys, folder, "--contrasts", "own.yaml")
    (folder / "b.nc").write_bytes(b"nothing")
    assert "b.nc: is no netCDF" in told(capsys, folder, "--contrasts", "own.yaml")


def test_scores_on_half_of_the_stimuli_are_left_out_and_pairs_say_so(tmp_path, capsys):
    rdm = np.ones((4, 4))
    half = {"layer_source": "best of 2 layers on one half of the stimuli (seed 0)" + OTHER_HALF}
    auto = row("auto", 0.9, "cnn", values="auto.nc", **half)
    rows = [row("a", 0.1, "cnn", values="a.nc"), row("b", 0.2, "cnn"), auto]
    folder = write(tmp_path / "a", rows, {"a.nc": values(rdm), "auto.nc": values(rdm[:2, :2], (0, 1))})
    said = f"auto: scored on half of the stimuli (layers: auto), unlike others on {CRSA}"
    found = json.loads(printed(capsys, folder, "--contrasts", "own.yaml", "--json"))
    assert found["notes"][-1] == f"{said}; left out there: auto"
    assert [one["mean"] for one in found["groups"] if one["group"] == "cnn"] == [pytest.approx(0.15)]
    assert main(["pairs", str(folder), "--json"]) == 0
    why = {(one["a"], one["b"]): one["why"] for one in json.loads(capsys.readouterr().out)["pairs"]}
    scored = "all but one half of the stimuli (seed 0) for auto, and all stimuli for a"
    assert why["auto", "a"] == f"no common samples: what was scored is {scored}"


def test_scores_by_stimulus_are_resampled(tmp_path, capsys):
    rng = np.random.default_rng(1)
    rows = [one.model_copy(update={"over": "stimulus", "values": f"{one.model}.nc"}) for one in every()]
    files = {one.values: values(np.ones((4, 4)), score=(one.raw + rng.random(4)).tolist()) for one in rows}
    folder = write(tmp_path / "a", rows, files)
    words = (folder, "--contrasts", "own.yaml", "--interval", "stimulus_bootstrap", "--json")
    (effect,) = [one for one in json.loads(printed(capsys, *words))["effects"] if one["chosen"]]
    every_score = {name: one["score"].values[0] for name, one in files.items()}
    due = {family: np.mean([x for n, x in every_score.items() if n.startswith(family)]) for family in SCORES}
    assert effect["difference"] == pytest.approx(due["cnn"] - due["transformer"])
    assert effect["low"] < effect["difference"] < effect["high"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "there is no run under reports/: name the folder of one"),
        (("a", "--benchmark", "Own.IT-crs"), "no benchmark Own.IT-crs; did you mean Own.IT-crsa?"),
        (
            ("a", "--of", "ceiled", "--contrasts", "none.yaml"),
            "no ceiled scores: these benchmarks have no",
        ),
        (("a", "--of", "ceiled"), "these benchmarks have no ceiling; use --of raw"),
        (("a", "--contrasts", "none.yaml"), "none.yaml: cannot be read"),
        (
            ("a", "--contrasts", "wrong.yaml"),
            "wrong.yaml:4: contrasts.0.by: no network has the family transformr",
        ),
    ],
)
def test_mistakes_are_said(tmp_path, capsys, words, said):
    (tmp_path / "wrong.yaml").write_text(FILE.replace("transformer", "transformr"))
    if words:
        write(tmp_path / "a", every())
    assert said in told(capsys, *words)


def test_shipped_contrasts_are_taken_where_no_file_is_named(tmp_path, capsys):
    write(tmp_path / "a", every())
    text = printed(capsys, "a")
    assert "no difference with networks on both sides: architecture, self-supervision, labels, slip" in text
    assert "no network of untrained" not in text
    found = json.loads(printed(capsys, "a", "--json"))
    assert "training: no network of untrained" in found["notes"]


def test_without_a_network_of_one_group_the_others_are_compared(tmp_path, capsys):
    alone = "  - {id: alone, title: t, by: family, against: recurrent}\n"
    (tmp_path / "own.yaml").write_text(FILE + alone)
    write(tmp_path / "a", every())
    text = printed(capsys, "a", "--contrasts", "own.yaml")
    assert f"{CRSA} cnn - transformer  4, 3  +0.138" in text
    assert "no difference with networks on both sides: alone" in text.splitlines()
    assert "alone: no network of recurrent" in text.splitlines()


def test_where_scores_have_a_ceiling_but_none_is_ceiled_that_is_said(tmp_path, capsys):
    write(tmp_path / "a", every(ceiling=0.0))
    assert "none of 7 row(s) has a ceiled score" in told(capsys, "a", "--of", "ceiled")


def docs_example():
    page = Path(__file__).parents[1] / "docs" / "contrasts.md"
    return page.read_text(encoding="utf-8").split("# benchmarks/contrasts/mine.yaml\n")[1].split("```")[0]


def test_the_example_of_the_docs_holds_of_any_results(tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text(docs_example())
    write(tmp_path / "own", every())
    text = printed(capsys, "own", "--contrasts", "mine.yaml")
    assert "no difference with networks on both sides: depth, unlabelled" in text
    assert "depth: no network of resnet18" in text


def test_the_example_of_the_docs_compares_networks_of_an_imported_study(tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text(docs_example())
    (tmp_path / "files").mkdir()
    write_tables(tmp_path / "files", with_resnets(tables()))
    assert main(["import", "conwell2024", "files"]) == 0
    capsys.readouterr()
    words = ("reports/conwell2024", "--contrasts", "mine.yaml", "--benchmark", "*-crsa", "--json")
    found = json.loads(printed(capsys, *words))["effects"]
    shown = {one["contrast"]: one["difference"] for one in found if one["chosen"]}
    assert shown == {"depth": pytest.approx(0.1), "unlabelled": pytest.approx(0.33 - 0.45)}


def with_resnets(tables):
    """The tables, and two supervised networks with scores that others have not."""
    results = tables[FILES[0]]
    alexnet = results[results.model_string == "alexnet_classification"]
    for name, score in (("resnet50", 0.45), ("resnet18", 0.35)):
        about = {"model_string": f"{name}_classification", "model": name, "architecture": name}
        results = pd.concat([results, alexnet.assign(**about, score=score)])
    return {**tables, FILES[0]: results}


# --- import


def test_an_imported_table_is_a_run_and_can_be_contrasted(tmp_path, capsys):
    (tmp_path / "files").mkdir()
    write_tables(tmp_path / "files", tables())
    assert main(["import", "conwell2024", "files"]) == 0
    text = capsys.readouterr().out
    assert "51 scores of 17 networks: " in text
    assert "note: MiDaS_monoculardepth: the study gives it no class" in text
    part = read(tmp_path / "reports" / "conwell2024")
    assert (len(part.rows), len(part.models), part.complete) == (51, 17, True)
    assert join([part]).complete
    text = printed(capsys)
    assert "NSD.Conwell2024.released.OTC-crsa contrastive - non-contrastive" in text
    assert main(["import", "conwell2024", "files"]) == 2
    assert "reports/conwell2024: there is something already" in capsys.readouterr().err.replace("\\", "/")
    assert main(["import", "conwell2024", "nowhere", "--to", "x"]) == 2
    assert "results_summary.csv: is not there" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def twin(model, raw, trained):
    about = {"trained": trained, "architecture": model.removesuffix("_untrained")}
    return row(model, raw, "cnn").model_copy(update={"about": about})


def test_a_newcomers_twins_are_compared_without_a_word_on_their_training(tmp_path, capsys):
    run = write(tmp_path / "a", [twin("net", 0.6, True), twin("net_untrained", 0.25, False)])
    text = printed(capsys, run)
    assert "\ntwins: Trained networks, and networks of the same architecture with random weights" in text
    (line,) = [line for line in text.splitlines() if "trained - untrained" in line]
    assert "+0.350" in line
    alone = write(tmp_path / "b", [twin("net", 0.6, True), twin("other", 0.5, True)])
    assert "twins" not in printed(capsys, alone)


def test_a_pattern_without_a_benchmark_names_a_few(tmp_path, capsys):
    names = [f"Own{i}.IT-crsa" for i in range(9)]
    run = write(tmp_path / "a", [row("net", 0.5, "cnn", benchmark=name) for name in names])
    said = told(capsys, run, "--benchmark", "zzz*")
    assert f"no benchmark zzz* (there are {', '.join(names[:6])} and 3 more)" in said
    assert "did you mean Own3.IT-crsa" in told(capsys, run, "--benchmark", "Own3.IT-crs")
