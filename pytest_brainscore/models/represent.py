"""Representation: what metrics see of a network, from the store or from one pass over the stimuli."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from ..data.stimuli import Stimuli
from ..progress import Tell, untold
from .activations import BUDGET, LayerActivations, extract
from .columns import Concatenated
from .coordinates import coordinates
from .network import Network
from .store import Store

EXTRACTOR_VERSION = 2
"""Raise it whenever the same network and stimuli would give other numbers than before."""

Unit = tuple[str, ...]
Representation = Literal["coordinates", "activations"]
Wanted = tuple[Unit, Representation]


@dataclass(frozen=True)
class Represented:
    """Tensors by unit (layers that are mapped together) and representation, and what they cost.

    `tensors[unit, "coordinates"]` is (n, n + 1) float64, or (n, p) where p <= n + 1;
    `tensors[unit, "activations"]` is (n, p) float32; all are on the CPU. `hits` are the units that came from
    the store as a whole, `keys` say where it has what is there. `coordinates_seconds` is everything after the
    forward pass.
    """

    tensors: Mapping[Wanted, torch.Tensor]
    hits: frozenset[Unit] = frozenset()
    keys: Mapping[Wanted, str] = field(default_factory=dict)
    forward_seconds: float = 0.0
    coordinates_seconds: float = 0.0


def represent(
    network: Network,
    stimuli: Stimuli,
    wanted: Mapping[Unit, Set[Representation]],
    *,
    store: Store | None = None,
    device: torch.device | str = "cpu",
    batch_size: int | None = None,
    spill: Path | None = None,
    budget: int = BUDGET,
    tell: Tell = untold,
) -> Represented:
    """What each unit of layers makes of the stimuli, in the representations that are wanted of it.

    What the store has is taken from it; all else comes from one forward pass and is stored, unless the
    network's code is in no file. Two processes that want the same wait for each other. `tell` hears how far
    the pass is.
    Raises ModelError as `extract` does.
    """
    work = _Work(
        network, stimuli, wanted, store if network.architecture_digest else None, torch.device(device)
    )
    if work.load():
        with store.lock(work.key(("all",), "lock")) if work.store and store else nullcontext():
            if work.load():
                work.compute(batch_size, spill, budget, tell)
    hits = frozenset(unit for unit in wanted if unit not in work.computed)
    keys = {want: work.key(*want) for want in work.tensors} if work.store else {}
    return Represented(dict(work.tensors), hits, keys, *work.seconds)


@dataclass
class _Work:
    network: Network
    stimuli: Stimuli
    wanted: Mapping[Unit, Set[Representation]]
    store: Store | None
    device: torch.device
    tensors: dict[Wanted, torch.Tensor] = field(default_factory=dict)
    computed: set[Unit] = field(default_factory=set)
    seconds: tuple[float, float] = (0.0, 0.0)

    @property
    def missing(self) -> list[Wanted]:
        every = ((unit, kind) for unit, kinds in self.wanted.items() for kind in sorted(kinds))
        return [want for want in every if want not in self.tensors]

    def load(self) -> bool:
        """Take what the store has; returns whether anything is missing still."""
        for want in self.missing if self.store else ():
            tensor = self.store.get(self.key(*want)) if self.store else None
            if tensor is not None:
                self.tensors[want] = tensor
        return bool(self.missing)

    def compute(self, batch_size: int | None, spill: Path | None, budget: int, tell: Tell) -> None:
        missing = self.missing
        layers = dict.fromkeys(layer for unit, _ in missing for layer in unit)
        start = time.perf_counter()
        tell("forward", 0, 0)
        with extract(
            self.network,
            self.stimuli,
            layers,
            device=self.device,
            batch_size=batch_size,
            spill=spill,
            budget=budget,
            tell=tell,
        ) as answers:
            shown = time.perf_counter()
            for i, (unit, kind) in enumerate(missing):
                tell("coordinates", i, len(missing))
                self._keep(unit, kind, Concatenated(tuple(answers[layer] for layer in unit)))
        self.seconds = (shown - start, time.perf_counter() - shown)

    def _keep(self, unit: Unit, kind: Representation, answer: Concatenated | LayerActivations) -> None:
        tensor = coordinates(answer, self.device) if kind == "coordinates" else answer.matrix()
        self.tensors[unit, kind] = tensor
        self.computed.add(unit)
        if self.store:
            about = {"model": self.network.id, "layer": "+".join(unit), "representation": kind}
            self.store.put(self.key(unit, kind), tensor, about)

    def key(self, unit: Unit, kind: str) -> str:
        network = self.network
        return Store.key(
            stimuli=self.stimuli.digest,
            weights=network.weights_digest,
            architecture=network.architecture_digest,
            preprocess=network.preprocess_digest,
            visual_degrees=network.visual_degrees,
            unit=unit,
            representation=kind,
            dtype="float64" if kind == "coordinates" else "float32",
            device=self.device.type,
            torch=torch.__version__,
            extractor=EXTRACTOR_VERSION,
        )
