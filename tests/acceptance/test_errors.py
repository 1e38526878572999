"""What is wrong is one line that says where and what to do; exit codes are pytest's."""

from __future__ import annotations

import re

import pytest

from .conftest import BENCHMARKS

COULD_NOT_MEASURE = pytest.ExitCode.TESTS_FAILED


def errors_of(result) -> list[str]:
    """The lines of pytest's short summary."""
    return [line for line in result.outlines if line.startswith(("ERROR ", "FAILED "))]


def edit(project, name, old, new):
    path = project.root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "name: ridge,",
            "name: rigde,",
            "own.yaml:8: *metric.name: no such name: rigde; did you mean ridge*",
        ),
        ("alpha: 1.0", "alfa: 1.0", "own.yaml:8: *alfa: no such key; did you mean alpha?"),
        ("alpha: 1.0", "alpha: 1e-3", "own.yaml:8: *alpha: *(YAML reads 1e-3 as text: write 1.0e-3)"),
        ("region: IT\n    metric", "metric", "own.yaml:7: *give `region` or `regions`, one of the two"),
        ("internal_consistency", "internal_consistancy", "own.yaml:10: *did you mean internal_consistency?"),
        ("reader: arrays", "reader: arays", "own.yaml:3: *reader*arays*did you mean arrays?"),
        ("  id: Own\n", "  id: Own\n  id: Again\n", "own.yaml:3: id: this key is there twice"),
        ("dataset:", "dataset: [", "own.yaml:*: not YAML: *"),
        ("alpha: 1.0", "alpha: .inf", "own.yaml:8: *alpha: input should be a finite number*"),
        ("{images: images}", "&a {images: *a}", "own.yaml: is nested too deeply, or holds itself"),
        ("ceiling: internal_consistency", "normalise: r_over_ceiling", "own.yaml:7: *divides by a ceiling*"),
    ],
)
def test_a_mistake_in_a_benchmark_file(project, old, new, message):
    edit(project, "benchmarks/own.yaml", old, new)
    result = project.run("--models", "small")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"*{message}"])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: nets:small\n  layers: {V4: \"1\", IT: \"3\"}\n  layer_s", "sorce: nets:small\n  layer_s",
         "models.yaml:2: small.sorce: no such key; did you mean source?"),
        ("size: 32", "size: '32'", "models.yaml:5: *size: input should be a valid integer, not '32'"),
        ("both: [small,", "both: [smal,", "models.yaml:13: sets.both: no model smal *; did you mean small*"),
    ],
)  # fmt: skip
def test_a_mistake_in_models_yaml_is_a_usage_error(project, old, new, message):
    edit(project, "models.yaml", old, new)
    result = project.run("--models", "small")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}"])


def one_error(project, *arguments):
    result = project.run("--models", "small", *arguments)
    assert result.ret == COULD_NOT_MEASURE
    assert len(errors_of(result)) == 1
    assert "Traceback" not in result.stdout.str()
    return result.stdout.str()


def test_a_layer_that_does_not_exist(project):
    text = one_error(project, "--brainscore-layers", "33")
    assert "33" in text
    assert "small has no layer" in text


def test_a_region_without_a_layer(project):
    edit(project, "benchmarks/own.yaml", "region: IT", "region: FFA")
    assert "no layer of small is mapped to FFA" in one_error(project)


def test_a_region_that_neither_recordings_nor_layers_have(project):
    path = project.root / "benchmarks" / "own.yaml"
    path.write_text(path.read_text().replace("- region: IT", "- region: V3"))
    text = one_error(project)
    assert "nothing has region=V3" in text
    assert "is mapped" not in text


def test_a_missing_file(project):
    (project.root / "benchmarks" / "responses.npy").unlink()
    text = one_error(project)
    assert "responses.npy" in text


def test_a_wrong_hash(project):
    wrong = f"{{file: responses.npy, sha256: {'a' * 64}}}"
    edit(project, "benchmarks/own.yaml", "file: responses.npy", f"file: {wrong}")
    text = one_error(project)
    assert "aaaaaaaaaa" in text
    assert "responses.npy" in text


def test_weights_that_are_missing_are_told_at_their_line_of_models_yaml(project):
    edit(
        project,
        "models.yaml",
        "source: nets:small\n  layers",
        "source: nets:small\n  weights: {file: wid.pt}\n  layers",
    )
    text = one_error(project)
    said = (
        r"models.yaml:3: small.weights: wid.pt: no such file or folder in \S+, where the YAML file lies \(own"
    )
    assert re.search(said, text)


def test_a_url_without_a_hash_names_pin(project):
    edit(
        project, "benchmarks/own.yaml", "file: responses.npy", "file: {url: http://127.0.0.1:9/responses.npy}"
    )
    assert "python -m pytest_brainscore pin" in one_error(project)


