"""Projections and standardised units: the numbers are those made by hand of the activations; stored apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from pytest_brainscore.models import activations, columns
from pytest_brainscore.models.columns import InMemory, LayerActivations
from pytest_brainscore.models.coordinates import coordinates
from pytest_brainscore.models.kinds import ACTIVATIONS, COORDINATES, Kind
from pytest_brainscore.models.precomputed import Precomputed
from pytest_brainscore.models.projection import Projector
from pytest_brainscore.models.represent import represent
from pytest_brainscore.models.saved import open_saved
from pytest_brainscore.models.standardised import Standardised
from pytest_brainscore.models.store import Store
from pytest_brainscore.specs.views import Projection, Trials

from .fakes import Small, images, network

PROJECTION = Projection(components=70)
PROJECTED = Kind("projection", projection=PROJECTION)
TRAIN = (0, 2, 3, 5, 8)
SCORED = Kind("coordinates", standardised=TRAIN)
UNITS = (("first",), ("relu",), ("readout",))


def close(a: torch.Tensor, b: torch.Tensor, digits: float = 1e-6) -> bool:
    return bool((a - b).abs().max() <= digits * b.abs().max())


def test_a_projection_is_that_of_the_activations():
    done = represent(network(), images(9), {unit: {PROJECTED, ACTIVATIONS, COORDINATES} for unit in UNITS})
    for unit in UNITS:
        x, projected = done.tensor(unit, ACTIVATIONS), done.tensor(unit, PROJECTED)
        assert projected.dtype == torch.float32
        assert projected.shape == (9, 70)
        assert close(projected, Projector(PROJECTION, 9).rows(x))


def test_without_a_number_of_components_there_are_as_many_as_the_stimuli_need():
    kind = Kind("projection", projection=Projection(eps=0.5))
    projected = represent(network(), images(9), {("relu",): {kind}}).tensor(("relu",), kind)
    assert projected.shape == (9, int(4 * np.log(9) / (0.5**2 / 2 - 0.5**3 / 3)))


def test_where_a_projection_is_wanted_nothing_else_is_held(monkeypatch, tmp_path):
    places: list[tuple[int, int]] = []
    monkeypatch.setattr(
        columns, "InMemory", lambda n, p: places.append((n, p)) or InMemory.of(torch.empty(n, p))
    )
    monkeypatch.setattr(activations, "Taps", lambda *given, **how: _Tight(*given, **how))
    net = network()
    represent(net, images(9), {unit: {PROJECTED} for unit in UNITS}, spill=tmp_path)
    assert places == [(9, 70)] * 3
    assert net.module.batches == [4, 4, 1]


class _Tight(activations.Taps):
    def __init__(self, *given, **how) -> None:
        super().__init__(*given, **how, limit=0)


@pytest.mark.parametrize("batch", [1, 3, 9])
def test_the_batch_and_what_else_is_wanted_do_not_matter(batch):
    expected = represent(network(), images(9), {("first",): {PROJECTED}}).tensor(("first",), PROJECTED)
    wanted = {("first",): {PROJECTED, COORDINATES}, ("second",): {COORDINATES}}
    done = represent(network(), images(9), wanted, batch_size=batch)
    assert close(done.tensor(("first",), PROJECTED), expected)


def test_the_pass_ends_with_the_last_projected_layer():
    represent(net := network(), images(9), {("first",): {PROJECTED}})
    assert net.module.batches == [4, 4, 1]
    assert net.module.finished == 1  # the first batch shows how often a layer is called


@pytest.mark.parametrize("kind", [PROJECTED, Kind("projection", True, PROJECTION)], ids=str)
def test_layers_together_are_projected_as_one(kind):
    unit = ("first", "relu") if not kind.by_step else ("second", "relu")
    apart = Kind("activations", kind.by_step)
    done = represent(network(), images(9), {unit: {kind, apart}}, budget=0)
    x = done.tensor(unit, apart)
    expected = Projector(PROJECTION, 9).rows(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], 70)
    assert close(done.tensor(unit, kind), expected)


def test_trials_are_averaged():
    trials = Trials(n=3, microsaccades=1.0)
    stimuli = images(9, visual_degrees=8.0)
    done = represent(network(), stimuli, {("relu",): {PROJECTED, ACTIVATIONS}}, trials=trials)
    x = done.tensor(("relu",), ACTIVATIONS)
    assert close(done.tensor(("relu",), PROJECTED), Projector(PROJECTION, 9).rows(x))
    once = represent(network(), stimuli, {("relu",): {PROJECTED}}).tensor(("relu",), PROJECTED)
    assert not close(done.tensor(("relu",), PROJECTED), once, 1e-3)


class Diverged(Small):
    """One unit of many is infinite for one of the stimuli."""

    def __init__(self) -> None:
        super().__init__()
        self.odd = nn.Identity()

    def forward(self, x):
        x = x.clone()
        x[-1, 0, 0, 0] = torch.inf
        self.odd(x)
        return super().forward(x)


def test_a_unit_that_is_infinite_is_a_fault_though_it_may_have_no_weight():
    few = Kind("projection", projection=Projection(components=1))
    done = represent(network(Diverged()), images(4), {("odd",): {few}})
    assert "answers to stimulus s3 with NaN or infinity" in done.faults["odd",]


def test_several_passes_where_the_disk_is_short(tmp_path):
    wanted = {unit: {PROJECTED} for unit in UNITS}
    expected = represent(network(), images(9), wanted).tensors
    found = represent(net := network(), images(9), wanted, spill=tmp_path, budget=0, room=4 * 9 * 70)
    assert net.module.rows == 4 + 3 * 9
    assert all(close(found.tensors[want], expected[want]) for want in expected)


def test_each_kind_has_a_place_of_its_own_in_the_store(tmp_path):
    store, unit = Store(tmp_path), ("relu",)
    kinds = {PROJECTED, COORDINATES, ACTIVATIONS, SCORED, Kind("coordinates", standardised=TRAIN[1:])}
    for change in ({"seed": 1}, {"eps": 0.2}, {"components": 71}, {"matrix": "sklearn"}):
        kinds.add(Kind("projection", projection=PROJECTION.model_copy(update=change)))
    made = represent(network(), images(9), {unit: kinds}, store=store)
    assert len(set(made.keys.values())) == len(kinds) == store.usage().files
    taken = represent(network(), images(9), {unit: kinds}, store=store)
    assert taken.hits == {unit}
    assert all(torch.equal(taken.tensors[want], made.tensors[want]) for want in made.tensors)


def test_the_keys_of_kinds_that_were_there_before_are_what_they_were():
    kinds = (COORDINATES, ACTIVATIONS, Kind("coordinates", by_step=True))
    assert [*map(str, kinds)] == ["coordinates", "activations", "coordinates by step"]


def test_precomputed_activations_are_projected_and_standardised(tmp_path):
    x = np.random.RandomState(0).standard_normal((9, 40)).astype(np.float32)
    names = images(9).ids
    np.savez(tmp_path / "saved.npz", stimuli=np.array(names), conv=x)
    model = Precomputed("saved", open_saved(tmp_path / "saved.npz"), "0")
    done = represent(model, images(9), {("conv",): {PROJECTED, SCORED}})
    assert close(done.tensor(("conv",), PROJECTED), Projector(PROJECTION, 9).rows(torch.from_numpy(x)))
    assert alike(done.tensor(("conv",), SCORED), scored(x, TRAIN))


def scored(x: np.ndarray, rows: tuple[int, ...]) -> torch.Tensor:
    """z-scored by scikit-learn in float64; units that are constant on the rows are zero."""
    x = np.asarray(x, np.float64)
    z = StandardScaler().fit(x[list(rows)]).transform(x)
    return torch.from_numpy(np.where(x[list(rows)].std(0) == 0, 0.0, z))


def alike(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether inner products and row correlations are the same: all that is seen but for single units."""
    correlations = np.abs(np.corrcoef(a) - np.corrcoef(b)).max()
    return close(a @ a.T, b @ b.T, 1e-10) and bool(correlations < 1e-10)


