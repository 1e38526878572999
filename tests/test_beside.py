"""Baselines beside a network, from the YAML's names to the score: a brain of a layer and of categories."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from pytest_brainscore import scoring
from pytest_brainscore.commitment.beside import Beside, categories, twin_of
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.errors import MetricError, ModelError, SelectionError, SpecError
from pytest_brainscore.machine import Device
from pytest_brainscore.metrics.unique_variance import unique_variance
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.build import build
from pytest_brainscore.models.coordinates import coordinates_of
from pytest_brainscore.models.store import Store
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.cases import Case
from pytest_brainscore.specs.datasets import ArraysDataset
from pytest_brainscore.specs.models import About, Model, Preprocess
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated
from pytest_brainscore.workbench import Workbench

from .models.fakes import images

N, LAYER, REGION = 60, "features.5", "OTC"
MODEL = Model(
    id="squeeze",
    source="torchvision",
    name="squeezenet1_1",
    layers={REGION: LAYER},
    preprocess=Preprocess(size=48),
    batch_size=20,
)
LABELS = np.array(["cat", "car", "cup"])[np.arange(N) % 3]
STIMULI = images(N, side=24)


def case(folder: Path, **metric) -> Case:
    dataset = {
        "id": "Own",
        "reader": "arrays",
        "stimuli": {"images": "i"},
        "recordings": {"file": "r.npy", "region": REGION},
    }
    entry = {
        "region": REGION,
        "metric": {"name": "unique_variance", "candidates": 4, **metric},
        "splits": {"n": 1, "train": 0.7},
    }
    benchmark = validated(Benchmark, entry, "test")
    return Case(REGION, REGION, validated(ArraysDataset, dataset, "test"), benchmark, folder / "own.yaml", 1)


@cache
def units(seed: int) -> torch.Tensor:
    network = build(MODEL.model_copy(update={"seed": seed}), Path, Registry())
    with extract(network, STIMULI, (LAYER,)) as answers:
        return answers[LAYER].matrix().double()


@cache
def recordings() -> Recordings:
    """Four neuroids of a layer's first components, four of categories, with hardly any noise."""
    random = np.random.RandomState(0)
    x = units(0).numpy()
    u, *_ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    of_layer = (u[:, :2] / u[:, :2].std(axis=0)) @ random.randn(2, 4)
    of_category = np.eye(3)[np.unique(LABELS, return_inverse=True)[1]] @ (3 * random.randn(3, 4))
    y = np.concatenate([of_layer, of_category], axis=1) + 0.05 * random.randn(N, 8)
    return from_arrays(list(STIMULI.images), y, region=REGION, coords={"object": LABELS})


def bench(folder: Path, asked: Case) -> Workbench:
    device = Device(torch.device("cpu"), torch.device("cpu"))
    desk = Workbench(device, Fetcher(folder), Registry(folder), Store(folder / "store"))
    desk.adopt_recordings(asked, recordings())
    return desk


def test_a_brain_of_a_layer_and_of_categories(tmp_path):
    asked = case(tmp_path, over=("object", "untrained"))
    desk = bench(tmp_path, asked)
    found = desk.score(asked, MODEL, tmp_path)
    own = recordings()
    target = scoring.target(asked.benchmark, REGION, own, torch.device("cpu"))
    beside = {"object": categories("object", LABELS)[0], "untrained": coordinates_of(units(1))}
    expected = unique_variance(coordinates_of(units(0)), target.y, target.splits, beside=beside, candidates=4)
    assert found.values == pytest.approx(expected.values.numpy(), abs=1e-5)
    assert found.also["share.object"] == pytest.approx(float(expected.also["share.object"].mean()), abs=1e-5)
    assert (found.values[0, :4] > found.values[0, 4:].max() + 0.1).all()
    assert (expected.also["share.object"][0, 4:] > 0.5).all()
    assert "beside object (3 categories), untrained (layer features.5 of squeeze_untrained1)" in found.notes


