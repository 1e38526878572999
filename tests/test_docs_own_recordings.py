"""docs/own_recordings.md: its files are written, its commands run, and its figures held to what comes out."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
from functools import partial
from pathlib import Path

# pytester forgets what a test imports: torch cannot be imported twice, and our items would be of two classes
import h5netcdf  # noqa: F401
import himalaya.kernel_ridge  # noqa: F401
import numpy as np
import pandas as pd
import pytest
import yaml

import pytest_brainscore.api
import pytest_brainscore.harness.hooks
import pytest_brainscore.work  # noqa: F401
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.specs.datasets import ArraysDataset

from .acceptance.starter import started
from .conftest import ROOT

PAGE = (ROOT / "docs" / "own_recordings.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = {found[1]: text for _, text in BLOCKS if (found := re.match(r"# (\S+\.\w+)\n", text))}
SHAPES = [
    yaml.safe_load(text)["recordings"]
    for kind, text in BLOCKS
    if kind == "yaml" and text[:10] == "recordings"
]
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
(PRINTED,) = [text for kind, text in BLOCKS if kind == ""]


@pytest.fixture
def own(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The page's files in a folder, and its data made there by its own first command."""
    for name in [name for name in os.environ if name.startswith("BRAINSCORE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BRAINSCORE_CACHE", str(pytester.path / "cache"))
    monkeypatch.syspath_prepend(str(pytester.path))
    for name, text in FILES.items():
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_text(text, encoding="utf-8")
    python, *words = COMMANDS[0].split()
    assert python == "python"
    runpy.run_path(str(pytester.path / words[0]), run_name="__main__")
    return pytester


def run(own: pytest.Pytester, command: str) -> tuple[str, dict[tuple[str, str], dict]]:
    """What a command of the page prints, and the rows of its results by benchmark and model."""
    known = set(own.path.glob("reports/*/results.json"))
    program, *words = shlex.split(command)
    assert program == "pytest"
    result = own.runpytest_inprocess("-p", "no:cacheprovider", *words)
    assert result.ret == 0, command
    new = set(own.path.glob("reports/*/results.json")) - known
    rows = [row for path in new for row in json.loads(path.read_text())["results"]]
    return result.stdout.str(), {(row["benchmark"], row["model"]): row for row in rows}


def cells(text: str) -> dict[str, list[float]]:
    """Benchmark to all numbers in its line of a table."""
    lines = [line.split() for line in text.splitlines() if re.match(r"Mine\.\S+ .* ", line)]
    return {line[0]: [float(word) for word in line[1:] if word not in "→-"] for line in lines}


def test_the_page_has_what_is_run():
    assert sorted(FILES) == ["benchmarks/mine.yaml", "make.py", "models.yaml", "nets.py"]
    assert (len(SHAPES), len(COMMANDS)) == (3, 4)
    assert len(BLOCKS) == len(FILES) + len(SHAPES) + 2 + 1


@pytest.mark.timeout(120)
def test_the_pages_commands_and_figures(own):
    _, look, compare, one = COMMANDS
    printed, rows = run(own, look)
    assert rows == {}
    assert printed.count("::my_net") == len(cells(PRINTED)) == 9
    printed, _ = run(own, f"{one} --collect-only -q")  # what it takes is scored by the next
    assert re.findall(r"(\S+)::my_net", printed) == ["benchmarks/mine.yaml::FFA-encoding"]
    printed, rows = run(own, compare)
    assert len(rows) == 18
    found, said = cells(printed), cells(PRINTED)
    assert found.keys() == said.keys()
    for name, numbers in said.items():
        assert found[name] == pytest.approx(numbers, abs=0.015), name
    _the_figures_in_the_text(rows)


@pytest.mark.timeout(120)
def test_worse_weights_fail_as_the_page_of_guards_says(own):
    page = (ROOT / "docs" / "guards.md").read_text(encoding="utf-8")
    spoil, failure = re.findall(
        r"^```(?:python)?\n((?:# spoil.py|my_net on ).*?)^```$", page, re.DOTALL | re.MULTILINE
    )
    words = ["-p", "no:cacheprovider", "--models=my_net,untrained:my_net", "-k", "OTC-rdm"]
    assert started([*words, "--brainscore-update=new"], own.path).code == 0
    assert "guard: 2 same" in started(words, own.path).out
    exec(compile(spoil, "spoil.py", "exec"), {})
    failed = started(words, own.path)
    assert failed.code == 1, failed.err
    said, found = failure.splitlines(), failed.out.splitlines()
    shown = found[found.index(said[1]) - 1 :][: len(said)]
    assert shape(shown[:-1]) == shape(said[:-1])
    assert numbers(shown[0]) == pytest.approx(numbers(said[0]), abs=0.015)
    assert shown[-1].endswith(said[-1].partition("pytest ")[2])


def shape(lines: list[str]) -> list[str]:
    """The same without digits: a date, versions, digests and the last figures are the machine's."""
    return [re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", line) for line in lines]


def numbers(line: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d\.\d+", line)]


def _the_figures_in_the_text(rows: dict[tuple[str, str], dict]) -> None:
    otc, evc, ffa = (rows[f"Mine.{region}-encoding", "my_net"] for region in ("OTC", "EVC", "FFA"))
    assert set(otc["layers"].values()) == {"1.2"}
    assert set(evc["layers"].values()) == {"0.2"}
    assert len(set(ffa["layers"].values())) > 1
    assert otc["also"]["train"] == pytest.approx(0.596, abs=0.015)
    assert (otc["targets"], ffa["targets"]) == (36, 18)
    also = rows["Mine.OTC-unique_variance", "my_net"]["also"]
    said = {"explained_variance": 0.532, "baselines": 0.235, "share": 0.364}
    said |= {"share.pixels": 0.009, "share.category": 0.159}
    assert {name: also[name] for name in said} == pytest.approx(said, abs=0.015)


def test_the_other_shapes_of_the_same_responses(own):
    responses = np.load(own.path / "benchmarks" / "responses.npy")
    voxels = pd.read_csv(own.path / "benchmarks" / "voxels.csv")["neuroid"].tolist()
    _write_other_shapes(own.path / "benchmarks", responses, voxels)
    trials, betas, rates = (opened(shape, own.path) for shape in SHAPES)
    for found, order in ((trials, -1), (betas, 1)):
        assert found.data["neuroid"].values.tolist() == voxels[::order]
        np.testing.assert_allclose(found.responses().values, responses.mean(2)[:, ::order], atol=1e-9)
        assert found.select("FFA").data["region"].values.tolist() == ["OTC"] * 18
        assert found.data.sizes["presentation"] == responses[:, 0].size
    np.testing.assert_allclose(rates.responses().values, responses.mean(2), atol=1e-9)
    assert rates.data["time_bin_start"].values.tolist() == [50, 100]


def _write_other_shapes(folder: Path, responses: np.ndarray, voxels: list[str]) -> None:
    n, m, repetitions = responses.shape
    shown = responses.transpose(2, 0, 1).reshape(-1, m)
    image = np.tile([f"image{i + 1}" for i in range(n)], repetitions)
    repetition = np.repeat(range(repetitions), n)
    table = pd.DataFrame(shown, columns=voxels)[voxels[::-1]]  # joined by name, so in any order
    table.assign(image=image, run=repetition).to_csv(folder / "trials.csv", index=False)
    np.save(folder / "betas.npy", shown)
    said = pd.DataFrame({"stimulus": image, "repetition": repetition})
    said.to_csv(folder / "presentations.csv", index=False)
    mean = responses.mean(2)
    np.savez(folder / "rates.npz", rates=np.stack([mean - 1, mean + 1], axis=1))


def opened(recordings: dict, folder: Path) -> Recordings:
    """The page's data set with another `recordings:`."""
    said = yaml.safe_load(FILES["benchmarks/mine.yaml"])["dataset"] | {"recordings": recordings}
    fetch = partial(Fetcher(folder / "cache", offline=True), folder=folder / "benchmarks")
    return open_recordings(ArraysDataset.model_validate_json(json.dumps(said)), fetch, folder / "cache")
