"""30 models x 8 benchmarks on small stimuli: serial, two workers of pytest-xdist, Dask, in turns.

    python tests/speed/workers.py [rounds]

Each run starts with an empty cache. Prints the seconds of each run, those of the processor in all its
processes, the medians and their ratio.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

MODELS, STIMULI, NEUROIDS, REPETITIONS = 30, (60, 90), 40, 6
WAYS = {"serial": (), "-n 2": ("-n", "2"), "dask local": ("--brainscore-dask", "local")}
NETS = """
import torch
from torch import nn


def tiny(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    widths = (3, 16, 32, 48)
    layers = []
    for before, after in zip(widths, widths[1:]):
        layers += [nn.Conv2d(before, after, 3, stride=2), nn.ReLU()]
    return nn.Sequential(*layers)
"""
ENTRY = """
net{0}:
  source: nets:tiny
  arguments: {{seed: {0}}}
  layers: {{IT: "5"}}
  preprocess: {{size: 64}}
"""
BENCHMARKS = """
dataset:
  id: {id}
  reader: arrays
  stimuli: {{images: {id}}}
  recordings: {{file: {id}.npy, dims: [stimulus, neuroid, repetition], region: IT}}
benchmarks:
  - region: IT
    metric: {{name: pls, components: 10}}
    splits: {{n: 5, train: 0.8, seed: 1}}
    ceiling: internal_consistency
  - region: IT
    metric: {{name: ridge, alpha: 1.0}}
    splits: {{n: 5, train: 0.8, seed: 1}}
    ceiling: internal_consistency
  - {{region: IT, metric: {{name: rdm}}}}
  - {{region: IT, metric: {{name: cka}}}}
"""


def make_project(folder: Path) -> None:
    """Networks, stimuli and recordings drawn from fixed seeds."""
    rng = np.random.RandomState(0)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "nets.py").write_text(NETS)
    (folder / "models.yaml").write_text("".join(ENTRY.format(i) for i in range(MODELS)))
    suite = folder / "benchmarks"
    for n in STIMULI:
        name = f"Drawn{n}"
        (suite / name).mkdir(parents=True)
        (suite / f"{name}.yaml").write_text(BENCHMARKS.format(id=name))
        np.save(suite / f"{name}.npy", rng.randn(n, NEUROIDS, 1) + 0.5 * rng.randn(n, NEUROIDS, REPETITIONS))
        for i in range(n):
            coarse = Image.fromarray(rng.randint(0, 256, (8, 8, 3), dtype=np.uint8))
            coarse.resize((96, 96), Image.Resampling.BICUBIC).save(suite / name / f"image{i:03d}.png")


def seconds(folder: Path, cache: Path, arguments: tuple[str, ...]) -> tuple[float, float]:
    """Wall and processor seconds of one run of everything; ends where an item is not scored."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--models", "net*"]
    told = ["--brainscore-json", str(cache / "results.json"), *arguments]
    cache.mkdir()
    start, used = time.perf_counter(), processor_seconds()
    done = subprocess.run(
        [*command, *told],
        cwd=folder,
        env={**os.environ, "BRAINSCORE_CACHE": str(cache)},
        capture_output=True,
        text=True,
    )
    took, used = time.perf_counter() - start, processor_seconds() - used
    results = json.loads((cache / "results.json").read_text())["results"]
    if done.returncode or sum(row["status"] == "scored" for row in results) != MODELS * 4 * len(STIMULI):
        raise SystemExit(done.stdout + done.stderr)
    return took, used


def processor_seconds() -> float:
    """What all processes used that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(rounds: int) -> None:
    """Print the table."""
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        folder.mkdir()
        make_project(folder)
        for i in range(rounds):
            for way, arguments in WAYS.items():
                took, used = seconds(folder, Path(place) / f"cache {way} {i}", arguments)
                times[way].append(took)
                load = os.getloadavg()[0]
                print(f"{way:10} {took:7.1f} s   processor {used:7.1f} s   load {load:.1f}", flush=True)
    medians = {way: statistics.median(took) for way, took in times.items()}
    print(", ".join(f"{way} {took:.1f} s" for way, took in medians.items()), end=": ")
    ratios = [f"{way} {took / medians['serial']:.2f}" for way, took in medians.items() if way != "serial"]
    print(f"ratio of {', of '.join(ratios)} on {len(os.sched_getaffinity(0))} cores")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
