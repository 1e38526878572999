"""What an accelerator computes is what the CPU computes; where there is none one is simulated."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from pytest_brainscore import scoring
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays, from_trials
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.machine import Device
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.coordinates import coordinates_of
from pytest_brainscore.scores import Score
from pytest_brainscore.scoring.inferred import Plan, inferred_score
from pytest_brainscore.specs.base import DOTTED_TAG
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.ceilings import CEILINGS, Ceiling, require_suited
from pytest_brainscore.specs.metrics import AnyMetric
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated
from pytest_brainscore.workbench import Workbench

from .accelerator import accelerator
from .models.fakes import images, network
from .test_pool import FFA, HEADS, Desk, recordings

CPU = torch.device("cpu")
N, UNITS, NEUROIDS, REPETITIONS, TRIALS = 24, 15, 18, 4, 800
OBJECTS = np.array(["dog", "cat", "bear", "car"])
SEEN = OBJECTS[np.arange(N) % 4]
METRICS = {
    tag.tag: spec for spec, tag in map(get_args, get_args(get_args(AnyMetric)[0])) if tag.tag != DOTTED_TAG
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "pls": {"components": 5},
    "temporal_pls": {"components": 3},
    "encoding": {"features": "exact"},
    "versa": {"features": "exact"},
    "rsm": {"deviations": 0.3},
    "mutual_knn": {"k": 4},
    "unique_variance": {"over": ("colour",), "candidates": 3},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "constant": {"value": 0.7},
    "stored": {"coord": "reliability", "n": 50},
    "gsn": {"n": 2, "neuroids": 6},
    "subject_halves": {"n": 5},
}
SMALL = {"groups": 5, "replicates": 100}
LONG = {"gsn": ("rdm",), "other_subjects": ("ridge", "encoding", "rdm", "versa")}
"""Ceilings that take long, and the metrics that are tried with them."""
SAMPLED = ("i1", "i1n", "o2", "error_consistency")
"""Metrics whose intervals are those of another, i2n or accuracy_distance."""
REFIT = {**SMALL, "intervals": "refit", "permutations": 2}


PAIRED, BY_SUBJECT = ("i1", "i1n", "i2", "i2n", "o2"), ("error_consistency", "accuracy_distance")
OF_CHOICES = (*PAIRED, *BY_SUBJECT, "accuracy", "shape_bias")


def entry(metric: str, ceiling: str = "none", inference: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a benchmark file would say of the metric."""
    chosen = {"name": metric, **PARAMETERS.get(metric, {})}
    if ceiling == "other_subjects" and "subjects" in METRICS[metric].model_fields:
        chosen["subjects"] = "separate"
    said = {"metric": chosen, "ceiling": {"name": ceiling, **SETTINGS.get(ceiling, {})}}
    splits = {"splits": {"n": 3}} if METRICS[metric].uses_splits else {}
    region = "behaviour" if metric in OF_CHOICES else "IT"
    return {"region": region, **said, **splits, "inference": inference or SMALL}


def suits(ceiling: str, metric: str) -> bool:
    said = entry(metric, ceiling)
    try:
        require_suited(Ceiling(**said["ceiling"]), METRICS[metric].model_validate(said["metric"]))
    except ValueError:
        return False
    return True


def suited() -> list[tuple[str, str, str]]:
    """Each metric of the registry with each ceiling that it can have, and with the last one its intervals."""
    found = []
    for metric in METRICS:
        ceilings = [c for c in CEILINGS if c not in ("constant", "none") and suits(c, metric)]
        tried = [c for c in ceilings if metric in LONG.get(c, (metric,))] or ["none"]
        last = None if metric in SAMPLED else tried[-1]
        found += [(metric, c, "stored" if c == last else "off") for c in tried]
    return found


def pictures() -> list[np.ndarray]:
    return list(np.random.RandomState(3).randint(0, 256, (N, 4, 4, 3), dtype=np.uint8))


@cache
def activations() -> torch.Tensor:
    """Of the units the first four tell the objects apart, badly."""
    rng = np.random.RandomState(0)
    return torch.as_tensor(rng.randn(N, UNITS) + 1.5 * np.eye(UNITS)[np.arange(N) % 4])


def recorded(metric: str) -> Recordings:
    if metric in PAIRED:
        return chosen_of_two()
    return chosen_of_many() if metric in OF_CHOICES else responded(*[3] * (metric == "temporal_pls"))


