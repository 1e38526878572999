"""The workbench: the one object with a state. It holds the live network, open recordings and the device."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from . import scoring
from .data.fetch import Fetcher
from .data.opening import open_recordings
from .data.recordings import Recordings
from .errors import ModelError
from .machine import Device, keep_freed_memory, threads_for
from .metrics.linalg import SolverFellBack
from .models.build import build
from .models.layers import resolve_layers
from .models.looks import looks_of
from .models.network import Network
from .models.represent import Represented, represent
from .models.store import Store
from .models.untouched import untouched
from .progress import Tell, untold
from .scores import Score
from .specs.base import File
from .specs.cases import Case
from .specs.metrics import CustomMetric, Metric, Representation
from .specs.models import Model
from .specs.registry import Registry
from .specs.views import Trials

Asked = tuple[str, Case, str | None]
Unit = tuple[str, ...]


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
        self._live: tuple[Model, Network, float] | None = None
        self._shown: dict[tuple[str, Trials | None], Represented] = {}
        self._open: dict[str, tuple[Recordings, float]] = {}
        self._targets: dict[str, tuple[scoring.AnyTarget, float]] = {}

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
        """Score one model on one benchmark, at its mapped layer or at the one given.

        `folder` is where the model's relative paths start.
        Raises BrainScoreError with the cause; NotHere where files are missing offline.
        """
        with untouched(0, [self.device.metrics]):
            return self._score(case, model, folder, layer)

    def _score(self, case: Case, model: Model, folder: Path, layer: str | None) -> Score:
        recordings, fetch_seconds = self._recordings(case)
        network, build_seconds = self._network(model, folder)
        target, target_seconds = self._target(case, recordings)
        unit, source = self._unit(network, model, case, layer)
        shown = self._represented(network, model, recordings, case, unit)
        need, start = sees(case.benchmark.metric), time.perf_counter()
        score, fallbacks = self._measured(case, shown.tensor(unit, need), target)
        seconds = {
            "fetch": fetch_seconds,
            "build": build_seconds,
            "forward": shown.forward_seconds,
            "coordinates": shown.coordinates_seconds,
            "target": target_seconds,
            "metric": time.perf_counter() - start,
        }
        about = {
            "benchmark": case.name,
            "model": model.id,
            "layer": "+".join(unit),
            "layer_source": source,
            "stimuli": len(target.rows),
            "digests": _digests(case, network, recordings),
            "device": str(self.device.network),
            "cache_hit": unit in shown.hits,
            "stored": shown.keys.get((unit, need)),
            "notes": fallbacks,
            "seconds": {part: round(taken, 3) for part, taken in seconds.items()},
        }
        return replace(score, about=about, notes=(*recordings.notes, *score.notes))

    def _measured(self, case: Case, x: torch.Tensor, target: scoring.AnyTarget) -> tuple[Score, list[str]]:
        """The score of what a network makes of the stimuli, and which solvers fell back to the CPU."""
        self.tell("metric", 0, 0)
        x = x.to(self.device.metrics)
        threads = threads_for(x, target.y if isinstance(target, scoring.Target) else x)
        with threads, _noted_fallbacks() as notes:
            score = scoring.score(case.benchmark, x, target, self.registry)
        return score, notes

    def release(self) -> None:
        """Let go of the network and of what it showed; recordings stay open."""
        self._live = None
        self._shown.clear()
        if self.device.network.type == "cuda":
            torch.cuda.empty_cache()

    def adopt_recordings(self, case: Case, recordings: Recordings) -> None:
        """Take recordings that are in memory already as those of the case."""
        self._open[_data_key(case)] = (recordings, 0.0)

    def adopt_network(self, model: Model, network: Network) -> None:
        """Take a network that is in memory already as the model's."""
        self.release()
        self._live = (model, network, 0.0)

    def _recordings(self, case: Case) -> tuple[Recordings, float]:
        fetch = partial(self.fetcher, folder=case.path.parent)
        self.tell("fetch", 0, 0)
        return _once(
            self._open,
            _data_key(case),
            lambda: open_recordings(case.dataset, fetch, self.fetcher.cache, self.registry),
        )

    def _target(self, case: Case, recordings: Recordings) -> tuple[scoring.AnyTarget, float]:
        key = case.digest + recordings.digest
        return _once(self._targets, key, lambda: self._made_target(case, recordings))

    def _made_target(self, case: Case, recordings: Recordings) -> scoring.AnyTarget:
        self.tell("target", 0, 0)
        with threads_for(torch.empty(0)):
            return scoring.target(case.benchmark, case.region, recordings, self.device.metrics)

    def _network(self, model: Model, folder: Path) -> tuple[Network, float]:
        if self._live is None or self._live[0] != model:
            self.release()
            self.tell("build", 0, 0)
            start = time.perf_counter()
            fetch: Callable[[File], Path] = partial(self.fetcher, folder=folder)
            network = build(
                model, fetch, self.registry, offline=self.fetcher.offline, cache=self.fetcher.cache
            )
            self._live = (model, network, time.perf_counter() - start)
        return self._live[1], self._live[2]

    def _unit(self, network: Network, model: Model, case: Case, layer: str | None) -> tuple[Unit, str]:
        readout = case.benchmark.readout
        if layer is not None:
            network.require(layer)
            return (layer,), "named for this run"
        if readout is not None and readout.classes:
            return (network.own_answer,), "the network's own answer, which `readout.classes` reads"
        return resolve_layers(network, model, case.region)

    def _represented(
        self, network: Network, model: Model, recordings: Recordings, case: Case, unit: Unit
    ) -> Represented:
        """The network's answer to the stimuli, for every benchmark that shows it the same ones."""
        trials = looks_of(model, case.benchmark.trials)
        key = recordings.stimuli.digest, trials
        need = sees(case.benchmark.metric)
        if key not in self._shown or not self._shown[key].tried(unit, need):
            wanted: dict[Unit, set[Representation]] = {unit: {need}}
            for other, other_need in self._planned(network, model, case):
                wanted.setdefault(other, set()).add(other_need)
            self._shown[key] = represent(
                network,
                recordings.stimuli,
                wanted,
                store=self.store,
                device=self.device.network,
                spill=self.fetcher.cache / "spill",
                trials=trials,
                tell=self.tell,
            )
        return self._shown[key]

    def _planned(self, network: Network, model: Model, case: Case) -> Iterator[tuple[Unit, Representation]]:
        trials = looks_of(model, case.benchmark.trials)
        for model_id, other, layer in self.asked:
            alike = other.stimuli_key == case.stimuli_key
            if model_id == model.id and alike and looks_of(model, other.benchmark.trials) == trials:
                try:
                    unit, _ = self._unit(network, model, other, layer)
                except ModelError:
                    continue  # that item's own setup will say so
                yield unit, sees(other.benchmark.metric)


