"""--brainscore-shard: a share of the models, under the same node ids as in the whole run."""

from __future__ import annotations

import json

import pytest

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


def test_a_shard_writes_its_baselines_and_prunes_none(project):
    folder = project.root / "benchmarks" / "baselines"
    shard = ("--models=small,wide_vit", "--brainscore-shard")
    assert project.run(*shard, "1/2", "--brainscore-update=new").ret == pytest.ExitCode.OK
    path = folder / "Own.IT-ridge.json"
    document = json.loads(path.read_text())
    document["models"]["gone"] = document["models"]["small"]
    path.write_text(json.dumps(document))
    (folder / "Gone.IT-pls.json").write_text(path.read_text().replace("Own.IT-ridge", "Gone.IT-pls"))
    result = project.run(*shard, "2/2", "--brainscore-update=all!")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["brainscore: shard 2/2: 1 of 2 models: wide_vit; *", "1 baseline changed*"])
    assert set(json.loads(path.read_text())["models"]) == {"gone", "small", "wide_vit"}
    assert (folder / "Gone.IT-pls.json").exists()
