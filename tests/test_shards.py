"""Shards: whichever machine asks, the shares are the same, make the whole, and are about equally long."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore import suite
from pytest_brainscore.harness.shards import Shard
from pytest_brainscore.specs.catalogue import size, size_of
from pytest_brainscore.specs.models import Model
from pytest_brainscore.suite.selection import Candidate, select

NAMES = ["alexnet", "vgg16", "resnet18", "resnet50", "squeezenet1_1", "mobilenet_v2", "densenet169"]


def torchvision(*names: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(Model(id=name, source="torchvision", name=name), Path()) for name in names)


def unknown(n: int) -> tuple[Candidate, ...]:
    return tuple(Candidate(Model(id=f"own{i}", source="nets:own"), Path()) for i in range(n))


def ids(share: tuple[Candidate, ...]) -> list[str]:
    return [candidate.id for candidate in share]


@given(names=st.lists(st.sampled_from(NAMES), unique=True), others=st.integers(0, 5), count=st.integers(1, 9))
def test_shares_make_the_whole_in_its_order(names, others, count):
    whole = torchvision(*names) + unknown(others)
    shares = [Shard(number, count).of(whole) for number in range(1, count + 1)]
    assert sorted(candidate.id for share in shares for candidate in share) == sorted(ids(whole))
    assert all(list(share) == [one for one in whole if one in share] for share in shares)
    assert sum(not share for share in shares) == max(0, count - len(whole))


def test_networks_of_unknown_size_are_dealt_out_in_turn():
    assert ids(Shard(1, 3).of(unknown(7))) == ["own0", "own3", "own6"]
    assert ids(Shard(3, 3).of(unknown(7))) == ["own2", "own5"]


def test_the_largest_network_has_the_fewest_beside_it():
    whole = torchvision(*NAMES)
    macs = {name: size("torchvision", name).macs for name in NAMES}
    assert max(macs, key=macs.get) == "vgg16"
    first, second = (ids(Shard(number, 2).of(whole)) for number in (1, 2))
    assert first == ["vgg16", "mobilenet_v2"]
    assert second == [name for name in NAMES if name not in first]


def test_a_network_is_as_large_as_with_its_weights():
    tag = {"source": "timm", "name": "convnext_base", "weights": "clip_laion2b"}
    found = size_of(Model(id="clip", **tag))
    assert (found.parameters, found.macs) == (88_222_464, 20_054_474_752)
    assert size_of(Model(id="plain", source="timm", name="convnext_base")) == size("timm", "convnext_base")
    file = {"file": "convnext_base.clip_laion2b", "sha256": "a" * 64}
    own = Model.model_validate({"id": "own", **tag, "weights": file})
    assert size_of(own) == size("timm", "convnext_base") != found


def test_models_of_one_network_are_dealt_out_by_their_weights():
    tags = ("clip_laion2b", "fb_in1k")
    plain, clip = (Model(id=tag, source="timm", name="convnext_base", weights=tag) for tag in tags[::-1])
    whole = tuple(Candidate(model, Path()) for model in (plain, clip))
    assert ids(Shard(1, 2).of(whole)) == ["clip_laion2b"]


def test_no_shard_of_the_shipped_zoo_has_twice_the_mean():
    whole = select("*", suite.zoo(Path()), Path())
    macs = [size(one.model.source, one.model.architecture) for one in whole]
    largest = max(found.macs for found in macs if found)
    loads = [
        sum(found.macs for one in Shard(number, 4).of(whole) if (found := size(one.model.source, one.id)))
        for number in range(1, 5)
    ]
    assert max(loads) <= max(largest, 2 * sum(loads) / 4)


@pytest.mark.parametrize(
    "text", ["", "3", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/4/2", "1,4", "1.0/4", "½/1"]
)
def test_what_is_no_shard_is_a_usage_error_that_shows_one(text):
    with pytest.raises(pytest.UsageError, match=r"is no shard; write 3/16"):
        Shard.read(text)


@pytest.mark.parametrize(
    ("text", "shard"), [("1/1", Shard(1, 1)), ("03/16", Shard(3, 16)), (" 16/16", Shard(16, 16))]
)
def test_what_is_one(text, shard):
    assert Shard.read(text) == shard
