"""Tensors beyond the limit are mapped from disk, and are the same."""

from __future__ import annotations

import pytest
import torch

from pytest_brainscore.models import keeping
from pytest_brainscore.models.keeping import Keeper
from pytest_brainscore.models.kinds import ACTIVATIONS, COORDINATES
from pytest_brainscore.models.represent import represent
from pytest_brainscore.models.store import Store

from .fakes import images, network

WANTED = {(layer,): {COORDINATES, ACTIVATIONS} for layer in ("first", "second", "relu", "readout")}


@pytest.fixture
def mapped(monkeypatch) -> list[torch.Tensor]:
    """Those that come to lie in files."""
    found, really = [], Keeper._mapped
    monkeypatch.setattr(
        Keeper, "_mapped", lambda self, tensor: found.append(really(self, tensor)) or found[-1]
    )
    return found


def test_the_first_stay_in_memory_and_the_others_are_the_same_on_disk(tmp_path, mapped):
    keeper = Keeper(tmp_path / "spill", limit=100)
    tensors = [torch.arange(10, dtype=torch.float64).reshape(2, 5) + i for i in range(3)]
    kept = [keeper.kept(tensor) for tensor in tensors]
    assert kept[0] is tensors[0]
    assert kept[1] is mapped[0]
    assert kept[2] is mapped[1]
    for before, after in zip(tensors, kept, strict=True):
        assert torch.equal(before, after)
    assert list((tmp_path / "spill").iterdir()) == []  # files without names
    assert torch.equal((kept[1] + 1).T, (tensors[1] + 1).T)


def test_what_is_not_contiguous_and_what_is_empty(tmp_path):
    keeper = Keeper(tmp_path, limit=0)
    turned = torch.arange(6.0).reshape(2, 3).T
    assert torch.equal(keeper.kept(turned), turned)
    assert keeper.kept(torch.empty(0, 4)).shape == (0, 4)


def test_without_a_disk_they_stay_in_memory(tmp_path):
    (tmp_path / "file").write_text("no folder")
    tensor = torch.ones(3)
    assert Keeper(tmp_path / "file", limit=0).kept(tensor) is tensor


@pytest.mark.parametrize("stored", [False, True])
def test_represented_layers_are_the_same_wherever_they_lie(tmp_path, monkeypatch, mapped, stored):
    store = Store(tmp_path / "store") if stored else None
    here = represent(network(), images(9), WANTED, store=store).tensors
    monkeypatch.setattr(keeping, "IN_MEMORY", 0)
    there = represent(network(), images(9), WANTED, store=store, spill=tmp_path).tensors
    assert {id(tensor) for tensor in mapped} == {id(tensor) for tensor in there.values()}
    assert here.keys() == there.keys()
    assert all(torch.equal(here[want], there[want]) for want in here)
