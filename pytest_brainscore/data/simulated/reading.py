"""The reader `simulated`: stimuli, responses and choices of the simulated brain as Recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ...specs.base import digest_of
from ...specs.datasets import SimulatedDataset
from ...specs.simulated import SimulatedChoices, SimulatedResponses
from ..recordings import Recordings
from ..stimuli import Stimuli
from ..trials import as_choices
from . import noise, observer
from .brain import GENERATOR_VERSION, Brain, brain_of
from .objects import BENCHMARK_CATEGORIES
from .regions import REGIONS

NOTE = "simulated recordings: no brain was measured"
OBSERVER_NEUROIDS = 96
"""Of IT, which the observer's evidence comes from."""


def read(dataset: SimulatedDataset, _fetch: Any, cache: Path) -> Recordings:
    """Recordings of a simulated data set; nothing is fetched.

    Stimuli have the coords object_name, exemplar, x, y, size, contrast, and `use`: `fit`, or `test` for the
    last quarter of each category's exemplars. Responses have the coord `reliability` on neuroids: the true
    one of the mean over repetitions. Choices are of test stimuli, and have the coord `probability`: the true
    one of choosing the truth.
    """
    wanted = dataset.recordings
    if isinstance(wanted, SimulatedResponses):
        brain = brain_of(dataset.stimuli, wanted.neuroids, cache)
        shown = _stimuli(brain)
        data = _responses(brain, shown, wanted)
    else:
        brain = brain_of(dataset.stimuli, OBSERVER_NEUROIDS, cache)
        shown = _stimuli(brain)
        data = _choices(brain, shown, wanted, dataset.id)
    return Recordings(dataset.id, shown, data, digest_of(["simulated", GENERATOR_VERSION]), (NOTE,))


def true_ceiling(recordings: Recordings, region: str) -> float:
    """What `internal_consistency` estimates: the median of the true reliabilities of a region's neuroids."""
    return float(np.median(recordings.select(region=region).data["reliability"].values))


def _stimuli(brain: Brain) -> Stimuli:
    seen = brain.scenes
    exemplars = np.asarray([scene.exemplar for scene in seen])
    names = ("x", "y", "size", "contrast")
    return Stimuli(
        ids=_ids(brain),
        images=tuple(brain.images),
        coords={
            "object_name": np.asarray([scene.category for scene in seen]),
            "exemplar": exemplars,
            **{name: np.asarray([getattr(scene, name) for scene in seen]) for name in names},
            "use": np.where(exemplars < _first_to_test(int(exemplars.max()) + 1), "fit", "test"),
        },
    )


def _ids(brain: Brain) -> tuple[str, ...]:
    """Object, exemplar and view, which are counted from 0."""
    seen: dict[tuple[str, int], int] = {}
    ids = []
    for scene in brain.scenes:
        key = scene.category, scene.exemplar
        seen[key] = seen.get(key, -1) + 1
        ids.append(f"{scene.category}-{scene.exemplar}-{seen[key]}")
    return tuple(ids)


def _first_to_test(exemplars: int) -> int:
    """The last quarter of the exemplars, and one at least, is for testing."""
    return exemplars - max(exemplars // 4, 1)


def _responses(brain: Brain, shown: Stimuli, wanted: SimulatedResponses) -> xr.DataArray:
    """(presentation, neuroid): all stimuli once, then all again, for each repetition."""
    n, each, times = len(shown), wanted.neuroids, wanted.repetitions
    turns = np.arange(each) % wanted.subjects
    blocks, reliability = [], []
    for region in REGIONS:
        through = noise.channel(region, each)
        trials = noise.trials(region, brain.signals[region], through, times, wanted.seed)
        blocks.append(trials.reshape(times * n, each))
        reliability.append(through.reliability(brain.signals[region], times))
    return xr.DataArray(
        np.concatenate(blocks, axis=1),
        dims=("presentation", "neuroid"),
        coords={
            "stimulus": ("presentation", np.tile(np.asarray(shown.ids), times)),
            "repetition": ("presentation", np.repeat(np.arange(times), n)),
            "neuroid": ("neuroid", [f"{region}-{i:03}" for region in REGIONS for i in range(each)]),
            "region": ("neuroid", np.repeat(np.asarray(REGIONS), each)),
            "subject": ("neuroid", np.tile(_subjects(wanted.subjects)[turns], len(REGIONS))),
            "reliability": ("neuroid", np.concatenate(reliability)),
        },
    )


def _subjects(n: int) -> np.ndarray:
    return np.asarray([f"simulated{i + 1}" for i in range(n)])


def _choices(brain: Brain, shown: Stimuli, wanted: SimulatedChoices, dataset: str) -> xr.DataArray:
    objects = np.asarray(BENCHMARK_CATEGORIES)
    category = np.asarray([BENCHMARK_CATEGORIES.index(scene.category) for scene in brain.scenes])
    test = shown.coords["use"] == "test"
    decides = observer.Observer(
        observer.evidence(brain.signals["IT"], category, ~test),
        observer.legibility(brain.scenes, brain.images),
        category,
    )
    trials = decides.trials(np.flatnonzero(test), wanted.subjects, wanted.trials, wanted.seed)
    columns = {
        "stimulus": np.asarray(shown.ids)[trials.stimulus],
        "subject": _subjects(wanted.subjects)[trials.subject],
        "truth": objects[trials.truth],
        "distractor": objects[trials.distractor],
        "choice": objects[trials.chosen],
        "probability": trials.probability,
    }
    return as_choices(columns, dataset)
