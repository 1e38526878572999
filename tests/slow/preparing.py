"""Preparing: the template that faults copy, its files, and the undisturbed runs that say what is right."""

from __future__ import annotations

import gc
import hashlib
import importlib
import shutil
import sys
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import pytest_brainscore.api
import pytest_brainscore.harness.hooks  # noqa: F401 - children inherit what is imported here

from .faults import require
from .project import FILES, UPDATE, Place, Project, hold, numbers
from .stages import measure

NETS = """
from torch import nn


def small(width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 5, stride=2), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU())
"""

MODELS_YAML = """
small: {source: "nets:small", layers: {V4: "1", IT: "3"}, layer_source: by hand, preprocess: {size: 16}}
wide:
  source: nets:small
  arguments: {width: 8}
  weights: {url: "URL/plain/wide.safetensors", sha256: WEIGHTS}
  layers: {V4: "1", IT: "3"}
  layer_source: by hand
  preprocess: {size: 16}
"""

BENCHMARKS = """
dataset:
  id: Own
  reader: arrays
  stimuli: {images: {url: "URL/plain/images.zip", sha256: IMAGES}}
  recordings:
    file: {url: "URL/plain/responses.npy", sha256: RESPONSES}
    dims: [stimulus, neuroid, repetition]
    region: IT
benchmarks:
  - {region: IT, metric: {name: pls, components: 2}, splits: &splits {n: 3, train: 0.75, seed: 1},
     ceiling: internal_consistency}
  - {region: IT, metric: rdm}
  - {region: IT, metric: neuron_to_neuron, splits: *splits}
"""


def prepare(folder: Path, url: str, data: Path) -> Place:
    """Make the templates in `folder`, with one undisturbed run each."""
    hashes = {name: _sha256(data / name) for name in FILES}
    cold = Project(folder / "cold")
    _write_project(cold.root, {"URL": url} | {FILES[name]: digits for name, digits in hashes.items()})
    _import_all_of(shutil.copytree(cold.root, folder / "imports"))
    first = Project(shutil.copytree(cold.root, folder / "first"))
    stages, ended = measure(lambda before: first.served("slow").score(before=before))
    require(ended.code == 0, f"the undisturbed run ends with {ended.code}: {ended.text}")
    right = {key: numbers(row) for key, row in first.rows().items()}
    first.served("plain")
    shutil.rmtree(first.root / "reports")
    old = _updated(first, "--models=small")
    warm = folder / "warm"
    shutil.copytree(first.root, warm, symlinks=True)
    updating, ended = measure(lambda before: first.score(UPDATE, before=before))
    require(ended.code == 0, f"the undisturbed update ends with {ended.code}: {ended.text}")
    new = first.lines()
    stages["update"] = updating["update"]
    made = Place(data, hashes, url, cold.root, warm, right, old, new, stages, ended.seconds)
    hold(made)
    return made


def _import_all_of(root: Path) -> None:
    """Import here what an undisturbed run imports, so that children need not; spare them its garbage."""
    notes = root / "modules.txt"

    def before() -> None:
        run, known = pytest.main, set(sys.modules)

        def main(*args: Any, **kwargs: Any) -> int:
            code = run(*args, **kwargs)
            notes.write_text("\n".join(name for name in sys.modules if name not in known))
            return int(code)

        pytest.main = main  # type: ignore[assignment]

    Project(root).score(before=before)
    for name in notes.read_text().split():
        if name != "nets":
            with suppress(ImportError):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _updated(project: Project, *arguments: str) -> dict[str, str]:
    ended = project.score(UPDATE, *arguments)
    require(ended.code == 0, f"baselines cannot be made: {ended.text}")
    shutil.rmtree(project.root / "reports")
    return project.lines()


def _write_project(root: Path, words: Mapping[str, str]) -> None:
    texts = {"pytest.ini": "[pytest]\naddopts = --strict-markers\n", "nets.py": NETS}
    texts |= {"models.yaml": MODELS_YAML, "benchmarks/own.yaml": BENCHMARKS}
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for word, value in words.items():
            text = text.replace(word, value)
        path.write_text(text.lstrip("\n"))


def write_files(data: Path, n: int = 16, neuroids: int = 5, repetitions: int = 3) -> None:
    """The files behind the server: images, recordings and weights, the same each time."""
    rng = np.random.RandomState(1)
    signal = rng.randn(n, neuroids, 1)
    np.save(data / "responses.npy", signal + 0.5 * rng.randn(n, neuroids, repetitions))
    with zipfile.ZipFile(data / "images.zip", "w") as archive:
        for i in range(n):
            coarse = rng.randint(0, 256, (6, 6, 3), dtype=np.uint8)
            packed = BytesIO()
            Image.fromarray(coarse).resize((24, 24), Image.Resampling.BICUBIC).save(packed, "png")
            archive.writestr(zipfile.ZipInfo(f"stimuli/image{i + 1}.png"), packed.getvalue())
        archive.writestr(zipfile.ZipInfo("stimuli/padding.bin"), rng.bytes(300_000))
    generator = torch.Generator().manual_seed(5)
    shapes = {"0.weight": (8, 3, 5, 5), "0.bias": (8,), "2.weight": (8, 8, 3, 3), "2.bias": (8,)}
    weights = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    save_file(weights, data / "wide.safetensors")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
