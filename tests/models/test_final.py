"""A network's own answer, as a layer that is called `final`."""

from __future__ import annotations

from collections import namedtuple

import pytest
import torch
from torch import nn

from pytest_brainscore.errors import ModelError
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.layers import OWN_ANSWER, resolve_layers
from pytest_brainscore.specs.models import FINAL, Model

from .fakes import Small, images, inputs, network

FINALLY = Model(id="small", source="here:small", layers=FINAL)


def test_final_is_the_logits_and_comes_with_other_layers_in_one_pass():
    net = network()
    logits = net.module(inputs(net, images(9)))
    net.module.rows = 0
    with extract(net, images(9), (FINAL, "readout", "first")) as answers:
        assert torch.allclose(answers[FINAL].matrix(), logits, atol=1e-6)
        assert torch.equal(answers[FINAL].matrix(), answers["readout"].matrix())
        assert answers["first"].matrix().shape == (9, 8 * 16 * 16)
    assert net.module.rows == 9
    assert not net.module._forward_hooks


def test_final_stands_for_every_region_but_a_readout_goes_first():
    assert resolve_layers(network(), FINALLY, "FFA") == ((FINAL,), OWN_ANSWER)
    assert resolve_layers(network(), FINALLY, "behaviour") == ((FINAL,), OWN_ANSWER)
    read = FINALLY.model_copy(update={"readout": "second"})
    assert resolve_layers(network(), read, "behaviour")[0] == ("second",)


class Several(nn.Module):
    """Answers with its two heads, of which the first is what counts."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Tanh()

    def forward(self, x):
        heads = namedtuple("Heads", "score aside")
        return heads(self.body(x)[:, :, :2], x.flatten(1))


def test_of_several_tensors_the_first_is_the_answer_flattened():
    net = network(Several())
    with extract(net, images(5), (FINAL,)) as answers:
        expected = inputs(net, images(5)).tanh()[:, :, :2].flatten(1)
        assert torch.equal(answers[FINAL].matrix(), expected)


def test_a_layer_of_that_name_is_itself_and_the_answer_has_no_name():
    body = nn.Sequential()
    body.add_module("final", nn.Tanh())
    body.add_module("after", nn.Flatten())
    net = network(body)
    assert net.own_answer == ""
    x = inputs(net, images(5))
    with extract(net, images(5), (FINAL, net.own_answer)) as answers:
        assert torch.equal(answers[FINAL].matrix(), x.tanh().flatten(1))
        assert torch.equal(answers[""].matrix(), net.module(x))
    assert resolve_layers(net, FINALLY, "IT")[0] == ("",)


def test_what_is_no_layer_is_still_an_error():
    with pytest.raises(ModelError, match="small has no layer finale"):
        network(Small()).require("finale")
    with pytest.raises(ModelError, match="small has no layer "):
        network(Small()).require("")