@contextmanager
def _noted_fallbacks() -> Iterator[list[str]]:
    """Collect what solvers say when they fall back to the CPU; other warnings go on as they are."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SolverFellBack)
        yield notes
    for warning in caught:
        if issubclass(warning.category, SolverFellBack):
            notes.append(str(warning.message))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _digests(case: Case, network: Network, recordings: Recordings) -> dict[str, str]:
    """What a score was made from, by content; without the architecture's where that has none."""
    digests = {
        "weights": network.weights_digest,
        "preprocess": network.preprocess_digest,
        "stimuli": recordings.stimuli.digest,
        "recordings": recordings.digest,
        "spec": case.digest,
    }
    architecture = network.architecture_digest
    return {**digests, "architecture": architecture} if architecture else digests


def _data_key(case: Case) -> str:
    return f"{case.dataset.digest()} {case.path.parent}"


def sees(metric: Metric) -> Representation:
    """What the metric must be shown."""
    return metric.representation if isinstance(metric, CustomMetric) else metric.sees


def _once(cache: dict[str, tuple[Any, float]], key: str, make: Callable[[], Any]) -> tuple[Any, float]:
    """The thing under `key`, made at most once, and the seconds that making it took."""
    if key not in cache:
        start = time.perf_counter()
        cache[key] = (make(), time.perf_counter() - start)
    return cache[key]
