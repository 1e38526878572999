"""Choices among many objects against plain loops, scikit-learn and the reference implementation."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import cohen_kappa_score

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.choices import (
    Choices,
    accuracy,
    accuracy_distance,
    error_consistency,
    shape_bias,
)
from pytest_brainscore.metrics.subjects import reliability_of_accuracies, subject_pairs


def made(seed=0, n=60, subjects=4, conditions=3, objects=5, keep=1.0):
    """Trials of a full design (some left out), the objects chosen in them, and a model's choices."""
    rng = np.random.RandomState(seed)
    truth, where = rng.randint(objects, size=n), rng.randint(conditions, size=n)
    where[:conditions] = np.arange(conditions)
    hard = rng.rand(n)
    stimulus, subject = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(subjects)))
    seen = rng.permutation(len(stimulus))[: int(keep * len(stimulus))]
    stimulus, subject = stimulus[seen], subject[seen]
    right = rng.rand(len(seen)) > 0.6 * hard[stimulus]
    model = np.where(rng.rand(n) > 0.8 * hard, truth, (truth + 1) % objects)
    columns = (stimulus, right, subject, where[stimulus], truth)
    return torch.from_numpy(model), Choices(*(torch.as_tensor(c) for c in columns))


def rows_of(trials):
    """Condition and subject to {stimulus: right}."""
    cells = {}
    columns = (trials.condition, trials.subject, trials.stimulus, trials.right)
    for c, s, i, right in zip(*(column.tolist() for column in columns), strict=True):
        cells.setdefault((c, s), {})[i] = right
    return cells


def model_rows(model, trials):
    right = (model == trials.truth).tolist()
    return {key: {i: right[i] for i in seen} for key, seen in rows_of(trials).items()}


def loop_kappa(a, b):
    shared = sorted(set(a) & set(b))
    p, q = (np.array([rates[i] for i in shared], float) for rates in (a, b))
    expected = p.mean() * q.mean() + (1 - p.mean()) * (1 - q.mean())
    return ((p == q).mean() - expected) / (1 - expected) if expected < 1 else np.nan


def loop_nearness(a, b):
    shared = sorted(set(a) & set(b))
    p, q = (np.mean([rates[i] for i in shared]) for rates in (a, b))
    return 1 - abs(p - q) / max(q, 1 - q)


@pytest.mark.parametrize(("seed", "keep"), [(0, 1.0), (1, 1.0), (2, 0.6)])
def test_kappa_is_scikit_learns_in_each_cell(seed, keep):
    model, trials = made(seed, keep=keep)
    found = error_consistency(model, trials)
    theirs, ours = rows_of(trials), model_rows(model, trials)
    cells = np.array(
        [
            [
                cohen_kappa_score(*([cell[c, s][i] for i in sorted(cell[c, s])] for cell in (ours, theirs)))
                for c in range(3)
            ]
            for s in range(4)
        ]
    )
    assert found.also["cells"].reshape(4, 3).numpy() == pytest.approx(cells, abs=1e-12)
    assert found.values[0].numpy() == pytest.approx(cells.mean(1), abs=1e-12)
    assert found.raw() == pytest.approx(cells.mean(), abs=1e-12)
    assert found.also["standard_error"].item() == pytest.approx(cells.mean(1).std() / 2, abs=1e-12)
    assert found.error() is None
    assert error_consistency(model, trials, absolute=True).raw() == pytest.approx(abs(cells.mean()))


@pytest.mark.parametrize(("seed", "keep"), [(0, 1.0), (2, 0.6)])
def test_accuracy_distance_is_a_loops(seed, keep):
    model, trials = made(seed, keep=keep)
    theirs, ours = rows_of(trials), model_rows(model, trials)
    cells = [[loop_nearness(ours[c, s], theirs[c, s]) for c in range(3)] for s in range(4)]
    found = accuracy_distance(model, trials, per_condition=True)
    assert found.values[0].numpy() == pytest.approx(np.mean(cells, axis=1), abs=1e-12)
    whole = [
        [{k: v for c in range(3) for k, v in cell[c, s].items()} for s in range(4)] for cell in (ours, theirs)
    ]
    expected = [loop_nearness(a, b) for a, b in zip(*whole, strict=True)]
    found = accuracy_distance(model, trials)
    assert found.values[0].numpy() == pytest.approx(expected, abs=1e-12)
    assert (found.over, found.also["cells"].shape) == ("subject", (1, 4))


