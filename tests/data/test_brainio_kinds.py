"""The reader `brainio`: time windows, choices and RSMs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pytest_brainscore.data.recordings import Recordings
from pytest_brainscore.errors import DataError
from tests.brainio_files import Made, choices, opened, responses, similarities, stimuli, write_assembly

BINS = tuple((start, start + 1) for start in range(0, 12))
OVERLAPPING = tuple((start, start + 20) for start in range(-20, 61, 10))  # MajajHong2015.temporal, shorter
WIDER = ((0, 40), (40, 80))
EQUAL = tuple((start, start + 10) for start in range(0, 60, 10))
APART = ((0, 10), (20, 30))


def read(made: Made, cache: Path, **recorded) -> Recordings:
    return opened(cache, stimuli=made.stimuli(), recordings=made.recordings(**recorded))


def windows(made: Made, cache: Path, *wanted) -> tuple[list, np.ndarray]:
    data = read(made, cache, time_bins=wanted).data
    edges = list(zip(data["time_bin_start"].values, data["time_bin_end"].values, strict=True))
    return edges, data.values


def two_rows(folder: Path, bins) -> Made:
    """Two stimuli and one neuroid: 1, 4, 9, ... and 2, -3, 4, ... over the bins."""
    made = responses(folder, n=2, repetitions=1, columns={}, neuroids={"neuroid_id": ["a"], "region": ["IT"]})
    i = np.arange(len(bins))
    values = np.stack([(i + 1.0) ** 2, (-1.0) ** i * (i + 2)])[:, None]
    return rewritten(replace(made, values=values), bins)


def rewritten(made: Made, bins) -> Made:
    start, end = np.array(bins).T
    time_bin = {"time_bin_start": start, "time_bin_end": end}
    neuroid = {"neuroid_id": ["a"], "region": ["IT"]}
    coords = {"presentation": made.presentations, "neuroid": neuroid, "time_bin": time_bin}
    write_assembly(made.netcdf, made.values, coords)
    return made


def of_two_rows(folder: Path, bins, window) -> np.ndarray:
    return windows(two_rows(folder, bins), folder, window)[1][:, 0, 0]


def test_a_window_is_the_mean_of_the_bins_within_it(tmp_path):
    made = responses(tmp_path, n=4, columns={}, time_bins=BINS, missing=0.2)
    edges, values = windows(made, tmp_path, (2.0, 7.0), (8.0, 12.0))
    assert edges == [(2, 7), (8, 12)]
    expected = [np.nanmean(made.values[:, :, a:b].astype(float), axis=2) for a, b in ((2, 7), (8, 12))]
    np.testing.assert_allclose(values, np.stack(expected, axis=2), atol=1e-6)


def test_of_bins_of_1_ms_a_window_is_the_plain_mean(tmp_path):
    made = responses(tmp_path, n=2, repetitions=1, columns={}, time_bins=[(a, a + 1) for a in range(300)])
    values = windows(made, tmp_path, (50.0, 200.0))[1]
    np.testing.assert_allclose(values[:, :, 0], made.values[:, :, 50:200].mean(axis=2), atol=1e-6)


@pytest.mark.parametrize(
    ("bins", "window", "expected"),
    [
        (OVERLAPPING, (0.0, 10.0), [6.5, 0.5]),
        (OVERLAPPING, (5.0, 12.0), [8.214285714, 0.214285714]),
        (OVERLAPPING, (30.0, 40.0), [30.5, -0.5]),
        (OVERLAPPING, (0.0, 40.0), [17.5, 0.0]),
        (WIDER, (0.0, 10.0), [1.0, 2.0]),
        (WIDER, (30.0, 50.0), [2.5, -0.5]),
        (WIDER, (35.0, 60.0), [3.4, -2.0]),
        (EQUAL, (0.0, 10.0), [1.0, 2.0]),
        (EQUAL, (20.0, 50.0), [16.666666667, 1.666666667]),
        (EQUAL, (33.0, 58.0), [26.0, -1.24]),
        (APART, (0.0, 30.0), [2.5, -0.5]),
        (APART, (8.0, 21.0), [2.0, 0.333333333]),
    ],
)
def test_a_window_weights_bins_as_brain_score_does(tmp_path, bins, window, expected):
    """Golden values of brainscore_vision 2.4.2: assembly_time_align of the same two rows."""
    np.testing.assert_allclose(of_two_rows(tmp_path, bins, window), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("bins", "window", "expected"),
    [
        (((0, 100), (100, 110)), (0.0, 110.0), [14 / 11, 17 / 11]),  # Brain-Score: [2.5, -0.5]
        (((0, 100), (100, 110)), (50.0, 110.0), [9 / 6, 7 / 6]),  # [3, -1.333]
        (OVERLAPPING, (0.0, 20.0), [9.0, 4.0]),  # [9.5, 0]
        (OVERLAPPING, (70.0, 90.0), [81.0, 10.0]),  # an error
        (OVERLAPPING, (-30.0, -15.0), [1.0, 2.0]),  # an error
        (WIDER, (70.0, 90.0), [4.0, -3.0]),  # an error
        (EQUAL, (45.0, 70.0), [(5 * 25 + 10 * 36) / 15, (5 * 6 - 10 * 7) / 15]),  # an error
    ],
)
def test_a_window_differs_from_brain_scores_on_purpose(tmp_path, bins, window, expected):
    np.testing.assert_allclose(of_two_rows(tmp_path, bins, window), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("bins", "wanted", "notes"),
    [
        (((70, 100), (90, 130)), ((0.0, 500.0),), ["time window 0 to 500: the file has 70 to 130 only"]),
        (
            APART,
            ((5.0, 25.0), (0.0, 10.0), (25.0, 40.0)),
            ["time window 5 to 25 and 1 more: the file has 0 to 10, 20 to 30 only"],
        ),
        (EQUAL, ((3.0, 58.0), (0.0, 60.0)), []),
        (EQUAL, {"start": 20.0, "width": 20.0}, ["time bin 40 to 60 is left out: `stop: 60` would take it"]),
        (EQUAL, {"start": 20.0, "width": 20.0, "stop": 60.0}, []),
        (EQUAL, {"width": 25.0}, []),
    ],
)
def test_what_of_the_wanted_time_there_is_not_is_noted(tmp_path, bins, wanted, notes):
    made = responses(tmp_path, n=2, columns={}, time_bins=bins)
    found = read(made, tmp_path, time_bins=wanted)
    assert list(found.notes) == notes
    assert list(found.select(region="IT").notes) == notes
    assert list(read(made, tmp_path, time_bins=wanted, flatten="time_bins").notes) == notes


def test_parts_that_lack_the_same_time_say_it_once(tmp_path):
    named = {name: [f"{name}{i}" for i in range(2)] for name in ("train", "test")}
    made = [
        responses(tmp_path, ids=ids, columns={}, time_bins=EQUAL, name=name) for name, ids in named.items()
    ]
    found = opened(tmp_path, parts={one.csv.stem: one.part(time_bins=((50.0, 70.0),)) for one in made})
    assert found.notes == ("time window 50 to 70: the file has 0 to 60 only",)


def test_of_a_window_nan_is_left_out_with_its_weight(tmp_path):
    made = two_rows(tmp_path, OVERLAPPING)
    made.values[0, 0, 2] = np.nan  # 0 to 20
    made.values[1, 0, 1:3] = np.nan  # -10 to 20
    values = windows(rewritten(made, OVERLAPPING), tmp_path, (0.0, 10.0), (5.0, 12.0), (0.0, 20.0))[1][:, 0]
    np.testing.assert_allclose(values[0], [4, (5 * 4 + 2 * 16) / 7, np.nan], atol=1e-9)
    np.testing.assert_allclose(values[1], [np.nan, -5, np.nan], atol=1e-9)


def test_an_infinite_value_is_said(tmp_path):
    made = two_rows(tmp_path, OVERLAPPING)
    made.values[0, 0, 2] = np.inf
    with pytest.raises(DataError, match="some values are infinite; write NaN"):
        windows(rewritten(made, OVERLAPPING), tmp_path, (0.0, 10.0))


def test_edges_in_single_precision_are_the_same_bins(tmp_path):
    edges = np.arange(70, 81).astype(np.float32) / np.float32(100)
    made = two_rows(tmp_path, np.stack([edges[:-1], edges[1:]], axis=1))
    values = windows(made, tmp_path, *[(i / 100, (i + 1) / 100) for i in range(70, 80)])[1]
    assert np.array_equal(values, made.values)


def test_a_bin_that_is_the_window_is_taken_alone(tmp_path):
    bins = ((70, 170), (170, 270), (50, 100), (100, 150), (70, 270))
    made = responses(tmp_path, n=4, columns={}, time_bins=bins)
    assert np.array_equal(windows(made, tmp_path, (70.0, 170.0))[1][:, :, 0], made.values[:, :, 0])
    assert np.array_equal(windows(made, tmp_path, (50.0, 100.0))[1][:, :, 0], made.values[:, :, 2])


@pytest.mark.parametrize(
    ("equal", "expected"),
    [
        ({"width": 3.0}, [(0, 3), (3, 6), (6, 9)]),
        ({"width": 3.0, "start": 1.0, "stop": 12.0}, [(1, 4), (4, 7), (7, 10)]),
        ({"width": 4.0, "stop": 12.0}, [(0, 4), (4, 8), (8, 12)]),
    ],
)
def test_equal_bins_side_by_side(tmp_path, equal, expected):
    made = responses(tmp_path, n=4, columns={}, time_bins=BINS)
    data = read(made, tmp_path, time_bins=equal).data
    assert list(zip(data["time_bin_start"].values, data["time_bin_end"].values, strict=True)) == expected
    means = [made.values[:, :, a:b].mean(axis=2) for a, b in expected]
    np.testing.assert_allclose(data.values, np.stack(means, axis=2), atol=1e-6)


def test_bins_in_seconds_are_found_in_spite_of_rounding(tmp_path):
    start = np.round(np.arange(-2, 6) * 0.01, 2)
    bins = tuple(zip(start, np.append(start[1:], 0.06), strict=True))
    made = responses(tmp_path, n=4, columns={}, time_bins=bins)
    data = read(made, tmp_path, time_bins={"width": 0.01, "stop": 0.06}).data
    np.testing.assert_allclose(data["time_bin_start"].values, np.arange(6) * 0.01, atol=1e-12)
    np.testing.assert_allclose(data.values, made.values[:, :, 2:])


def test_bins_that_stop_where_others_end(tmp_path):
    made = responses(tmp_path, n=4, columns={}, time_bins=((70, 170),))
    bins = {"presentation": made.presentations, "neuroid": {"neuroid_id": range(8)}}
    stops = {"time_bin_start": [70], "time_bin_stop": [170]}
    path = write_assembly(tmp_path / "stop.nc", made.values, {**bins, "time_bin": stops})
    data = read(Made(made.csv, made.zip, path), tmp_path, region="IT", time_bins=((70.0, 170.0),)).data
    assert data["time_bin_end"].values.tolist() == [170]


def test_each_neuroid_in_each_bin_as_a_neuroid(tmp_path):
    made = responses(tmp_path, n=4, columns={}, time_bins=((0, 10), (10, 20)))
    data = read(made, tmp_path, flatten="time_bins").data
    assert data["neuroid"].values[:3].tolist() == ["unit_0@0", "unit_0@10", "unit_1@0"]
    assert data["time_bin_start"].dims == ("neuroid",)
    assert data["time_bin_start"].values[:3].tolist() == [0, 10, 0]
    assert data["region"].values.tolist() == ["V4"] * 8 + ["IT"] * 8
    assert np.array_equal(data.values, made.values.reshape(len(made.values), -1))


def test_without_windows_all_bins_stay(tmp_path):
    made = responses(tmp_path, n=4, columns={}, time_bins=BINS)
    recordings = read(made, tmp_path)
    assert recordings.data.sizes["time_bin"] == 12
    over_time = recordings.responses(over_time=True)
    assert over_time.dims == ("stimulus", "time_bin", "neuroid")
    assert over_time["time_bin_end"].values.tolist() == list(range(1, 13))
    np.testing.assert_allclose(over_time.mean("time_bin").values, recordings.responses().values, rtol=1e-6)
    usable, left_out = recordings.usable(over_time)
    assert usable.tolist() == [True] * 8
    assert left_out == {"constant": (), "nan": ()}


@pytest.mark.parametrize(
    ("how", "wanted", "said"),
    [
        (
            {"time_bins": BINS},
            ((20.0, 30.0),),
            "no time bin overlaps 20 to 30; the file has 0 to 1, 1 to 2",
        ),
        (
            {"time_bins": APART},
            ((12.0, 18.0),),
            "no time bin overlaps 12 to 18; the file has 0 to 10, 20 to 30",
        ),
        ({"time_bins": BINS}, ((0.0, 1.0), (12.0, 13.0)), "no time bin overlaps 12 to 13; the file has"),
        ({"time_bins": None}, ((0.0, 1.0),), "`time_bins:` is given, and the dims are presentation, neuroid"),
        ({"time_bins": BINS}, {"width": 50.0}, "`time_bins:` makes no bin; the file has 0 to 1"),
    ],
)
def test_windows_that_hold_nothing(tmp_path, how, wanted, said):
    made = responses(tmp_path, n=4, columns={}, **how)
    with pytest.raises(DataError) as error:
        read(made, tmp_path, time_bins=wanted)
    assert str(made.netcdf) in str(error.value)
    assert said in str(error.value)


def test_choices_of_two_alternatives(tmp_path):
    made = choices(tmp_path)
    recordings = read(made, tmp_path, coords={"subject": "WorkerID"})
    shown = made.presentations
    assert recordings.kind == "choices"
    assert recordings.stimuli.ids == tuple(made.table["image_id"])  # of the table, in its order
    assert recordings.data.values.tolist() == made.values.tolist()  # in the file's order
    assert recordings.data["stimulus"].values.tolist() == shown["image_id"].tolist()
    assert recordings.data["truth"].values.tolist() == shown["truth"].tolist()
    assert recordings.data["distractor"].values.tolist() == shown["dist_obj"].tolist()
    assert recordings.data["subject"].values.tolist() == shown["WorkerID"].tolist()
    assert set(recordings.data["region"].values.tolist()) == {"behaviour"}


def test_choices_of_all_objects_with_conditions(tmp_path):
    made = choices(tmp_path, two_alternatives=False, conditions=["0.0", "0.3"])
    recordings = read(made, tmp_path)
    chosen = recordings.select(condition="0.3")
    expected = made.values[made.presentations["condition"] == "0.3"]
    assert chosen.data.values.tolist() == expected.tolist()
    assert "distractor" not in recordings.data.coords
    assert len(chosen.stimuli) == len(recordings.stimuli)  # a readout is fitted on all


def test_no_answer_is_the_choice_na_which_is_wrong(tmp_path):
    made = choices(tmp_path, two_alternatives=False)
    values = made.values.astype(object)
    values[3] = ""
    write_assembly(made.netcdf, values, {"presentation": made.presentations})
    found = read(made, tmp_path).data.values
    assert found[3] == "na"
    assert (found[:3] == made.values[:3]).all()


def test_truth_is_the_sample_where_no_coord_has_that_name(tmp_path):
    made = choices(tmp_path)
    shown = {name: column for name, column in made.presentations.items() if name != "truth"}
    write_assembly(made.netcdf, made.values, {"presentation": shown})
    assert read(made, tmp_path).data["truth"].values.tolist() == made.presentations["truth"].tolist()


def test_numbers_of_trials_with_the_choice_in_a_coord(tmp_path):
    made = choices(tmp_path)
    write_assembly(made.netcdf, np.arange(200), {"presentation": made.presentations})
    assert read(made, tmp_path).data.values.tolist() == made.presentations["choice"].tolist()


def test_rsms_become_rdms_of_region_and_subject(tmp_path):
    made = similarities(tmp_path)
    recordings = read(made, tmp_path)
    assert recordings.kind == "rdms"
    assert recordings.data.shape == (12, 24, 24)
    v2 = recordings.select(region="V2")
    assert v2.data["subject"].values.tolist() == ["F013", "F016", "F018"]
    np.testing.assert_allclose(v2.data.values, 1 - np.moveaxis(made.values[:, :, 3:6], 2, 0), atol=1e-15)
    assert recordings.stimuli.ids == tuple(made.presentations["stimulus_id"])


def test_rsms_keep_their_rows_when_the_table_has_another_order(tmp_path):
    made = similarities(tmp_path, n=6, columns={})
    other = stimuli(tmp_path / "other", made.presentations["stimulus_id"][::-1].tolist(), {"kind": range(6)})
    recordings = read(Made(other.csv, other.zip, made.netcdf), tmp_path)
    assert recordings.stimuli.ids == tuple(made.presentations["stimulus_id"])
    assert recordings.stimuli.coords["kind"].tolist() == [5, 4, 3, 2, 1, 0]
    np.testing.assert_allclose(recordings.data.values[0], 1 - made.values[:, :, 0], atol=1e-15)
