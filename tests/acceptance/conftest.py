"""A small project of a user's own: images, recordings, a network, a benchmark file."""

from __future__ import annotations

import hashlib
import os
import textwrap
import time
from pathlib import Path

# pytester forgets what a test imports, and torch and h5py cannot be imported twice
import h5netcdf  # noqa: F401
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import pytest_brainscore.api  # noqa: F401

from .starter import started

NETS = """
import torch
from torch import nn


def small(width: int = 8, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    first, second = nn.Conv2d(3, width, 5, stride=4), nn.Conv2d(width, width, 3, stride=2)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())
"""

MODELS = """
small:
  source: nets:small
  layers: {V4: "1", IT: "3"}
  layer_source: chosen by hand
  preprocess: {size: 32}
wide_vit:
  source: nets:small
  arguments: {width: 12}
  weights: {file: wide.safetensors, sha256: SHA256}
  layers: {V4: "1", IT: "3"}
  preprocess: {size: 32}
sets:
  both: [small, wide_vit]
"""

DATASET = """
dataset:
  id: Own
  reader: arrays
  stimuli: {images: images}
  recordings: {file: responses.npy, dims: [stimulus, neuroid, repetition], region: IT}
"""


def on_own(benchmarks: str) -> str:
    """A benchmark file on the project's own recordings."""
    return f"{DATASET}benchmarks:{benchmarks}"


BENCHMARKS = on_own("""
  - region: IT
    metric: {name: ridge, alpha: 1.0}
    splits: {n: 4, train: 0.75, seed: 1}
    ceiling: internal_consistency
""")


UNUSED = [word for name in ("hypothesispytest", "benchmark", "anyio") for word in ("-p", f"no:{name}")]
"""Plugins of other tests: half of the time that pytest takes to start."""


def run(*arguments: str) -> pytest.RunResult:
    """Run pytest here, in a process of its own, which is forked where that is safe."""
    start = time.monotonic()
    ended = started([*UNUSED, *(str(word) for word in arguments)], Path.cwd())
    print(ended.out, ended.err, sep="\n")
    return pytest.RunResult(
        ended.code, ended.out.splitlines(), ended.err.splitlines(), time.monotonic() - start
    )


class Project:
    """A folder that pytest runs in, in a process of its own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester, self.root = pytester, pytester.path

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def run(self, *arguments: str) -> pytest.RunResult:
        return run("-p", "no:cacheprovider", *arguments)

    def run_afresh(self, *arguments: str) -> pytest.RunResult:
        """Run a new Python, for what depends on what is imported."""
        return self.pytester.runpytest_subprocess(*arguments)

    def collect(self, *arguments: str) -> list[str]:
        """The node ids that a run would take."""
        result = self.run("--collect-only", "-q", *arguments)
        return [line for line in result.outlines if "::" in line]


def draw_images(folder: Path, n: int = 20, seed: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.RandomState(seed)
    for i in range(n):
        coarse = rng.randint(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((48, 48), Image.Resampling.BICUBIC).save(folder / f"image{i + 1}.png")


def make_responses(path: Path, n: int = 20, neuroids: int = 6, repetitions: int = 4) -> None:
    rng = np.random.RandomState(1)
    signal = rng.randn(n, neuroids, 1)
    np.save(path, signal + 0.5 * rng.randn(n, neuroids, repetitions))


def write_weights(path: Path, width: int = 12) -> str:
    """Weights of the wider network; their sha256."""
    generator = torch.Generator().manual_seed(5)
    shapes = {
        "0.weight": (width, 3, 5, 5),
        "0.bias": (width,),
        "2.weight": (width, width, 3, 3),
        "2.bias": (width,),
    }
    save_file({name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    """A user's project with two networks and one benchmark on 20 images."""
    for name in [n for n in os.environ if n.startswith("BRAINSCORE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    made = Project(pytester)
    made.write("pytest.ini", "[pytest]\naddopts = --strict-markers\n")
    made.write("nets.py", NETS)
    made.write("models.yaml", MODELS.replace("SHA256", write_weights(made.root / "wide.safetensors")))
    made.write("benchmarks/own.yaml", BENCHMARKS)
    draw_images(made.root / "benchmarks" / "images")
    make_responses(made.root / "benchmarks" / "responses.npy")
    return made