@pytest.mark.parametrize("keep", [1.0, 0.6])
@pytest.mark.parametrize(
    ("metric", "loop"), [("error_consistency", loop_kappa), ("accuracy_distance", loop_nearness)]
)
def test_pairs_of_subjects_are_a_loops(metric, loop, keep):
    _, trials = made(3, keep=keep)
    cells = rows_of(trials)
    pairs = [
        np.nanmean([loop(cells[c, a], cells[c, b]) for c in range(3)]) for a, b in combinations(range(4), 2)
    ]
    how = {} if metric == "error_consistency" else {"per_condition": True}
    found = subject_pairs(trials, metric, **how)
    assert found.values[0].numpy() == pytest.approx(pairs, abs=1e-12)
    assert found.value == pytest.approx(np.mean(pairs), abs=1e-12)
    means = [
        np.mean([p for p, ab in zip(pairs, combinations(range(4), 2), strict=True) if s in ab])
        for s in range(4)
    ]
    assert found.error == pytest.approx(2 * np.std(means) / 2, abs=1e-12)


@pytest.mark.parametrize("keep", [1.0, 0.7])
def test_halves_of_subjects_are_a_loops(keep):
    _, trials = made(4, subjects=5, keep=keep)
    rates = {s: {} for s in range(5)}
    for (_, s), seen in rows_of(trials).items():
        rates[s].update(seen)
    generator, expected = np.random.RandomState(7), []
    for _ in range(9):
        order = generator.permutation(5)
        means = [
            {
                i: np.mean([rates[s][i] for s in half if i in rates[s]])
                for i in range(60)
                if any(i in rates[s] for s in half)
            }
            for half in (order[:2], order[2:])
        ]
        shared = sorted(set(means[0]) & set(means[1]))
        r = np.corrcoef(*([half[i] for i in shared] for half in means))[0, 1]
        expected.append(2 * r / (1 + r))
    found = reliability_of_accuracies(trials, n=9, seed=7)
    assert found.values[:, 0].numpy() == pytest.approx(expected, abs=1e-12)
    assert found.value == pytest.approx(np.median(expected), abs=1e-12)
    assert found.error == pytest.approx(np.std(expected) / 3, abs=1e-12)


def test_accuracy_counts_images():
    found = accuracy(torch.tensor([0, 1, 2, -1, 3]), torch.tensor([0, 1, 1, 1, 3]))
    assert (found.raw(), found.values.shape) == (pytest.approx(0.6), (1, 1))
    assert found.also["standard_error"].item() == pytest.approx(np.std([1, 1, 0, 0, 1]) / 5**0.5)


def test_shape_bias_counts_images_whose_cues_differ():
    shape, texture = torch.tensor([0, 0, 0, 1, 1, 2]), torch.tensor([1, 1, 1, 2, 2, 2])
    found = shape_bias(torch.tensor([0, 1, 3, 1, 1, 2]), shape, texture)
    assert found.raw() == pytest.approx(3 / 4)
    assert found.also["shape_match"].item() == pytest.approx(3 / 5)
    assert found.also["texture_match"].item() == pytest.approx(1 / 5)
    assert found.also["standard_error"].item() == pytest.approx((0.75 * 0.25 / 4) ** 0.5)
    assert np.isnan(shape_bias(torch.full((6,), 4), shape, texture).raw())
    with pytest.raises(MetricError, match="shape and texture agree in every image"):
        shape_bias(torch.zeros(6, dtype=torch.int64), shape, shape)


@pytest.fixture(scope="module")
def reference(parity: Path) -> dict[str, np.ndarray]:
    return dict(np.load(parity / "brainscore_behaviour.npz"))


def of_reference(reference):
    truth, human = reference["kappa_truth"], reference["kappa_human"]
    code = {name: i for i, name in enumerate(np.unique(truth))}
    n_subjects, n = human.shape
    _, condition = np.unique(reference["kappa_condition"], return_inverse=True)
    columns = (
        np.tile(np.arange(n), n_subjects),
        (human == truth).ravel(),
        np.repeat(np.arange(n_subjects), n),
        np.tile(condition, n_subjects),
        np.array([code[name] for name in truth]),
    )
    model = torch.tensor([code.get(name, -1) for name in reference["kappa_model"]])
    return model, Choices(*(torch.from_numpy(column) for column in columns))


@pytest.mark.parametrize(
    ("metric", "how"), [(error_consistency, {"absolute": True}), (accuracy_distance, {})]
)
def test_the_reference(reference, metric, how):
    model, trials = of_reference(reference)
    name = metric.__name__
    expected = {k.split(".")[2]: float(v) for k, v in reference.items() if k.startswith(f"expected.{name}.")}
    found = metric(model, trials, **how)
    assert found.raw() == pytest.approx(expected["score"], abs=1e-10)
    assert float(found.also["cells"].std(correction=0)) == pytest.approx(expected["error"], abs=1e-10)
    assert subject_pairs(trials, name, **how).value == pytest.approx(expected["ceiling"], abs=1e-10)


