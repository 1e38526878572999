"""Views: principal components fitted on other images, and time steps beside time bins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.decomposition import PCA
from torch import nn

from pytest_brainscore import scoring, suite
from pytest_brainscore.commitment.settling import recorded_window
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import ModelError, NotHere
from pytest_brainscore.machine import Device
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.cornet import cornet_s
from pytest_brainscore.models.steps import nearest_step
from pytest_brainscore.models.store import Store
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.cases import Case
from pytest_brainscore.specs.datasets import ArraysDataset
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated
from pytest_brainscore.workbench import Workbench

from .models.fakes import images, network

N = 40
SPLITS = {"splits": {"folds": 4}}


def case(folder: Path, entry: dict, **recordings) -> Case:
    dataset = {
        "id": "Own",
        "reader": "arrays",
        "stimuli": {"images": "i"},
        "recordings": {"file": "r.npy", "region": "IT", **recordings},
    }
    benchmark = validated(Benchmark, {"region": "IT", **SPLITS, **entry}, "test")
    return Case("IT", "IT", validated(ArraysDataset, dataset, "test"), benchmark, folder / "own.yaml", 1)


def bench(folder: Path) -> Workbench:
    device = Device(torch.device("cpu"), torch.device("cpu"))
    return Workbench(device, Fetcher(folder), Registry(), Store(folder / "store"))


def saved(folder: Path, n: int) -> Stimuli:
    folder.mkdir()
    for i, pixels in enumerate(images(n, seed=9).images):
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    return Stimuli(tuple(map(str, range(n))), tuple(sorted(folder.glob("*.png"))))


def test_components_of_other_images_are_those_of_the_reference(tmp_path, monkeypatch):
    """Only the benchmark's stimuli have a size in visual degrees, and are put into the field of view."""
    others = saved(tmp_path / "others", 14)
    monkeypatch.setenv("BRAINSCORE_OTHERS", str(tmp_path / "others"))
    entry = case(tmp_path, {"metric": "ridge", "pca": {"n": 6, "fit": "others", "images": 14}})
    pixels, y = list(images(N).images), np.random.RandomState(0).randn(N, 5)
    own = from_arrays(pixels, y, region="IT", visual_degrees=4.0)
    desk, net = bench(tmp_path), network(visual_degrees=8.0)
    desk.adopt_recordings(entry, own)
    model = Model(id="small", source="nets:small", layers={"IT": "second"})
    desk.adopt_network(model, net)
    score = desk.score(entry, model, tmp_path)
    with extract(net, own.stimuli, ("second",)) as mine, extract(net, others, ("second",)) as theirs:
        x, fit = (answers["second"].matrix().double().numpy() for answers in (mine, theirs))
    reduced = torch.tensor(PCA(n_components=6, random_state=0).fit(fit).transform(x))
    target = scoring.target(entry.benchmark, "IT", own, torch.device("cpu"))
    expected = scoring.score(entry.benchmark, reduced, target, Registry())
    assert score.raw == pytest.approx(expected.raw, abs=1e-7)
    assert net.module.rows == 2 * (N + 14)  # once for the score, once for the comparison
    again = desk.score(entry, model, tmp_path)
    assert (again.raw, again.about["stored"]) == (score.raw, score.about["stored"])


def test_images_that_components_are_fitted_on_are_in_the_stimuli_digest(tmp_path, monkeypatch):
    others = saved(tmp_path / "others", 14)
    monkeypatch.setenv("BRAINSCORE_OTHERS", str(tmp_path / "others"))
    entry = case(tmp_path, {"metric": "ridge", "pca": {"n": 6, "fit": "others", "images": 14}})
    own = from_arrays(list(images(N).images), np.random.RandomState(0).randn(N, 5), region="IT")
    model = Model(id="small", source="nets:small", layers={"IT": "second"})

    def score():
        desk = bench(tmp_path)
        desk.adopt_recordings(entry, own)
        desk.adopt_network(model, network())
        return desk.score(entry, model, tmp_path)

    before, again = score(), score()
    assert before.about["digests"] == again.about["digests"]
    Image.fromarray(255 - np.asarray(Image.open(others.images[0]))).save(others.images[0])
    after = score()
    assert after.raw != before.raw
    changed = {
        name for name, digest in after.about["digests"].items() if before.about["digests"][name] != digest
    }
    assert changed == {"stimuli"}  # the benchmark's side: such scores are not compared


def test_images_that_the_user_does_not_have_are_named(tmp_path, monkeypatch):
    monkeypatch.delenv("BRAINSCORE_OTHERS", raising=False)
    entry = case(tmp_path, {"metric": "ridge", "pca": {"fit": "others"}})
    desk = bench(tmp_path)
    desk.adopt_recordings(
        entry, from_arrays(list(images(N).images), np.random.RandomState(0).randn(N, 3), region="IT")
    )
    model = Model(id="small", source="nets:small", layers={"IT": "second"})
    desk.adopt_network(model, network())
    with pytest.raises(NotHere, match="set BRAINSCORE_OTHERS to their folder"):
        desk.score(entry, model, tmp_path)


def test_the_same_image_in_two_sizes_is_shown_in_both():
    one, other = images(2, visual_degrees=4.0), images(2)
    both = one.followed_by(other)
    assert [both.width(i) for i in range(4)] == [4.0, 4.0, None, None]
    assert len(set(both.digests)) == 4
    assert both.digest != other.followed_by(one).digest
    assert both.take([3, 0]).widths == (None, 4.0)
    with extract(network(visual_degrees=8.0), both, ("first",)) as answers:
        x = answers["first"].matrix()
    assert not torch.allclose(x[0], x[2])


