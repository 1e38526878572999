"""Guards, one story: baselines are made, things change, things are put back."""

from __future__ import annotations

import hashlib
import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from .conftest import NETS, UNUSED, draw_images
from .starter import started

WORKERS = [pytest.param((), id="alone"), pytest.param(("-n", "2"), id="workers")]

MODELS = """
{id}:
  source: nets:small
  weights: {{file: {id}.safetensors, sha256: {sha256}}}
  layers: {{IT: "{layer}"}}
  preprocess: {{size: 32}}
"""

BENCHMARKS = """
datasets:
  - &own
    id: Own
    reader: arrays
    stimuli: {images: images}
    recordings: {file: responses.npy, dims: [stimulus, neuroid], region: IT}
  - id: Other
    reader: arrays
    stimuli: {images: other}
    recordings: {file: responses.npy, dims: [stimulus, neuroid], region: IT}
benchmarks:
  - {dataset: Own, region: IT, metric: {name: ridge, alpha: 1.0}, splits: &splits {n: 4, train: 0.75}}
  - {dataset: Own, region: IT, metric: rdm}
  - {dataset: Own, id: IT-spec, region: IT, metric: {name: ridge, alpha: 2.0}, splits: *splits}
  - {dataset: Other, id: IT-other, region: IT, metric: {name: ridge, alpha: 1.0}, splits: *splits}
"""


BEFORE = {"steady": "good", "shaken": "good", "fallen": "good", "risen": "poor", "moved": "good"}
AFTER = {**BEFORE, "shaken": "noisy", "fallen": "poor", "risen": "good", "fresh": "good"}


