"""A region's layers: the map's, the readout, or the ones at a stated depth."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from pytest_brainscore.errors import ModelError
from pytest_brainscore.models.layers import (
    DEPTH_RULE,
    DEPTHS,
    READOUT_OF_MODEL,
    READOUT_RULE,
    called_leaves,
    resolve_layers,
)
from pytest_brainscore.specs.models import Model

from .fakes import network


def spec(**more) -> Model:
    return Model(id="small", source="here:small", **more)


def test_the_map_stands_and_says_who_made_it():
    mapped = spec(layers={"IT": "second", "V4": ("first", "second")}, layer_source="me, on my data")
    assert resolve_layers(network(), mapped, "IT") == (("second",), "me, on my data")
    assert resolve_layers(network(), mapped, "V4")[0] == ("first", "second")


def test_a_region_that_the_map_lacks_is_an_error_with_the_regions_it_has():
    with pytest.raises(ModelError, match=r"no layer of small is mapped to FFA \(mapped: IT, V4\)") as raised:
        resolve_layers(network(), spec(layers={"IT": "second", "V4": "first"}), "FFA")
    assert "\n" not in str(raised.value)


def test_a_map_that_names_no_layer_of_the_network():
    with pytest.raises(ModelError, match="small has no layer secnd; did you mean second"):
        resolve_layers(network(), spec(layers={"IT": "secnd"}), "IT")


def test_behaviour_is_read_from_the_readout_then_the_map_then_before_the_classifier():
    net = network()
    both = spec(readout="second", layers={"behaviour": "first"}, layer_source="me")
    assert resolve_layers(net, both, "behaviour") == (("second",), READOUT_OF_MODEL)
    mapped = spec(layers={"behaviour": ("first", "second")}, layer_source="me")
    assert resolve_layers(net, mapped, "behaviour") == (("first", "second"), "me")
    assert resolve_layers(net, spec(), "behaviour") == (("relu",), READOUT_RULE)
    assert resolve_layers(net, spec(layers={"IT": "first"}), "behaviour") == (("relu",), READOUT_RULE)
    with pytest.raises(ModelError, match="small has no layer secnd; did you mean second"):
        resolve_layers(net, spec(readout="secnd"), "behaviour")


def test_without_a_linear_classifier_behaviour_is_read_from_the_last_layer():
    assert resolve_layers(network(Deep()), spec(), "behaviour")[0] == ("parts.0",)
    alone = nn.Sequential(nn.Flatten(), nn.Identity(), nn.Linear(3 * 16 * 16, 2))
    assert resolve_layers(network(alone), spec(), "behaviour")[0] == ("0",)


def test_an_untrained_twin_keeps_the_readout():
    twin = spec(readout="second").untrained()
    assert resolve_layers(network(), twin, "behaviour")[0] == ("second",)


class Deep(nn.Module):
    """101 leaves, called in the reverse of the order of registration, and some that do nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.idle = nn.Conv2d(3, 3, 1)
        self.drop = nn.Dropout()
        self.parts = nn.ModuleList(nn.Tanh() for _ in range(101))

    def forward(self, x):
        for part in reversed(self.parts):
            x = self.drop(part(x))
        return x


def test_without_a_map_depth_decides_in_the_order_of_the_calls():
    net = network(Deep())
    assert called_leaves(net) == tuple(f"parts.{i}" for i in range(100, -1, -1))
    for region, depth in DEPTHS.items():
        layers, source = resolve_layers(net, spec(), region)
        assert layers == (f"parts.{100 - round(100 * depth)}",)
        assert source == DEPTH_RULE
    assert all(
        region in DEPTH_RULE and f"{100 * depth:.0f} %" in DEPTH_RULE for region, depth in DEPTHS.items()
    )


def test_depth_rises_along_the_ventral_stream():
    assert DEPTHS["V1"] < DEPTHS["V2"] < DEPTHS["V4"] < DEPTHS["IT"]


def test_the_rule_covers_no_other_region():
    with pytest.raises(ModelError, match="no layer of small is mapped to FFA"):
        resolve_layers(network(), spec(), "FFA")


def test_a_module_called_again_stands_where_it_was_called_last():
    assert called_leaves(network()) == ("first", "second", "relu", "readout")


class Windowed(nn.Module):
    """Two leaves, of which the first answers per window: four of each image."""

    def __init__(self) -> None:
        super().__init__()
        self.window, self.whole = nn.Tanh(), nn.Sigmoid()

    def forward(self, x):
        n, c, h, w = x.shape
        windows = x.reshape(n, c, 4, h // 4, w).transpose(1, 2).reshape(4 * n, c, h // 4, w)
        return self.whole(self.window(windows).reshape(n, 4, -1).flatten(1))


def test_a_module_that_does_not_answer_per_image_is_no_layer():
    assert called_leaves(network(Windowed())) == ("whole",)


def test_the_network_is_asked_once():
    net = network()
    for region in DEPTHS:
        resolve_layers(net, spec(), region)
    assert net.module.batches == [2]
    assert not any(part._forward_hooks for part in net.module.modules())


def test_a_transform_that_gives_numpy_is_fine():
    net = replace(network(), preprocess=lambda image: np.zeros((3, 16, 16)))
    assert called_leaves(net) == ("first", "second", "relu", "readout")


class Normalises(nn.Module):
    """Takes its scale from the first images that it sees, as an ActNorm without weights does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.Tanh(), nn.Sigmoid()
        self.register_buffer("scale", torch.zeros(()))

    def forward(self, x):
        if not self.scale:
            self.scale += x.abs().mean()
        return self.last(self.layer(x * self.scale).flatten(1))


def test_a_network_that_changes_with_its_first_images_is_an_error_each_time():
    net = network(Normalises())
    for _ in range(2):
        with pytest.raises(ModelError, match="small: showing it stimuli changes scale: what it answers"):
            resolve_layers(net, spec(), "IT")


class Leaves(nn.Module):
    def forward(self, x):
        sys.exit(3)


def test_a_network_that_ends_the_process_is_one_line():
    with pytest.raises(ModelError, match="small: the forward pass of an image fails: SystemExit: 3"):
        resolve_layers(network(nn.Sequential(nn.Tanh(), Leaves())), spec(), "IT")
