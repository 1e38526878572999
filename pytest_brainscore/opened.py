"""Opened: data sets that are open, and what models are compared with, each made once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from . import scoring, suite
from .data.collections import images_of
from .data.fetch import Fetcher
from .data.opening import open_recordings
from .data.recordings import Recordings
from .data.stimuli import Stimuli
from .machine import threads_for
from .models.preprocess import source_of
from .progress import Tell
from .specs.cases import Case
from .specs.metrics import CustomMetric
from .specs.registry import Registry
from .specs.views import Components

Thing = TypeVar("Thing")


class Opened:
    """Recordings and targets by case, each with the seconds that making it took.

    device: where targets lie. All raise BrainScoreError with the cause; NotHere where files are
    missing offline.
    """

    def __init__(self, fetcher: Fetcher, registry: Registry, device: torch.device, tell: Tell) -> None:
        self._fetcher, self._registry, self._device, self._tell = fetcher, registry, device, tell
        self._recordings: dict[str, tuple[Recordings, float]] = {}
        self._targets: dict[str, tuple[scoring.AnyTarget, float]] = {}
        self._shown: dict[str, tuple[Stimuli, float]] = {}
        self._cases: dict[str, Case] = {}

    def adopt(self, case: Case, recordings: Recordings) -> None:
        """Take recordings that are in memory already as those of the case."""
        self._recordings[_data_key(case)] = (recordings, 0.0)
        self._shown.clear()

    def find(self, benchmark: str) -> Case:
        """The case of a benchmark's full name: the project's own, or a shipped one."""
        if benchmark not in self._cases:
            self._cases[benchmark] = suite.find(benchmark, self._registry.root or Path())
        return self._cases[benchmark]

    def recordings(self, case: Case) -> tuple[Recordings, float]:
        """The recordings of the case's data set, and seconds."""
        return _once(self._recordings, _data_key(case), lambda: self._opened(case))

    def target(self, case: Case) -> tuple[scoring.AnyTarget, float]:
        """What every model is compared with, and seconds."""
        recordings, _ = self.recordings(case)
        key = case.digest + recordings.digest
        return _once(self._targets, key, lambda: self._made_target(case, recordings))

    def stimuli(self, case: Case, pca: Components | None) -> Stimuli:
        """The data set's stimuli, followed by the images that principal components are fitted on, if any."""
        recordings, _ = self.recordings(case)
        if pca is None or pca.fit is None:
            return recordings.stimuli
        key = f"{_data_key(case)} {pca.fit.name} {pca.images}"
        return _once(self._shown, key, lambda: self._followed(case, recordings.stimuli, pca))[0]

    def digests(self, case: Case, pca: Components | None = None) -> dict[str, str]:
        """The benchmark's side of a score, by content: what it shows, its recordings, and what its file says.

        `stimuli` are also the images that components are fitted on: of `pca`, or else of the benchmark's own.
        `metric` is the file that a metric of the user's own is written in; ours have versions.
        """
        return {
            "stimuli": self.stimuli(case, pca or case.benchmark.pca).digest,
            "recordings": self.recordings(case)[0].digest,
            "spec": case.digest,
            **self._metric(case),
        }

    def _metric(self, case: Case) -> dict[str, str]:
        if not isinstance(case.benchmark.metric, CustomMetric):
            return {}
        source = source_of(self._registry(case.benchmark.metric.name))
        return {} if source is None else {"metric": hashlib.sha256(source).hexdigest()}

    def _followed(self, case: Case, stimuli: Stimuli, pca: Components) -> Stimuli:
        assert pca.fit is not None  # the caller's own question
        folder = self._fetcher(pca.fit, folder=case.path.parent)
        return stimuli.followed_by(images_of(folder, pca.images))

    def _opened(self, case: Case) -> Recordings:
        self._tell("fetch", 0, 0)
        fetch = partial(self._fetcher, folder=case.path.parent, access=case.dataset.access)
        return open_recordings(case.dataset, fetch, self._fetcher.cache, self._registry)

    def _made_target(self, case: Case, recordings: Recordings) -> scoring.AnyTarget:
        self._tell("target", 0, 0)
        with threads_for(torch.empty(0)):
            return scoring.target(case.benchmark, case.region, recordings, self._device)


def _data_key(case: Case) -> str:
    return f"{case.dataset.digest()} {case.path.parent}"


def _once(cache: dict[str, tuple[Thing, float]], key: str, make: Callable[[], Thing]) -> tuple[Thing, float]:
    """The thing under `key`, made at most once, and the seconds that making it took."""
    if key not in cache:
        start = time.perf_counter()
        cache[key] = (make(), time.perf_counter() - start)
    return cache[key]
