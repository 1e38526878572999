"""All layers of a network without naming them: each that differs, by a name under which it can be read."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from pytest_brainscore.errors import ModelError
from pytest_brainscore.models.addresses import Address, parse
from pytest_brainscore.models.kinds import ACTIVATIONS, Kind
from pytest_brainscore.models.layers import pool
from pytest_brainscore.models.network import Network, from_module
from pytest_brainscore.models.pool import trace
from pytest_brainscore.models.represent import represent
from pytest_brainscore.specs.models import Preprocess
from pytest_brainscore.specs.views import Pool, Projection

from .fakes import SIDE, Small, images, inputs, network


def names(net: Network, of="all", attention: bool = False) -> tuple[str, ...]:
    return pool(net, Pool(of=of, attention=attention))


def read(net: Network, *layers: str, n: int = 5) -> dict[str, torch.Tensor]:
    done = represent(net, images(n), {(layer,): {ACTIVATIONS} for layer in layers})
    return {layer: done.tensor((layer,), ACTIVATIONS) for layer in layers}


def flat(x: torch.Tensor) -> torch.Tensor:
    return x.detach().reshape(len(x), -1)


class Odd(nn.Module):
    """A ReLU in place that is called twice, a tuple, a dict, tokens first, windows, integers, a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.Dropout(0.5))
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 4, 1)
        self.flat = nn.Flatten()
        self.lstm = nn.LSTM(4, 3)
        self.windows, self.scale, self.places, self.unused = (Passing() for _ in range(4))
        self.both = Both()
        self.readout = nn.Linear(64, 5)
        self.finished = 0

    def forward(self, x):
        x = self.relu(self.stem(x))
        x = self.relu(self.second(x) - 0.1)
        self.windows(x.reshape(2 * len(x), -1))
        self.scale(self.second.weight[:3, 0, 0])
        self.places(x.flatten(1).argmax(1, keepdim=True))
        tokens, (last, _) = self.lstm(x.flatten(2).permute(2, 0, 1))
        self.both(tokens, last)
        self.finished += 1
        return self.readout(self.flat(x)).softmax(1)


class Passing(nn.Module):
    def forward(self, x):
        return x


class Both(nn.Module):
    def forward(self, tokens, last):
        return {"none": None, "pair": [last[0] * 2, tokens.sum(0)]}


ODD = (
    "stem.0",
    "stem.1",
    "relu@1",
    "second",
    "relu@2",
    "lstm.axis1",
    "lstm[1].axis1",
    "lstm[2].axis1",
    "both",
    "both[1]",
    "readout",
    "final",
)


@pytest.fixture(autouse=True)
def seeded():
    """The weights that networks begin with are the same in every test, whatever ran before."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def odd() -> Network:
    net = network(Odd())
    with torch.no_grad():
        net.module.stem[1].bias += 0.1  # else batch norm leaves zeros as they are
        net.module.stem[1].bias[0] = -9.0  # below zero to every image: the ReLU has something to do
        net.module.stem[1].weight *= 1.1
    return net


def test_all_layers_that_differ_in_the_order_of_calls():
    assert names(odd()) == ODD


def test_the_second_half():
    assert names(odd(), "second_half") == ODD[6:]
    small = names(network())
    assert small == ("first", "relu@1", "second", "relu@2", "readout")
    assert names(network(), "second_half") == small[2:]


def test_each_name_reads_what_its_call_answered():
    net = odd()
    module, x = net.module, inputs(net, images(5))
    found = read(net, *ODD, "relu", "both", "stem")
    convolved = module.stem[0](x)
    normed = module.stem[1](convolved)
    second = module.second(normed.relu())
    relu = (second - 0.1).relu()
    tokens, (last, cell) = module.lstm(relu.flatten(2).permute(2, 0, 1))
    readout = module.readout(relu.flatten(1))
    expected = {
        "stem.0": convolved,
        "stem.1": normed,
        "stem": normed,
        "relu@1": normed.relu(),
        "second": second,
        "relu@2": relu,
        "relu": relu,
        "lstm.axis1": tokens.transpose(0, 1),
        "lstm[1].axis1": last[0],
        "lstm[2].axis1": cell[0],
        "both": 2 * last[0],
        "both[1]": tokens.sum(0),
        "readout": readout,
        "final": readout.softmax(1),
    }
    assert found.keys() == expected.keys()
    for layer, answer in expected.items():
        assert torch.allclose(found[layer], flat(answer), atol=1e-6), layer


class Unsteady(Small):
    """Draws anew in each pass, subtracts the batch's mean, and takes turns with two readouts."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.turns, self.other = how, 0, nn.Linear(16, 4)
        self.noise = nn.Dropout(0.5)
        self.noise.eval = self.noise.train  # left on

    def forward(self, x):
        self.turns += 1
        x = self.relu(self.first(x))
        x = self.noise(x) if self.how == "noise" else x
        x = self.second(x - x.mean(0) if self.how == "batch" else x).mean((2, 3))
        return (self.other if self.how == "turns" and self.turns % 2 else self.readout)(x)


