"""The reader `brainio`: every layout of an assembly, read, averaged and put in Brain-Score's order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.data.recordings import Recordings
from tests.brainio_files import (
    Made,
    eight_neuroids,
    names,
    opened,
    responses,
    stimuli,
    write_assembly,
    write_csv,
    write_zip,
)
from tests.strategies import few, seeds

OBJECTS = {"object_name": list("babacc"), "size": [3, 1, 2, 1, 3, 2]}
IDS = names(6)


def read(made: Made, cache: Path, **recorded) -> Recordings:
    return opened(cache, stimuli=made.stimuli(), recordings=made.recordings(**recorded))


def by_pandas(made: Made, column: str, order) -> np.ndarray:
    """The mean of each stimulus, from the values that were written: NaN left out."""
    flat = pd.DataFrame(made.values.reshape(len(made.values), -1).astype(np.float64))
    means = flat.groupby(made.presentations[column].astype(str)).mean()
    return means.loc[list(order)].to_numpy()


# What average_repetition of brainscore_vision 2.4.2 leaves of files that these keywords make, in its order.
LAYOUTS = {
    "new": ({}, [0, 1, 2, 3, 4, 5]),
    "legacy ids": ({"levels": ("image_id", "repetition")}, [0, 1, 2, 3, 4, 5]),
    "object first": ({"levels": ("object_name", "stimulus_id", "repetition")}, [2, 3, 1, 5, 0, 4]),
    "two before": ({"levels": ("repetition", "size", "object_name", "stimulus_id")}, [2, 3, 1, 4, 5, 0]),
    "object after": ({"levels": ("stimulus_id", "object_name", "repetition")}, [0, 1, 2, 3, 4, 5]),
    "ragged": ({"repetitions": [1, 3, 2, 4, 2, 5]}, [0, 1, 2, 3, 4, 5]),
    "neuroid first": ({"order": ("neuroid", "presentation", "time_bin")}, [0, 1, 2, 3, 4, 5]),
    "time first": ({"order": ("time_bin", "neuroid", "presentation")}, [0, 1, 2, 3, 4, 5]),
    "without time": ({"time_bins": None}, [0, 1, 2, 3, 4, 5]),
    "missing values": ({"missing": 0.3}, [0, 1, 2, 3, 4, 5]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_and_order(tmp_path, layout):
    how, order = LAYOUTS[layout]
    made = responses(tmp_path, n=6, columns=OBJECTS, **how)
    recordings = read(made, tmp_path)
    assert recordings.stimuli.ids == tuple(f"im{number:04d}" for number in order)
    averaged = recordings.responses()
    column = "image_id" if layout == "legacy ids" else "stimulus_id"
    expected = by_pandas(made, column, recordings.stimuli.ids)
    np.testing.assert_allclose(averaged.values, expected, rtol=1e-12)
    assert averaged["neuroid"].values.tolist() == [f"unit_{i}" for i in range(8)]
    assert averaged["region"].values.tolist() == ["V4"] * 4 + ["IT"] * 4
    row = dict(zip(IDS, OBJECTS["object_name"], strict=True))
    assert averaged["object_name"].values.tolist() == [row[id] for id in recordings.stimuli.ids]
    assert [path.name for path in recordings.stimuli.images] == [f"{id}.png" for id in recordings.stimuli.ids]
    assert recordings.notes == ()


def test_numbers_as_ids_are_sorted_as_numbers(tmp_path):
    made = responses(tmp_path, ids=[10, 9, 100, 2, 33, 1], columns=OBJECTS)
    assert read(made, tmp_path).stimuli.ids == ("1", "2", "9", "10", "33", "100")


def test_text_as_ids_is_sorted_as_text(tmp_path):
    made = responses(tmp_path, ids=["10", "9", "100", "2"], columns={})
    assert read(made, tmp_path).stimuli.ids == ("10", "100", "2", "9")


@pytest.mark.parametrize("shown", [[1, 12, 7], [1.0, 12.0, 7.0], ["1", "12", "7"]])
def test_ids_that_look_like_numbers_are_matched_as_numbers_and_stay_as_the_table_has_them(tmp_path, shown):
    made = stimuli(tmp_path, ["0001", "0012", "0007"], {"kind": ["a", "b", "c"]})
    coords = {"presentation": {"stimulus_id": np.repeat(shown, 2), "repetition": [0, 1] * 3}}
    values = np.repeat([[1.0], [12.0], [7.0]], 2, axis=0) * np.ones(8)
    path = write_assembly(tmp_path / "a.nc", values, {**coords, "neuroid": eight_neuroids()})
    recordings = read(Made(made.csv, made.zip, path), tmp_path)
    by_text = ("0001", "0012", "0007")
    assert recordings.stimuli.ids == (by_text if isinstance(shown[0], str) else ("0001", "0007", "0012"))
    assert recordings.responses().values[:, 0].tolist() == [float(id) for id in recordings.stimuli.ids]
    assert recordings.rows(kind="b").tolist() == [recordings.stimuli.ids.index("0012")]


def test_a_file_without_repeats_keeps_its_order(tmp_path):
    made = responses(tmp_path, n=6, repetitions=1, columns=OBJECTS, levels=("stimulus_id", "repetition"))
    shown = tuple(made.presentations["stimulus_id"].tolist())
    assert shown != tuple(sorted(shown))
    assert read(made, tmp_path).stimuli.ids == shown


def test_stimuli_never_shown_are_left_out_of_responses(tmp_path):
    made = responses(tmp_path, n=6, repetitions=[2, 0, 2, 2, 0, 2], columns=OBJECTS)
    unseen = {IDS[1], IDS[4]}
    assert read(made, tmp_path).stimuli.ids == tuple(sorted(set(IDS) - unseen))


def test_nan_in_a_column_averages_all_the_same_and_a_note_says_so(tmp_path):
    made = responses(tmp_path, n=6, columns={"size": [3, 1, np.nan, 1, 3, 2]})
    recordings = read(made, tmp_path)
    expected = by_pandas(made, "stimulus_id", sorted(IDS))
    np.testing.assert_allclose(recordings.responses().values, expected, rtol=1e-12)
    assert "size is missing for some; Brain-Score does not average over such showings" in recordings.notes[0]


def test_a_coord_of_single_showings_stays_with_them_and_a_note_says_so(tmp_path):
    made = responses(
        tmp_path, n=6, columns=OBJECTS, levels=("stimulus_id", "repetition", "repetition_id"), time_bins=None
    )
    recordings = read(made, tmp_path)
    assert "repetition_id differs between showings" in recordings.notes[0]
    assert len(recordings.stimuli) == 6
    kept = recordings.select(repetition_id=2)
    assert kept.data.sizes["presentation"] == 6
    renamed = read(made, tmp_path, coords={"repetition": "repetition_id"})
    assert renamed.notes == ()
    assert set(renamed.data["repetition"].values.tolist()) == {0, 1, 2}


def test_what_the_assembly_says_of_a_stimulus_counts_more_than_the_table(tmp_path):
    made = responses(tmp_path, n=6, columns=OBJECTS, levels=("stimulus_id", "object_name", "repetition"))
    write_csv(made.csv, IDS, {**OBJECTS, "object_name": ["other"] * 6})
    recordings = read(made, tmp_path)
    expected = dict(zip(IDS, OBJECTS["object_name"], strict=True))
    found = zip(recordings.stimuli.ids, recordings.stimuli.coords["object_name"].tolist(), strict=True)
    assert dict(found) == expected


def test_repetitions_are_the_files_and_counted_where_it_has_none(tmp_path):
    made = responses(tmp_path / "a", n=6, columns=OBJECTS, first_repetition=7)
    assert set(read(made, tmp_path).data["repetition"].values.tolist()) == {7, 8, 9}
    bare = responses(tmp_path / "b", n=6, columns=OBJECTS, levels=("stimulus_id",))
    data = read(bare, tmp_path).data
    counted = pd.Series(data["repetition"].values).groupby(data["stimulus"].values).apply(sorted)
    assert counted.tolist() == [[0, 1, 2]] * 6


def test_a_single_coord_per_dim_and_what_holds_for_all_neuroids(tmp_path):
    made = responses(tmp_path, n=6, columns={}, neuroids={"neuroid_id": [3, 1, 2]}, levels=("stimulus_id",))
    recordings = read(made, tmp_path, region="V1", subject="m1")
    assert recordings.data["neuroid"].values.tolist() == ["3", "1", "2"]
    assert recordings.data["region"].values.tolist() == ["V1"] * 3
    assert recordings.data["subject"].values.tolist() == ["m1"] * 3


def test_a_region_of_the_file_counts_more_than_the_yaml(tmp_path):
    made = responses(tmp_path, n=6, columns=OBJECTS)
    assert set(read(made, tmp_path, region="V1").data["region"].values.tolist()) == {"V4", "IT"}


def test_coords_are_renamed(tmp_path):
    made = responses(tmp_path, n=6, columns=OBJECTS)
    data = read(made, tmp_path, coords={"subject": "animal", "region": "reliability"}).data
    assert data["subject"].values.tolist() == ["Chabo", "Tito"] * 4
    assert data["region"].values.tolist() == [0.1, 0.2, 0.5, 0.9] * 2
    assert "animal" not in data.coords


NEUROIDS = {
    "counted by subject": (
        {"neuroid_id": [0, 1, 0, 1], "subject": ["a", "a", "b", "b"], "region": ["V1"] * 4},
        ["a.0", "a.1", "b.0", "b.1"],
    ),
    "counted by region": (
        {"neuroid_id": [0, 1, 0, 1], "region": ["V1", "V1", "V2", "V2"]},
        ["V1.0", "V1.1", "V2.0", "V2.1"],
    ),
    "by both": (
        {"neuroid_id": [0, 0, 0, 0], "region": ["V1", "V2", "V1", "V2"], "subject": ["a", "a", "b", "b"]},
        ["V1.a.0", "V2.a.0", "V1.b.0", "V2.b.0"],
    ),
    "all the same": (
        {"neuroid_id": [0, 0, 0], "region": ["V1"] * 3},
        ["V1.unknown.0.0", "V1.unknown.0.1", "V1.unknown.0.2"],
    ),
    "without ids": ({"region": ["V1"] * 3}, ["0", "1", "2"]),
    "ids as the index": ({"neuroid": [4, 5], "region": ["V1"] * 2}, ["4", "5"]),
    "without a name": ({"neuroid_": [4, 5]}, ["4", "5"]),
    "bytes": ({"neuroid_id": [b"u1", b"u2"], "region": [b"V1", b"V2"]}, ["u1", "u2"]),
}


@pytest.mark.parametrize("kind", NEUROIDS)
def test_neuroids_have_ids_that_differ(tmp_path, kind):
    coords, expected = NEUROIDS[kind]
    made = responses(tmp_path, n=3, columns={}, neuroids=coords)
    recordings = read(made, tmp_path, region="V1")
    assert recordings.data["neuroid"].values.tolist() == expected
    assert set(recordings.data["region"].values.tolist()) <= {"V1", "V2"}


@pytest.mark.parametrize("name", ["presentation_", "presentation"])
def test_the_only_coord_of_presentations_is_the_stimulus(tmp_path, name):
    made = stimuli(tmp_path, ["a", "b"], {})
    coords = {"presentation": {name: ["b", "a", "b"]}, "neuroid": {"neuroid_id": [1, 2]}}
    path = write_assembly(tmp_path / "a.nc", np.arange(6.0).reshape(3, 2), coords)
    recordings = read(Made(made.csv, made.zip, path), tmp_path, region="V1")
    assert recordings.responses().values.tolist() == [[2, 3], [2, 3]]
    assert recordings.data["repetition"].values.tolist() == [0, 0, 1]
    assert recordings.stimuli.ids == ("a", "b")


def test_netcdf_3_several_arrays_and_coords_without_a_dim(tmp_path):
    made = stimuli(tmp_path, ["a", "b"], {})
    values = np.arange(12.0).reshape(4, 3)
    coords = {"presentation": {"image_id": [b"b", b"a", b"b", b"a"]}, "neuroid": {"neuroid_id": [1, 2, 3]}}
    path = write_assembly(tmp_path / "a.nc", values, coords, engine="scipy", attrs={"note": "made"})
    recordings = read(Made(made.csv, made.zip, path), tmp_path, region="V1")
    assert recordings.responses().values.tolist() == [[6, 7, 8], [3, 4, 5]]


def test_the_largest_of_several_arrays_and_scalars(tmp_path):
    made = stimuli(tmp_path, ["a", "b"], {})
    data = xr.Dataset(
        {
            "rates": (("presentation", "neuroid"), [[1.0, 2.0], [3.0, 4.0]]),
            "session": ("presentation", [1, 2]),
        },
        coords={"stimulus_id": ("presentation", ["b", "a"]), "region": "IT"},
    )
    data.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    recordings = read(Made(made.csv, made.zip, tmp_path / "a.nc"), tmp_path)
    assert recordings.data["region"].values.tolist() == ["IT", "IT"]
    assert recordings.stimuli.ids == ("b", "a")
    assert recordings.stimuli.coords["session"].tolist() == [1, 2]


def test_images_of_a_collection_are_found_by_name_anywhere_below(tmp_path):
    made = responses(tmp_path, n=3, columns={})
    folder = tmp_path / "things"
    for i, id in enumerate(names(3)):
        place = folder / f"class{i}" / (f"{id}.png" if i else f"{id}.jpg")
        write_zip(tmp_path / "z.zip", [place.name])
        place.parent.mkdir(parents=True)
        place.write_bytes(b"an image")
    (folder / "another.png").write_bytes(b"of no row")
    described = {"csv": made.stimuli()["csv"], "images": {"name": "things"}, "visual_degrees": 8.0}

    def fetch(file) -> Path:
        return folder if hasattr(file, "name") and not hasattr(file, "file") else Path(file.file)

    recordings = opened(tmp_path, fetch, stimuli=described, recordings=made.recordings())
    found = {path.stem: path.parent.name for path in recordings.stimuli.images}
    assert found == {id: f"class{i}" for i, id in enumerate(names(3))}
    assert recordings.stimuli.visual_degrees == 8.0


def test_the_digest_changes_with_a_file_and_with_how_it_is_read(tmp_path):
    one = read(responses(tmp_path / "a", n=6, columns=OBJECTS), tmp_path)
    same = read(responses(tmp_path / "b", n=6, columns=OBJECTS), tmp_path)
    other = read(responses(tmp_path / "c", n=6, columns=OBJECTS, noise=0.6), tmp_path)
    renamed = read(responses(tmp_path / "d", n=6, columns=OBJECTS), tmp_path, subject="m")
    assert one.digest == same.digest
    assert len({one.digest, other.digest, renamed.digest}) == 3


@few
@given(data=st.data(), seed=seeds)
def test_averages_equal_a_plain_groupby(tmp_path_factory, data, seed):
    folder = tmp_path_factory.mktemp("drawn")
    n = data.draw(st.integers(2, 5))
    repetitions = data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))
    levels = data.draw(st.permutations(["stimulus_id", "repetition", "object_name"]))
    missing = data.draw(st.sampled_from([0.0, 0.4]))
    order = data.draw(st.permutations(["presentation", "neuroid", "time_bin"]))
    kinds = data.draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n))
    made = responses(
        folder,
        n=n,
        repetitions=repetitions,
        levels=levels,
        missing=missing,
        order=order,
        columns={"object_name": kinds},
        seed=seed % 10_000,
    )
    recordings = read(made, folder)
    frame = pd.DataFrame(made.values[:, :, 0].astype(np.float64))
    keys = [level for level in levels if level != "repetition"]
    index = [pd.Series(made.presentations[key].astype(str), name=key) for key in keys]
    grouped = frame.groupby(index).mean()
    shown = recordings.stimuli.ids
    if max(repetitions) > 1:
        empty = {id for id in made.table["stimulus_id"] if id not in shown}  # all of it is NaN
        expected = [id for id in grouped.index.get_level_values("stimulus_id") if id not in empty]
        assert list(shown) == expected
    means = grouped.droplevel("object_name").loc[list(shown)].to_numpy()
    np.testing.assert_allclose(recordings.responses().values, means, rtol=1e-12)
