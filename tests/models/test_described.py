"""What can change a network's answers changes its digest; what cannot be known leaves it without one."""

from __future__ import annotations

import dataclasses
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from pytest_brainscore.models import described
from pytest_brainscore.models.network import architecture_digest, weights_digest


@dataclasses.dataclass
class Config:
    gain: float


class Plain:
    __slots__ = ("gain", "me")

    def __init__(self, gain):
        self.gain = gain
        self.me = self

    def answer(self, x):
        return x * self.gain


class Net(nn.Module):
    def __init__(self, extra=None):
        super().__init__()
        self.extra = extra


def closure(gain):
    return lambda x: x * gain


def default(gain):
    def function(x, gain=gain, *, power=gain):
        return (x * gain) ** power

    return function


def net_in_a_function(gain):
    class Inner(nn.Module):
        def forward(self, x):
            return x * gain

    return Inner()


def buffered(gain):
    net = Net()
    net.register_buffer("gain", torch.tensor(gain), persistent=False)
    return net


def unregistered(gain):
    linear = nn.Linear(2, 2)
    nn.init.constant_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return Net([linear])


def hooked(gain):
    net = Net()
    net.register_forward_hook(lambda module, args, output: output * gain)
    return net


MAKES = {
    "dataclass": lambda gain: Net(Config(gain)),
    "object": lambda gain: Net(Plain(gain)),
    "nested": lambda gain: Net({"a": [Plain((gain,))]}),
    "buffer": buffered,
    "array": lambda gain: Net(np.array([gain])),
    "array of objects": lambda gain: Net(np.array([gain, None], dtype=object)),
    "tensor": lambda gain: Net([torch.tensor(gain)]),
    "closure": lambda gain: Net(closure(gain)),
    "defaults": lambda gain: Net(default(gain)),
    "lambda": lambda gain: Net((lambda x: x * 1) if gain == 1 else (lambda x: x * 2)),
    "method": lambda gain: Net(Plain(gain).answer),
    "key": lambda gain: Net({int(gain): 0}),
    "type of a key": lambda gain: Net({1 if gain == 1 else "1": 0}),
    "set": lambda gain: Net({gain, 7}),
    "generator": lambda gain: Net(np.random.RandomState(int(gain))),
    "class in a function": net_in_a_function,
    "unregistered": unregistered,
    "hook": hooked,
}


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_what_a_network_holds_is_in_its_digests(make):
    digests = [(architecture_digest(net), weights_digest(net)) for net in (make(1.0), make(1.0), make(2.0))]
    assert digests[0][0] is not None
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


class Evasive:
    @property
    def __dict__(self):
        raise ValueError("no")


def deep():
    value = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "make", [threading.Lock, Path(__file__).open, deep, Evasive, lambda: (x for x in ())]
)
def test_what_cannot_be_described_has_no_digest(make):
    value = make()
    try:
        assert architecture_digest(Net(value)) is None
    finally:
        getattr(value, "close", lambda: None)()


FILES = {
    "bsnet.py": "from torch import nn\nimport bshelp.outer\nclass Net(nn.Module):\n    pass\n",
    "bshelp/__init__.py": "",
    "bshelp/outer.py": "def f(x):\n    from . import inner\n    return inner.g(x)\n",
    "bshelp/inner.py": "def g(x):\n    return x * 1\n",
}


def test_the_sources_of_a_users_helpers_are_in_the_digest_of_who_calls_them(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "bshelp").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    import bsnet

    before = architecture_digest(bsnet.Net())
    assert architecture_digest(bsnet.Net()) == before
    (tmp_path / "bshelp" / "inner.py").write_text("def g(x):\n    return x * 2\n")
    assert architecture_digest(bsnet.Net()) not in (before, None)
    for name in ("bsnet", "bshelp", "bshelp.outer"):
        sys.modules.pop(name)


SETTINGS = """
import functools, types
import bsconf
from torch import nn
cfg, gain, table, unused = {"scale": 1}, 1.0, [(1, {2})], 5
space = types.SimpleNamespace(inner=1)
def helper(x):
    return [x * gain for _ in range(2)][0]
def wrap(function):
    return functools.wraps(function)(lambda *args: function(*args))
class Helper:
    power = 1
    @staticmethod
    def call(x):
        return x * table[0][0]
class Net(nn.Module):
    @wrap
    def forward(self, x):
        return Helper.call(helper(x)) * cfg["scale"] + bsconf.shift * space.inner + Helper.power
class Pure(nn.Module):
    def forward(self, x):
        return self.training, x
"""


def test_the_globals_that_a_users_functions_refer_to_are_in_its_digest(tmp_path, monkeypatch):
    """Whatever set them: a file that was read on import, for instance."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "bsconf.py").write_text("shift = 0\nother = 1\n")
    (tmp_path / "bsglob.py").write_text(SETTINGS)
    import bsconf
    import bsglob

    net, pure = bsglob.Net(), bsglob.Pure()
    first, alone, seen = architecture_digest(net), architecture_digest(pure), set()
    changes = [
        (bsglob, "cfg", {"scale": 30}),
        (bsglob, "gain", 2.0),
        (bsglob, "table", [(1, {3})]),
        (bsglob.space, "inner", 2),
        (bsglob.Helper, "power", 2),
        (bsconf, "shift", torch.ones(1)),
    ]
    for module, name, value in changes:
        with monkeypatch.context() as change:
            change.setattr(module, name, value)
            seen.add(architecture_digest(net))
            assert architecture_digest(pure) == alone
        assert architecture_digest(net) == first
    assert len(seen - {first, None}) == len(changes)
    monkeypatch.setattr(bsglob, "unused", 6)
    monkeypatch.setattr(bsconf, "other", 6)
    assert architecture_digest(net) == first
    for name in ("bsglob", "bsconf"):
        sys.modules.pop(name)


def test_published_architectures_are_described_by_looking_at_each_value_once(monkeypatch):
    """Of 151 and 276 modules that is 632 and 624 values; more than a thousand have no digest here."""
    import timm

    monkeypatch.setattr(described, "MOST", 1000)
    made = [torchvision.models.resnet50(), timm.create_model("vit_tiny_patch16_224"), nn.LSTM(2, 3)]
    assert None not in [architecture_digest(net) for net in made]