@pytest.mark.parametrize(
    ("how", "layers"),
    [
        ("nothing", ()),
        ("noise", ("noise", "second", "readout", "final")),
        ("batch", ("second",)),  # what follows averages it out
        ("turns", ("other", "readout", "final")),
    ],
)
def test_answers_that_differ_from_pass_to_pass_are_noticed(how, layers):
    net = network(Unsteady(how))
    net.module.noise.train(how == "noise")
    assert trace(net).unsteady == layers
    assert how == "turns" or "relu" in names(net)


def test_the_tokens_of_as_many_images_as_there_are_tokens_are_not_taken_for_images():
    net = odd()  # its LSTM answers with (16 tokens, images, 3)
    few, many = (read(net, "lstm.axis1", n=n)["lstm.axis1"] for n in (5, 16))
    whole = represent(net, images(16), {("lstm.axis1",): {ACTIVATIONS}}, batch_size=16)
    assert torch.allclose(whole.tensor(("lstm.axis1",), ACTIVATIONS), many, atol=1e-6)
    assert torch.allclose(many[:5], few, atol=1e-6)


def test_no_two_layers_of_a_pool_are_equal():
    net = odd()
    found = read(net, *ODD)
    assert all(
        not torch.equal(found[a], found[b]) for a, b in pairwise(ODD) if found[a].shape == found[b].shape
    )


def test_a_pass_ends_with_the_call_that_is_asked_for():
    net = odd()
    stopped = represent(net, images(9), {("relu@1",): {ACTIVATIONS}}).tensor(("relu@1",), ACTIVATIONS)
    assert net.module.finished == 1  # the first batch shows how often a layer is called
    assert torch.equal(stopped, read(net, "relu@1", "readout", n=9)["relu@1"])


def test_names_and_patterns_are_in_the_order_of_calls():
    net = odd()
    assert names(net, ("readout", "relu@*", "stem.0")) == ("stem.0", "relu@1", "relu@2", "readout")
    assert names(net, ("lstm*",)) == ODD[5:8]
    assert names(net, ("lstm[1].axis1",)) == ("lstm[1].axis1",)
    assert names(net, ("both*", "both[1]")) == ("both", "both[1]")


