"""Progress: what is told of images that are shown, and the stages of a score."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.machine import Device
from pytest_brainscore.models.kinds import COORDINATES
from pytest_brainscore.models.represent import represent
from pytest_brainscore.models.store import Store
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.cases import Case
from pytest_brainscore.specs.datasets import ArraysDataset
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated
from pytest_brainscore.workbench import Workbench

from .models.fakes import images, network

Told = list[tuple[str, int, int]]


@pytest.fixture
def told() -> Told:
    return []


def test_a_pass_tells_how_many_images_were_shown(told: Told):
    represent(network(), images(10), {("first",): {COORDINATES}}, tell=lambda *said: told.append(said))
    assert told == [
        ("forward", 0, 0),
        ("forward", 4, 10),
        ("forward", 8, 10),
        ("forward", 10, 10),
        ("coordinates", 0, 1),
    ]


def test_what_comes_from_the_store_tells_nothing(told: Told, tmp_path: Path):
    store, wanted = Store(tmp_path / "store"), {("first",): {COORDINATES}}
    made = represent(network(), images(10), wanted, store=store)
    taken = represent(network(), images(10), wanted, store=store, tell=lambda *said: told.append(said))
    assert told == []
    (key,) = taken.keys.values()
    assert taken.keys == made.keys
    assert torch.equal(store.get(key), made.tensors[("first",), COORDINATES])


def test_a_score_tells_its_stages(told: Told, tmp_path: Path):
    bench = Workbench(
        Device(torch.device("cpu"), torch.device("cpu")),
        Fetcher(tmp_path),
        Registry(),
        Store(tmp_path / "store"),
        tell=lambda *said: told.append(said),
    )
    dataset = {
        "id": "Own",
        "reader": "arrays",
        "stimuli": {"images": "i"},
        "recordings": {"file": "r.npy", "region": "IT"},
    }
    case = Case(
        "IT-rdm",
        "IT",
        validated(ArraysDataset, dataset, "test"),
        validated(Benchmark, {"region": "IT", "metric": "rdm"}, "test"),
        tmp_path / "own.yaml",
        1,
    )
    pixels = list(images(10).images)
    bench.adopt_recordings(case, from_arrays(pixels, torch.rand(10, 4, 2).numpy(), region="IT"))
    model = Model(id="small", source="nets:small", layers={"IT": "relu"})
    bench.adopt_network(model, network())
    score = bench.score(case, model, tmp_path)
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == [
        "fetch",
        "target",
        "forward",
        "coordinates",
        "metric",
    ]
    assert bench.store.get(score.about["stored"]) is not None
