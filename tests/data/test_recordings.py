from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.data import averaging
from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import DataError


def stimuli(n: int, **coords) -> Stimuli:
    images = tuple(np.full((2, 2), i, np.uint8) for i in range(n))
    return Stimuli(tuple(f"s{i}" for i in range(n)), images, {k: np.asarray(v) for k, v in coords.items()})


def make(values, shown, repetition=None, n=None, coords=None, **neuroid) -> Recordings:
    """Recordings of values (k, m[, bins]), row i of which shows stimulus shown[i]."""
    values = np.asarray(values)
    values = values if values.dtype == np.float32 else values.astype(float)
    m = values.shape[1]
    return Recordings(
        "made",
        stimuli(n or max(shown) + 1, **(coords or {})),
        xr.DataArray(
            values,
            dims=("presentation", "neuroid", "time_bin")[: values.ndim],
            coords={
                "stimulus": ("presentation", [f"s{i}" for i in shown]),
                "repetition": ("presentation", range(len(shown)) if repetition is None else repetition),
                "neuroid": [f"n{i}" for i in range(m)],
                "region": ("neuroid", neuroid.get("region", ["IT"] * m)),
                "subject": ("neuroid", neuroid.get("subject", ["Tito"] * m)),
            },
        ),
        digest="0",
    )


def rdms(n_subjects: int = 2, n: int = 4) -> Recordings:
    values = np.arange(n_subjects * n * n, dtype=float).reshape(n_subjects, n, n)
    coords = {"subject": [f"p{i}" for i in range(n_subjects)], "region": ("subject", ["IT"] * n_subjects)}
    data = xr.DataArray(values, dims=("subject", "stimulus", "stimulus_"), coords=coords)
    return Recordings("made", stimuli(n, animal=[True, False] * (n // 2)), data)


def plain_loop(recordings: Recordings) -> np.ndarray:
    values = recordings.data.values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        values = np.nanmean(values, axis=2) if values.ndim == 3 else values
        shown = recordings.data["stimulus"].values
        return np.stack([np.nanmean(values[shown == id], axis=0) for id in recordings.stimuli.ids])


@given(st.data())
def test_responses_equal_a_plain_loop_with_nanmean(data):
    n, m = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 4))
    shown = [*range(n), *data.draw(st.lists(st.integers(0, n - 1), max_size=20))]
    shown = data.draw(st.permutations(shown))
    bins = data.draw(st.sampled_from([(), (1,), (3,)]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    values = rng.standard_normal((len(shown), m, *bins))
    values[rng.random(values.shape) < data.draw(st.sampled_from([0, 0.3, 0.9]))] = np.nan
    recordings = make(values, shown)
    rows_at_once = data.draw(st.sampled_from([1, 3, 10_000]))
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error")
        patch.setattr(averaging, "_ROWS_AT_ONCE", rows_at_once)
        responses = recordings.responses()
    np.testing.assert_allclose(responses.values, plain_loop(recordings), rtol=0, atol=1e-12)


def test_responses_are_in_the_order_of_the_stimuli_with_their_coords():
    recordings = make([[3.0], [1.0], [2.0]], [2, 0, 1], coords={"object": ["a", "b", "c"]})
    responses = recordings.responses()
    assert responses.dims == ("stimulus", "neuroid")
    assert responses.values.ravel().tolist() == [1, 2, 3]
    assert responses["stimulus"].values.tolist() == ["s0", "s1", "s2"]
    assert responses["object"].values.tolist() == ["a", "b", "c"]
    assert responses["region"].values.tolist() == ["IT"]
    assert responses.dtype == np.float64


def test_float32_is_summed_in_float64():
    values = np.full((10_001, 1), 0.1, np.float32)
    values[0] = 1e7
    recordings = make(values, [0] * 10_001)
    expected = values.astype(np.float64).mean()
    assert recordings.responses().item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("size", [1e300, -1e151, 1e308, 1e-200])
def test_responses_whose_squares_are_no_numbers(size):
    with np.errstate(over="ignore"):
        recordings = make([[1.0, size], [0.0, size / 2], [3.0, size]], [0, 1, 1])
        with pytest.raises(
            DataError, match=r"of neuroid \w+ is .* \(1 of 2 neuroids are such\), and 1e-150 to"
        ):
            recordings.responses()
    make([[1e149], [0.0], [np.nan]], [0, 1, 2]).responses()


def test_presentations():
    recordings = make([[1.0], [2.0], [3.0]], [1, 0, 1], repetition=[7, 3, 3])
    values, stimulus, repetition = recordings.presentations()
    assert values.tolist() == [[1], [2], [3]]
    assert stimulus.tolist() == [1, 0, 1]
    assert repetition.tolist() == [1, 0, 0]


def test_select_by_region_subject_and_stimulus_coord():
    recordings = make(
        np.arange(12.0).reshape(4, 3),
        [0, 1, 2, 1],
        coords={"object": ["cat", "dog", "cat"]},
        region=["V4", "IT", "IT"],
        subject=["Chabo", "Chabo", "Tito"],
    )
    assert recordings.select(region="IT").data.values[:, 0].tolist() == [1, 4, 7, 10]
    assert recordings.select(region="IT", subject=("Chabo",)).data.shape == (4, 1)
    assert recordings.select(region=("V4", "IT")).data.shape == (4, 3)
    cats = recordings.select(object="cat")
    assert cats.stimuli.ids == ("s0", "s2")
    assert cats.stimuli.coords["object"].tolist() == ["cat", "cat"]
    assert cats.responses()["stimulus"].values.tolist() == ["s0", "s2"]
    assert cats.responses().values[:, 0].tolist() == [0, 6]
    assert cats.presentations()[1].tolist() == [0, 1]


def test_stimuli_that_are_shown_no_more_are_dropped():
    recordings = make(np.arange(4.0)[:, None], [0, 1, 2, 2], repetition=[0, 0, 0, 1])
    second = recordings.select(repetition=1)
    assert second.stimuli.ids == ("s2",)
    assert second.responses().values.tolist() == [[3]]


def test_values_are_found_as_yaml_writes_them():
    recordings = make([[1.0], [2.0]], [0, 1], coords={"session": [3, 4], "label": ["03", "x"]})
    assert recordings.select(session=3).stimuli.ids == ("s0",)
    assert recordings.select(session="3").stimuli.ids == ("s0",)
    assert recordings.select(label="03").stimuli.ids == ("s0",)
    assert recordings.select(stimulus=["s1"]).stimuli.ids == ("s1",)


def test_select_of_rdms():
    chosen = rdms().select(region="IT", subject="p1", animal=True)
    assert chosen.kind == "rdms"
    assert chosen.data.values.tolist() == [[[16, 18], [24, 26]]]
    assert chosen.stimuli.ids == ("s0", "s2")
    with pytest.raises(DataError, match="holds RDMs, not responses"):
        chosen.responses()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"subjet": "Tito"}, "no coord subjet; did you mean subject"),
        ({"region": "V5"}, r"nothing has region=V5.*\(there are IT, V4\)"),
        ({"subject": "Tita"}, "nothing has subject=Tita; did you mean Tito"),
        ({"region": "V4", "subject": "Tito"}, "no neuroid has region=V4 and subject=Tito together"),
        ({"object": "cat", "repetition": 1}, "no presentation has object=cat and repetition=1 together"),
    ],
)
def test_what_is_not_there_is_named(wanted, message):
    recordings = make(
        [[1.0, 2.0], [3.0, 4.0]],
        [0, 1],
        repetition=[0, 1],
        coords={"object": ["cat", "dog"]},
        region=["V4", "IT"],
        subject=["Chabo", "Tito"],
    )
    with pytest.raises(DataError, match=message):
        recordings.select(**wanted)


