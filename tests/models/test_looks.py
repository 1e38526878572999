"""Trials: every row is its own stimulus's mean answer, drawn from the same random numbers each time."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from torch import nn

from pytest_brainscore.api import score
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import ModelError
from pytest_brainscore.machine import Device
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.kinds import ACTIVATIONS
from pytest_brainscore.models.looks import looks_of, moved, said_of, shifts
from pytest_brainscore.models.represent import represent
from pytest_brainscore.models.store import Store
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.cases import Case
from pytest_brainscore.specs.datasets import CustomDataset
from pytest_brainscore.specs.models import FINAL, Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.views import Trials
from pytest_brainscore.workbench import Workbench

from .fakes import images, inputs, network

STILL = Model(id="still", source="here:net")
RANDOM = STILL.model_copy(update={"stochastic": True})


class Noisy(nn.Module):
    """The image and noise of variance 1, and how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.Identity()
        self.asked = 0

    def forward(self, x):
        self.asked += 1
        return self.same(x + torch.randn_like(x))


def final(net, stimuli, trials, **how) -> torch.Tensor:
    with extract(net, stimuli, (FINAL,), trials=trials, **how) as answers:
        return answers[FINAL].matrix()


def flat(*levels: int) -> Stimuli:
    pixels = tuple(np.full((16, 16, 3), level, np.uint8) for level in levels)
    return Stimuli(tuple(f"grey{level}" for level in levels), pixels)


def test_each_row_is_its_own_stimulus():
    """The reference stacks trials within a batch and labels them image by image."""
    net = replace(network(nn.Sequential(nn.Identity()), batch_size=2), preprocess=pixels)
    found = final(net, flat(10, 200), Trials(n=3, microsaccades=0.05))
    assert (found == torch.tensor([[10.0], [200.0]])).all()


def pixels(image) -> torch.Tensor:
    return torch.from_numpy(np.array(image, dtype=np.float32)).permute(2, 0, 1)


def test_the_mean_of_n_trials_has_a_root_n_th_of_the_noise():
    net, stimuli = network(Noisy()), images(6)
    expected = inputs(net, stimuli).flatten(1)
    for n in (1, 4, 64):
        noise = (final(net, stimuli, Trials(n=n)) - expected).square().mean().sqrt()
        assert noise == pytest.approx(n**-0.5, rel=0.05)  # of 4,608 draws


def test_random_numbers_are_those_of_seed_trial_and_batch():
    net, stimuli = network(Noisy()), images(8)
    first = final(net, stimuli, Trials(n=3))
    torch.randn(5)
    assert torch.equal(final(net, stimuli, Trials(n=3)), first)
    assert torch.equal(final(net, stimuli.take(range(4)), Trials(n=3)), first[:4])
    assert not torch.equal(final(net, stimuli, Trials(n=3, seed=1)), first)
    noise = first - inputs(net, stimuli).flatten(1)
    assert len({round(float(row.sum()), 3) for row in noise}) == 8
    one, two = (final(net, stimuli, Trials(n=n)).double() for n in (1, 2))
    assert not torch.equal(one, two)  # the second trial is not the first again


def test_every_stimulus_is_shown_n_times_and_without_trials_once():
    net, stimuli = network(Noisy()), images(6)
    final(net, stimuli, Trials(n=5))
    assert net.module.asked == 2 * 5
    final(net, stimuli, None)
    assert net.module.asked == 2 * 5 + 2


def test_memory_that_is_short_for_one_trial_halves_the_batch_of_all():
    class Short(Noisy):
        def forward(self, x):
            if len(x) > 2 and self.asked == 1:
                self.asked += 1
                raise torch.OutOfMemoryError
            return super().forward(x)

    net, stimuli = network(Short()), images(4)
    assert torch.equal(
        final(net, stimuli, Trials(n=3)), final(network(Noisy(), batch_size=2), stimuli, Trials(n=3))
    )


def test_a_layer_that_fails_in_one_trial_is_a_fault():
    class Silent(Noisy):
        def forward(self, x):
            return None if self.asked == 2 else super().forward(x)

    with pytest.raises(ModelError, match="final answers with no tensor"):
        final(network(Silent()), images(3), Trials(n=4))


def test_a_deterministic_model_without_microsaccades_looks_once():
    trials, moving = Trials(n=9), Trials(n=9, microsaccades=0.05)
    assert looks_of(STILL, trials) is None
    assert looks_of(STILL, moving) == looks_of(RANDOM, moving) == moving
    assert looks_of(RANDOM, trials) == trials
    assert looks_of(RANDOM, None) is None
    assert looks_of(Model(id="saved", source="precomputed", activations="a.npz"), moving) is None
    (told,) = said_of(moving)
    assert told == "answers are means of 9 looks at each stimulus within 0.05 degrees (seed 0)"