def test_the_network_is_gone(project):
    gone = f"{{url: http://127.0.0.1:9/responses.npy, sha256: {'a' * 64}}}"
    edit(project, "benchmarks/own.yaml", "file: responses.npy", f"file: {gone}")
    text = one_error(project)
    assert "http://127.0.0.1:9/responses.npy" in text
    assert "BRAINSCORE_MIRROR" in text


def test_offline_what_is_not_there_is_skipped_with_what_is_missing(project):
    gone = f"{{url: http://127.0.0.1:9/responses.npy, sha256: {'a' * 64}}}"
    edit(project, "benchmarks/own.yaml", "file: responses.npy", f"file: {gone}")
    result = project.run("--models", "small", "--brainscore-offline", "-rs")
    assert result.parseoutcomes() == {"skipped": 1}
    result.stdout.fnmatch_lines(["SKIPPED*responses.npy*"])
    result.stdout.fnmatch_lines(["skipped for every model: 1 benchmark (-rs says why, -v lists)"])
    result.stdout.no_fnmatch_line("Own.V4*skipped*")


def test_a_dotted_name_outside_the_project_is_refused(project):
    edit(project, "benchmarks/own.yaml", "name: ridge, alpha: 1.0", "name: 'os:system'")
    assert "os is not trusted" in one_error(project)


def test_a_dotted_metric_of_the_project_scores(project):
    project.write(
        "mine.py",
        """
        import torch

        def first_unit(x, y, splits, *, shift):
            return torch.tensor([shift for split in splits])
        """,
    )
    edit(project, "benchmarks/own.yaml", "name: ridge, alpha: 1.0", "name: 'mine:first_unit', shift: 0.25")
    result = project.run("--models", "small", "-v")
    result.stdout.fnmatch_lines(["*IT-first_unit::small PASSED 0.2500*"])


def test_a_bug_in_a_metric_of_the_project_names_both_lines(project):
    project.write("mine.py", "def early(x, y, splits):\n    return x.shape[9]\n")
    edit(project, "benchmarks/own.yaml", "name: ridge, alpha: 1.0", "name: 'mine:early'")
    text = one_error(project)
    assert re.search(r"mine:early, \S+mine.py:2: IndexError: .* \(own.yaml:7\)\n", text)
    assert re.search(r'File "\S+mine.py", line 2, in early\n +return x.shape\[9\]', text)
    assert "comparison.py" not in text


def test_a_bomb_of_aliases(project):
    bomb = "a: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    project.write("benchmarks/own.yaml", bomb + BENCHMARKS.lstrip())
    result = project.run("--models", "small")
    result.stdout.fnmatch_lines(["*own.yaml: its aliases unfold to more than 100000 values"])


def test_a_factory_that_raises_is_one_line(project):
    project.write("nets.py", "def small(**kwargs):\n    raise RuntimeError('no such width')\n")
    text = one_error(project)
    assert "no such width" in text


def test_a_device_that_is_not_there(project):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    assert "cuda" in one_error(project, "--brainscore-device", "cuda")
    result = project.run("--models", "small", "--brainscore-device", "gpu")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


BAD_LAYER = """
from pathlib import Path

from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen, self.unused = nn.Conv2d(3, 8, 5, stride=4), nn.Identity()

    def forward(self, x):
        with Path(__file__).with_name("passes.txt").open("a") as told:
            told.write(f"{len(x)}\\n")
        return self.seen(x)


def small():
    return Net()
"""


@pytest.mark.parametrize(
    ("arguments", "items"),
    [((), ("V4-ridge", "IT-ridge")), (("--brainscore-layers", "unused,seen"), ("seen", "unused"))],
)
def test_a_bad_layer_is_an_error_of_its_own_item_alone(project, arguments, items):
    project.write("nets.py", BAD_LAYER)
    project.write("models.yaml", "small: {source: nets:small, layers: {V4: seen, IT: unused}}\n")
    regions = "regions: [V4, IT]" if not arguments else "region: V4"
    edit(project, "benchmarks/own.yaml", "- region: IT", f"- {regions}")
    edit(project, "benchmarks/own.yaml", "region: IT}", "neuroids: neuroids.csv}")
    rows = "".join(f"n{i},{region}\n" for i, region in enumerate(3 * ["V4"] + 3 * ["IT"]))
    project.write("benchmarks/neuroids.csv", "neuroid,region\n" + rows)
    result = project.run("--models", "small", *arguments)
    result.assert_outcomes(passed=1, errors=1)
    (error,) = errors_of(result)
    assert items[1] in error
    assert items[0] not in error
    assert "layer unused is not called in the forward pass" in result.stdout.str()
    assert (project.root / "passes.txt").read_text() == "20\n"
