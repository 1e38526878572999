"""The workbench: the one object with a state. It holds the live network, open recordings and the device."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from . import scoring
from .commitment.choosing import Commitment
from .commitment.register import Register
from .commitment.views import View, seen
from .data.fetch import Fetcher
from .data.recordings import Recordings
from .errors import MetricError, ModelError
from .machine import Device, keep_freed_memory, threads_for
from .models.build import build
from .models.kinds import Kind
from .models.looks import looks_of, said_of
from .models.network import Network
from .models.precomputed import AnyNetwork, answers_key
from .models.represent import Represented, Unit, represent
from .models.store import Store
from .models.untouched import untouched
from .opened import Opened
from .progress import Tell, untold
from .scores import Score
from .scoring.fallbacks import noted_fallbacks
from .specs.base import File
from .specs.cases import Case
from .specs.models import Model
from .specs.registry import Registry

Asked = tuple[str, Case, str | None]


@dataclass(frozen=True)
class Live:
    """The network that is live, what stands for which region in it, and the seconds that building it took."""

    model: Model
    network: AnyNetwork
    register: Register
    seconds: float


@dataclass(frozen=True)
class Measured:
    """A score, what it was made of, which solvers fell back to the CPU, and the seconds of each stage."""

    score: Score
    shown: Represented
    fallbacks: list[str]
    seconds: dict[str, float]


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
    ) -> None:
        self.device, self.fetcher, self.registry, self.store = device, fetcher, registry, store
        self.asked, self.tell = tuple(asked), tell
        self.opened = Opened(fetcher, registry, device.metrics, tell)
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
    ) -> Workbench:
        """A workbench on the user's own cache and mirrors. `tell` hears what is being done."""
        keep_freed_memory()
        fetcher = Fetcher.from_environment(offline=offline, progress=sys.stderr.isatty(), tell=tell)
        return cls(Device.named(device), fetcher, registry, Store.in_cache(fetcher.cache), asked, tell)

    def score(self, case: Case, model: Model, folder: Path, layer: str | None = None) -> Score:
        """Score one model on one benchmark, at the layer given, or at those that stand for the region.

        `folder` is where the model's relative paths start.
        Raises BrainScoreError with the cause; NotHere where files are missing offline.
        """
        with untouched(0, [self.device.metrics]):
            return self._score(case, model, folder, layer)

    def release(self) -> None:
        """Let go of the network and of what it showed; recordings stay open."""
        self._live = None
        self._passes.clear()
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
        recordings, fetch_seconds = self.opened.recordings(case)
        live = self._built(model, folder)
        self.opened.target(case)  # what is wrong with the data goes before what is wrong with the layers
        commitment, seconds = self._committed(live, case, layer)
        case, view = commitment.case, commitment.view
        measured = self._measured(live, case, view)
        seconds = {"fetch": fetch_seconds, "build": live.seconds, **seconds, **measured.seconds}
        about = {
            "benchmark": case.name,
            "model": model.id,
            "layer": "+".join(view.unit),
            "layer_source": commitment.source,
            "stimuli": len(self.opened.target(case)[0].rows),
            "digests": self._digests(commitment, live.network),
            "device": str(self.device.network),
            "cache_hit": view.unit in measured.shown.hits,
            "stored": measured.shown.keys.get((view.unit, view.kind)),
            "notes": measured.fallbacks,
            "seconds": {part: round(taken, 3) for part, taken in seconds.items()},
        }
        looked = said_of(looks_of(model, case.benchmark.trials))
        notes = (*recordings.notes, *commitment.notes, *looked, *measured.score.notes)
        return replace(measured.score, about=about, notes=notes)

    def _committed(self, live: Live, case: Case, layer: str | None) -> tuple[Commitment, dict[str, float]]:
        """What stands for the region, and the seconds of its choice, if it was chosen, without the passes."""
        before, start = frozenset(self._passes), time.perf_counter()
        commitment = live.register.commitment(case, layer)
        passes = [done for key, done in self._passes.items() if key not in before]
        taken = time.perf_counter() - start
        taken -= sum(done.forward_seconds + done.coordinates_seconds for done in passes)
        return commitment, {"choice": taken} if commitment.notes else {}

    def _measured(self, live: Live, case: Case, view: View) -> Measured:
        target, target_seconds = self.opened.target(case)
        shown = self._shown(live, case, [view])
        self.tell("metric", 0, 0)
        start, n = time.perf_counter(), len(self.opened.recordings(case)[0].stimuli)
        x = seen(shown.tensor(view.unit, view.kind).to(self.device.metrics), view, n, target)
        threads = threads_for(x, target.y if isinstance(target, scoring.Target) else x)
        with threads, noted_fallbacks() as fallbacks:
            score = scoring.score(case.benchmark, x, target, self.registry)
        seconds = {
            "forward": shown.forward_seconds,
            "coordinates": shown.coordinates_seconds,
            "target": target_seconds,
            "metric": time.perf_counter() - start,
        }
        return Measured(score, shown, fallbacks, seconds)

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

    def _built(self, model: Model, folder: Path) -> Live:
        if self._live is None or self._live.model != model:
            self.release()
            self.tell("build", 0, 0)
            start = time.perf_counter()
            fetch: Callable[[File], Path] = partial(self.fetcher, folder=folder)
            network = build(
                model, fetch, self.registry, offline=self.fetcher.offline, cache=self.fetcher.cache
            )
            self._live = self._registered(model, network, time.perf_counter() - start)
        return self._live

    def _registered(self, model: Model, network: AnyNetwork, seconds: float) -> Live:
        tasks = [(case, layer) for model_id, case, layer in self.asked if model_id == model.id]
        register = Register(
            network, model, tasks, self.opened, lambda case, views: self._raw(live, case, views)
        )
        live = Live(model, network, register, seconds)
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
            done = self._passes[key] = represent(
                live.network,
                stimuli,
                wanted,
                store=self.store,
                device=self.device.network,
                spill=self.fetcher.cache / "spill",
                trials=looks,
                tell=self.tell,
            )
        return done

    def _digests(self, commitment: Commitment, network: AnyNetwork) -> dict[str, str]:
        """What a score was made from, by content; `architecture` and `choice` where there are such."""
        digests = {
            "weights": network.weights_digest,
            "preprocess": network.preprocess_digest,
            **self.opened.digests(commitment.case),
            "architecture": network.architecture_digest,
            "choice": commitment.choice,
        }
        return {name: digest for name, digest in digests.items() if digest is not None}
