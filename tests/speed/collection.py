"""Time collecting 200 models x 50 benchmarks, and what it imports: ``python tests/speed/collection.py``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENTRY = """
dataset:
  id: Data{i}
  reader: arrays
  stimuli: {{images: images}}
  recordings: {{file: responses.npy, region: IT}}
benchmarks:
  - region: IT
    metric: {{name: pls, components: 25}}
    splits: {{n: 10, train: 0.9}}
    ceiling: internal_consistency
"""
MODEL = """
model_{i}:
  source: torchvision
  name: resnet50
  weights: IMAGENET1K_V1
  layers: {{V1: layer1.0, V2: layer2.0, V4: layer3.0, IT: layer4.0}}
  about: {{year: 2015, family: resnet, objective: supervised, diet: imagenet-1k}}
"""
CONFTEST = """
import sys

def pytest_collection_finish(session):
    print("torch imported:", "torch" in sys.modules)
"""


def main(models: int = 200, benchmarks: int = 50, runs: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "benchmarks").mkdir()
        (root / "pytest.ini").write_text("[pytest]\n")
        (root / "conftest.py").write_text(CONFTEST)
        (root / "models.yaml").write_text("".join(MODEL.format(i=i) for i in range(models)))
        for i in range(benchmarks):
            (root / "benchmarks" / f"data{i}.yaml").write_text(ENTRY.format(i=i))
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", "-s"]
        command += ["--models", "model_*"]
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, env={**os.environ})
            seconds.append(time.perf_counter() - start)
        items = sum("::" in line for line in done.stdout.splitlines())
        imported = next(line for line in done.stdout.splitlines() if line.startswith("torch imported"))
        print(f"{models} models x {benchmarks} benchmarks: {items} items; {imported}")
        print(f"seconds, {runs} runs: min {min(seconds):.2f}, median {sorted(seconds)[runs // 2]:.2f}")


if __name__ == "__main__":
    main()