class Guarded:
    """A project with a network for each thing that can happen to a score."""

    def __init__(self, root: Path, workers: tuple[str, ...]) -> None:
        self.root, self.workers = root, workers
        self.suite = root / "benchmarks"
        self.baselines = self.suite / "baselines"
        (root / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
        (root / "nets.py").write_text(NETS)
        for folder in ("images", "other"):
            draw_images(self.suite / folder, n=40)
        np.save(self.suite / "responses.npy", responses(self.suite / "images"))
        self.benchmarks()
        self.models(**BEFORE)

    def benchmarks(self, old: str = "", new: str = "") -> None:
        assert old in BENCHMARKS
        (self.suite / "own.yaml").write_text(BENCHMARKS.replace(old, new) if old else BENCHMARKS)

    def models(self, layers: dict[str, str] | None = None, **weights: str) -> None:
        """Write models.yaml and the weights that it names."""
        text = ""
        for name, kind in weights.items():
            sha256 = write_weights(self.root / f"{name}.safetensors", kind)
            text += MODELS.format(id=name, sha256=sha256, layer=(layers or {}).get(name, "1"))
        (self.root / "models.yaml").write_text(text)

    def run(self, *arguments: str, workers: bool = True, **environment: str) -> Result:
        reports = len(list(self.root.glob("reports*")))
        options = ["-p", "no:cacheprovider", *UNUSED, "-v", "--brainscore-reports", f"reports{reports}"]
        words = [*options, *arguments, *(self.workers if workers else ())]
        ended = started(words, self.root, {**self.environment(), **environment})
        return Result(ended.code, ended.out + ended.err, self.root / f"reports{reports}")

    def change(self) -> None:
        """Other weights, layer, spec and stimuli, each for some."""
        self.models(layers={"moved": "3"}, **AFTER)
        self.benchmarks("alpha: 2.0", "alpha: 3.0")
        draw_images(self.suite / "other", n=1, seed=1)

    def put_back(self) -> None:
        self.models(**BEFORE)
        self.benchmarks()
        draw_images(self.suite / "other", n=40)

    def environment(self) -> dict[str, str]:
        """This process's environment without what would reach into the run."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("BRAINSCORE_", "CI", "PYTEST_"))}
        return {**clean, "BRAINSCORE_CACHE": str(self.root / "cache"), "COLUMNS": "200"}

    def lines(self, benchmark: str = "Own.IT-ridge") -> dict[str, dict]:
        return json.loads((self.baselines / f"{benchmark}.json").read_text())["models"]

    def state(self) -> dict[str, tuple[bytes, int]]:
        return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(self.baselines.iterdir())}


class Result:
    """What a run printed and wrote."""

    def __init__(self, ret: int, text: str, reports: Path) -> None:
        self.ret, self.text = ret, text
        files = list(reports.glob("*/results.jsonl"))
        rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        self.rows = {
            (row["benchmark"], row["guard"]["key"] if row["guard"] else row["model"]): row for row in rows
        }

    def verdicts(self, benchmark: str = "Own.IT-ridge") -> dict[str, str]:
        return {
            model: row["verdict"] for (name, model), row in sorted(self.rows.items()) if name == benchmark
        }


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Baselines made, everything changed, everything put back; on workers in test_guard_update.py."""
    project = Guarded(tmp_path_factory.mktemp("story"), ())
    project.made = project.run(f"--models={','.join(BEFORE)}", "--brainscore-update=new")
    project.first = project.state()
    project.change()
    project.changed = project.run(f"--models={','.join(AFTER)}", "--junitxml=junit.xml")
    project.put_back()
    project.back = project.run(f"--models={','.join(BEFORE)}", "--brainscore-update=changed")
    return project


def responses(images: Path) -> np.ndarray:
    """Responses (40, 8): what the good filters see in each quarter of the image, and a little noise."""
    files = sorted(images.iterdir(), key=lambda path: int(path.stem.removeprefix("image")))
    pixels = np.stack([np.asarray(Image.open(file).resize((32, 32))) for file in files]) / 255
    shown = torch.tensor(pixels - 0.5, dtype=torch.float32).permute(0, 3, 1, 2)
    seen = torch.nn.functional.conv2d(shown, weights("good")["0.weight"], stride=4).relu()
    quarters = torch.nn.functional.adaptive_avg_pool2d(seen, 2).flatten(1)[:, ::4].numpy()
    noise = np.random.RandomState(3).randn(*quarters.shape)
    return quarters / quarters.std(axis=0) + 0.1 * noise


def weights(kind: str) -> dict[str, torch.Tensor]:
    """Weights of the small network; `poor` ones see one corner of each patch only."""
    generator = torch.Generator().manual_seed(7)
    first = torch.randn((8, 3, 5, 5), generator=generator)
    if kind == "poor":
        first[:, :2], first[:, 2, 1:], first[:, 2, 0, 1:] = 0, 0, 0
    if kind == "noisy":
        first += 0.1 * torch.randn((8, 3, 5, 5), generator=generator)
    second = torch.randn((8, 8, 3, 3), generator=generator)
    return {"0.weight": first, "0.bias": torch.zeros(8), "2.weight": second, "2.bias": torch.zeros(8)}


def write_weights(path: Path, kind: str) -> str:
    """Write weights; their sha256."""
    save_file(weights(kind), path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_new_baselines_are_a_line_per_model(story):
    assert story.made.ret == 0
    assert "20 baselines written: git add -N benchmarks/baselines && git diff benchmarks" in story.made.text
    assert set(story.made.verdicts().values()) == {"unguarded"}
    text = (story.baselines / "Own.IT-ridge.json").read_text()
    keys = [line.split(":")[0].strip('"') for line in text.splitlines() if '"raw"' in line]
    assert keys == sorted(BEFORE)
    line, row = story.lines()["fallen"], story.made.rows["Own.IT-ridge", "fallen"]
    assert line["splits"] == pytest.approx(row["splits"], abs=1e-7)
    assert line["error"] == pytest.approx(row["error"], abs=1e-7)
    assert (line["n"], line["layer"], line["torch"]) == (4, "1", row["versions"]["torch"])
    assert row["digests"]["weights"].startswith(line["digests"]["weights"])


def test_each_verdict(story):
    assert story.changed.ret == pytest.ExitCode.TESTS_FAILED
    assert story.changed.verdicts() == {
        "steady": "same",
        "shaken": "drifted",
        "fallen": "regressed",
        "risen": "improved",
        "moved": "regressed",
        "fresh": "unguarded",
    }
    known = dict.fromkeys(BEFORE, "mismatched")
    for benchmark in ("Own.IT-spec", "Other.IT-other"):
        assert story.changed.verdicts(benchmark) == {**known, "fresh": "unguarded"}
    assert story.changed.verdicts("Own.IT-rdm")["fallen"] == "regressed"
    said = re.search("^guard: (.*)$", story.changed.text, re.MULTILINE)[1]
    words = [row["verdict"] for row in story.changed.rows.values()]
    assert {word: int(n) for n, word in re.findall(r"(\d+) (\w+)", said)} == {
        w: words.count(w) for w in words
    }


def test_the_numbers_of_a_verdict(story):
    old, row = story.lines()["fallen"], story.changed.rows["Own.IT-ridge", "fallen"]
    differences = [new - before for new, before in zip(row["splits"], old["splits"], strict=True)]
    assert row["delta"] == pytest.approx(fmean(differences))
    assert row["delta"] == pytest.approx(row["raw"] - old["raw"], abs=1e-6)
    assert row["guard"]["se"] == pytest.approx(pstdev(differences) / 2)
    assert row["guard"]["band"] == pytest.approx(2 * old["error"])
    assert row["guard"]["delta_in_se"] == pytest.approx(row["delta"] / old["error"])
    assert row["guard"]["fell"] == sum(difference < 0 for difference in differences)


def test_without_splits_the_plain_difference_counts(story):
    row = story.changed.rows["Own.IT-rdm", "fallen"]
    assert row["delta"] == pytest.approx(row["raw"] - story.lines("Own.IT-rdm")["fallen"]["raw"], abs=1e-6)
    assert (row["guard"]["band"], row["guard"]["se"], row["guard"]["delta_in_se"]) == (0.01, None, None)
    said = story.changed.text.split("\nfallen on Own.IT-rdm regressed: ")[1].split("\n___")[0].splitlines()
    words = ["score", "baseline", "delta", "allowed", "changed", "to"]
    assert [line.split()[0] for line in said[2:]] == words


def test_the_text_of_a_failure(story):
    row, old = story.changed.rows["Own.IT-ridge", "fallen"], story.lines()["fallen"]
    delta = f"{row['delta']:+.4f} = {row['delta'] / old['error']:+.1f} se"
    first = f"fallen on Own.IT-ridge regressed: {row['raw']:.4f}, baseline {old['raw']:.4f}, {delta}"
    ours = story.changed.text.split(f"\n{first}\n")[1].split("\n___")[0].splitlines()
    assert ours[0] == "benchmarks/own.yaml:13"
    told = dict(re.split(r"  +", line.strip(), maxsplit=1) for line in ours[1:])
    assert told["score"] == f"{row['raw']:.4f} ±{row['error']:.4f}"
    assert told["baseline"].startswith(f"{old['raw']:.4f} ±{old['error']:.4f} ({old['date']}, torch ")
    assert told["delta"] == f"{delta} (paired differences: ±{row['guard']['se']:.4f})"
    assert told["allowed"] == f"{-2 * old['error']:+.4f} = -2.0 se (drop: 2 se, drift: 0.002)"
    assert told["splits"] == f"{row['guard']['fell']} of 4 fell"
    assert re.fullmatch(r"weights \w{8} → \w{8}", told["changed"])
    command = f"python -m pytest benchmarks/own.yaml::IT-ridge::fallen --models={','.join(AFTER)}"
    assert told["to accept"] == f"{command} --brainscore-update=changed"
    assert "Traceback" not in story.changed.text
    assert f"FAILED benchmarks/own.yaml::IT-ridge::fallen - {first}" in story.changed.text
    cases = ET.parse(story.root / "junit.xml").findall(".//testcase[@name='fallen']")
    (case,) = [case for case in cases if case.get("classname").endswith("IT-ridge")]
    assert case.find("failure").get("message") == first
    properties = {p.get("name"): p.get("value") for p in case.iter("property")}
    assert properties["verdict"] == "regressed"
    assert float(properties["delta"]) == row["delta"]


def test_what_else_changed_and_what_differs(story):
    rows = story.changed.rows
    assert rows["Own.IT-ridge", "moved"]["guard"]["changed"] == ["layer 1 → 3"]
    assert re.fullmatch(r"mismatched: spec \w{8} → \w{8}", rows["Own.IT-spec", "steady"]["guard"]["message"])
    assert re.fullmatch(
        r"mismatched: stimuli \w{8} → \w{8}; recordings \w{8} → \w{8}|mismatched: stimuli \w{8} → \w{8}",
        rows["Other.IT-other", "steady"]["guard"]["message"],
    )


def test_the_terminal_marks_what_moved(story):
    text, rows = story.changed.text, story.changed.rows
    for model, colour in (("fallen", "FAILED"), ("risen", "PASSED"), ("shaken", "PASSED")):
        row = rows["Own.IT-ridge", model]
        said = f"{row['raw']:.4f} ±{row['error']:.4f} {row['verdict']} {row['delta']:+.4f}"
        assert f"{colour} {said}" in text
    assert "GuardWarning: shaken on Own.IT-ridge drifted: " in text
    assert "risen on Own.IT-ridge improved: " in text
    assert re.search(r"Own.IT-ridge .*0\.\d+ ~ .*0\.\d+ ↓ .*0\.\d+ ↑", text)


def test_put_back_all_is_the_same_and_nothing_is_rewritten(story):
    assert story.back.ret == 0
    assert {row["verdict"] for row in story.back.rows.values()} == {"same"}
    assert "0 baselines changed" in story.back.text
    assert story.state() == story.first
