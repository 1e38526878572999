"""The ceiling of other subjects: the metric itself, with subjects in a network's place."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics.encoding import crsa, encoding, versa
from pytest_brainscore.metrics.other_subjects import other_subjects
from pytest_brainscore.metrics.predictivity import ridgecv
from pytest_brainscore.metrics.splits import alternate, shuffle
from tests.metrics.laws import close
from tests.strategies import normal, permutation

GROUPS = [torch.arange(5), torch.arange(5, 12), torch.arange(12, 20)]


def alike(noise: float, n: int = 60, seed: int = 0) -> torch.Tensor:
    """Responses (n, 20) of three subjects who share four dimensions."""
    return normal(seed, n, 4) @ normal(seed + 1, 4, 20) + noise * normal(seed + 2, n, 20)


@pytest.mark.parametrize("metric", [encoding, versa, crsa, ridgecv])
def test_it_is_the_metric_between_subjects(metric):
    y, splits = alike(1.0), shuffle(60, n_splits=2, train=0.5)
    found = other_subjects(metric, y, splits, GROUPS)
    expected = [
        metric(y[:, [j for j in range(20) if j not in group]], y[:, group], splits).per_split()
        for group in GROUPS
    ]
    close(found.values, torch.stack(expected, dim=1), 1e-12)
    assert found.value == pytest.approx(float(torch.stack(expected).mean()))
    assert found.parts(1, GROUPS).tolist() == pytest.approx([float(part.mean()) for part in expected])
    per_split = torch.stack(expected).mean(dim=0)
    assert found.error == pytest.approx(float(per_split.std(correction=0)) / 2**0.5)


def test_units_and_scales_of_subjects_play_no_part_in_encoding():
    y, factors = alike(1.0), torch.linspace(0.1, 30, 20, dtype=torch.float64)
    splits = alternate(60)
    close(
        other_subjects(encoding, factors * y, splits, GROUPS).values,
        other_subjects(encoding, y, splits, GROUPS).values,
    )


def test_what_is_shared_is_recovered():
    splits = alternate(200)
    values = [other_subjects(encoding, alike(noise, 200), splits, GROUPS).value for noise in (0.01, 2.0)]
    assert values[0] > 0.99
    strangers = normal(9, 200, 20)
    assert abs(other_subjects(encoding, strangers, splits, GROUPS).value) < 0.1
    assert 0.2 < values[1] < values[0]


def test_a_share_of_variance_is_the_square_of_each_subjects_r():
    y, splits = alike(1.0), alternate(60)
    r = other_subjects(encoding, y, splits, GROUPS).values
    found = other_subjects(encoding, y, splits, GROUPS, squared=True)
    close(found.values, r.square())
    strangers = normal(4, 60, 20)
    r = other_subjects(encoding, strangers, splits, GROUPS).values
    assert (r < 0).any()
    squared = other_subjects(encoding, strangers, splits, GROUPS, squared=True).values
    assert (squared[r < 0] == 0).all()


def test_order_of_neuroids_is_that_of_the_groups():
    y, order = alike(1.0), permutation(0, 20)
    place = order.argsort()
    moved = [place[group] for group in GROUPS]
    splits = alternate(60)
    close(
        other_subjects(versa, y[:, order], splits, moved).values,
        other_subjects(versa, y, splits, GROUPS).values,
    )


def test_parameters_of_the_metric_are_its_own():
    y, splits = alike(1.0), alternate(60)
    stiff = partial(encoding, alphas=[1e7])
    assert other_subjects(stiff, y, splits, GROUPS).value != other_subjects(encoding, y, splits, GROUPS).value


def test_one_subject_has_no_others():
    for groups in (None, GROUPS[:1]):
        with pytest.raises(MetricError, match="other_subjects needs 2 subjects, and the neuroids are of one"):
            other_subjects(encoding, alike(1.0), alternate(60), groups)


def test_a_subject_without_a_number_is_an_error():
    y = alike(1.0)
    y[:, :5] = 1.0
    with pytest.raises(MetricError, match="gives no number for some subject"):
        other_subjects(encoding, y, alternate(60), GROUPS)
