"""Represented once, taken from the store ever after, and computed by one process at a time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pytest_brainscore.errors import ModelError
from pytest_brainscore.models import activations, columns
from pytest_brainscore.models import represent as module
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.coordinates import coordinates_of
from pytest_brainscore.models.kinds import ACTIVATIONS, COORDINATES
from pytest_brainscore.models.represent import represent
from pytest_brainscore.models.store import Store
from pytest_brainscore.models.taps import Taps

from .fakes import Small, images, network

WANTED = {
    ("first",): {COORDINATES, ACTIVATIONS},
    ("readout",): {COORDINATES},
    ("first", "readout"): {COORDINATES, ACTIVATIONS},
}


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def same_inner_products(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(((a @ a.T) - (b @ b.T)).abs().max() <= 1e-10 * (b @ b.T).abs().max())


def test_coordinates_are_those_of_the_activations(tmp_path):
    done = represent(network(), images(9), WANTED, spill=tmp_path, budget=0)
    tensors = done.tensors
    for unit in (("first",), ("first", "readout")):
        x = tensors[unit, ACTIVATIONS]
        assert tensors[unit, COORDINATES].shape == (9, 10)
        assert same_inner_products(tensors[unit, COORDINATES], x.double())
        assert same_inner_products(tensors[unit, COORDINATES], coordinates_of(x))
    assert tensors[("readout",), COORDINATES].shape == (9, 4)
    assert (
        tensors[("first", "readout"), ACTIVATIONS].shape[1] == tensors[("first",), ACTIVATIONS].shape[1] + 4
    )


def test_one_pass_does_for_everything():
    net = network()
    represent(net, images(9), WANTED)
    assert net.module.rows == 9


LAYER = (
    4 * 9 * 16 * 16 * 16
)  # bytes of `second` and of `relu`, to nine images; `first` has half as many units


@pytest.mark.parametrize(
    ("room", "passes"),
    [
        (2.6 * LAYER, [("first", "second", "relu", "readout")]),
        (1.6 * LAYER, [("first", "second"), ("relu", "readout")]),
        (1.1 * LAYER, [("first",), ("second",), ("relu", "readout")]),
        (0.0, [("first",), ("second",), ("relu",), ("readout",)]),
    ],
)
def test_more_than_the_disk_may_take_is_shared_out_among_passes(tmp_path, monkeypatch, room, passes):
    layers, shown = ("first", "second", "relu", "readout"), []

    def extracted(network, stimuli, layers, **how):
        shown.append(layers)
        return extract(network, stimuli, layers, **how)

    wanted = {(layer,): {COORDINATES, ACTIVATIONS} for layer in layers}
    expected = represent(network(), images(9), wanted).tensors
    monkeypatch.setattr(module, "extract", extracted)
    found = represent(network(), images(9), wanted, spill=tmp_path, budget=0, room=int(room)).tensors
    assert shown == passes if len(passes) == 1 else shown == [layers, *passes]
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[want], expected[want]) for want in expected)


def test_the_batch_is_the_same_in_all_passes(tmp_path, monkeypatch):
    monkeypatch.setattr(activations, "Taps", partial(Taps, limit=2 * 4 * 10240))  # two images, three layers
    wanted = {(layer,): {COORDINATES} for layer in ("first", "second", "relu")}
    represent(net := network(), images(6), wanted, spill=tmp_path, budget=0, room=1)
    assert net.module.batches == [4, 2, *[2] * 9]


def test_layers_that_are_mapped_together_stay_together(tmp_path):
    wanted = {("first", "second"): {COORDINATES}, ("first", "relu"): {ACTIVATIONS}}
    expected = represent(network(), images(9), wanted).tensors
    found = represent(net := network(), images(9), wanted, spill=tmp_path, budget=0, room=LAYER).tensors
    assert all(torch.equal(found[want], expected[want]) for want in expected)
    assert net.module.rows == 4 + 9 + 9  # the batch that shows how wide the layers are, and two passes


class Faulty(Small):
    """Has modules that cannot be read, one of them with batches of another size than four alone."""

    def __init__(self) -> None:
        super().__init__()
        self.unused, self.nan, self.later, self.scalar = (nn.Identity() for _ in range(4))

    def forward(self, x):
        answer = super().forward(x)
        self.nan(answer * float("nan"))
        self.later(answer if len(x) == 4 else answer[:, 1:])
        self.scalar(answer.sum())
        return answer


FAULTS = {
    "unused": "is not called in the forward pass",
    "nan": "answers to stimulus s0 with NaN",
    "later": "has 4 units for the first stimuli and 3 for s8",
    "scalar": r"answers with shape \(\) to 4 images",
}


def test_a_layer_that_cannot_be_read_is_a_fault_of_its_units_alone(store):
    wanted = {unit: {COORDINATES, ACTIVATIONS} for unit in [("first",), *((name,) for name in FAULTS)]}
    wanted["first", "nan"] = {COORDINATES}
    done = represent(net := network(Faulty()), images(9), wanted, store=store)
    assert net.module.batches == [4, 4, 1]
    assert {want for want, _ in done.tensors} == {("first",)}
    alone = represent(net, images(9), {("first",): {COORDINATES}})
    assert torch.equal(*(shown.tensor(("first",), COORDINATES) for shown in (done, alone)))
    for layer, words in FAULTS.items():
        with pytest.raises(ModelError, match=f"^small: layer {layer} {words}"):
            done.tensor((layer,), ACTIVATIONS)
    with pytest.raises(ModelError, match="layer nan"):
        done.tensor(("first", "nan"), COORDINATES)
    again = represent(net, images(9), wanted, store=store)
    assert again.hits == {("first",)}
    assert again.faults == done.faults


def test_a_pass_ends_where_no_layer_is_left_to_read():
    represent(net := network(Faulty()), images(9), {("unused",): {COORDINATES}, ("nan",): {COORDINATES}})
    assert net.module.batches == [4]


def test_what_was_computed_before_the_disk_was_full_is_stored(tmp_path, store, monkeypatch):
    usage = type("Usage", (), {"free": int(0.6 * LAYER)})()
    monkeypatch.setattr(columns.shutil, "disk_usage", lambda _: usage)
    wanted = {("first",): {COORDINATES}, ("second",): {COORDINATES}}
    full = represent(network(), images(9), wanted, store=store, spill=tmp_path, budget=0)
    assert full.tensors.keys() == {(("first",), COORDINATES)}
    with pytest.raises(ModelError, match="make room"):
        full.tensor(("second",), COORDINATES)
    done = represent(net := network(), images(9), {("first",): {COORDINATES}}, store=store)
    assert done.hits == {("first",)}
    assert net.module.rows == 0


def test_the_second_time_everything_comes_from_the_store(store):
    stimuli, first, second = images(9), network(), network()
    made = represent(first, stimuli, WANTED, store=store)
    taken = represent(second, stimuli, WANTED, store=store)
    assert second.module.rows == 0
    assert made.hits == frozenset()
    assert taken.hits == frozenset(WANTED)
    assert (taken.forward_seconds, taken.coordinates_seconds) == (0.0, 0.0)
    assert made.forward_seconds > 0
    assert made.tensors.keys() == taken.tensors.keys()
    assert all(torch.equal(made.tensors[want], taken.tensors[want]) for want in made.tensors)


def test_only_what_is_missing_is_computed(store):
    stimuli, net = images(9), network()
    represent(net, stimuli, {("first",): {COORDINATES}}, store=store)
    done = represent(net, stimuli, {("first",): {COORDINATES}, ("relu",): {COORDINATES}}, store=store)
    assert done.hits == {("first",)}
    assert net.module.rows == 18


@pytest.mark.parametrize(
    "change",
    [
        {"weights_digest": "other"},
        {"architecture_digest": "other"},
        {"preprocess_digest": "other"},
        {"visual_degrees": 7.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_network_is_not_taken_for_this_one(store, change):
    stimuli, net = images(5), network()
    represent(net, stimuli, {("first",): {COORDINATES}}, store=store)
    done = represent(replace(net, **change), stimuli, {("first",): {COORDINATES}}, store=store)
    assert done.hits == frozenset()


def test_other_stimuli_another_version_and_another_torch_are_not_taken_for_these(store, monkeypatch):
    net, wanted = network(), {("first",): {COORDINATES}}
    represent(net, images(5), wanted, store=store)
    assert represent(net, images(5), wanted, store=store).hits
    assert not represent(net, images(5, seed=1), wanted, store=store).hits
    assert not represent(net, images(5, visual_degrees=8.0), wanted, store=store).hits
    monkeypatch.setattr(module, "EXTRACTOR_VERSION", module.EXTRACTOR_VERSION + 1)
    assert not represent(net, images(5), wanted, store=store).hits
    monkeypatch.setattr(torch, "__version__", "0.0")
    assert not represent(net, images(5), wanted, store=store).hits


def test_a_damaged_file_is_computed_again(store):
    stimuli, net, wanted = images(5), network(), {("first",): {COORDINATES}}
    made = represent(net, stimuli, wanted, store=store)
    (path,) = store.folder.glob("*/*.safetensors")
    path.write_bytes(path.read_bytes()[:-3])
    again = represent(net, stimuli, wanted, store=store)
    assert again.hits == frozenset()
    want = (("first",), COORDINATES)
    assert torch.equal(made.tensors[want], again.tensors[want])
    assert represent(net, stimuli, wanted, store=store).hits


def test_code_that_is_in_no_file_is_never_stored(store):
    net = replace(network(), architecture_digest=None)
    for _ in range(2):
        assert not represent(net, images(5), {("first",): {COORDINATES}}, store=store).hits
    assert store.usage().files == 0


def test_the_batch_size_hardly_matters():
    stimuli = images(12)
    x, y = (
        represent(network(), stimuli, {("relu",): {ACTIVATIONS}}, batch_size=size).tensors for size in (1, 12)
    )
    want = (("relu",), ACTIVATIONS)
    assert torch.allclose(x[want], y[want], atol=1e-6)


def _run(folder: Path, barrier, rows) -> None:
    net = network()
    barrier.wait(60)
    done = represent(net, images(30), {("relu",): {COORDINATES}}, store=Store(folder), spill=folder / "spill")
    rows.put((net.module.rows, float(done.tensors[("relu",), COORDINATES].abs().sum())))


def test_two_processes_do_not_compute_the_same_twice(processes, tmp_path):
    barrier, rows = processes.Barrier(2), processes.Queue()
    running = [processes.Process(target=_run, args=(tmp_path, barrier, rows)) for _ in range(2)]
    for process in running:
        process.start()
    found = sorted(rows.get(timeout=90) for _ in running)
    for process in running:
        process.join(30)
    assert [shown for shown, _ in found] == [0, 30]
    assert found[0][1] == found[1][1]


def test_row_correlations_are_those_of_the_activations():
    done = represent(network(Small()), images(9), {("relu",): {COORDINATES, ACTIVATIONS}}).tensors
    x, z = (np.corrcoef(done[("relu",), kind].double().numpy()) for kind in (ACTIVATIONS, COORDINATES))
    assert np.abs(x - z).max() < 1e-10
