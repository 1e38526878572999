"""How much memory and disk extraction takes: VGG-16 without training, its activations and their coordinates.

    python tests/speed/memory.py [images.zip]            three wide layers, 640 images
    python tests/speed/memory.py --all 320 [images.zip]  every layer but dropout, 320 images
    python tests/speed/memory.py --arithmetic 3200       every layer, 3,200 images, from measured parts

The first two run in a fresh process, watched from this one, and print one JSON object. Where no archive is
named the images are those of Cowley et al. in ../shared/data, or noise of the same size without that folder.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
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
WIDE = ("features.15", "features.22", "features.30")
GB = 1e9


def watched(folder: Path, *what: str) -> dict[str, float]:
    """Run `measured` in another process; its largest resident memory and spill in GB, and its figures.

    The resident memory is what the kernel counted; the spill is looked at every 50 ms.
    """
    command = [sys.executable, __file__, "--measure", str(folder), *what]
    child = psutil.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True
    )
    spill, disk = folder / "spill", 0
    while child.poll() is None:
        try:
            disk = max(disk, nameless_bytes(child.pid, spill))
        except (psutil.Error, OSError):
            continue
        time.sleep(0.05)
    if child.returncode:
        raise SystemExit(child.returncode)
    left = sum(path.stat().st_size for path in spill.rglob("*")) if spill.exists() else 0
    return {
        "peak_resident_gb": round(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / GB, 3),
        "peak_spill_gb": round(disk / GB, 3),
        "spill_left_gb": round(left / GB, 3),
        **json.loads(child.stdout.read()),
    }


def nameless_bytes(pid: int, folder: Path) -> int:
    """Bytes on disk of the open files of a process that were made below `folder` (Linux)."""
    held = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if str(link.readlink()).startswith(str(folder)):
            held += link.stat().st_blocks * 512
    return held


def measured(folder: Path, images: Path, n: int | None) -> dict[str, float]:
    """Extract, make coordinates, store; seconds of each and the size of the activations.

    n: how many of the images are shown to all layers; None shows all of them to the wide ones.
    """
    from pytest_brainscore.machine import keep_freed_memory
    from pytest_brainscore.models.layers import called_leaves
    from pytest_brainscore.models.represent import represent
    from pytest_brainscore.models.store import Store

    keep_freed_memory()  # as the workbench does
    network, stimuli, store = vgg16(), shown(folder, images, n), Store(folder / "store")
    layers = called_leaves(network) if n else WIDE
    wanted = {(layer,): {"coordinates"} for layer in layers}
    begun = []
    done = represent(
        network,
        stimuli,
        wanted,
        store=store,
        batch_size=None if n else 8,
        spill=folder / "spill",
        tell=lambda stage, _, of: begun.append(stage) if stage == "forward" and not of else None,
    )
    assert store.usage().files == len(layers) == len(done.tensors)
    return {
        "stimuli": len(stimuli),
        "layers": len(layers),
        "activations_gb": round(4 * len(stimuli) * sum(units(network, layers).values()) / GB, 3),
        "passes": max(1, len(begun) - 1),  # the first ends after a batch where one pass does not do
        "forward_seconds": round(done.forward_seconds, 1),
        "after_seconds": round(done.coordinates_seconds, 1),
        "after_over_forward": round(done.coordinates_seconds / done.forward_seconds, 3),
    }


def vgg16():
    """VGG-16 with random weights."""
    from pytest_brainscore.models.build import build
    from pytest_brainscore.specs.models import Model

    spec = Model(id="vgg16_untrained", name="vgg16", source="torchvision", weights="none")
    return build(spec, Path, {}.get, offline=True)


def units(network, layers) -> dict[str, int]:
    """How many units each layer has."""
    from pytest_brainscore.models.activations import extract

    with extract(network, noise(1), layers, budget=2**30) as answers:
        return {layer: answers[layer].p for layer in layers}


def noise(n: int):
    """Images of 112 x 112 random pixels."""
    import numpy as np

    from pytest_brainscore.data.stimuli import Stimuli

    pixels = np.random.RandomState(0).randint(0, 256, (n, 112, 112, 3), dtype=np.uint8)
    return Stimuli(tuple(map(str, range(n))), tuple(pixels))


def shown(folder: Path, images: Path, n: int | None):
    """The first n images of an archive, or noise where it is not there."""
    from pytest_brainscore.data.stimuli import Stimuli

    if not images.exists():
        return noise(n or 640)
    with zipfile.ZipFile(images) as archive:
        archive.extractall(folder / "images")
    files = sorted(path for path in (folder / "images").rglob("*") if path.suffix in {".png", ".jpg"})[:n]
    return Stimuli(tuple(path.stem for path in files), tuple(files))


def main() -> None:
    """Measure, or with --measure be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("images", nargs="?", type=Path, default=IMAGES)
    parser.add_argument("--all", type=int, metavar="N", help="all layers, and the first N images")
    parser.add_argument("--arithmetic", type=int, metavar="N", help="all layers, N images, by arithmetic")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measured(given.measure, given.images, given.all)))
        return
    if given.arithmetic:
        from arithmetic import table

        print(table(given.arithmetic))
        return
    with tempfile.TemporaryDirectory() as folder:
        how = ["--all", str(given.all)] if given.all else []
        print(json.dumps(watched(Path(folder).resolve(), str(given.images), *how), indent=1))


if __name__ == "__main__":
    main()