def test_the_references_absolute_value_hides_a_sign(reference):
    model, trials = of_reference(reference)
    assert error_consistency(model, trials).raw() == pytest.approx(
        -float(reference["expected.error_consistency.score"]), abs=1e-10
    )


def few(*rows, truth=(0, 1, 2, 3)):
    """Trials (stimulus, right, subject, condition)."""
    return Choices(*(torch.tensor(column) for column in zip(*rows, strict=True)), torch.tensor(truth))


PERFECT = [(i, True, 0, 0) for i in range(4)]


def test_where_chance_agrees_always_there_is_no_kappa():
    always, never = torch.arange(4), torch.full((4,), -1)
    assert np.isnan(error_consistency(always, few(*PERFECT)).raw())
    wrong = few(*((i, False, 0, 0) for i in range(4)))
    assert np.isnan(error_consistency(never, wrong).raw())
    assert error_consistency(never, few(*PERFECT)).raw() == 0
    assert error_consistency(torch.tensor([0, 1, 0, 0]), few(*PERFECT)).raw() == 0


def test_a_cell_without_kappa_leaves_the_mean():
    mixed = [(i, i < 2, 0, 1) for i in range(4)]
    trials = few(*PERFECT, *mixed, *((i, i % 2 == 0, 1, 1) for i in range(4)))
    found = error_consistency(torch.tensor([0, 1, 0, 0]), trials)
    cells = found.also["cells"].reshape(2, 2)
    assert cells.numpy() == pytest.approx(np.array([[0, 1], [np.nan, 0]]), nan_ok=True)
    assert found.values.tolist() == [[0.5, 0]]
    assert found.raw() == 0.25


def test_the_model_is_judged_on_what_a_subject_saw():
    trials = few((0, True, 0, 0), (1, False, 0, 0), (2, True, 1, 0), (3, True, 1, 0))
    found = accuracy_distance(torch.tensor([0, 1, 0, 0]), trials)
    assert found.values.tolist() == [[0.0, 0.0]]
    assert error_consistency(torch.tensor([0, 0, 2, 0]), trials).also["cells"][0, 0] == 1


def test_repeated_trials_count_with_their_mean():
    trials = few((0, True, 0, 0), (0, False, 0, 0), (1, True, 0, 0), (2, False, 0, 0), (3, True, 0, 0))
    model = torch.tensor([0, 1, 0, 0])
    p, q = np.array([1, 1, 0, 0]), np.array([0.5, 1, 0, 1])
    agreed = (p * q + (1 - p) * (1 - q)).mean()
    expected = p.mean() * q.mean() + (1 - p.mean()) * (1 - q.mean())
    assert error_consistency(model, trials).raw() == pytest.approx((agreed - expected) / (1 - expected))
    assert accuracy_distance(model, trials).raw() == pytest.approx(1 - abs(0.5 - 0.625) / 0.625)
    assert trials.accuracy() == pytest.approx(3 / 5)


def test_two_subjects_share_nothing_or_a_condition_has_one():
    apart = few((0, True, 0, 0), (1, False, 0, 0), (2, True, 1, 0), (3, False, 1, 0))
    assert np.isnan(subject_pairs(apart, "error_consistency").value)
    assert np.isnan(reliability_of_accuracies(apart, n=3).value)
    both = [(i, i < 2, s, 0) for i, s in product(range(4), range(2))]
    found = subject_pairs(few(*both, *((i, i > 1, 0, 1) for i in range(4))), "error_consistency")
    assert (found.value, found.error) == (1, None)


def test_what_cannot_be_compared_says_so():
    trials = few(*PERFECT)
    for ceiling in (
        lambda: subject_pairs(trials, "error_consistency"),
        lambda: reliability_of_accuracies(trials),
    ):
        with pytest.raises(MetricError, match="compares subjects, and the choices are of one"):
            ceiling()
    with pytest.raises(MetricError, match=r"choices are torch.float64 \(4,\); a code"):
        error_consistency(torch.tensor([0, 1, np.nan, 2], dtype=torch.float64), trials)
    with pytest.raises(MetricError, match=r"choices are torch.int64 \(3,\)"):
        accuracy_distance(torch.arange(3), trials)
    with pytest.raises(MetricError, match=r"codes 0 \.\.\. 3, and there are 3 images"):
        few(*PERFECT, truth=(0, 1, 2))
    with pytest.raises(MetricError, match=r"conditions of \[3, 4\] trials"):
        Choices(trials.stimulus[1:], trials.right, trials.subject, trials.condition, trials.truth)