def test_a_name_stands_for_itself_where_another_layer_answers_the_same():
    net = odd()
    assert names(net, ("stem", "flat", "relu")) == ("stem", "relu", "flat")
    with pytest.raises(ModelError, match="small has no layer fl"):
        names(net, ("fl?t",))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("relv@2", "small has no layer relv@2; did you mean relu?"),
        ("relu.q", r"small has no layer relu.q \(relu is no attention that is known\)"),
        ("xyz[2]", r"small has no layer xyz\[2\] \(its top level: stem, relu"),
        ("relu@0", "small has no layer relu@0; did you mean relu?"),
        ("windows", r"windows can be in no pool: it does not answer per image.* the shape \(6, "),
        ("places", r"places can be in no pool: it .* real numbers: 3 images have the shape \(3, 1\)"),
        ("relu@3", "small: layer relu@3 can be in no pool: it is called 2 times in a forward pass, not 3"),
        ("second[1]", r"layer second\[1\] can be in no pool: it answers with fewer than 2 tensors"),
        ("unused", "layer unused can be in no pool: it is not called in the forward pass"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(layer, words):
    with pytest.raises(ModelError, match=words) as caught:
        names(odd(), (layer,))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("relu@3", "layer relu@3 is called 2 times in a forward pass, not 3"),
        ("lstm[3].axis1", r"layer lstm\[3\].axis1 answers with fewer than 4 tensors"),
        ("unused@2", "layer unused@2 is not called in the forward pass"),
        (
            "lstm",
            r"layer lstm answers with shape \(16, 4, 3\) to 4 images: its first axis is not the stimuli",
        ),
        ("lstm.axis2", r"layer lstm.axis2 answers with shape \(16, 4, 3\) to 4 images: its axis 2 is not"),
        ("readout.axis2", r"layer readout.axis2 answers with shape \(4, 5\) to 4 images: its axis 2 is not"),
    ],
)
@pytest.mark.parametrize(
    "kind", [ACTIVATIONS, Kind("projection", projection=Projection(components=3))], ids=str
)
def test_a_layer_that_cannot_be_read_is_a_fault_of_its_own(layer, words, kind):
    done = represent(odd(), images(4), {(layer,): {kind}, ("readout",): {kind}})
    assert done.tensor(("readout",), kind).shape[0] == 4
    with pytest.raises(ModelError, match=words):
        done.tensor((layer,), kind)


def test_addresses_are_written_as_they_are_read():
    for name in ("a.b", "a.b@2", "a[1]", "a.q", "a.head12@3[4].axis1", "a.axis2"):
        assert str(parse(name, lambda module: module in {"a", "a.b"})) == name
    assert parse("a.q", lambda module: module == "a") == Address("a", "q")
    assert parse("a.q", lambda module: module in {"a", "a.q"}) == Address("a.q")


def test_a_module_may_be_called_what_an_address_looks_like():
    net = network(nn.Sequential(OrderedDict({"relu@2": nn.Conv2d(3, 2, 1), "q": nn.ReLU()})))
    assert names(net) == ("relu@2", "q")
    assert {answer.shape for answer in read(net, "relu@2", "q").values()} == {(5, 2 * SIDE * SIDE)}


class Final(Small):
    """Has a module that is called as the own answer would be."""

    def __init__(self) -> None:
        super().__init__()
        self.final = nn.ReLU()

    def forward(self, x):
        return self.final(super().forward(x)) + 1


def test_an_own_answer_that_has_no_name_is_left_out():
    assert names(network(Final()))[-2:] == ("readout", "final")


def test_a_network_is_shown_five_images_once():
    net = network()
    names(net)
    names(net, "second_half")
    assert net.module.batches == [2, 3]


def test_a_network_that_fails_or_answers_nothing_per_image_says_so():
    with pytest.raises(ModelError, match="the forward pass of an image fails: RuntimeError"):
        names(network(nn.Linear(7, 2)))
    with pytest.raises(ModelError, match="small calls no module that answers per image"):
        names(network(Summing()))