class Stepped(nn.Module):
    """An area that answers in three steps, each a nonlinear function of the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.steps = nn.ModuleList(nn.Identity() for _ in range(3))
        self.pool = nn.AdaptiveAvgPool2d(4)

    def forward(self, x):
        for step in self.steps:
            x = step(torch.tanh(2 * self.conv(x)))
        return self.pool(x).flatten(1)


STEPS = {"steps.0": (50.0, 100.0), "steps.1": (100.0, 150.0), "steps.2": (150.0, 250.0)}
BINS = ((40.0, 60.0), (90.0, 110.0), (124.0, 130.0), (200.0, 220.0))
BESIDE = (0, 1, 1, 2)
MODEL = Model(id="stepped", source="nets:stepped", layers={"IT": "steps.2"}, steps={"IT": STEPS})


def answers_by_step(net) -> np.ndarray:
    with extract(net, images(N), tuple(STEPS)) as answers:
        return np.stack([answers[layer].matrix().double().numpy() for layer in STEPS], axis=1)


def test_over_time_each_bin_is_beside_the_step_that_starts_nearest(tmp_path):
    net = network(Stepped())
    x = answers_by_step(net)[:, BESIDE, :]
    y = np.moveaxis(x[:, :, :3], 1, 2)  # (n, neuroids, bins)
    entry = case(tmp_path, {"metric": {"name": "temporal_pls", "components": 5}})
    own = from_arrays(
        list(images(N).images), y, dims=("stimulus", "neuroid", "time_bin"), region="IT", time_bins=BINS
    )
    desk = bench(tmp_path)
    desk.adopt_recordings(entry, own)
    desk.adopt_network(MODEL, net)
    score = desk.score(entry, MODEL, tmp_path)
    assert score.about["layer"] == "steps.0+steps.1+steps.2"
    assert score.about["layer_source"] == (
        "its time steps, for each time bin the one that starts nearest:"
        " steps.0 (50-100 ms), steps.1 (100-150 ms), steps.2 (150-250 ms)"
    )
    target = scoring.target(entry.benchmark, "IT", own, torch.device("cpu"))
    expected = scoring.score(entry.benchmark, torch.tensor(x), target, Registry())
    assert score.raw == pytest.approx(expected.raw, abs=1e-9)
    static = MODEL.model_copy(update={"steps": {}})
    desk.adopt_network(static, net)
    assert desk.score(entry, static, tmp_path).raw < score.raw


@pytest.mark.parametrize(
    ("bins", "layer"),
    [
        ([[70, 170]], "steps.0"),
        ([[80, 170]], "steps.1"),
        ([[200, 300], [300, 400]], "steps.2"),
        (None, "steps.2"),
    ],
)
def test_elsewhere_the_step_nearest_to_the_recorded_window_stands_for_the_region(tmp_path, bins, layer):
    entry = case(tmp_path, {"metric": "ridge"})
    y = np.random.RandomState(0).randn(N, 3, len(bins or [0]))
    dims = ("stimulus", "neuroid", "time_bin")
    own = from_arrays(list(images(N).images), y, dims=dims, region="IT", time_bins=bins)
    desk, net = bench(tmp_path), network(Stepped())
    desk.adopt_recordings(entry, own)
    desk.adopt_network(MODEL, net)
    about = desk.score(entry, MODEL, tmp_path).about
    assert about["layer"] == layer
    if bins is None:
        assert recorded_window(own) is None
        assert about["layer_source"] == "the model's own entry"
    else:
        span = f"{bins[0][0]}-{bins[-1][1]} ms"
        assert about["layer_source"].startswith(
            f"of its time steps the one that starts nearest to the recorded {span}, as in Brain-Score;"
            " the others are not compared: steps.0 (50-100 ms), "
        )


def test_steps_of_unequal_width_are_one_line(tmp_path):
    entry = case(tmp_path, {"metric": "temporal_pls"})
    own = np.random.RandomState(0).randn(N, 3, 2)
    desk, net = bench(tmp_path), network(Stepped())
    dims = ("stimulus", "neuroid", "time_bin")
    desk.adopt_recordings(
        entry, from_arrays(list(images(N).images), own, dims=dims, region="IT", time_bins=BINS[:2])
    )
    wrong = MODEL.model_copy(update={"steps": {"IT": {"steps.0": (50.0, 100.0), "pool": (100.0, 200.0)}}})
    desk.adopt_network(wrong, net)
    with pytest.raises(
        ModelError, match="these time steps have 768, 48 units, and one mapping for all needs"
    ):
        desk.score(entry, wrong, tmp_path)


def test_cornet_s_has_brain_score_s_steps():
    model, net = suite.zoo().models["cornet_s"], network(cornet_s())
    assert {region: list(steps.values()) for region, steps in model.steps.items()} == {
        "V1": [(50, 150)],
        "V2": [(70, 170), (170, 270)],
        "V4": [(90, 140), (140, 190), (190, 240), (240, 290)],
        "IT": [(100, 200), (200, 300)],
    }
    for steps in model.steps.values():
        for layer in steps:
            net.require(layer)
    assert [nearest_step(model.steps[region], (70, 170)) for region in ("V4", "IT")] == [
        "V4.steps.0",
        "IT.steps.0",
    ]
    assert nearest_step(model.steps["V4"], (165, 175)) == "V4.steps.1"  # of 140 and 190 the first
