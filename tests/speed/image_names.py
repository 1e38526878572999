"""How long the reader `collection` takes for the names of 50,000 images.

Run as ``python -m tests.speed.image_names``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from pytest_brainscore.data.collections import images_of, read
from pytest_brainscore.specs.datasets import CollectionDataset

CLASSES, OF_EACH, TIMES = 1000, 50, 5


def make(folder: Path) -> None:
    """Empty files in class folders, named and strewn as the validation images of ImageNet are."""
    for c in range(CLASSES):
        place = folder / f"n{1440764 + 137 * c:08d}"
        place.mkdir()
        for i in range(OF_EACH):
            number = (OF_EACH * c + i) * 7919 % (CLASSES * OF_EACH) + 1
            (place / f"ILSVRC2012_val_{number:08d}.JPEG").touch()


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        spec = CollectionDataset(id="Names", reader="collection", stimuli={"images": {"file": name}})
        whole, some = [], []
        for _ in range(TIMES):
            start = time.process_time()
            read(spec, lambda _: folder, folder)
            whole.append(time.process_time() - start)
            start = time.process_time()
            images_of(folder, 1000)
            some.append(time.process_time() - start)
    print(f"all of them, with their classes: {statistics.median(whole):.2f} s of CPU time")
    print(f"1,000 of them, evenly spaced: {statistics.median(some):.2f} s of CPU time")


if __name__ == "__main__":
    main()