def test_what_a_pool_is_found_by_is_said_where_it_fails():
    """A transform that does not resize lets through what the network is not made for."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 2))
    as_it_is = from_module(module, lambda image: torch.tensor(np.array(image)).movedim(2, 0), id="small")
    failing = "^small: the forward pass of an image fails: RuntimeError: .*shapes"
    with pytest.raises(
        ModelError, match=f"{failing}.*; a pool of layers is found by showing noise of 256 x 256"
    ):
        names(as_it_is)


class Summing(nn.Module):
    def forward(self, x):
        return x.sum()


class Attending(nn.Module):
    """Self-attention of torch on (images, tokens, 8), or tokens first; with a mask, if any."""

    def __init__(self, mask: torch.Tensor | None = None, **how) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.attention = nn.MultiheadAttention(8, 2, **how)
        self.first, self.mask = how.get("batch_first", False), mask

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = tokens if self.first else tokens.transpose(0, 1)
        return self.attention(tokens, tokens, value=tokens[..., : self.attention.vdim], attn_mask=self.mask)


CAUSAL = torch.ones(16, 16).triu(1).bool()
HOW = {
    "images first": {"batch_first": True},
    "tokens first": {},
    "values of another width": {"kdim": 8, "vdim": 6, "batch_first": True},
    "without bias": {"bias": False, "batch_first": True},
    "causal": {"mask": CAUSAL, "batch_first": True},
    "causal, added": {"mask": torch.zeros(16, 16).masked_fill(CAUSAL, -torch.inf)},
}


@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_heads_of_torch_make_up_the_answer(how):
    net = network(Attending(**how))
    attention = net.module.attention
    parts = [f"attention.{part}" for part in ("q", "k", "v", "head0", "head1")]
    axis = "" if attention.batch_first else ".axis1"
    every = names(net, attention=True)
    assert every == ("patches", *parts, f"attention{axis}", "attention[1]")
    assert names(net) == ("patches", f"attention{axis}", "attention[1]")
    found = read(net, *every)
    q, k, v, *heads = (found[part].reshape(5, 16, -1) for part in parts)
    joined = attention.out_proj(torch.cat(heads, -1)).detach()
    assert torch.allclose(joined.reshape(5, -1), found[f"attention{axis}"], atol=1e-5)
    allowed = None if "mask" not in how else ~CAUSAL
    for i, head in enumerate(heads):
        own = [x[..., 4 * i : 4 * i + 4] for x in (q, k, v)]
        assert torch.allclose(scaled_dot_product_attention(*own, allowed), head, atol=1e-5)


def test_heads_that_cannot_be_told_apart_are_no_layers():
    net = network(Attending(add_bias_kv=True))
    parts = names(net, attention=True)[1:5]
    assert parts == ("attention.q", "attention.k", "attention.v", "attention.axis1")
    done = represent(net, images(4), {("attention.head1",): {ACTIVATIONS}})
    assert "layer attention.head1 does not tell its heads apart" in done.faults["attention.head1",]


def test_parts_of_attention_need_to_be_asked_for_and_to_be_there():
    net = network(Attending())
    with pytest.raises(ModelError, match="needs `attention: true`"):
        names(net, ("attention.q",))
    assert names(net, ("attention.head*", "attention.q"), attention=True) == (
        "attention.q",
        "attention.head0",
        "attention.head1",
    )
    with pytest.raises(ModelError, match=r"no layer attention.head2 \(attention has q, k, v, head0, head1\)"):
        names(net, ("attention.head2",), attention=True)


def vit(fused: bool) -> Network:
    import timm

    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = timm.create_model("vit_tiny_patch16_224", img_size=32, depth=1, num_classes=5)
    module.blocks[0].attn.fused_attn = fused
    return from_module(module, id="vit", preprocess=Preprocess(size=32), batch_size=4)


def test_heads_of_timm_make_up_the_answer_fused_or_not():
    found = {}
    for fused in (True, False):
        net = vit(fused)
        parts = [f"blocks.0.attn.{part}" for part in ("q", "k", "v", "head0", "head1", "head2")]
        every = names(net, attention=True)
        assert [name for name in every if name not in names(net)] == parts
        found = read(net, *parts, "blocks.0.attn.proj", "blocks.0.attn.qkv")
        q, k, v, *heads = (found[part].reshape(5, 5, -1) for part in parts)
        joined = net.module.blocks[0].attn.proj(torch.cat(heads, -1)).detach()
        assert torch.allclose(joined.reshape(5, -1), found["blocks.0.attn.proj"], atol=1e-5)
        assert torch.equal(torch.cat([q, k, v], -1).reshape(5, -1), found["blocks.0.attn.qkv"])
        own = [x[..., 64:128] for x in (q, k, v)]
        assert torch.allclose(scaled_dot_product_attention(*own), heads[1], atol=1e-5)


def test_every_part_of_torchvisions_transformer_can_be_read():
    from torchvision.models import VisionTransformer

    net = network(VisionTransformer(SIDE, 8, 2, 2, 8, 16, num_classes=3))
    every = names(net, attention=True)
    within = "encoder.layers.encoder_layer_1.self_attention"
    at = every.index(f"{within}.q")
    assert every[at : at + 6] == (*(f"{within}.{part}" for part in ("q", "k", "v", "head0", "head1")), within)
    assert len(every) == 28
    assert not represent(net, images(4), {(layer,): {ACTIVATIONS} for layer in every}).faults
