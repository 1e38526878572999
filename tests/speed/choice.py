"""What `layers: auto` costs: python tests/speed/choice.py resnet50 320 "layer?.?"

Shows so many images of coloured squares to an untrained network of torchvision. Half of them choose among its
layers, those of the patterns or all, by PLS on 168 simulated neuroids that follow the pixels. Prints the
seconds of each stage.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.machine import Device
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.views import AutoLayers
from pytest_brainscore.workbench import Workbench

FILE = """
dataset: {id: Own, reader: arrays, stimuli: {images: i}, recordings: {file: r.npy, region: IT}}
benchmarks:
  - {region: IT, metric: pls, splits: {n: 10, train: 0.9}}
"""


def simulated(n: int, neuroids: int = 168, width: int = 8) -> Recordings:
    """Responses to n images of squares in random colours: dimensions of falling weight, and noise."""
    random = np.random.RandomState(0)
    colours = random.rand(n, width, width, 3)
    images = [np.kron(image * 255, np.ones((8, 8, 1))).astype(np.uint8) for image in colours]
    pixels = colours.reshape(n, -1)
    p = pixels.shape[1]
    seen = (pixels - pixels.mean(0)) @ random.randn(p, p) * np.arange(1, p + 1) ** -0.7
    y = seen @ random.randn(p, neuroids)
    return from_arrays(images, y + 0.7 * y.std() * random.randn(*y.shape), region="IT")


def main(name: str, n: int, patterns: tuple[str, ...]) -> None:
    """Choose and score once, without the store, and print what it took."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "own.yaml").write_text(FILE, encoding="utf-8")
        (case,) = load_cases(folder / "own.yaml")
        bench = Workbench(Device(*[torch.device("cpu")] * 2), Fetcher(folder), Registry(folder), None)
        bench.adopt_recordings(case, simulated(n))
        auto = AutoLayers(candidates=patterns or None)
        start, cpu = time.perf_counter(), time.process_time()
        score = bench.score(case, Model(id=name, source="torchvision", layers=auto), folder)
        taken = f"{time.perf_counter() - start:.0f} s, of the CPU {time.process_time() - cpu:.0f} s"
    print(f"{n} images: {score.about['layer_source']}\n{score.about['seconds']}\n{taken}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), tuple(sys.argv[3:]))