def test_the_digest_changes_with_what_is_selected():
    recordings = make([[1.0, 2.0]], [0], region=["V4", "IT"])
    digests = {
        recordings.digest,
        recordings.select(region="V4").digest,
        recordings.select(region="IT").digest,
    }
    assert len(digests) == 3
    assert recordings.select(region="V4").digest == recordings.select(region="V4").digest


def test_usable_names_those_left_out_by_reason():
    constant = [0.1 + 0.2, 0.3, 0.3]
    recordings = make(np.transpose([[1, 2, 3], constant, [1, np.nan, 2], [0, 0, 0], [5, 5, 6]]), [0, 1, 2])
    usable, left_out = recordings.usable(recordings.responses())
    assert usable.tolist() == [True, False, False, False, True]
    assert left_out == {"constant": ("n1", "n3"), "nan": ("n2",)}


def test_recordings_of_another_form_are_refused():
    good = make([[1.0]], [0])
    with pytest.raises(DataError, match="no image of stimulus s0"):
        Recordings("x", Stimuli(("other",), (np.zeros((2, 2), np.uint8),)), good.data)
    with pytest.raises(DataError, match="lack the coords region"):
        Recordings("x", good.stimuli, good.data.drop_vars("region"))
    with pytest.raises(DataError, match="dims"):
        Recordings("x", good.stimuli, good.data.T)
    with pytest.raises(DataError, match="RDMs of 4 stimuli, but 3 images"):
        Recordings("x", stimuli(3), rdms().data)