def test_baselines_come_from_the_zoo_and_from_the_store(tmp_path):
    """Pixels have one layer for every region, this one too; a second workbench shows nothing to them."""
    asked = case(tmp_path, over=("pixels",))
    first = bench(tmp_path, asked)
    found = first.score(asked, MODEL, tmp_path)
    assert found.notes[-1] == "beside pixels (layer pixels of pixels)"
    bands = first.beside.bands(asked, MODEL, (LAYER,))
    kept = bands.tensors["pixels"]
    assert kept.shape == (N, N + 1)
    assert first.beside.bands(asked, MODEL, (LAYER,)).tensors["pixels"] is kept
    again = bench(tmp_path, asked)
    shown = []
    again.tell = lambda stage, *_: shown.append(stage)
    assert again.score(asked, MODEL, tmp_path).raw == found.raw
    assert "forward" not in shown
    first.release()
    assert first.beside.bands(asked, MODEL, (LAYER,)).tensors["pixels"] is not kept


def test_other_metrics_have_nothing_beside(tmp_path):
    asked = case(tmp_path)
    plain = replace(asked, benchmark=validated(Benchmark, {"region": REGION, "metric": "ridge"}, "test"))

    def never(*_):
        raise AssertionError

    bands = Beside(None, never, never, tmp_path).bands(plain, MODEL, (LAYER,))
    assert bands.tensors == {}
    resolve = Registry()
    assert bands.given(
        resolve, scoring.target(plain.benchmark, REGION, recordings(), torch.device("cpu"))
    ) is (resolve)


@pytest.mark.parametrize(
    ("over", "error", "message"),
    [
        (
            ("pixelz",),
            SelectionError,
            r"own.yaml:1: over: pixelz is neither a model nor a coord of the stimuli"
            r" \(coords: object, number\); did you mean pixels\?",
        ),
        (("objcet",), SelectionError, r"a coord of the stimuli \(coords: .*\); did you mean object"),
        (("@baselines",), ModelError, "own.yaml:1: over: @baselines names 2 models, and one is due"),
        (("number",), MetricError, "over: number: all 60 stimuli differ in it, so it has no categories"),
    ],
)
def test_names_that_are_no_baseline(tmp_path, over, error, message):
    asked = case(tmp_path, over=over)
    desk = bench(tmp_path, asked)
    own = recordings()
    numbered = replace(own.stimuli, coords={**own.stimuli.coords, "number": np.arange(N)})
    desk.adopt_recordings(asked, replace(own, stimuli=numbered))
    with pytest.raises(error, match=message):
        desk.beside.bands(asked, MODEL, (LAYER,))


def test_names_are_looked_up_before_a_network_is_built(tmp_path):
    nowhere = Model(id="nowhere", source="no_such_package:make")
    for over, error in ((("object", "pixelz"), SelectionError), (("@baselines",), ModelError)):
        asked = case(tmp_path, over=over)
        with pytest.raises(error, match=f"own.yaml:1: over: {over[-1]}"):
            bench(tmp_path, asked).score(asked, nowhere, tmp_path)
    known = case(tmp_path, over=("object", "pixels"))
    with pytest.raises(SpecError, match="no_such_package"):
        bench(tmp_path, known).score(known, nowhere, tmp_path)


def test_twins():
    trained = MODEL.model_copy(update={"weights": "IMAGENET1K_V1"})
    assert (twin_of(trained).weights, twin_of(trained).seed, twin_of(trained).id) == (
        "none",
        0,
        "squeeze_untrained",
    )
    assert (twin_of(MODEL).seed, twin_of(MODEL).preprocess) == (1, MODEL.preprocess)
    baseline = Model(
        id="pixels", source="pytest_brainscore.models.baselines:pixels", about=About(family="baseline")
    )
    with pytest.raises(ModelError, match="over: untrained: pixels has no weights that could be random"):
        twin_of(baseline)
    with pytest.raises(ModelError, match="the factory of own makes its weights, so only it can leave them"):
        twin_of(Model(id="own", source="pkg:make"))
