"""Composites of a project: in the table, in results.json, in what is merged, and what they lack."""

from __future__ import annotations

import json

import pytest

from pytest_brainscore.__main__ import main

from .conftest import BENCHMARKS, on_own

TWO = (
    BENCHMARKS
    + """\
  - region: IT
    metric: {name: rdm}
"""
)

COMPOSITES = """
composites:
  - id: Whole
    title: mean of two
    of: raw
    mean: [Own.IT-ridge, Own.IT-rdm]
  - id: Part
    title: of a data set that is not run, too
    of: ceiled
    mean:
      - {id: IT, mean: ["Own.IT-*"]}
      - {id: V4, mean: [Cowley2023.V4-pls]}
    missing: skip
  - id: Lacking
    title: without a value
    of: ceiled
    mean: [Own.IT-ridge, Cowley2023.V4-pls]
"""


FAR = "Cowley2023.V4-pls (not scored)"


@pytest.fixture
def composed(project):
    project.write("benchmarks/own.yaml", TWO)
    project.write("benchmarks/composites/own.yaml", COMPOSITES)
    return project


def read(folder):
    document = json.loads((folder / "results.json").read_text())
    rows = {(row["benchmark"], row["model"]): row for row in document["results"]}
    return rows, {(one["composite"], one["model"]): one for one in document["composites"]}


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_they_stand_below_the_scores_and_in_results(composed, workers):
    result = composed.run("--models", "small,wide_vit", *workers)
    (folder,) = (composed.root / "reports").iterdir()
    rows, found = read(folder)
    assert set(found) == {
        (name, model) for name in ("Whole", "Part", "Lacking") for model in ("small", "wide_vit")
    }
    ridge, rdm = rows["Own.IT-ridge", "small"], rows["Own.IT-rdm", "small"]
    whole, part, lacking = (found[name, "small"] for name in ("Whole", "Part", "Lacking"))
    assert whole["value"] == pytest.approx((ridge["raw"] + rdm["raw"]) / 2)
    assert part["value"] == pytest.approx((ridge["ceiled"] + rdm["ceiled"]) / 2)
    assert (part["missing"], lacking["value"]) == ({"Cowley2023.V4-pls": "not scored"}, None)
    last = found["Whole", "wide_vit"]["value"], found["Part", "wide_vit"]["value"]
    result.stdout.fnmatch_lines(
        [
            "Own.IT-rdm *",
            f"Whole *{whole['value']:.3f} *{last[0]:.3f}",
            f"Part *{part['value']:.3f} (2 of 3) *{last[1]:.3f} (2 of 3)",
            "results: *",
        ]
    )
    result.stdout.no_fnmatch_line("*Lacking*")


def test_a_verbose_run_says_what_they_lack(composed):
    result = composed.run("--models", "small,wide_vit", "-k", "ridge", "-v")
    result.stdout.fnmatch_lines(
        [
            "Part * (1 of 3) * (1 of 3)",
            "Part: of a data set that is not run, too",
            "Whole of small, wide_vit: missing: Own.IT-rdm (not scored)",
            f"Part of small, wide_vit: missing: Own.IT-rdm (not scored), {FAR}",
            f"Lacking of small, wide_vit: missing: {FAR}",
        ]
    )


def test_the_parts_of_two_runs_make_one_composite_once_merged(composed, monkeypatch, capsys):
    for name in ("ridge", "rdm"):
        composed.run("--models", "small", "-k", name)
    folders = list((composed.root / "reports").iterdir())
    assert [read(folder)[1]["Whole", "small"]["value"] for folder in folders] == [None, None]
    monkeypatch.chdir(composed.root)
    assert main(["merge", *map(str, folders), "--into", "all"]) == 0
    rows, found = read(composed.root / "all")
    mean = (rows["Own.IT-ridge", "small"]["raw"] + rows["Own.IT-rdm", "small"]["raw"]) / 2
    assert found["Whole", "small"]["value"] == pytest.approx(mean)
    assert f"{mean:.3f}" in next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("Whole")
    )


def test_a_mistake_in_a_composite_ends_the_run_before_it_begins(composed):
    composed.write("benchmarks/composites/own.yaml", COMPOSITES.replace("of: raw", "of: rau"))
    result = composed.run("--models", "small")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: *composites/own.yaml:4: composites.0.of: 'rau' is none of raw, ceiled*"]
    )


def test_a_part_that_there_is_not_ends_the_run_before_it_begins(composed):
    composed.write(
        "benchmarks/composites/own.yaml", COMPOSITES.replace("[Own.IT-ridge, Own", "[Own.IT-rigde, Own")
    )
    result = composed.run("--models", "small")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: *own.yaml:5: *mean.0: no such benchmark: Own.IT-rigde; did you mean Own.IT-ridge?*"]
    )


def test_a_part_that_failed_is_missing_with_its_error(composed):
    composed.write(
        "benchmarks/own.yaml", TWO.replace("metric: {name: rdm}", "metric: {name: rdm}\n    select: {day: 3}")
    )
    composed.run("--models", "small")
    (folder,) = (composed.root / "reports").iterdir()
    whole = read(folder)[1]["Whole", "small"]
    assert whole["value"] is None
    assert whole["missing"]["Own.IT-rdm"].startswith("error: ")


REFERENCE = on_own("""
  - {id: IT-pls-2018, region: IT, metric: {name: ridge, alpha: 1.0}, splits: {n: 4, train: 0.75, seed: 1}}
""")


def test_compare_puts_what_a_run_scored_beside_the_table_of_2018(project, monkeypatch, capsys):
    project.write("benchmarks/own.yaml", REFERENCE.replace("Own", "MajajHong2015.public"))
    names = ("alexnet", "vgg16", "resnet18")
    entry = (
        "{}: {{source: nets:small, arguments: {{seed: {}}}, layers: {{IT: '3'}}, preprocess: {{size: 32}}}}"
    )
    entries = [entry.format(name, i) for i, name in enumerate(names)]
    project.write("models.yaml", "\n".join(entries))
    assert project.run("--models", ",".join(names)).parseoutcomes() == {"passed": 3}
    (folder,) = (project.root / "reports").iterdir()
    rows = read(folder)[0]
    monkeypatch.chdir(project.root)
    assert main(["compare", "--reference", "2018"]) == 0
    shown = capsys.readouterr().out
    assert f"beside reports/{folder.name}\n" in shown
    assert "IT, ours: raw score of MajajHong2015.public.IT-pls-2018\n" in shown
    for theirs, ours in (("alexnet", "alexnet"), ("vgg-16", "vgg16"), ("resnet-18", "resnet18")):
        line = next(line for line in shown.splitlines() if line.startswith(f"{theirs} "))
        assert line.split()[3:6] == [
            "-",
            line.split()[4],
            f"{rows['MajajHong2015.public.IT-pls-2018', ours]['raw']:.3f}",
        ]
