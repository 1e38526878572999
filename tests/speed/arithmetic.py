"""What all layers of VGG-16 take for thousands of images: parts are measured here, the rest is arithmetic.

    python tests/speed/memory.py --arithmetic 3200

Memory is the largest resident memory during a part, as the kernel counts it (Linux), beyond that of libraries
and network. What an earlier part has freed and the allocator has kept is in it.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from memory import GB, noise, units, vgg16

from pytest_brainscore.machine import keep_freed_memory
from pytest_brainscore.metrics.linalg import eigh
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.columns import LayerActivations, allocate
from pytest_brainscore.models.coordinates import coordinates
from pytest_brainscore.models.layers import called_leaves
from pytest_brainscore.models.network import Network
from pytest_brainscore.models.represent import ROOM, parted

SPILLED = 2e9
SHOWN = 64
BATCH = 4
UNITS = 32768


@dataclass(frozen=True)
class Cost:
    """Seconds, and bytes of resident memory at most."""

    seconds: float
    peak: float


@dataclass(frozen=True)
class Parts:
    """What was measured for n images: bytes, and seconds per image of each pass, per byte, unit and layer.

    first: resident at most while the size of a batch is found, before there is any result; later: after that.
    """

    n: int
    widths: dict[str, int]
    passes: list[list[str]]
    resting: float
    first: float
    later: float
    image: list[float]
    write: float
    read: float
    unit: float
    layer: float
    coordinates: float

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each layer's activations."""
        return {layer: 4 * self.n * width for layer, width in self.widths.items()}

    @property
    def held(self) -> int:
        """Bytes of all layers' coordinates."""
        return sum(8 * self.n * min(self.n + 1, width) for width in self.widths.values())


def table(n: int) -> str:
    """What n images cost, part by part, as a table in Markdown."""
    keep_freed_memory()  # as the workbench does
    with tempfile.TemporaryDirectory() as folder:
        parts = measured(n, Path(folder))
    seconds, memory, disk = seconds_of(parts), memory_of(parts), disk_of(parts)
    rows = [
        (f"{n:,} images, {len(parts.widths)} layers of {sum(parts.widths.values()):,} units", ""),
        ("---", "---"),
        *((what, f"{value / 60:.1f} min") for what, value in seconds.items()),
        ("**time**", f"**{sum(seconds.values()) / 3600:.1f} h**"),
        *((what, f"{value / GB:.2f} GB") for what, value in memory.items()),
        ("**resident, if all came together**", f"**{sum(memory.values()) / GB:.2f} GB**"),
        ("resident while the size of a batch is found, before that", f"{parts.first / GB:.2f} GB"),
        *((what, f"{value / GB:.1f} GB") for what, value in disk.items()),
    ]
    return "\n".join(f"| {what} | {value} |" for what, value in rows)


def measured(n: int, folder: Path) -> Parts:
    """Measure the parts: some minutes."""
    network = vgg16()
    resting, layers = resident(), called_leaves(network)
    widths = units(network, layers)
    made, rotated = coordinates_cost(n, UNITS), eigh_cost(n)
    later = cost_of(lambda: show(network, layers, folder, BATCH))
    first = cost_of(lambda: show(network, layers, folder, None))
    sizes = {layer: 4 * n * width for layer, width in widths.items()}
    passes = [[layer for (layer,) in group] for group in parted([(layer,) for layer in layers], sizes, ROOM)]
    image = [seconds_per_image(network, group[-1]) for group in passes]
    write, read = spill_seconds(n, folder)
    unit, layer = (made.seconds - rotated.seconds) / UNITS, rotated.seconds
    peaks = (resting, first.peak, later.peak)
    return Parts(n, widths, passes, *peaks, image, write, read, unit, layer, made.peak - resting)


