"""The two data sets that the suite ships, read from the real files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.specs.cases import load_cases

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def open_(shared, tmp_path_factory):
    fetcher = Fetcher(tmp_path_factory.mktemp("cache"), (shared / "data",), offline=True)

    def open_(name: str, dataset: str) -> Recordings:
        cases = load_cases(BENCHMARKS / f"{name}.yaml")
        spec = next(case.dataset for case in cases if case.dataset.id == dataset)
        return open_recordings(spec, partial(fetcher, folder=BENCHMARKS), fetcher.cache)

    return open_


def test_cowley2023(open_, shared):
    recordings = open_("cowley2023", "Cowley2023").select(region="V4")
    responses = recordings.responses()
    averaged = np.load(shared / "data" / "cowley2023" / "responses_repeat_averaged_210325.npy")
    assert responses.shape == (640, 50)
    np.testing.assert_allclose(responses.values, averaged.T, rtol=0, atol=1e-12)
    assert recordings.stimuli.ids[::639] == ("image0001", "image0640")
    assert recordings.stimuli.open(0).size == (112, 112)
    raw = np.load(shared / "data" / "cowley2023" / "responses_raw_210325.npy")
    assert recordings.data.sizes["presentation"] == (~np.isnan(raw[0])).sum()
    assert not np.isnan(recordings.data.values).any()
    assert recordings.usable(responses)[0].all()


def test_kriegeskorte2008_human(open_):
    recordings = open_("kriegeskorte2008", "Kriegeskorte2008.human").select(region="IT")
    assert recordings.data.shape == (4, 92, 92)
    assert recordings.stimuli.open(0).size == (175, 175)
    assert recordings.stimuli.coords["category"][0] == "human bodypart"
    rows, columns = np.triu_indices(92, 1)
    rdms = recordings.data.values[:, rows, columns]
    upper = np.mean([spearmanr(rdm, rdms.mean(0))[0] for rdm in rdms])
    lower = np.mean([spearmanr(rdms[i], np.delete(rdms, i, 0).mean(0))[0] for i in range(4)])
    assert upper == pytest.approx(0.660684, abs=1e-6)
    assert lower == pytest.approx(0.378564, abs=1e-6)


def test_kriegeskorte2008_monkey(open_):
    """Another order of the vector would leave no likeness of animals: 0.0 with the columns first."""
    recordings = open_("kriegeskorte2008", "Kriegeskorte2008.monkey")
    human = open_("kriegeskorte2008", "Kriegeskorte2008.human").data.values.mean(axis=0)
    assert recordings.data.shape == (1, 92, 92)
    rows, columns = np.triu_indices(92, 1)
    monkey = recordings.data.values[0]
    assert spearmanr(monkey[rows, columns], human[rows, columns])[0] == pytest.approx(0.4389, abs=1e-4)
    animal = recordings.stimuli.coords["animal"].astype(bool)
    within, between = monkey[np.ix_(animal, animal)], monkey[np.ix_(animal, ~animal)]
    assert within.mean() < between.mean() - 0.1