def test_the_spiral_has_one_turn_and_its_radius_is_in_degrees():
    places = shifts(Trials(n=4, microsaccades=0.05), 224 / 8)
    radius = 0.05 * 28
    assert places[0] == (0, 0)
    assert places[1] == pytest.approx((-radius / 2, 0), abs=1e-12)  # half a turn, half the way
    angle = 2 * math.pi * math.sqrt(3) / 2
    expected = [math.sqrt(3) / 2 * radius * part for part in (math.cos(angle), math.sin(angle))]
    assert places[3] == pytest.approx(expected)
    assert shifts(Trials(n=2), 28) == [(0, 0), (0, 0)]


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_an_image_moves_as_scipy_moves_it(right, down):
    image = inputs(network(), images(1))
    expected = ndimage.shift(image[0].double().numpy(), (0, down, right), order=1, mode="nearest")
    assert moved(image, right, down)[0].numpy() == pytest.approx(expected, abs=1e-5)


def test_a_whole_pixel_to_the_right_and_down():
    image = torch.arange(9.0).reshape(1, 1, 3, 3)
    assert moved(image, 1, 0).flatten().tolist() == [0, 0, 1, 3, 3, 4, 6, 6, 7]
    assert moved(image, 0, 1).flatten().tolist() == [0, 1, 2, 0, 1, 2, 3, 4, 5]


def test_microsaccades_are_averaged_over_the_places():
    net = replace(network(nn.Sequential(nn.Identity())), visual_degrees=2.0)
    trials = Trials(n=3, microsaccades=0.25)
    image = inputs(net, images(1))
    shown = [moved(image, *place) for place in shifts(trials, 16 / 2)]
    expected = torch.stack(shown).mean(0).flatten(1)
    assert torch.allclose(final(net, images(1), trials), expected, atol=1e-6)


def test_the_store_tells_trials_apart(tmp_path):
    net, stimuli, store = network(Noisy()), images(6), Store(tmp_path)
    unit = ("same",)
    looks = (None, Trials(n=2), Trials(n=3), Trials(n=2, microsaccades=0.1), Trials(n=2, seed=1))
    for trials in (*looks, *looks):
        represent(net, stimuli, {unit: {ACTIVATIONS}}, store=store, trials=trials)
    assert store.usage().files == len(looks)
    assert net.module.asked == 2 * (1 + 2 + 3 + 2 + 2)


def case(folder, **entry) -> Case:
    benchmark = Benchmark.model_validate({"region": "IT", "metric": "rdm", **entry})
    dataset = CustomDataset(id="Own", reader="notebook:arrays", stimuli={}, recordings={})
    return Case("IT-rdm", "IT", dataset, benchmark, folder / "own.yaml", 1)


@pytest.mark.parametrize(("stochastic", "passes"), [(True, 1 + 4), (False, 1)])
def test_benchmarks_that_differ_in_trials_share_no_pass(tmp_path, stochastic, passes):
    once, often, again = cases = [case(tmp_path), case(tmp_path, trials=4), case(tmp_path, trials={"n": 4})]
    model = Model(id="noisy", source="here:net", layers={"IT": "same"}, stochastic=stochastic)
    cpu = Device(torch.device("cpu"), torch.device("cpu"))
    asked = [(model.id, each, None) for each in cases]
    bench, net = Workbench(cpu, Fetcher(tmp_path), Registry(), None, asked), network(Noisy(), batch_size=8)
    responses = np.random.RandomState(0).rand(8, 5)
    bench.adopt_recordings(once, from_arrays(list(images(8).images), responses, region="IT"))
    bench.adopt_network(model, net)
    scores = [bench.score(each, model, tmp_path) for each in (once, often, again)]
    assert net.module.asked == passes
    assert (scores[0].raw != scores[1].raw) == stochastic
    assert scores[1].raw == scores[2].raw
    told = [score.notes for score in scores]
    assert told == [(), *[("answers are means of 4 looks at each stimulus (seed 0)",) * stochastic] * 2]


@pytest.mark.parametrize(("stochastic", "told"), [(True, 1), (False, 0)])
def test_a_module_at_hand_looks_often_where_it_is_called_stochastic(tmp_path, monkeypatch, stochastic, told):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path))
    given = {"stimuli": list(images(8).images), "recordings": np.random.RandomState(0).rand(8, 5)}
    how = {"layer": "same", "stochastic": stochastic, "metric": "rdm", "trials": 3, "device": "cpu"}
    found = score(Noisy(), transform=as_floats, **given, **how)
    assert sum("3 looks" in note for note in found.notes) == told


def as_floats(image) -> torch.Tensor:
    return pixels(image) / 255