def seconds_of(parts: Parts) -> dict[str, float]:
    """Seconds of everything that takes long."""
    total, wide = sum(parts.sizes.values()), sum(width > parts.n + 1 for width in parts.widths.values())
    fast, slow = min(parts.image), max(parts.image)
    return {
        f"forward: {len(parts.passes)} passes, {fast:.3f} to {slow:.3f} s an image": parts.n
        * sum(parts.image),
        f"spill written, {1e-9 / parts.write:.2f} GB/s": total * parts.write,
        f"spill read, {1e-9 / parts.read:.2f} GB/s": total * parts.read,
        f"Gram matrices, {1e6 * parts.unit:.0f} µs a unit": parts.unit * sum(parts.widths.values()),
        f"eigenvectors, {parts.layer:.1f} s a layer": parts.layer * wide,
    }


def memory_of(parts: Parts) -> dict[str, float]:
    """Bytes of memory."""
    return {
        "libraries and network": parts.resting,
        f"{BATCH} images in the network, their answers, the narrow layers": parts.later - parts.resting,
        "making the coordinates of one layer": parts.coordinates,
        "coordinates of all layers": parts.held,
    }


def disk_of(parts: Parts) -> dict[str, float]:
    """Bytes on disk."""
    return {
        "activations, float32": sum(parts.sizes.values()),
        "spill on disk at a time": max(sum(parts.sizes[layer] for layer in group) for group in parts.passes),
        "store": parts.held,
    }


def show(network: Network, layers: tuple[str, ...], folder: Path, batch_size: int | None) -> None:
    """Show some images to the network and spill what the layers answer."""
    with extract(network, noise(SHOWN), layers, spill=folder, batch_size=batch_size):
        pass


def seconds_per_image(network: Network, layer: str) -> float:
    """Seconds of a pass that ends with a layer; its first batch, which goes to the end, is left out."""
    times: list[float] = []
    how = {"batch_size": BATCH, "budget": 2**30, "tell": lambda *_: times.append(time.perf_counter())}
    with extract(network, noise(5 * BATCH), [layer], **how):
        return (times[-1] - times[0]) / (BATCH * (len(times) - 1))


def spill_seconds(n: int, folder: Path) -> tuple[float, float]:
    """Seconds to write and to read a byte, in batches of rows and blocks of columns as the extractor does."""
    p = int(SPILLED / 4 / n)
    rows = torch.randn(BATCH, p)
    with ExitStack() as files:
        held = allocate({"layer": p}, n, folder, 0, files)["layer"]
        write = cost_of(lambda: [held.write(start, rows[: n - start]) for start in range(0, n, BATCH)])
        read = cost_of(lambda: sum(block.sum() for block in held.blocks()))
    return write.seconds / (4 * n * p), read.seconds / (4 * n * p)


def coordinates_cost(n: int, p: int) -> Cost:
    """Coordinates of n x p numbers that are in memory."""
    layer = LayerActivations(n, p, torch.zeros(n, dtype=torch.float64), Noise(n, p))
    return cost_of(lambda: coordinates(layer))


def eigh_cost(n: int) -> Cost:
    """Eigenvectors of a Gram matrix of n stimuli."""
    values = torch.randn(n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    gram = values @ values.T
    return cost_of(lambda: eigh(gram))


class Noise:
    """An (n, p) matrix that lies in no memory: each block is made as it is read, and is of full rank."""

    def __init__(self, n: int, p: int, width: int = 1024) -> None:
        self._shape, self._times = (n, width), p // width

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all columns in order, each time (n, width)."""
        generator = torch.Generator().manual_seed(0)
        for _ in range(self._times):
            yield torch.rand(self._shape, generator=generator)


def cost_of(work: Callable[[], object]) -> Cost:
    """What a piece of work takes."""
    Path("/proc/self/clear_refs").write_text("5")  # the largest resident memory counts from here
    start = time.perf_counter()
    work()
    return Cost(time.perf_counter() - start, resident("VmHWM"))


def resident(what: str = "VmRSS") -> float:
    """Resident memory of this process in bytes: now, or at most (VmHWM)."""
    return 1024 * float(re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text())[1])
