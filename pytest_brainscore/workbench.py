"""The workbench: the one object with a state. It holds the live network, open recordings and the device."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from .analysis.truth.demanded import Demanded, told
from .commitment.beside import Beside
from .commitment.choosing import Commitment
from .commitment.direct import directly
from .commitment.measured import Measured
from .commitment.measuring import Measure
from .commitment.pooling import Pooling
from .commitment.pools import Pools
from .commitment.register import Register
from .commitment.views import View
from .data.fetch import Fetcher
from .data.recordings import Recordings
from .data.stimuli import Stimuli
from .errors import MetricError, ModelError
from .machine import Device, keep_freed_memory
from .models.build import build, file_of
from .models.data_driven import Trainer
from .models.kinds import Kind
from .models.looks import looks_of
from .models.network import Network
from .models.precomputed import AnyNetwork, answers_key
from .models.represent import Represented, Unit, represent
from .models.store import Store
from .models.untouched import untouched
from .opened import Opened
from .progress import Tell, untold
from .scores import Score
from .scoring.inferred import Plan
from .specs.base import File
from .specs.cases import Case
from .specs.inference import Intervals
from .specs.models import Model
from .specs.registry import Registry
from .specs.views import Trials

Asked = tuple[str, Case, str | None]


@dataclass(frozen=True)
class Live:
    """The network that is live, what stands for which region in it, and the seconds that building it took."""

    model: Model
    network: AnyNetwork
    register: Register
    pools: Pools
    seconds: float


class Workbench:
    """Scores models on benchmarks, one network at a time, and never does the same work twice."""

    def __init__(
        self,
        device: Device,
        fetcher: Fetcher,
        registry: Registry,
        store: Store | None,
        asked: Sequence[Asked] = (),
        tell: Tell = untold,
        intervals: Intervals | None = None,
    ) -> None:
        self.device, self.fetcher, self.registry, self.store = device, fetcher, registry, store
        self.asked, self.tell, self.intervals = tuple(asked), tell, intervals
        self.opened = Opened(fetcher, registry, device.metrics, tell)
        self._measure = Measure(self.opened, registry, device.metrics)
        self.beside = Beside(self.opened, self._network, self._represented, registry.root or Path())
        self.demanded = Demanded(self.opened, self._network, self._represented, registry, fetcher.cache)
        self._live: Live | None = None
        self._passes: dict[object, Represented] = {}

    @classmethod
    def open(
        cls,
        *,
        device: str = "auto",
        offline: bool = False,
        registry: Registry,
        asked: Sequence[Asked] = (),
        tell: Tell = untold,
        intervals: Intervals | None = None,
    ) -> Workbench:
        """A workbench on the user's own cache and mirrors. `tell` hears what is being done.

        intervals: how those of scores are made, instead of as the benchmarks say.
        """
        keep_freed_memory()
        fetcher = Fetcher.from_environment(offline=offline, progress=sys.stderr.isatty(), tell=tell)
        store = Store.in_cache(fetcher.cache)
        return cls(Device.named(device), fetcher, registry, store, asked, tell, intervals)

    def score(self, case: Case, model: Model, folder: Path, layer: str | None = None) -> Score:
        """Score one model on one benchmark, at the layer given, or at those that stand for the region.

        `folder` is where the model's relative paths start.
        Raises BrainScoreError with the cause; NotHere where files are missing offline.
        """
        with untouched(0, [self.device.metrics]):
            power = self.demanded.power(case)
            return told(self._score(case, model, folder, layer), power)

    def release(self) -> None:
        """Let go of the network and of what it showed; recordings stay open."""
        self._live = None
        self._passes.clear()
        self.beside.release()
        if self.device.network.type == "cuda":
            torch.cuda.empty_cache()

    def adopt_recordings(self, case: Case, recordings: Recordings) -> None:
        """Take recordings that are in memory already as those of the case."""
        self.opened.adopt(case, recordings)

    def adopt_network(self, model: Model, network: Network) -> None:
        """Take a network that is in memory already as the model's."""
        self.release()
        self._live = self._registered(model, network, 0.0)

    def _score(self, case: Case, model: Model, folder: Path, layer: str | None) -> Score:
        self.tell("fetch", 0, 0)
        _, fetch_seconds = self.opened.recordings(case)
        if model.training is not None:
            plan = Plan.of(case.benchmark, case.digest, self.intervals)
            return directly(self._trainer(model, folder), case, layer, self.opened, plan)
        self.beside.require(case, model)
        live = self._built(model, folder)
        self.opened.target(case)  # what is wrong with the data goes before what is wrong with the layers
        settled, seconds = self._settled(live, case, layer)
        if isinstance(settled, Pooling):
            measured = live.pools.measured(settled, live.register.alike)
        else:
            plan = Plan.of(settled.case.benchmark, settled.case.digest, self.intervals)
            measured = self._measured(live, settled.case, settled.view, plan, settled.among)
        seconds = {"fetch": fetch_seconds, "build": live.seconds, **seconds}
        return measured.told(settled, model, live.network, self.opened, seconds, str(self.device.network))

    def _settled(
        self, live: Live, case: Case, layer: str | None
    ) -> tuple[Commitment | Pooling, dict[str, float]]:
        """What stands for the region, and the seconds of its choice, if it was chosen, without the passes."""
        before, start = frozenset(self._passes), time.perf_counter()
        settled = live.register.commitment(case, layer)
        passes = [done for key, done in self._passes.items() if key not in before]
        taken = time.perf_counter() - start
        taken -= sum(done.forward_seconds + done.coordinates_seconds for done in passes)
        return settled, {"choice": taken} if settled.notes else {}

    def _measured(
        self, live: Live, case: Case, view: View, plan: Plan | None = None, among: Sequence[View] = ()
    ) -> Measured:
        """What a view scores. plan: of its intervals. among: views that it is the best of on this case."""
        self.opened.target(case)
        shown = self._shown(live, case, [view])
        bands = self.beside.bands(case, live.model, view.unit)
        self.tell("metric", 0, 0)
        return self._measure(case, view, shown, bands, plan, among)

    def _raw(self, live: Live, case: Case, views: Sequence[View]) -> dict[Unit, float]:
        """The raw score of each view that has one. Raises BrainScoreError where none has."""
        self.opened.target(case)
        self._shown(live, case, views)
        raw: dict[Unit, float] = {}
        faults: list[str] = []
        for i, view in enumerate(views):
            self.tell("choice", i, len(views))
            try:
                raw[view.unit] = self._measured(live, case, view).score.raw
            except (MetricError, ModelError) as why:
                faults.append(str(why))
        if not raw:
            raise ModelError(
                f"none of {len(views)} layers has a score on {case.name}; the first: {faults[0]}"
            )
        return raw

    def _trainer(self, model: Model, folder: Path) -> Trainer:
        fetch: Callable[[File], Path] = partial(self.fetcher, folder=folder)
        device, offline = self.device.network, self.fetcher.offline
        return Trainer(model, fetch, self.registry, self.fetcher.cache, device, offline, self.tell)

    def _built(self, model: Model, folder: Path) -> Live:
        if self._live is None or self._live.model != model:
            self.release()
            self.tell("build", 0, 0)
            start = time.perf_counter()
            network = self._network(model, folder)
            self._live = self._registered(model, network, time.perf_counter() - start)
        return self._live

    def _network(self, model: Model, folder: Path) -> AnyNetwork:
        fetch = partial(file_of, model, folder, self.fetcher)
        return build(model, fetch, self.registry, offline=self.fetcher.offline, cache=self.fetcher.cache)

    def _registered(self, model: Model, network: AnyNetwork, seconds: float) -> Live:
        tasks = [(case, layer) for model_id, case, layer in self.asked if model_id == model.id]

        def raw(case: Case, views: Sequence[View]) -> Mapping[Unit, float]:
            return self._raw(live, case, views)

        def show(case: Case, views: Sequence[View]) -> Represented:
            return self._shown(live, case, views)

        register = Register(network, model, tasks, self.opened, raw)
        pools = Pools(self.opened, show, self.registry, self.device.metrics, self.tell, self.intervals)
        live = Live(model, network, register, pools, seconds)
        return live

    def _shown(self, live: Live, case: Case, views: Sequence[View]) -> Represented:
        """The network's answer to the stimuli, for every benchmark that shows it the same ones."""
        looks = looks_of(live.model, case.benchmark.trials)
        stimuli = self.opened.stimuli(case, views[0].pca)
        key = answers_key(live.network, stimuli), looks
        done = self._passes.get(key)
        if done is None or not all(done.tried(view.unit, view.kind) for view in views):
            wanted: dict[Unit, set[Kind]] = {}
            for view in live.register.wanted(case, views):
                wanted.setdefault(view.unit, set()).add(view.kind)
            done = self._passes[key] = self._represented(live.network, stimuli, wanted, looks)
        return done

    def _represented(
        self,
        network: AnyNetwork,
        stimuli: Stimuli,
        wanted: Mapping[Unit, Set[Kind]],
        looks: Trials | None = None,
    ) -> Represented:
        return represent(
            network,
            stimuli,
            wanted,
            store=self.store,
            device=self.device.network,
            spill=self.fetcher.cache / "spill",
            trials=looks,
            tell=self.tell,
        )
