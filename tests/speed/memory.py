"""How much memory and disk extraction takes: VGG-16 on 640 images, three wide layers in one run.

    python tests/speed/memory.py [images.zip]

Runs in a fresh process, watched from this one, and prints one JSON object. Without an argument the images are
those of Cowley et al. in ../shared/data, or noise of the same size where that is not there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
IMAGES = (
    Path(os.environ.get("BRAINSCORE_SHARED", ROOT.parent / "shared")) / "data/cowley2023/images_210325.zip"
)
LAYERS = ("features.15", "features.22", "features.30")
GB = 1e9


def watched(folder: Path, images: Path) -> dict[str, float]:
    """Run `measured` in another process; its largest resident memory and spill in GB, and its figures."""
    command = [sys.executable, __file__, "--measure", str(folder), str(images)]
    child = psutil.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True
    )
    spill, resident, disk = folder / "spill", 0, 0
    while child.poll() is None:
        try:
            resident = max(resident, child.memory_info().rss)
            disk = max(disk, nameless_bytes(child.pid, spill))
        except (psutil.Error, OSError):
            continue
        time.sleep(0.02)
    if child.returncode:
        raise SystemExit(child.returncode)
    left = sum(path.stat().st_size for path in spill.rglob("*")) if spill.exists() else 0
    figures = json.loads(child.stdout.read())
    return {
        "peak_resident_gb": round(resident / GB, 3),
        "peak_spill_gb": round(disk / GB, 3),
        "spill_left_gb": round(left / GB, 3),
        **figures,
    }


def nameless_bytes(pid: int, folder: Path) -> int:
    """Bytes on disk of the open files of a process that were made below `folder` (Linux)."""
    held = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if str(link.readlink()).startswith(str(folder)):
            held += link.stat().st_blocks * 512
    return held


def measured(folder: Path, images: Path) -> dict[str, float]:
    """Extract, make coordinates, store; seconds of each and the size of the activations."""
    from pytest_brainscore.machine import keep_freed_memory
    from pytest_brainscore.models.build import build
    from pytest_brainscore.models.represent import represent
    from pytest_brainscore.models.store import Store
    from pytest_brainscore.specs.models import Model

    keep_freed_memory()  # as the workbench does
    spec = Model(id="vgg16_untrained", name="vgg16", source="torchvision", weights="none")
    network = build(spec, Path, {}.get, offline=True)
    stimuli = _stimuli(folder, images)
    wanted = {(layer,): {"coordinates"} for layer in LAYERS}
    done = represent(
        network, stimuli, wanted, store=Store(folder / "store"), batch_size=8, spill=folder / "spill"
    )
    units = 256 * 56 * 56 + 512 * 28 * 28 + 512 * 7 * 7
    return {
        "activations_gb": round(4 * len(stimuli) * units / GB, 3),
        "forward_seconds": round(done.forward_seconds, 1),
        "after_seconds": round(done.coordinates_seconds, 1),
        "after_over_forward": round(done.coordinates_seconds / done.forward_seconds, 3),
        "stimuli": len(stimuli),
    }


def _stimuli(folder: Path, images: Path):
    import numpy as np

    from pytest_brainscore.data.stimuli import Stimuli

    if not images.exists():
        noise = np.random.RandomState(0).randint(0, 256, (640, 112, 112, 3), dtype=np.uint8)
        return Stimuli(tuple(map(str, range(640))), tuple(noise))
    with zipfile.ZipFile(images) as archive:
        archive.extractall(folder / "images")
    files = sorted(path for path in (folder / "images").rglob("*") if path.suffix in {".png", ".jpg"})
    return Stimuli(tuple(path.stem for path in files), tuple(files))


def main() -> None:
    """Measure, or with --measure be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="?", type=Path, default=IMAGES)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measured(given.measure, given.images)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(watched(Path(folder).resolve(), given.images), indent=1))


if __name__ == "__main__":
    main()
