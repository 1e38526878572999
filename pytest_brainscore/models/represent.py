"""Representation: what metrics see of a network, from the store or from one pass over the stimuli."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch

from ..data.stimuli import Stimuli
from ..errors import ModelError
from ..progress import Tell, untold
from ..specs.views import Trials
from .activations import BUDGET, LayerActivations, extract
from .columns import Concatenated, NoRoom
from .coordinates import Columns, coordinates
from .keeping import Keeper
from .kinds import Kind, Reading
from .network import Network
from .precomputed import AnyNetwork
from .projection import Projector
from .standardised import Standardised
from .steps import Stacked, by_stimulus
from .store import Store

ROOM = 16 * 2**30
"""Bytes on disk that the layers of one pass may take; a single unit takes what it needs."""

EXTRACTOR_VERSION = 4
"""Raise it whenever the same network and stimuli would give other numbers than before."""

Unit = tuple[str, ...]
Wanted = tuple[Unit, Kind]
Show = Callable[..., AbstractContextManager[Mapping[Reading, LayerActivations]]]


@dataclass(frozen=True)
class Represented:
    """Tensors by unit (layers that are mapped together) and representation, and what they cost.

    Of a unit, its `COORDINATES` are (n, n + 1) float64, or (n, p) where p <= n + 1; its `ACTIVATIONS` are
    (n, p) float32; a projection is (n, k) float32. By step, the layers of a unit are time steps, stacked:
    (n, steps, p), whose coordinates are those of all rows together. All are on the CPU. `hits` are the units
    that came from the store as a whole, `keys` say where it has what is there. `faults` say why units could
    not be read.
    `coordinates_seconds` is everything after the forward pass.
    """

    tensors: Mapping[Wanted, torch.Tensor]
    hits: frozenset[Unit] = frozenset()
    keys: Mapping[Wanted, str] = field(default_factory=dict)
    forward_seconds: float = 0.0
    coordinates_seconds: float = 0.0
    faults: Mapping[Unit, str] = field(default_factory=dict)

    def tried(self, unit: Unit, kind: Kind) -> bool:
        """Whether that was asked of the network, with or without success."""
        return unit in self.faults or (unit, kind) in self.tensors

    def tensor(self, unit: Unit, kind: Kind) -> torch.Tensor:
        """The tensor of a unit. Raises ModelError where one of its layers could not be read."""
        if unit in self.faults:
            raise ModelError(self.faults[unit])
        return self.tensors[unit, kind]


def represent(
    network: AnyNetwork,
    stimuli: Stimuli,
    wanted: Mapping[Unit, Set[Kind]],
    *,
    store: Store | None = None,
    device: torch.device | str = "cpu",
    batch_size: int | None = None,
    spill: Path | None = None,
    budget: int = BUDGET,
    room: int = ROOM,
    trials: Trials | None = None,
    tell: Tell = untold,
) -> Represented:
    """What each unit of layers makes of the stimuli, in the representations that are wanted of it.

    What the store has is taken from it; all else comes from one forward pass and is stored, unless the
    network's code is in no file. Where that would take more than `room` bytes on disk, the units are shared
    out among several passes, each of which ends with the last of its layers. Two processes that want the same
    wait for each other. `trials` are those of `extract`. `tell` hears how far the pass is. A layer that
    cannot be read, or for which the disk has no room, is a fault of its units alone.
    Raises ModelError as `extract` does.
    """
    kept = store if network.architecture_digest else None
    made = _Gathering(network, stimuli, wanted, kept, torch.device(device), trials, Keeper(spill))
    show = partial(extract, network, stimuli, device=device, batch_size=batch_size, spill=spill)
    show = partial(show, budget=budget, trials=trials, tell=tell)
    if made.load():
        with store.lock(made.lock_key()) if made.store and store else nullcontext():
            if made.load():
                made.compute(show, room, tell)
    hits = frozenset(wanted) - made.computed - made.faults.keys()
    keys = {want: made.key(*want) for want in made.tensors} if made.store else {}
    return Represented(dict(made.tensors), hits, keys, *made.seconds, made.faults)


@dataclass
class _Gathering:
    """What is wanted of a network and stimuli, and what of it is there so far."""

    network: AnyNetwork
    stimuli: Stimuli
    wanted: Mapping[Unit, Set[Kind]]
    store: Store | None
    device: torch.device
    trials: Trials | None
    keeper: Keeper
    tensors: dict[Wanted, torch.Tensor] = field(default_factory=dict)
    computed: set[Unit] = field(default_factory=set)
    faults: dict[Unit, str] = field(default_factory=dict)
    seconds: tuple[float, float] = (0.0, 0.0)

    @property
    def missing(self) -> list[Wanted]:
        every = ((unit, kind) for unit, kinds in self.wanted.items() for kind in sorted(kinds, key=str))
        return [want for want in every if want not in self.tensors]

    def load(self) -> bool:
        """Take what the store has; returns whether anything is missing still."""
        for want in self.missing if self.store else ():
            tensor = self.store.get(self.key(*want)) if self.store else None
            if tensor is not None:
                self.tensors[want] = self.keeper.kept(tensor)
        return bool(self.missing)

    def compute(self, show: Show, room: int, tell: Tell) -> None:
        """All that is missing, in as many passes as the room on disk asks for."""
        passes = [list(dict.fromkeys(unit for unit, _ in self.missing))]
        while passes:
            units = passes.pop(0)
            alone = len(units) == 1
            try:
                self._pass(units, partial(show, room=None if alone else room), tell)
            except NoRoom as why:
                if alone:
                    self.faults[units[0]] = str(why)
                    continue
                passes[:0] = parted(units, why.sizes, why.room, self._readings)
                show = partial(show, batch_size=why.batch)  # answers depend a little on the batch

    def _pass(self, units: Sequence[Unit], show: Show, tell: Tell) -> None:
        wanted = [want for want in self.missing if want[0] in units]
        start = time.perf_counter()
        tell("forward", 0, 0)
        with show(self._readings(units)) as answers:
            shown = time.perf_counter()
            for i, (unit, kind) in enumerate(wanted):
                tell("coordinates", i, len(wanted))
                try:
                    answer = _whole(kind, [answers[reading] for reading in self._read(unit, kind)])
                except ModelError as why:
                    self.faults[unit] = str(why)  # the text: its traceback would hold all answers
                else:
                    self._keep(unit, kind, answer)
        forward, after = self.seconds
        self.seconds = (forward + shown - start, after + time.perf_counter() - shown)

    def _readings(self, units: Iterable[Unit]) -> tuple[Reading, ...]:
        """What a pass has to read for all that is missing of the units."""
        missing = self.missing
        wanted = [want for unit in units for want in missing if want[0] == unit]
        return tuple(dict.fromkeys(reading for want in wanted for reading in self._read(*want)))

    def _read(self, unit: Unit, kind: Kind) -> tuple[Reading, ...]:
        return kind.readings(unit) if isinstance(self.network, Network) else unit

    def _keep(self, unit: Unit, kind: Kind, answer: Columns) -> None:
        tensor = self._seen(answer, kind, self._read(unit, kind) == unit)
        if kind.by_step:
            tensor = by_stimulus(tensor, len(unit))
        self.tensors[unit, kind] = self.keeper.kept(tensor)
        self.computed.add(unit)
        if self.store:
            about = {"model": self.network.id, "layer": "+".join(unit), "representation": str(kind)}
            self.store.put(self.key(unit, kind), tensor, about)

    def _seen(self, answer: Columns, kind: Kind, of_units: bool) -> torch.Tensor:
        """What is made of what was read: all units, or their projection already."""
        if kind.form == "coordinates":
            return coordinates(answer, self.device)
        if kind.projection and of_units:
            return Projector(kind.projection, len(self.stimuli)).columns(answer)
        return answer.matrix().float()

    def key(self, unit: Unit, kind: Kind) -> str:
        """Where the store has that."""
        return self._key(unit, str(kind), "float64" if kind.form == "coordinates" else "float32")

    def lock_key(self) -> str:
        """What processes wait on that want anything of this network and these stimuli."""
        return self._key(("all",), "lock", "")

    def _key(self, unit: Unit, kind: str, dtype: str) -> str:
        network = self.network
        return Store.key(
            stimuli=self.stimuli.digest,
            weights=network.weights_digest,
            architecture=network.architecture_digest,
            preprocess=network.preprocess_digest,
            visual_degrees=network.visual_degrees,
            unit=unit,
            representation=kind,
            dtype=dtype,
            device=self.device.type,
            torch=torch.__version__,
            extractor=EXTRACTOR_VERSION,
            **({} if self.trials is None else {"trials": self.trials.model_dump()}),
        )


def _whole(kind: Kind, parts: Sequence[LayerActivations]) -> Columns:
    """The layers of a unit as one."""
    whole = Stacked(tuple(parts)) if kind.by_step else Concatenated(tuple(parts))
    return whole if kind.standardised is None else Standardised(whole, kind.standardised)


def _layers(units: Iterable[Unit]) -> tuple[Reading, ...]:
    return tuple(dict.fromkeys(layer for unit in units for layer in unit))


def parted(
    units: Iterable[Unit],
    sizes: Mapping[Reading, int],
    room: int,
    readings: Callable[[Iterable[Unit]], Iterable[Reading]] = _layers,
) -> list[list[Unit]]:
    """Units in their order, in groups whose readings take at most `room` bytes, or of a single unit."""
    groups: list[list[Unit]] = []
    for unit in units:
        joined = [*groups[-1], unit] if groups else []
        if joined and sum(sizes.get(reading, 0) for reading in readings(joined)) <= room:
            groups[-1] = joined
        else:
            groups.append([unit])
    return groups
