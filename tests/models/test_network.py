"""Digests change with what changes a network's answers, and with nothing else."""

from __future__ import annotations

import functools
import sys
import types

import pytest
import torch
from torch import nn

from pytest_brainscore.errors import ModelError
from pytest_brainscore.models.network import architecture_digest, from_module, weights_digest

from .fakes import Small, network


def weighted(seed: int = 0) -> Small:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Small()


def test_equal_weights_have_equal_digests():
    assert weights_digest(weighted()) == weights_digest(weighted())
    assert weights_digest(weighted()) != weights_digest(weighted(1))


def test_one_bit_of_one_weight_changes_the_digest():
    one, other = weighted(), weighted()
    with torch.no_grad():
        bias = other.readout.bias
        bias[3] = torch.nextafter(bias[3], torch.tensor(10.0))
    assert weights_digest(one) != weights_digest(other)


def test_names_shapes_and_types_count():
    def holding(name, value):
        module = nn.Module()
        module.register_buffer(name, value)
        return weights_digest(module)

    digests = {
        holding("a", torch.zeros(4)),
        holding("b", torch.zeros(4)),
        holding("a", torch.zeros(2, 2)),
        holding("a", torch.zeros(4, dtype=torch.int32)),
    }
    assert len(digests) == 4


def test_a_state_dict_that_is_not_contiguous_has_the_digest_of_its_values():
    one, other = nn.Linear(3, 5), nn.Linear(3, 5)
    other.weight.data = one.weight.data.T.contiguous().T
    other.bias.data = one.bias.data
    assert weights_digest(one) == weights_digest(other)


def test_the_digest_of_the_architecture_does_not_see_weights_or_mode():
    assert architecture_digest(weighted(0).eval()) == architecture_digest(weighted(1).train())


def _bound(module):
    module.first.forward = types.MethodType(lambda self, x: x, module.first)


CHANGES = {
    "number": lambda m: setattr(m.first, "stride", (2, 2)),
    "text": lambda m: setattr(m.first, "padding_mode", "reflect"),
    "boolean": lambda m: setattr(m.relu, "inplace", False),
    "none": lambda m: setattr(m, "extra", None),
    "list": lambda m: setattr(m, "extra", [1, 2]),
    "tensor": lambda m: setattr(m, "extra", torch.ones(2).tolist()),
    "module": lambda m: setattr(m, "relu", nn.GELU()),
    "name": lambda m: m.add_module("more", nn.Identity()),
    "function": lambda m: setattr(m, "extra", torch.nn.functional.gelu),
    "partial": lambda m: setattr(m, "extra", functools.partial(torch.nn.functional.gelu, approximate="tanh")),
    "forward": _bound,
    "hook": lambda m: m.first.register_forward_hook(_doubled),
}


def _doubled(module, args, output):
    return 2 * output


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_module_does_is_in_its_digest(change):
    module = weighted()
    change(module)
    assert architecture_digest(module) is not None
    assert architecture_digest(module) != architecture_digest(weighted())


def test_an_attribute_of_another_value_is_another_digest():
    one, other = weighted(), weighted()
    one.gain, other.gain = torch.tensor(1.0), torch.tensor(2.0)
    assert architecture_digest(one) != architecture_digest(other)
    one.gain, other.gain = {"a": 1.0}, {"a": 2.0}
    assert architecture_digest(one) != architecture_digest(other)


SOURCE = (
    "from torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return x * {factor}\n"
)


def test_the_code_of_a_module_is_in_its_digest(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    digests = []
    for factor in (1, 2):
        (tmp_path / "netcode.py").write_text(SOURCE.format(factor=factor))
        sys.modules.pop("netcode", None)
        import netcode

        digests.append(architecture_digest(netcode.Net()))
        sys.modules.pop("netcode")
    assert None not in digests
    assert digests[0] != digests[1]


def test_code_of_a_notebook_has_no_digest():
    space = {"__name__": "a_notebook"}
    exec(SOURCE.format(factor=1), space)
    assert architecture_digest(space["Net"]()) is None
    assert architecture_digest(nn.Sequential(space["Net"]())) is None


def test_a_module_in_memory_becomes_a_network():
    module = Small().half().train()
    net = from_module(module, id="mine", visual_degrees=5, batch_size=3)
    assert net.module is module
    assert not module.training
    assert next(module.parameters()).dtype == torch.float32
    assert (net.id, net.visual_degrees, net.batch_size) == ("mine", 5, 3)


def test_layers_of_shared_modules_have_all_their_names():
    shared = nn.ReLU()
    module = nn.Sequential(nn.Sequential(shared), shared)
    assert network(module).layers == ("0", "0.0", "1")


def test_a_layer_that_is_not_there_is_one_line_with_the_nearest_names():
    with pytest.raises(ModelError, match=r"^small has no layer readuot; did you mean readout\?$"):
        network().require("readuot")
    with pytest.raises(ModelError, match=r"top level: first, relu, second, readout"):
        network().require("xyz.17")
