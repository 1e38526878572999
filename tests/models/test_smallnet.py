"""smallnet: its weights are its own, and it has learned what its log says, from other objects."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pytest_brainscore import suite
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.simulated import objects
from pytest_brainscore.data.simulated.scenes import draw, render
from pytest_brainscore.models.build import build
from pytest_brainscore.models.network import Network
from pytest_brainscore.models.smallnet import smallnet
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.suite.selection import select

ROOT = Path(__file__).parents[2]
LOG = (ROOT / "weights" / "smallnet.log").read_text("utf-8")
EXEMPLARS, VIEWS, SEED = range(5000, 5010), 3, 77
"""Neither the exemplars nor the views that smallnet was trained or measured on."""


def spec(request: str) -> Model:
    return select(request, suite.zoo(), ROOT)[0].model


def built(request: str) -> Network:
    fetcher = Fetcher.from_environment(offline=True)
    return build(spec(request), lambda file: fetcher(file, ROOT), Registry(ROOT), offline=True)


@pytest.fixture(scope="module")
def fresh() -> tuple[list[Image.Image], torch.Tensor]:
    """Images of objects that were never shown, and the number of each one's category."""
    scenes = draw(objects.TRAINING_CATEGORIES, EXEMPLARS, VIEWS, SEED)
    labels = [objects.TRAINING_CATEGORIES.index(scene.category) for scene in scenes]
    return [Image.fromarray(render(scene)) for scene in scenes], torch.tensor(labels)


def accuracy(network: Network, fresh: tuple[list[Image.Image], torch.Tensor]) -> float:
    images, labels = fresh
    with torch.inference_mode():
        answers = network.module(torch.stack([network.preprocess(image) for image in images]))
    return float((answers.argmax(1) == labels).double().mean())


def test_it_names_nine_in_ten_objects_that_it_never_saw(fresh):
    found, logged = accuracy(built("smallnet"), fresh), float(re.findall(r"accuracy ([\d.]+)", LOG)[-1])
    assert logged > 0.9
    standard_error = np.sqrt(logged * (1 - logged) / len(fresh[1]))
    assert abs(found - logged) < 3 * standard_error


@pytest.mark.parametrize("twin", ["untrained:smallnet", "untrained3:smallnet"])
def test_its_untrained_twins_are_at_chance(fresh, twin):
    chance = 1 / len(objects.TRAINING_CATEGORIES)
    assert abs(accuracy(built(twin), fresh) - chance) < 3 * np.sqrt(chance * (1 - chance) / len(fresh[1]))


def test_untrained_twins_differ_by_their_seed():
    weights = [built(twin).module.readout.weight for twin in ("untrained:smallnet", "untrained3:smallnet")]
    torch.manual_seed(3)
    torch.testing.assert_close(weights[1], smallnet().readout.weight, rtol=0, atol=0)
    assert not torch.equal(*weights)


def test_it_was_trained_on_other_exemplars_and_not_on_two_of_the_categories():
    seen = re.search(r"^categories: (.*)$", LOG, re.MULTILINE)[1].split(", ")
    assert tuple(seen) == objects.TRAINING_CATEGORIES
    assert len(set(objects.BENCHMARK_CATEGORIES) - set(seen)) == 2
    shown = [int(n) for pair in re.findall(r"exemplars (\d+) to (\d+)", LOG) for n in pair]
    assert shown == [1000, 1047, 2000, 2015]
    assert not set(EXEMPLARS) & {*objects.TRAINING_EXEMPLARS, *objects.HELD_OUT_EXEMPLARS}


def test_its_file_is_small_and_the_one_that_the_log_and_models_yaml_name():
    content = (ROOT / "weights" / "smallnet.safetensors").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert len(content) < 2_000_000
    assert spec("smallnet").weights.sha256 == digest
    assert f"weights: {len(content)} bytes, sha256 {digest}" in LOG


def test_it_has_a_quarter_of_a_million_parameters():
    numbers = sum(parameter.numel() for parameter in smallnet().parameters())
    assert numbers == 231_708
    assert f"{numbers:,}" in smallnet.__doc__
    assert f"parameters: {numbers}\n" in LOG


def test_its_layers_are_there_in_order_of_depth_and_halve_the_image():
    model, network = spec("smallnet"), built("smallnet")
    names = [name for name, _ in network.module.named_children()]
    assert [model.layers[region] for region in ("V1", "V2", "V4", "IT")] == names[:4]
    assert names[4] == model.readout
    answer, sides = torch.zeros(1, 3, 64, 64), []
    for name in names[:5]:
        answer = network.module.get_submodule(name)(answer)
        sides.append(answer.shape[-1])
    assert sides == [32, 16, 8, 4, 1]


def test_it_sees_what_it_was_trained_to_see():
    """The transform of models.yaml is the training script's."""
    image = render(draw(["fipo"], [5000], 1, 1)[0])
    expected = (torch.from_numpy(image).permute(2, 0, 1).float() / 255 - 0.5) / 0.2
    torch.testing.assert_close(built("smallnet").preprocess(Image.fromarray(image)), expected)
    script = (ROOT / "scripts" / "train_smallnet.py").read_text("utf-8")
    assert "MEAN, STD = 0.5, 0.2\n" in script


@pytest.mark.parametrize("classes", [2, 12])
def test_the_readout_has_as_many_answers_as_classes(classes):
    assert smallnet(classes)(torch.zeros(2, 3, 64, 64)).shape == (2, classes)