@cache
def responded(*bins: int) -> Recordings:
    """Responses of three subjects to repetitions, over time bins where their number is given."""
    rng = np.random.RandomState(1)
    signal = activations().numpy() @ rng.randn(UNITS, NEUROIDS)
    signal = signal.reshape(N, NEUROIDS, 1, *[1 for _ in bins])
    said = {
        "subject": np.repeat(["a", "b", "c"], NEUROIDS // 3),
        "ncsnr": rng.rand(NEUROIDS) + 0.3,
        "reliability": rng.rand(NEUROIDS) / 2 + 0.5,
    }
    values = signal + 2 * rng.randn(N, NEUROIDS, REPETITIONS, *bins)
    timed = {"time_bins": [(10.0 * i, 10.0 * i + 10) for i in range(bins[0])]} if bins else {}
    dims = ["stimulus", "neuroid", "repetition", *["time_bin" for _ in bins]]
    return from_arrays(pictures(), values, region="IT", dims=dims, neuroids=said, **timed)


def trials() -> tuple[np.random.RandomState, dict[str, np.ndarray]]:
    """Trials in which a third of the choices are wrong."""
    rng = np.random.RandomState(2)
    at = rng.randint(0, N, TRIALS)
    wrong = OBJECTS[(at + rng.randint(1, 4, TRIALS)) % 4]
    choice = np.where(rng.rand(TRIALS) < 0.3, wrong, SEEN[at])
    return rng, {"stimulus": at.astype(str), "truth": SEEN[at], "distractor": wrong, "choice": choice}


@cache
def chosen_of_two() -> Recordings:
    return from_trials(pictures(), trials()[1], coords={"object_name": SEEN})


@cache
def chosen_of_many() -> Recordings:
    rng, table = trials()
    del table["distractor"]
    table |= {"subject": rng.choice(["a", "b", "c"], TRIALS), "condition": rng.choice(["u", "v"], TRIALS)}
    textures = rng.permutation(SEEN)
    return from_trials(pictures(), table, coords={"object_name": SEEN, "shape": SEEN, "texture": textures})


def scored(said: dict[str, Any], device: torch.device) -> Score:
    benchmark = validated(Benchmark, said, "test")
    target = scoring.target(benchmark, said["region"], recorded(said["metric"]["name"]), device)

    def given(part: scoring.Target) -> Callable[[str], Callable[..., Any]]:
        if benchmark.metric.name != "unique_variance":
            return Registry()
        bands = {"colour": activations()[:, :3][part.rows]}
        return lambda dotted: partial(Registry()(dotted), beside=bands)

    return inferred_score(benchmark, activations().to(device), target, given, Plan.of(benchmark, "key"))


def agree(there: Score, here: Score) -> None:
    """All numbers of two scores are the same, and all that is said."""
    assert there.notes == here.notes
    same(there.to_json(), here.to_json())
    same(there.values, here.values)
    same(
        {name: table.values for name, table in there.beside.items()},
        {n: t.values for n, t in here.beside.items()},
    )


def same(there: Any, here: Any, at: str = "") -> None:
    if isinstance(here, dict):
        assert there.keys() == here.keys()
        for key in here:
            same(there[key], here[key], f"{at}.{key}")
    elif isinstance(here, list | tuple):
        assert len(there) == len(here), at
        for i, (one, other) in enumerate(zip(there, here, strict=True)):
            same(one, other, f"{at}[{i}]")
    elif isinstance(here, float | np.ndarray):
        np.testing.assert_allclose(there, here, rtol=1e-8, atol=1e-8, equal_nan=True, err_msg=at)
    else:
        assert there == here, at


@pytest.mark.parametrize(("metric", "ceiling", "intervals"), suited())
def test_a_metric_with_a_ceiling(metric, ceiling, intervals):
    said = entry(metric, ceiling, {**SMALL, "intervals": intervals})
    with accelerator() as device:
        there = scored(said, device)
    agree(there, scored(said, CPU))


@pytest.mark.parametrize("metric", ["ridge", "rdm", "encoding", "versa", "cka", "procrustes"])
def test_fitted_anew_and_with_a_null(metric):
    said = entry(metric, inference=REFIT)
    with accelerator() as device:
        there = scored(said, device)
    assert there.null is not None
    agree(there, scored(said, CPU))


def asked(folder: Path, found: Recordings, metrics: torch.device) -> list[Score | Exception]:
    """What comes of pools of layers, whose metrics one device computes."""
    desk = Desk(folder, found)
    desk.bench = Workbench(Device(CPU, metrics), Fetcher(folder), Registry(folder), None, intervals="off")
    desk.bench.adopt_recordings(desk.cases["Own.IT-crsa"], found)
    return desk.ask(*HEADS.values(), *FFA[:3], "Own.one", "Own.mapped")


def test_pools_of_layers(tmp_path):
    found = recordings()
    with accelerator() as device:
        there = asked(tmp_path, found, device)
    for one, other in zip(there, asked(tmp_path, found, CPU), strict=True):
        agree(one, other)


def test_a_forward_pass_and_its_coordinates():
    """The networks' own numbers are float32."""
    stimuli, layers = images(10), ("first", "relu")
    with extract(network(), stimuli, layers) as answers:
        here = {layer: answers[layer].matrix() for layer in layers}
    with accelerator() as device, extract(network(), stimuli, layers, device=device) as answers:
        for layer in layers:
            there = answers[layer].matrix()
            assert there.device.type == "cpu"
            np.testing.assert_allclose(there, here[layer], atol=1e-5)
            z = coordinates_of(there.to(device))
            assert z.is_cuda
            x = here[layer].double()
            np.testing.assert_allclose((z @ z.T).cpu(), x @ x.T, rtol=1e-4)