@pytest.mark.parametrize("budget", [0, 2**28])
@pytest.mark.parametrize("unit", [("first",), ("first", "readout"), ("readout",)], ids="+".join)
def test_standardised_coordinates_are_those_of_z_scored_units(tmp_path, monkeypatch, unit, budget):
    monkeypatch.setattr(columns, "BLOCK_BYTES", 4 * 9 * 300)
    done = represent(
        network(), images(9), {unit: {SCORED, ACTIVATIONS, COORDINATES}}, spill=tmp_path, budget=budget
    )
    x = done.tensor(unit, ACTIVATIONS)
    made, z = done.tensor(unit, SCORED), scored(x.numpy(), TRAIN)
    assert made.dtype == torch.float64
    assert made.shape == (9, min(10, z.shape[1]))
    assert alike(made, z)
    assert not alike(done.tensor(unit, COORDINATES), z)


def test_standardised_activations_and_their_projection():
    kinds = {ACTIVATIONS, Kind("activations", standardised=TRAIN)}
    projected = Kind("projection", projection=PROJECTION, standardised=TRAIN)
    done = represent(network(), images(9), {("first",): kinds | {projected}})
    z = done.tensor(("first",), Kind("activations", standardised=TRAIN))
    assert z.dtype == torch.float32
    assert close(z, scored(done.tensor(("first",), ACTIVATIONS).numpy(), TRAIN))
    assert z[list(TRAIN)].std(0, correction=0).numpy() == pytest.approx(1, abs=1e-5)
    assert close(done.tensor(("first",), projected), Projector(PROJECTION, 9).rows(z))


def test_units_that_are_constant_on_the_rows_are_zero_and_rounding_is_no_signal():
    x = torch.randn(9, 6, generator=torch.Generator().manual_seed(0)) + 3
    x[:, 1] = 5.0
    x[list(TRAIN), 2] = 5.0
    rounding = torch.tensor([1.0, -1.0, 1.0, 0.0, 1.0, -1.0, 0.0, 1.0, 0.0]) * torch.finfo(torch.float32).eps
    x[:, 3] = 1000 * (1 + 2 * rounding)
    x[:, 4] = 1000 * (1 + 100 * rounding)
    x[:, 5] *= 1e-30
    z = Standardised(LayerActivations(9, 6, x.double().mean(1), InMemory.of(x)), TRAIN)
    assert (z.matrix() == 0).all(0).tolist() == [False, True, True, True, False, False]
    kept = [0, 4, 5]
    assert torch.allclose(z.matrix()[:, kept], scored(x[:, kept].numpy(), TRAIN), rtol=0, atol=1e-10)
    assert torch.allclose(z.means, z.matrix().mean(1), rtol=0, atol=1e-14)
    assert torch.equal(coordinates(z), z.matrix())


@pytest.mark.parametrize(
    "given",
    [
        {"form": "projection"},
        {"form": "coordinates", "projection": PROJECTION},
        {"form": "coordinates", "by_step": True, "standardised": TRAIN},
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(given):
    with pytest.raises(ValueError, match=r"projection|time steps"):
        Kind(**given)
