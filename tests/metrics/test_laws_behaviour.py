"""How behavioural signatures behave, whoever chose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pytest_brainscore.metrics import behaviour
from pytest_brainscore.metrics.behaviour import Trials, internal_consistency, proportions
from tests.strategies import normal, permutation, seeds

each = pytest.mark.parametrize("signature", ["i1", "i1n", "i2", "i2n", "o2"])
each_relative = pytest.mark.parametrize("signature", ["i1n", "i2n"])


def measure(signature: str, probabilities: Tensor, trials: Trials, **how: int) -> Tensor:
    return getattr(behaviour, signature)(probabilities, trials, **how).values[:, 0]


def hardness(seed: int, n: int = 16, c: int = 4) -> Tensor:
    """Log odds (n, c) of taking a distractor for the object of an image."""
    return normal(seed, n, c) - 1 + 0.5 * normal(seed + 1, c, c)[torch.arange(n) % c]


def observed(logits: Tensor, seed: int, m: int = 8) -> Trials:
    """Trials of subjects with these log odds, m for each image and distractor."""
    n, c = logits.shape
    truth = torch.arange(n) % c
    stimulus, distractor = torch.meshgrid(torch.arange(n), torch.arange(c), indexing="ij")
    cells = (stimulus != -1) & (distractor != truth[:, None])
    stimulus, distractor = stimulus[cells].repeat(m), distractor[cells].repeat(m)
    chance = torch.rand(len(stimulus), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    erred = chance < torch.sigmoid(logits)[stimulus, distractor]
    return Trials(stimulus, distractor, erred, truth, n_objects=c).take(permutation(seed, len(stimulus)))


def of(logits: Tensor) -> Tensor:
    """Probabilities of a model with these log odds."""
    truth = torch.arange(len(logits)) % logits.shape[1]
    return torch.softmax(logits.scatter(1, truth[:, None], 0.0), dim=1)


def halves(trials: Trials, seed: int = 0) -> tuple[Tensor, Tensor]:
    """The rows that the first halving takes."""
    rows = torch.from_numpy(np.random.RandomState(seed).permutation(len(trials.stimulus)))
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def placed(trials: Trials, first: Trials, second: Trials) -> Trials:
    """Trials in such an order that the first halving cuts them into these two."""
    rows = torch.empty_like(trials.stimulus)
    rows[torch.cat(halves(trials))] = torch.arange(len(rows))
    both = {
        name: torch.cat([getattr(first, name), getattr(second, name)])
        for name in ("stimulus", "distractor", "erred")
    }
    return replace(trials, **both).take(rows)


@each
@given(seeds)
def test_a_correlation_is_within_its_bounds(signature, seed):
    trials = observed(hardness(seed), seed)
    assert (measure(signature, of(hardness(seed + 5)), trials).abs() <= 1).all()
    assert (internal_consistency(trials, signature).values.abs() <= 1).all()


@each
@given(seeds, seeds)
def test_the_order_of_trials_within_halves(signature, seed, other):
    trials, model = observed(hardness(seed), seed), of(hardness(seed + 5))
    first, second = (trials.take(rows[permutation(other, len(rows))]) for rows in halves(trials))
    moved = placed(trials, first, second)
    assert torch.equal(
        measure(signature, model, moved, halvings=1), measure(signature, model, trials, halvings=1)
    )
    assert internal_consistency(moved, signature, halvings=1).value == pytest.approx(
        internal_consistency(trials, signature, halvings=1).value, abs=1e-12
    )


@each
@given(seeds, seeds)
def test_names_of_objects(signature, seed, other):
    trials, model = observed(hardness(seed), seed), of(hardness(seed + 5))
    to = permutation(other, 4)
    renamed = replace(trials, distractor=to[trials.distractor], truth=to[trials.truth])
    expected = measure(signature, model, trials)
    found = measure(signature, model[:, to.argsort()], renamed)
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-9)


@each
@given(seeds, seeds)
def test_the_order_of_images(signature, seed, other):
    trials, model = observed(hardness(seed), seed), of(hardness(seed + 5))
    to = permutation(other, 16)
    moved = replace(trials, stimulus=to.argsort()[trials.stimulus], truth=trials.truth[to])
    expected = measure(signature, model, trials)
    assert measure(signature, model[to], moved).numpy() == pytest.approx(expected.numpy(), abs=1e-9)


@each
@given(seeds)
def test_people_agree_with_each_other_both_ways(signature, seed):
    trials = observed(hardness(seed), seed)
    first, second = (trials.take(rows) for rows in halves(trials))
    swapped = placed(trials, second, first)
    assert internal_consistency(swapped, signature, halvings=1).value == pytest.approx(
        internal_consistency(trials, signature, halvings=1).value, abs=1e-12
    )


@each
@given(seeds)
def test_a_model_with_the_subjects_own_proportions_scores_one(signature, seed):
    half = observed(hardness(seed).clamp(max=0), seed, m=20)  # so that no proportion is 1
    twice = placed(half.take(torch.arange(len(half.stimulus)).repeat(2)), half, half)
    chosen = proportions(half)
    odds = (chosen / (1 - chosen)).nan_to_num(1.0)
    assert measure(signature, odds, twice, halvings=1).item() == pytest.approx(1, abs=1e-9)
    assert internal_consistency(twice, signature, halvings=1).value == pytest.approx(1)


@each
@given(seeds, st.floats(1e-3, 1e3))
def test_the_sum_of_a_models_probabilities(signature, seed, scale):
    trials, model = observed(hardness(seed), seed), of(hardness(seed + 5))
    scaled = model * scale * torch.rand(16, 1, generator=torch.Generator().manual_seed(seed))
    expected = measure(signature, model, trials)
    assert measure(signature, scaled, trials).numpy() == pytest.approx(expected.numpy(), abs=1e-9)


@each
@given(seeds)
def test_single_precision(signature, seed):
    trials, model = observed(hardness(seed), seed), of(hardness(seed + 5))
    single = measure(signature, model.float(), trials)
    assert single.dtype == torch.float64
    assert single.numpy() == pytest.approx(measure(signature, model, trials).numpy(), abs=1e-4)


@each_relative
@given(seeds)
def test_a_model_that_knows_objects_only_has_no_score(signature, seed):
    trials = observed(hardness(seed), seed)
    by_object = hardness(seed + 5)[:4].repeat(4, 1)
    assert measure(signature, of(by_object), trials).isnan().all()


@each
def test_noise_in_the_model_never_raises_the_expected_score(signature):
    def expected(noise: float) -> float:
        scores = []
        for seed in range(15):
            logits = hardness(seed, n=48)
            model = of(logits + noise * normal(seed + 100, 48, 4))
            scores.append(measure(signature, model, observed(logits, seed)).mean())
        return float(torch.stack(scores).mean())

    by_noise = [expected(noise) for noise in (0, 0.5, 1.5, 5)]
    assert by_noise == sorted(by_noise, reverse=True)
    assert by_noise[0] - by_noise[-1] > 0.3


@each
def test_more_trials_raise_the_ceiling(signature):
    def ceiling(m: int) -> float:
        found = (internal_consistency(observed(hardness(s, n=48), s, m), signature).value for s in range(8))
        return float(np.mean(list(found)))

    by_trials = [ceiling(m) for m in (4, 16, 64)]
    assert by_trials == sorted(by_trials)


@each
def test_an_unrelated_model_scores_about_zero(signature):
    scores = [
        measure(signature, of(normal(seed + 1000, 120, 4)), observed(normal(seed, 120, 4), seed)).mean()
        for seed in range(20)
    ]
    found = torch.stack(scores)
    assert found.mean().abs() < 3 * found.std() / len(found) ** 0.5  # o2 is a correlation of few pairs
    assert signature == "o2" or found.std() < 0.2
