"""How metrics of choices among many objects behave, whoever chose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pytest_brainscore.metrics import choices as metrics
from pytest_brainscore.metrics.agreement import kappa, nearness
from pytest_brainscore.metrics.choices import Choices
from pytest_brainscore.metrics.measurement import Measurement
from pytest_brainscore.metrics.subjects import reliability_of_accuracies, subject_pairs
from tests.accelerator import accelerator
from tests.metrics.laws import each_device
from tests.strategies import permutation, seeds

OF_SUBJECTS = ("error_consistency", "accuracy_distance")
OF_TRUTH = ("error_consistency", "accuracy_distance", "accuracy")
ALL = (*OF_TRUTH, "shape_bias")
N, OBJECTS, SUBJECTS, CONDITIONS = 30, 5, 3, 2

each = pytest.mark.parametrize("metric", ALL)
each_of_truth = pytest.mark.parametrize("metric", OF_TRUTH)
each_of_subjects = pytest.mark.parametrize("metric", OF_SUBJECTS)


@dataclass(frozen=True)
class World:
    """What a model chose, what subjects did, and the texture of each image; its shape is the truth."""

    chosen: Tensor
    trials: Choices
    texture: Tensor


def drawn(seed: int, n: int = N, skill: float = 0.6) -> World:
    rng = np.random.RandomState(seed)
    truth, where = rng.randint(OBJECTS, size=n), np.arange(n) % CONDITIONS
    hard = rng.rand(n)
    stimulus, subject = np.tile(np.arange(n), SUBJECTS), np.repeat(np.arange(SUBJECTS), n)
    right = rng.rand(len(stimulus)) > 0.8 * hard[stimulus]
    chosen = np.where(rng.rand(n) < skill, truth, rng.randint(OBJECTS, size=n))
    chosen[0] = truth[0]  # so that shape or texture is named at least once
    columns = (stimulus, right, subject, where[stimulus], truth)
    texture = (truth + rng.randint(1, OBJECTS, size=n)) % OBJECTS
    trials = Choices(*(torch.from_numpy(column) for column in columns))
    return World(torch.from_numpy(chosen), trials, torch.from_numpy(texture))


def measure(metric: str, world: World) -> Measurement:
    truth = world.trials.truth
    against = {"accuracy": (truth,), "shape_bias": (truth, world.texture)}.get(metric, (world.trials,))
    return getattr(metrics, metric)(world.chosen, *against)


def same(found: Measurement, expected: Measurement) -> None:
    assert found.values.numpy() == pytest.approx(expected.values.numpy(), abs=1e-12, nan_ok=True)
    errors = [measured.also["standard_error"].item() for measured in (found, expected)]
    assert errors[0] == pytest.approx(errors[1], abs=1e-12, nan_ok=True)


def take(trials: Choices, rows: Tensor) -> Choices:
    columns = {name: getattr(trials, name)[rows] for name in ("stimulus", "right", "subject", "condition")}
    return replace(trials, **columns)


@each
@given(seeds)
def test_bounds(metric, seed):
    lowest = -1 if metric == "error_consistency" else 0
    values = measure(metric, drawn(seed)).values
    assert ((values >= lowest - 1e-12) & (values <= 1 + 1e-12)).all()


@each
@given(seeds, seeds)
def test_the_order_of_images(metric, seed, other):
    world, order = drawn(seed), permutation(other, N)
    trials = replace(
        world.trials, stimulus=order.argsort()[world.trials.stimulus], truth=world.trials.truth[order]
    )
    moved = World(world.chosen[order], trials, world.texture[order])
    same(measure(metric, moved), measure(metric, world))


@each
@given(seeds, seeds)
def test_names_of_objects(metric, seed, other):
    world, to = drawn(seed), permutation(other, OBJECTS)
    trials = replace(world.trials, truth=to[world.trials.truth])
    same(measure(metric, World(to[world.chosen], trials, to[world.texture])), measure(metric, world))


@each
@given(seeds)
def test_any_whole_number_is_a_code(metric, seed):
    world = drawn(seed)
    same(measure(metric, replace(world, chosen=world.chosen.to(torch.int32))), measure(metric, world))


@each
@given(seeds)
def test_no_answer_is_an_answer_that_is_wrong(metric, seed):
    world = drawn(seed)
    silent = torch.where((world.chosen == 0) & (world.trials.truth != 0), -1, world.chosen)
    elsewhere = torch.where(silent == -1, OBJECTS + 3, silent)
    same(measure(metric, replace(world, chosen=silent)), measure(metric, replace(world, chosen=elsewhere)))


@each
@given(seeds)
def test_images_that_are_shown_twice_under_two_names(metric, seed):
    world, trials = drawn(seed), drawn(seed).trials
    twice = Choices(
        torch.cat([trials.stimulus, trials.stimulus + N]),
        *(torch.cat([getattr(trials, c)] * 2) for c in ("right", "subject", "condition", "truth")),
    )
    doubled = World(world.chosen.repeat(2), twice, world.texture.repeat(2))
    found, expected = measure(metric, doubled), measure(metric, world)
    assert found.values.numpy() == pytest.approx(expected.values.numpy(), abs=1e-12, nan_ok=True)


@each_device
@each
@given(seeds)
@accelerator()
def test_device_for_cpu(metric, device, seed):
    world = drawn(seed)
    there = World(world.chosen.to(device), world.trials.to(torch.device(device)), world.texture.to(device))
    found, expected = measure(metric, there).values, measure(metric, world).values
    assert found.device.type == device
    assert found.cpu().numpy() == pytest.approx(expected.numpy(), abs=1e-12, nan_ok=True)


@each_of_truth
@given(seeds, seeds)
def test_which_wrong_object_is_named(metric, seed, other):
    world = drawn(seed)
    wrong = world.chosen != world.trials.truth
    step = 1 + permutation(other, N) % (OBJECTS - 1)
    renamed = torch.where(wrong, (world.trials.truth + step) % OBJECTS, world.chosen)
    same(measure(metric, replace(world, chosen=renamed)), measure(metric, world))


@each_of_truth
@given(seeds)
def test_a_model_that_is_like_all_subjects_scores_one(metric, seed):
    world = drawn(seed)
    right = world.trials.right[:N] if metric in OF_SUBJECTS else torch.ones(N, dtype=torch.bool)
    right[0], right[1], right[2], right[3] = True, True, False, False  # in both conditions not all alike
    if metric == "accuracy":
        right[:] = True
    chosen = torch.where(right, world.trials.truth, -1)
    trials = replace(world.trials, right=right.repeat(SUBJECTS))
    assert measure(metric, World(chosen, trials, world.texture)).raw() == pytest.approx(1)


@each_of_subjects
@given(seeds, seeds)
def test_the_order_of_trials(metric, seed, other):
    world = drawn(seed)
    moved = replace(world, trials=take(world.trials, permutation(other, N * SUBJECTS)))
    same(measure(metric, moved), measure(metric, world))
    assert subject_pairs(moved.trials, metric).value == pytest.approx(
        subject_pairs(world.trials, metric).value
    )


@each_of_subjects
@given(seeds)
def test_trials_that_are_there_twice(metric, seed):
    world = drawn(seed)
    rows = torch.arange(N * SUBJECTS).repeat(2)
    same(measure(metric, replace(world, trials=take(world.trials, rows))), measure(metric, world))


@each_of_subjects
@given(seeds)
def test_each_subject_is_compared_alone(metric, seed):
    world = drawn(seed)
    alone = []
    for subject in range(SUBJECTS):
        own = take(world.trials, world.trials.subject == subject)
        own = replace(own, subject=torch.zeros_like(own.subject))
        alone.append(measure(metric, replace(world, trials=own)).values[0, 0])
    assert torch.stack(alone).numpy() == pytest.approx(measure(metric, world).values[0].numpy(), nan_ok=True)


@each_of_subjects
@given(seeds, seeds)
def test_names_of_conditions(metric, seed, other):
    world = drawn(seed)
    to = permutation(other, 7)[:CONDITIONS]
    renamed = replace(world.trials, condition=to[world.trials.condition])
    same(measure(metric, replace(world, trials=renamed)), measure(metric, world))


@given(seeds)
def test_error_consistency_is_the_same_both_ways(seed):
    rates = drawn(seed).trials.rates()
    one, other = rates.values[:1], rates.values[1:]
    there, back = kappa(one, other, rates.condition), kappa(other, one, rates.condition)
    assert there.numpy() == pytest.approx(back.transpose(0, 1).numpy(), abs=1e-12, nan_ok=True)
    of_itself = kappa(rates.values, rates.values, rates.condition)
    diagonal = torch.stack([of_itself[s, s] for s in range(SUBJECTS)])
    assert ((diagonal - 1).abs() < 1e-12)[~diagonal.isnan()].all()


@given(seeds)
def test_error_consistency_of_all_that_is_reversed_is_not_positive(seed):
    world, right = drawn(seed), drawn(seed).trials.right[:N]
    chosen = torch.where(right, -1, world.trials.truth)
    trials = replace(world.trials, right=right.repeat(SUBJECTS))
    cells = measure("error_consistency", World(chosen, trials, world.texture)).also["cells"]
    assert (cells[~cells.isnan()] <= 1e-12).all()


def test_error_consistency_of_an_unrelated_model_is_about_zero():
    raws = [measure("error_consistency", drawn(seed, n=200)).raw() for seed in range(40)]
    assert abs(np.mean(raws)) < 3 * np.std(raws) / 40**0.5
    assert np.std(raws) < 0.1


@given(seeds)
def test_accuracy_distance_sees_accuracies_alone(seed):
    rates = drawn(seed).trials.rates()
    a, b = rates.values[:1], rates.values[1:]
    once = torch.zeros_like(rates.condition)
    mixed = a[:, permutation(seed, N)]
    assert torch.equal(nearness(mixed, b, once), nearness(a, b, once))


@given(seeds, st.integers(0, N))
def test_accuracy_is_the_share_that_is_right(seed, k):
    truth = drawn(seed).trials.truth
    chosen = torch.where(torch.arange(N) < k, truth, -1)[permutation(seed, N)]
    assert metrics.accuracy(chosen, truth[permutation(seed, N)]).raw() == pytest.approx(k / N)


@given(seeds)
def test_shape_bias_of_exchanged_cues_is_what_is_left(seed):
    world = drawn(seed)
    shape = world.trials.truth
    one = metrics.shape_bias(world.chosen, shape, world.texture).raw()
    assert metrics.shape_bias(world.chosen, world.texture, shape).raw() == pytest.approx(1 - one)
    assert metrics.shape_bias(shape, shape, world.texture).raw() == 1


@given(seeds)
def test_shape_bias_does_not_see_images_whose_cues_agree(seed):
    world = drawn(seed)
    shape, more = world.trials.truth, torch.arange(N) % OBJECTS
    longer = (torch.cat(pair) for pair in ((world.chosen, more), (shape, more), (world.texture, more)))
    assert metrics.shape_bias(*longer).raw() == metrics.shape_bias(world.chosen, shape, world.texture).raw()


@given(seeds)
def test_ceilings_are_within_their_bounds(seed):
    trials = drawn(seed).trials
    assert subject_pairs(trials, "error_consistency").value <= 1 + 1e-12
    assert 0 <= subject_pairs(trials, "accuracy_distance").value <= 1
    assert reliability_of_accuracies(trials, n=5).value <= 1 + 1e-12


@given(seeds)
def test_subjects_who_do_the_same_agree_perfectly(seed):
    trials = drawn(seed).trials
    right = trials.right[:N].clone()
    right[:2], right[2:4] = True, False
    alike = replace(trials, right=right.repeat(SUBJECTS))
    assert subject_pairs(alike, "error_consistency").value == pytest.approx(1)
    assert subject_pairs(alike, "accuracy_distance").value == 1
    assert reliability_of_accuracies(alike, n=5).value == pytest.approx(1)
