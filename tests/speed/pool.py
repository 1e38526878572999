"""What all layers of a network cost: python tests/speed/pool.py squeezenet1_1 IMAGES projection

Shows the images of a folder to a network of torchvision, untrained or with the weights of a file (the fourth
argument), reads every layer of `layers: all` as its `projection`, its `coordinates` or its `standardised`
coordinates (on every other image), and prints the seconds and the memory at its peak.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.models.build import build
from pytest_brainscore.models.kinds import COORDINATES, Kind
from pytest_brainscore.models.layers import pool
from pytest_brainscore.models.network import Network
from pytest_brainscore.models.represent import represent
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.views import Pool, Projection


def network(name: str, weights: str | None) -> Network:
    """A network of torchvision."""
    file = File(file=Path(weights).name) if weights else "none"
    spec = Model(id=name, name=name, source="torchvision", weights=file)
    return build(spec, lambda _: Path(weights or ""), {}.get, offline=True)


def main(name: str, images: str, form: str, weights: str | None = None) -> None:
    """Represent every layer once, without the store, and print what it took."""
    files = tuple(sorted(Path(images).iterdir()))
    stimuli = Stimuli(tuple(file.stem for file in files), files)
    kinds = {
        "projection": Kind("projection", projection=Projection()),
        "coordinates": COORDINATES,
        "standardised": Kind("coordinates", standardised=tuple(range(0, len(files), 2))),
    }
    net = network(name, weights)
    start, cpu = time.perf_counter(), time.process_time()
    layers = pool(net, Pool())
    named = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as spill:
        done = represent(net, stimuli, {(layer,): {kinds[form]} for layer in layers}, spill=Path(spill))
    shape = tuple(next(iter(done.tensors.values())).shape)
    print(f"{len(layers)} layers of {name}, {len(files)} images: {form} {shape}")
    print(f"named {named:.1f} s; passes {done.forward_seconds:.0f} s; after {done.coordinates_seconds:.0f} s")
    print(f"all {time.perf_counter() - start:.0f} s, of the CPU {time.process_time() - cpu:.0f} s")
    print(f"memory at its peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")


if __name__ == "__main__":
    main(*sys.argv[1:])
