"""Collecting reads YAML and nothing else."""

from __future__ import annotations

import pytest

SECOND = """
dataset:
  id: Second
  reader: arrays
  stimuli: {images: images}
  recordings: {file: responses.npy, dims: [stimulus, neuroid], region: V4}
benchmarks:
  - {region: V4, metric: pls}
"""


def test_collecting_imports_nothing_that_is_slow(project):
    slow = "'torch', 'numpy', 'requests', 'pooch', 'boto3'"
    project.write(
        "conftest.py",
        "import sys\n\n\ndef pytest_sessionfinish(session):\n"
        f"    print('SLOW', {{{slow}}} & set(sys.modules))\n",
    )
    result = project.run_afresh("--models", "small,alexnet,timm:vit_*", "--collect-only", "-q", "-s")
    assert "SLOW set()" in result.outlines
    assert len([line for line in result.outlines if "::" in line]) > 20


def test_only_files_of_the_suite_folder_with_our_shape_are_taken(project):
    for name in ("benchmarks/baselines/x.yaml", "benchmarks/contrasts/x.yaml", "elsewhere/x.yaml"):
        project.write(name, SECOND)
    project.write("benchmarks/models.yaml", "small: {source: nets:small}\n")
    project.write("benchmarks/notes.yaml", "title: not a benchmark\n")
    assert project.collect("--models", "small") == ["benchmarks/own.yaml::IT-ridge::small"]
    assert project.collect("--models", "small", ".") == ["benchmarks/own.yaml::IT-ridge::small"]


@pytest.mark.parametrize("name", ["mine/own.yaml", "own.yaml"])
def test_a_project_whose_files_are_overlooked_does_not_score_the_shipped_suite(pytester, name):
    file = pytester.path / "benchmarks" / name
    file.parent.mkdir(parents=True)
    file.write_text(SECOND if "/" in name else "data: {id: A}\nbenchmark: []\n")
    result = pytester.runpytest("--models", "alexnet", "--collect-only", "-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: */benchmarks/{name}: no benchmark file: these lie in */benchmarks itself*"]
    )


def test_suite_ini_names_another_folder(project):
    project.write("pytest.ini", "[pytest]\nbrainscore_suite = suite\n")
    project.write("suite/second.yaml", SECOND)
    assert project.collect("--models", "small") == ["suite/second.yaml::V4-pls::small"]


def test_the_shipped_suite_is_taken_where_there_is_no_own(pytester):
    result = pytester.runpytest_subprocess("--models", "alexnet", "--collect-only", "-q")
    assert any(line.endswith("::V4-pls::alexnet") for line in result.outlines)


def test_an_error_in_one_file_is_one_collection_error(project):
    project.write("benchmarks/second.yaml", SECOND.replace("metric: pls", "metrik: pls"))
    result = project.run("--models", "small")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert result.parseoutcomes() == {"errors": 1}
    result.stdout.fnmatch_lines(["*second.yaml:7: benchmarks.0.metrik: no such key; did you mean metric?"])


def test_items_come_model_by_model(project):
    project.write("benchmarks/second.yaml", SECOND)
    order = [line.rsplit("::", 1)[1] for line in project.collect("--models", "small,wide_vit")]
    assert order == ["small", "small", "wide_vit", "wide_vit"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_two_files_with_one_benchmark_are_refused(project, workers):
    project.write(
        "benchmarks/twin.yaml", SECOND.replace("Second", "Own").replace("V4", "IT").replace("pls", "ridge")
    )
    result = project.run("--models", "small", *workers)
    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(["*the benchmark Own.IT-ridge is also in *own.yaml:7;*"])


def test_a_file_that_is_named_is_taken_wherever_it_lies(project):
    project.write("elsewhere/second.yaml", SECOND)
    assert project.collect("--models", "small", "elsewhere/second.yaml") == [
        "elsewhere/second.yaml::V4-pls::small"
    ]


@pytest.mark.parametrize("text", ["benchmark:\n  - {region: IT, metric: pls}\n", "\ufeff" + SECOND.lstrip()])
def test_a_file_of_the_suite_never_drops_out_silently(project, text):
    head = "" if text.startswith("\ufeff") else SECOND.split("benchmarks")[0].lstrip()
    (project.root / "benchmarks" / "second.yaml").write_text(head + text, encoding="utf-8")
    result = project.run("--models", "small", "--collect-only", "-q")
    assert "second.yaml" in result.stdout.str()


def test_no_models_at_all_is_a_usage_error(project):
    assert project.run("--models", "").ret == pytest.ExitCode.USAGE_ERROR


def test_a_models_option_of_somebody_else_stays_theirs(project):
    project.write("conftest.py", "def pytest_addoption(parser):\n    parser.addoption('--models')\n")
    project.write(
        "test_theirs.py", "def test(request):\n    assert request.config.getoption('--models') == 'x'\n"
    )
    assert project.run("--models", "x", "test_theirs.py").parseoutcomes() == {"passed": 1}
    assert project.collect("--brainscore-models", "small") == ["benchmarks/own.yaml::IT-ridge::small"]


def test_a_folder_of_baselines_alone_is_no_suite(project):
    """Baselines of shipped benchmarks are written there; the shipped suite is collected all the same."""
    (project.root / "benchmarks/own.yaml").unlink()
    project.write("benchmarks/baselines/Simulated.IT-pls.json", "{}")
    lines = project.collect("--models", "small", "-k", "Simulated and IT-pls")
    assert [line.rpartition("/")[2] for line in lines] == ["simulated.yaml::IT-pls::small"]


def test_an_estimate_that_fails_ends_no_run(project):
    path = project.root / "benchmarks" / "own.yaml"
    lost = f"{{url: http://127.0.0.1:9/a.npy, sha256: {'a' * 64}, file: ~nobody-of-this-name/a.npy}}"
    path.write_text(path.read_text().replace("file: responses.npy", f"file: {lost}"))
    result = project.run("--models", "small")
    result.assert_outcomes(errors=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
