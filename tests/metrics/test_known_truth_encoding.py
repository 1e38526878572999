"""Encoding, veRSA and cRSA of a brain that is known: python -m tests.metrics.test_known_truth_encoding

The brain is made of the first 20 principal components of a layer of 200 units shown 1,500 stimuli, one half
fitted on and the other tested. Its 150 voxels mix them at random: with the variances that they have in the
layer, or reweighted, each component at a variance drawn anew; as much noise as signal in every voxel.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from pytest_brainscore.metrics import rsa
from pytest_brainscore.metrics.encoding import crsa, encode, encoding, versa
from pytest_brainscore.metrics.splits import alternate
from pytest_brainscore.models.projection import Projector
from pytest_brainscore.specs.views import Projection
from tests.strategies import normal, rotation

STIMULI, UNITS, VOXELS, COMPONENTS = 1500, 200, 150, 20
SEEDS = range(5)


@dataclass(frozen=True)
class Found:
    """Scores of one brain on the test stimuli.

    ceiling: the RDM of its responses without noise against that of those with noise.
    unrelated: what Gaussian units that know nothing of the stimuli reach: veRSA, on the training half, cRSA.
    """

    ceiling: float
    versa: float
    crsa: float
    encoding: float
    unrelated: tuple[float, float, float]


def layer(seed: int) -> Tensor:
    """Units whose principal components fall off as 1 / k in variance."""
    spread = torch.arange(1, UNITS + 1, dtype=torch.float64) ** -0.5
    return normal(seed, STIMULI, UNITS) * spread @ rotation(seed + 1, UNITS)


def brain(x: Tensor, seed: int, reweighted: bool) -> Tensor:
    """Responses without noise."""
    centred = x - x.mean(0)
    u, s, _ = torch.linalg.svd(centred, full_matrices=False)
    weights = normal(seed + 2, COMPONENTS).exp() if reweighted else s[:COMPONENTS]
    return (u[:, :COMPONENTS] * weights) @ normal(seed + 3, COMPONENTS, VOXELS)


def found(seed: int, reweighted: bool) -> Found:
    x, splits = layer(100 * seed), alternate(STIMULI)
    signal = brain(x, 100 * seed, reweighted)
    y = signal + signal.std(0) * normal(100 * seed + 4, STIMULI, VOXELS)
    test = splits[0].test
    rdms = [rsa.brain_rdms(values[test], "pearson") for values in (signal, y)]
    noise = normal(100 * seed + 5, STIMULI, UNITS)
    ours, theirs = encode(x, y, splits), versa(noise, y, splits)
    return Found(
        ceiling=float(rsa.compare(*rdms, "pearson")),
        versa=versa(ours, y, splits).raw(),
        crsa=crsa(x, y, splits).raw(),
        encoding=encoding(ours, y, splits).raw(),
        unrelated=(theirs.raw(), float(theirs.also["train"]), crsa(noise, y, splits).raw()),
    )


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed}")
def both(request):
    return found(request.param, reweighted=False), found(request.param, reweighted=True)


def test_versa_reaches_its_ceiling_and_unrelated_units_reach_nothing(both):
    for measured in both:
        assert measured.versa == pytest.approx(measured.ceiling, abs=0.03)
        assert max(map(abs, measured.unrelated)) < 0.05
        assert measured.ceiling > 0.5


def test_reweighting_lowers_crsa_and_not_versa(both):
    """The caution of Conwell et al. 2024: what veRSA reweights, it no longer tells apart."""
    plain, reweighted = both
    assert reweighted.crsa < plain.crsa - 0.1
    assert reweighted.versa / reweighted.ceiling > plain.versa / plain.ceiling - 0.03


@pytest.fixture(scope="module", params=[0, 10], ids=lambda seed: f"seed {seed}")
def three(request):
    """By features, encoding of ReLUs on the training and on the test half: always active, or rarely."""
    return {rare: by_features(request.param, rare) for rare in (False, True)}


def relus(latent: Tensor, seed: int, rare: bool) -> Tensor:
    """600 units (n, 600) of latent dimensions; rare: their thresholds go up to 3.5 standard deviations."""
    drive = latent @ normal(seed, latent.shape[1], 600) / latent.shape[1] ** 0.5
    return (drive - torch.linspace(0, 3.5 if rare else 0, 600)).clamp_min(0)


def by_features(seed: int, rare: bool) -> dict[str, tuple[float, float]]:
    n, latent, splits = 300, normal(seed, 300, 20), alternate(300)
    x, signal = relus(latent, seed + 1, rare), latent @ normal(seed + 2, 20, 40)
    y = signal + signal.std(0) * normal(seed + 3, n, 40)
    projected = Projector(Projection(), n).rows(x)
    seen = {"projection": (projected, "units"), "exact": (x, "whole"), "units": (x, "units")}
    told = {name: encoding(units, y, splits, scale=scale) for name, (units, scale) in seen.items()}
    return {name: (float(one.also["train"].mean()), one.raw()) for name, one in told.items()}


def test_exact_is_what_projections_approximate(three):
    """Within .01 of r, on both halves."""
    for found in three.values():
        assert found["exact"] == pytest.approx(found["projection"], abs=0.01)
        assert min(found["exact"]) > 0.55


def test_units_that_are_nearly_silent_in_training_spoil_the_test_half_where_each_is_z_scored(three):
    """And nothing on the training half tells; projections and exact coordinates have both halves alike."""
    train, test = three[True]["units"]
    assert train - test > 0.2
    assert train > three[True]["exact"][0] - 0.05
    for name in ("projection", "exact"):
        train, test = three[True][name]
        assert abs(train - test) < 0.03
    train, test = three[False]["units"]
    assert abs(train - test) < 0.03


def far(seed: int, rare: bool) -> int:
    """How many of 150 test stimuli lie far outside of the training stimuli, each unit z-scored."""
    latent = normal(seed, 300, 20)
    return encode(relus(latent, seed + 1, rare), latent, alternate(300)).splits[0].far


@pytest.mark.parametrize("seed", [0, 30])
def test_stimuli_far_outside_tell_of_units_that_are_nearly_silent(seed):
    assert far(seed, rare=True) > 0
    assert far(seed, rare=False) == 0


def small(seed: int, stimuli: int, units: int, knows: bool = False) -> Tensor:
    """veRSA and encoding r, each on the training and on the test half, (4,).

    Of units that know nothing of the stimuli; or of as many that make up the responses, with as much noise as
    signal. As many stimuli are tested as are fitted on; 100 neuroids of 10 dimensions.
    """
    n, splits = 2 * stimuli, alternate(2 * stimuli)
    latent, x = normal(seed, n, 10), normal(seed + 1, n, units)
    x = latent @ normal(seed + 2, 10, units) + x if knows else x
    signal = latent @ normal(seed + 3, 10, 100)
    y = signal + signal.std(0) * normal(seed + 4, n, 100)
    made = encode(x, y, splits)
    told = [metric(made, y, splits) for metric in (versa, encoding)]
    return torch.tensor([(one.also["train"].mean(), one.values.mean()) for one in told]).flatten()


def smalls(runs: int, stimuli: int, units: int, knows: bool = False) -> Tensor:
    """The same of several runs, (runs, 4)."""
    return torch.stack([small(10 * seed, stimuli, units, knows) for seed in range(runs)])


def test_noise_has_a_versa_in_training_where_units_are_as_many_as_few_stimuli():
    """And r of a single unit is below 0: each left-out prediction leans away from its response."""
    few = smalls(20, 30, 30).mean(0)
    assert 0.05 < few[0] < 0.25
    assert few[1:].abs().max() < 0.06
    single = smalls(20, 30, 1).mean(0)
    assert -0.25 < single[2] < -0.05
    assert single[[0, 1, 3]].abs().max() < 0.03
    assert smalls(5, 200, 200).mean(0)[0].abs() < 0.04


def test_few_stimuli_choose_no_noise():
    """By veRSA on 30 training stimuli, of a layer that makes up the responses and one that knows nothing."""
    known, noise = (smalls(20, 30, 30, knows) for knows in (True, False))
    assert bool((known[:, 0] > noise[:, 0]).all())


if __name__ == "__main__":
    for made in (False, True):
        print("reweighted" if made else "as in the layer")
        for measured in (found(seed, made) for seed in SEEDS):
            print(
                f"  ceiling {measured.ceiling:.3f}  veRSA {measured.versa:.3f}  cRSA {measured.crsa:.3f}"
                f"  r {measured.encoding:.3f}  unrelated: veRSA {measured.unrelated[0]:.3f}"
                f" (training half {measured.unrelated[1]:.3f}), cRSA {measured.unrelated[2]:.3f}"
            )
    print("rare ReLUs: training half, test half")
    for seed in SEEDS:
        told = by_features(10 * seed, rare=True)
        said = "  ".join(f"{name} {train:.3f}, {test:.3f}" for name, (train, test) in told.items())
        print(
            f"  {said}  far outside: {far(10 * seed, rare=True)}; always active {far(10 * seed, rare=False)}"
        )
    print("noise: veRSA and r, each of the training and the test half")
    for runs, stimuli, width in (
        (100, 30, 30),
        (100, 30, 1),
        (40, 100, 100),
        (40, 100, 1),
        (5, 500, 500),
        (5, 500, 1),
    ):
        figures = ", ".join(f"{mean:.3f}" for mean in smalls(runs, stimuli, width).mean(0).tolist())
        print(f"  {stimuli} + {stimuli} stimuli, {width} units: {figures}")
    known, noise = (smalls(400, 30, 30, knows)[:, 0] for knows in (True, False))
    print(
        f"  veRSA chose noise in {int((noise >= known).sum())} of 400: {known.min():.2f}, {noise.max():.2f}"
    )
