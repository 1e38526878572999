"""--brainscore-shard: a share of the models, under the same node ids as in the whole run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xarray as xr

from pytest_brainscore.__main__ import main

MODELS = "--models=small,wide_vit,untrained:wide_vit,untrained1:wide_vit,untrained2:wide_vit"
WORKERS = [(), ("-n", "2")]


def guarded(project, text: str) -> None:
    path = project.root / "benchmarks" / "own.yaml"
    path.write_text(path.read_text().rstrip() + f"\n    guard: {text}\n")


def test_shards_have_the_items_of_the_whole_run(project):
    guarded(project, "{minimum: {wide_vit: -1.0, small: -1.0}}")  # one of them is in another shard
    whole = project.collect(MODELS)
    first, second = (project.collect(MODELS, f"--brainscore-shard={number}/2") for number in (1, 2))
    assert first + second == sorted(whole, key=(first + second).index)
    assert (len(first), len(second)) == (3, 2)


def test_names_in_k_are_read_as_in_the_whole_run(project):
    """`wide_vit` is a model of the first shard, and no part of the names of its twins in the second."""
    chosen = ("-k", "wide_vit", MODELS.replace("small,", ""))
    assert len(project.collect(*chosen)) == 1
    shards = [project.collect(*chosen, f"--brainscore-shard={number}/2") for number in (1, 2)]
    assert [len(shard) for shard in shards] == [1, 0]


@pytest.mark.parametrize("workers", WORKERS)
def test_a_shard_without_models_passes_and_says_so(project, workers):
    result = project.run("--models=small", "--brainscore-shard=2/2", *workers)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["brainscore: shard 2/2: 0 of 1 models: none; *", "brainscore: shard 2/2 has nothing to score"]
    )
    assert not (project.root / "reports").exists()


def test_a_shard_whose_models_are_deselected_passes_too(project):
    chosen = ("--models=small,wide_vit", "-k", "small", "-q")
    idle = project.run(*chosen, "--brainscore-shard=2/2")
    assert idle.ret == pytest.ExitCode.OK
    idle.stdout.fnmatch_lines(["brainscore: shard 2/2 has nothing to score"])
    assert project.run("--models=small", "-k", "nothing_like_it").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_wrong_shard_is_a_usage_error(project):
    result = project.run("--models=small", "--brainscore-shard=5/4")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--brainscore-shard: 5/4 is no shard; write 3/16 for the third of sixteen*"]
    )


def test_two_shards_merged_are_the_whole_run_and_each_writes_its_baselines(project):
    models = MODELS.rpartition(",")[0]
    assert project.run(models, "--brainscore-reports=whole").ret == pytest.ExitCode.OK
    first = project.run(models, "--brainscore-shard=1/2", "--brainscore-update=new")
    add_what_is_gone(project.root / "benchmarks" / "baselines")
    second = project.run(models, "--brainscore-shard=2/2", "--brainscore-update=all!")
    assert (first.ret, second.ret) == (pytest.ExitCode.OK, pytest.ExitCode.OK)
    first.stdout.fnmatch_lines(["brainscore: shard 1/2: 2 of 4 models: small, *", "2 baselines written*"])
    second.stdout.fnmatch_lines(["brainscore: shard 2/2: 2 of 4 models: wide_vit, *", "2 baselines written*"])
    assert_merged_is_the_whole(project.root)
    assert_nothing_is_pruned(project.root / "benchmarks" / "baselines")


def add_what_is_gone(folder: Path) -> None:
    """A line of a model, and a file of a benchmark, that there no longer are: a full run would prune them."""
    path = folder / "Own.IT-ridge.json"
    document = json.loads(path.read_text())
    line = document["models"]["small"]
    document["models"]["gone"] = {name: value for name, value in line.items() if name != "check"}
    path.write_text(json.dumps(document))
    (folder / "Gone.IT-pls.json").write_text(path.read_text().replace("Own.IT-ridge", "Gone.IT-pls"))


def assert_nothing_is_pruned(folder: Path) -> None:
    lines = json.loads((folder / "Own.IT-ridge.json").read_text())["models"]
    twins = {"wide_vit", "wide_vit_untrained", "wide_vit_untrained1"}
    assert set(lines) == {"gone", "small", *twins}
    assert (folder / "Gone.IT-pls.json").exists()


def assert_merged_is_the_whole(root: Path) -> None:
    """Row by row and value by value, but for the seconds and what the store had."""
    runs = sorted(map(str, (root / "reports").iterdir()))
    assert [run.rpartition("-")[2] for run in runs] == ["1of2", "2of2"]
    assert main(["merge", *runs, "--into", str(root / "merged")]) == 0
    folders = [next((root / "whole").iterdir()), root / "merged"]
    whole, merged = (json.loads((folder / "results.json").read_text()) for folder in folders)
    expected, found = (
        [{**row, "seconds": {}, "cache_hit": None} for row in document["results"]]
        for document in (whole, merged)
    )
    assert len(expected) == 4
    assert found == expected
    assert (merged["complete"], merged["models"]) == (True, whole["models"])
    for row in expected:
        theirs, ours = (xr.load_dataset(folder / row["values"], engine="h5netcdf") for folder in folders)
        xr.testing.assert_equal(theirs, ours)
