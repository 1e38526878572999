"""Every format of the reader `arrays`, from files that the tests write."""

from __future__ import annotations

import builtins
import shutil
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import xarray as xr

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.errors import DataError
from pytest_brainscore.specs.datasets import ArraysDataset

N, M, R = 12, 3, 2
STIMULUS_FIRST = ("stimulus", "repetition", "neuroid")


@pytest.fixture
def values() -> np.ndarray:
    """(stimulus, repetition, neuroid)."""
    return np.random.default_rng(0).standard_normal((N, R, M))


@pytest.fixture
def open_(tmp_path, make_images):
    """Open recordings described by keys of `recordings:`, and `stimuli={...}`."""
    make_images(N)

    def open_(stimuli=None, region="IT", **recordings):
        spec = {
            "id": "made",
            "reader": "arrays",
            "stimuli": {"images": "images", **(stimuli or {})},
            "recordings": {"region": region, **recordings},
        }
        fetch = partial(Fetcher(tmp_path / "cache", offline=True), folder=tmp_path)
        return open_recordings(ArraysDataset.model_validate(spec), fetch, tmp_path / "cache")

    return open_


def table(values: np.ndarray, order=None) -> pd.DataFrame:
    """A row per presentation, a column per neuroid."""
    frame = pd.DataFrame(values.reshape(-1, M), columns=["a", "b", "c"])
    frame.insert(0, "stimulus", np.repeat([f"image{i}.png" for i in range(1, N + 1)], R))
    frame.insert(1, "repetition", np.tile(range(R), N))
    return frame if order is None else frame.iloc[order]


def write(path: Path, values: np.ndarray) -> Path:
    match path.suffix:
        case ".npy":
            np.save(path, values)
        case ".npz":
            np.savez(path, rates=values)
        case ".mat":
            scipy.io.savemat(path, {"rates": values})
        case ".h5":
            with h5py.File(path, "w") as file:
                file["session/rates"] = values
        case ".nc":
            xr.DataArray(values, dims=STIMULUS_FIRST, name="rates").to_netcdf(path, engine="h5netcdf")
        case ".nc3":
            array = xr.DataArray(values, dims=STIMULUS_FIRST, name="rates")
            array.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
        case ".csv":
            table(values).to_csv(path, index=False)
        case ".parquet":
            table(values).to_parquet(path)
    return path


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".mat", ".h5", ".nc", ".nc3", ".csv", ".parquet"])
def test_formats(tmp_path, open_, values, suffix):
    write(tmp_path / f"r{suffix}", values)
    dims = {"dims": STIMULUS_FIRST} if suffix in {".npy", ".npz", ".mat", ".h5"} else {}
    recordings = open_(file=f"r{suffix}", **dims)
    np.testing.assert_allclose(recordings.responses().values, values.mean(axis=1), atol=1e-12)
    assert recordings.stimuli.ids[:3] == ("image1", "image2", "image3")
    assert recordings.stimuli.ids[-1] == "image12"
    assert np.asarray(recordings.stimuli.open(10))[0, 0, 0] == 11
    assert recordings.presentations()[2].tolist() == [0, 1] * N
    assert set(recordings.data["region"].values) == {"IT"}


def test_the_name_of_a_file_does_not_matter(tmp_path, open_, values):
    write(tmp_path / "r.npz", values).rename(tmp_path / "ndownloader")
    assert open_(file="ndownloader", dims=STIMULUS_FIRST).data.shape == (N * R, M)


@pytest.mark.parametrize(
    "dims", [("neuroid", "stimulus", "repetition"), ("repetition", "neuroid", "stimulus")]
)
def test_dims_in_any_order(tmp_path, open_, values, dims):
    np.save(tmp_path / "r.npy", values.transpose([STIMULUS_FIRST.index(dim) for dim in dims]))
    np.testing.assert_allclose(open_(file="r.npy", dims=dims).responses().values, values.mean(1), atol=1e-12)


def test_dims_of_a_netcdf_can_be_renamed(tmp_path, open_, values):
    array = xr.DataArray(values, dims=("image", "trial", "unit"), coords={"unit": [5, 6, 7], "trial": [1, 2]})
    array.to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    recordings = open_(file="r.nc", dims=STIMULUS_FIRST)
    np.testing.assert_allclose(recordings.responses().values, values.mean(1), atol=1e-12)
    with pytest.raises(DataError, match="dims image, trial, unit: each is one of presentation, stimulus"):
        open_(file="r.nc")


def test_dims_that_contradict_those_of_a_netcdf_are_an_error(tmp_path, open_, values):
    swapped = ("stimulus", "neuroid", "repetition")
    xr.DataArray(values, dims=swapped).to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    with pytest.raises(
        DataError, match=r"dims are stimulus, neuroid, repetition, and `dims:` calls them stim"
    ):
        open_(file="r.nc", dims=STIMULUS_FIRST)
    assert open_(file="r.nc", dims=swapped).responses().shape == (N, R)
    xr.DataArray(values, dims=("stimulus", "trial", "neuroid")).to_netcdf(
        tmp_path / "s.nc", engine="h5netcdf"
    )
    assert open_(file="s.nc", dims=STIMULUS_FIRST).responses().shape == (N, M)


def test_coords_of_a_netcdf_come_along_and_stimuli_are_joined_by_name(tmp_path, open_, values):
    order = np.random.default_rng(1).permutation(N)
    array = xr.DataArray(
        values[order],
        dims=STIMULUS_FIRST,
        coords={
            "stimulus": [f"image{i + 1}" for i in order],
            "neuroid": ["x", "y", "z"],
            "region": ("neuroid", ["V4", "IT", "IT"]),
            "depth": ("neuroid", [0.1, 0.2, 0.3]),
            "number": ("stimulus", order + 1),
        },
    )
    array.to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    recordings = open_(file="r.nc", region=None).select(region="IT")
    np.testing.assert_allclose(recordings.responses().values, values.mean(1)[:, 1:], atol=1e-12)
    assert recordings.stimuli.coords["number"].tolist() == list(range(1, N + 1))
    assert recordings.select(number=[3, 4]).stimuli.ids == ("image3", "image4")
    assert recordings.responses()["depth"].values.tolist() == [0.2, 0.3]


def test_ragged_repetitions_are_padded_with_nan(tmp_path, open_, values):
    values[0, 1] = values[5] = np.nan
    values[1, 1, 2] = np.nan
    np.save(tmp_path / "r.npy", values)
    recordings = open_(file="r.npy", dims=STIMULUS_FIRST)
    assert recordings.data.shape == (N * R - 3, M)
    assert "image6" not in recordings.stimuli.ids
    np.testing.assert_allclose(recordings.responses().values[0], values[0, 0])
    np.testing.assert_allclose(recordings.responses().values[1, 2], values[1, 0, 2])


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_of_a_table_in_any_order(tmp_path, open_, values, suffix):
    frame = table(values, np.random.default_rng(1).permutation(N * R)).drop(index=[4])
    frame.to_csv(tmp_path / "r.csv", index=False)
    frame.to_parquet(tmp_path / "r.parquet")
    recordings = open_(file=f"r{suffix}")
    values[2, 0] = np.nan
    np.testing.assert_allclose(recordings.responses().values, np.nanmean(values, axis=1), atol=1e-12)


def test_columns_of_a_table_have_names_of_their_own(tmp_path, open_, values):
    frame = table(values).rename(
        columns={"stimulus": "img", "repetition": "trial", "a": "unit_1", "b": "unit_2"}
    )
    frame["stimulus_set"] = "day1"
    frame.loc[3, "stimulus_set"] = "day2"
    frame.to_csv(tmp_path / "r.csv", index=False)
    columns = {"stimulus": "img", "repetition": "trial", "neuroids": ("unit_*",)}
    recordings = open_(file="r.csv", columns=columns)
    assert recordings.data["neuroid"].values.tolist() == ["unit_1", "unit_2"]
    assert recordings.data["c"].dims == ("presentation",)
    assert recordings.select(stimulus_set="day2").stimuli.ids == ("image2",)
    with pytest.raises(
        DataError, match=r"column stimulus_set holds 'day1'.*name those that are in `columns:"
    ):
        open_(file="r.csv", columns={"stimulus": "img"})
    with pytest.raises(DataError, match=r"no column is x\* "):
        open_(file="r.csv", columns={"stimulus": "img", "neuroids": ("x*",)})
    with pytest.raises(DataError, match=r"no column stimulus; did you mean stimulus_set"):
        open_(file="r.csv")


def test_names_are_text_and_keep_their_zeros(tmp_path, make_images, open_, values):
    for image in make_images(N, tmp_path / "numbered").iterdir():
        image.rename(image.with_name(f"{int(image.stem[5:]):03d}.png"))
    names = [f"{i:03d}" for i in range(N, 0, -1)]
    pd.DataFrame({"stimulus": names, "number": range(N, 0, -1)}).to_csv(tmp_path / "s.csv", index=False)
    frame = table(values).drop(columns="stimulus")
    frame.assign(img=np.repeat(names, R)).to_csv(tmp_path / "r.csv", index=False)
    pd.DataFrame({"neuroid": ["01", "02", "03"], "subject": "007"}).to_csv(tmp_path / "n.csv", index=False)
    stimuli = {"images": "numbered", "table": "s.csv"}
    columns = {"stimulus": "img", "neuroids": ("a", "b", "c")}
    found = open_(stimuli, file="r.csv", columns=columns)
    np.testing.assert_allclose(found.responses().values, values.mean(1)[::-1], atol=1e-12)
    assert found.stimuli.coords["number"].tolist() == list(range(1, N + 1))
    np.save(tmp_path / "r.npy", values)
    numbered = open_(stimuli, file="r.npy", dims=STIMULUS_FIRST, neuroids="n.csv")
    assert numbered.data["neuroid"].values.tolist() == ["01", "02", "03"]
    assert set(numbered.select(subject="007").data["subject"].values) == {"007"}


def test_without_a_column_of_repetitions_they_are_counted(tmp_path, open_, values):
    table(values, [1, 0, *range(2, N * R)]).drop(columns="repetition").to_csv(tmp_path / "r.csv", index=False)
    assert open_(file="r.csv").presentations()[2].tolist() == [0, 1] * N


def test_one_showing_in_two_rows_is_an_error(tmp_path, open_, values):
    frame = table(values)
    twice = pd.concat([frame, frame[4:5].assign(stimulus="image3")])
    twice.to_csv(tmp_path / "r.csv", index=False)
    said = (
        r"rows 5 and 25 are both repetition 0 of stimulus image3\.png: remove one, or number the repetitions"
    )
    with pytest.raises(DataError, match="r.csv: " + said):
        open_(file="r.csv")
    twice[["stimulus", "repetition"]].to_csv(tmp_path / "p.csv", index=False)
    np.save(tmp_path / "r.npy", twice[["a", "b", "c"]].to_numpy())
    with pytest.raises(DataError, match="p.csv: " + said):
        open_(file="r.npy", dims=("presentation", "neuroid"), presentations="p.csv")
    twice.assign(day=[1] * N * R + [2]).to_csv(tmp_path / "r.csv", index=False)
    assert len(open_(file="r.csv", columns={"neuroids": ("a", "b", "c")}).data) == N * R + 1


def test_a_table_of_presentations(tmp_path, open_, values):
    table(values)[["stimulus", "repetition"]].to_csv(tmp_path / "p.csv", index=False)
    np.save(tmp_path / "r.npy", values.reshape(-1, M).T.astype(np.float32))
    dims = ("neuroid", "presentation")
    recordings = open_(file="r.npy", dims=dims, presentations="p.csv")
    assert recordings.data.dtype == np.float32
    np.testing.assert_allclose(recordings.responses().values, values.mean(1), atol=1e-6)
    with pytest.raises(DataError, match="nothing says which stimulus each of 24 presentations shows"):
        open_(file="r.npy", dims=dims)


def test_a_table_of_neuroids_row_by_row_or_joined_by_name(tmp_path, open_, values):
    np.save(tmp_path / "r.npy", values)
    rows = pd.DataFrame(
        {"neuroid": ["c", "b", "a"], "region": ["V4", "IT", "IT"], "subject": ["x", "y", "y"]}
    )
    rows.to_csv(tmp_path / "n.csv", index=False)
    by_row = open_(file="r.npy", dims=STIMULUS_FIRST, neuroids="n.csv", region=None)
    assert by_row.data["neuroid"].values.tolist() == ["c", "b", "a"]
    assert by_row.data["region"].values.tolist() == ["V4", "IT", "IT"]
    write(tmp_path / "r.csv", values)
    by_name = open_(file="r.csv", neuroids="n.csv", region=None)
    assert by_name.data["neuroid"].values.tolist() == ["a", "b", "c"]
    assert by_name.data["region"].values.tolist() == ["IT", "IT", "V4"]
    rows.replace({"neuroid": {"c": "d"}}).to_csv(tmp_path / "n.csv", index=False)
    with pytest.raises(DataError, match=r"n.csv: column neuroid: 'd' is no neuroid"):
        open_(file="r.csv", neuroids="n.csv", region=None)
    rows.iloc[:2].to_csv(tmp_path / "n.csv", index=False)
    with pytest.raises(DataError, match=r"n.csv: 2 rows for 3 neuroids"):
        open_(file="r.npy", dims=STIMULUS_FIRST, neuroids="n.csv", region=None)


@pytest.mark.parametrize("words", [("1", "0", "1"), ("1.0", "0.0", "1.0"), ("True", "False", "True")])
def test_a_neuroid_may_lie_in_further_regions(tmp_path, open_, values, words):
    """A column of truth values, or of 1 and 0, is a region; one that holds other numbers is not."""
    np.save(tmp_path / "r.npy", values)
    rows = pd.DataFrame({"neuroid": ["a", "b", "c"], "region": ["OTC", "OTC", "FFA"], "depth": [1, 0, 2]})
    rows.assign(FFA=words, PPA=["0", "1", "0"]).to_csv(tmp_path / "n.csv", index=False)
    found = open_(file="r.npy", dims=STIMULUS_FIRST, neuroids="n.csv", region=None)
    members = {
        region: found.select(region).data["neuroid"].values.tolist() for region in ("OTC", "FFA", "PPA")
    }
    assert members == {"OTC": ["a", "b"], "FFA": ["a", "c"], "PPA": ["b"]}
    with pytest.raises(DataError, match="nothing has region=depth"):
        found.select("depth")


def test_time_bins(tmp_path, open_, values):
    np.save(tmp_path / "r.npy", np.stack([values, 3 * values], axis=-1))
    dims = (*STIMULUS_FIRST, "time_bin")
    recordings = open_(file="r.npy", dims=dims, time_bins=((70.0, 120.0), (120.0, 170.0)))
    assert recordings.data.dims == ("presentation", "neuroid", "time_bin")
    assert recordings.data["time_bin_end"].values.tolist() == [120, 170]
    np.testing.assert_allclose(recordings.responses().values, 2 * values.mean(1), atol=1e-12)
    late = recordings.select(time_bin_start=120)
    np.testing.assert_allclose(late.responses().values, 3 * values.mean(1), atol=1e-12)
    with pytest.raises(DataError, match=r"2 time bins .* names 1"):
        open_(file="r.npy", dims=dims, time_bins=((70.0, 120.0),))
    np.save(tmp_path / "r.npy", values)
    with pytest.raises(DataError, match=r"`time_bins:` is given, and no dim is time_bin \(12 stimulus x"):
        open_(file="r.npy", dims=STIMULUS_FIRST, time_bins=((70.0, 120.0),))


@pytest.mark.parametrize("name", ["image{}", "image{}.png"])
def test_a_table_of_stimuli_is_joined_by_name_in_any_order(tmp_path, open_, values, name):
    order = np.random.default_rng(1).permutation(N) + 1
    frame = pd.DataFrame({"stimulus": [name.format(i) for i in order], "number": order, "kind": "None"})
    frame.to_csv(tmp_path / "s.csv", index=False)
    np.save(tmp_path / "r.npy", values)
    coords = open_({"table": "s.csv"}, file="r.npy", dims=STIMULUS_FIRST).stimuli.coords
    assert coords["number"].tolist() == list(range(1, N + 1))
    assert coords["kind"].tolist() == ["None"] * N
    pd.concat([frame, frame[:1]]).to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(DataError, match="is there twice; a table has one row for each"):
        open_({"table": "s.csv"}, file="r.npy", dims=STIMULUS_FIRST)
    frame[frame.number != 3].to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(DataError, match=r"has 11 rows for 12 images in .*images; .* lacks is image3"):
        open_({"table": "s.csv"}, file="r.npy", dims=STIMULUS_FIRST)
    frame.replace({"stimulus": {name.format(3): "imag3"}}).to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(DataError, match=r"'imag3' is no image in .*images; did you mean image"):
        open_({"table": "s.csv"}, file="r.npy", dims=STIMULUS_FIRST)


def test_a_note_says_where_a_table_of_stimuli_has_another_order_than_the_responses_took(
    tmp_path, open_, values
):
    np.save(tmp_path / "r.npy", values)
    xr.DataArray(
        values, dims=STIMULUS_FIRST, coords={"stimulus": [f"image{i + 1}" for i in range(N)]}
    ).to_netcdf(tmp_path / "r.nc", engine="h5netcdf")
    frame = pd.DataFrame({"stimulus": [f"image{i + 1}" for i in range(N)]})
    frame.to_csv(tmp_path / "s.csv", index=False)
    assert open_({"table": "s.csv"}, file="r.npy", dims=STIMULUS_FIRST).notes == ()
    frame.sort_values("stimulus").to_csv(tmp_path / "s.csv", index=False)
    (note,) = open_({"table": "s.csv"}, file="r.npy", dims=STIMULUS_FIRST).notes
    assert "in the order of the images (image1, image2, image3, ...)" in note
    assert "s.csv has another order (image1, image10, image11, ...)" in note
    assert open_({"table": "s.csv"}, file="r.nc").notes == ()


def test_a_table_of_stimuli_without_names_says_what_they_must_be(tmp_path, open_, values):
    pd.DataFrame({"filename": range(N), "kind": "a"}).to_csv(tmp_path / "s.csv", index=False)
    np.save(tmp_path / "r.npy", values)
    said = (
        r"s.csv: no column `stimulus` \(columns: filename, kind\); it must hold each image's file name or"
        " stem, such as image1: rename yours, or add it"
    )
    with pytest.raises(DataError, match=said):
        open_({"table": "s.csv"}, file="r.npy", dims=STIMULUS_FIRST)


def test_images_in_an_archive_or_a_list(tmp_path, open_, values):
    np.save(tmp_path / "r.npy", values)
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "images")
    packed = open_({"images": "packed.zip"}, file="r.npy", dims=STIMULUS_FIRST)
    assert packed.stimuli.ids == tuple(f"image{i}" for i in range(1, N + 1))
    files = tuple(f"images/image{i}.png" for i in range(N, 0, -1))
    listed = open_({"images": files, "visual_degrees": 8.0}, file="r.npy", dims=STIMULUS_FIRST)
    assert listed.stimuli.ids == packed.stimuli.ids[::-1]
    assert listed.stimuli.visual_degrees == 8
    assert np.asarray(listed.stimuli.open(0))[0, 0, 0] == N


def test_images_in_folders_are_told_apart(tmp_path, make_images, open_, values):
    for folder in ("cat", "dog"):
        make_images(N // 2, tmp_path / "kinds" / folder)
    table(values).assign(
        stimulus=np.repeat([f"{k}/image{i}" for k in ("cat", "dog") for i in range(1, 7)], R)
    ).to_csv(tmp_path / "r.csv", index=False)
    recordings = open_({"images": "kinds"}, file="r.csv")
    assert recordings.stimuli.ids[5:7] == ("cat/image6", "dog/image1")
    table(values).assign(stimulus="image1").to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(DataError, match=r"'image1' is no stimulus; did you mean .*cat/image1"):
        open_({"images": "kinds"}, file="r.csv")


def bad(tmp_path: Path, name: str, content) -> Path:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    else:
        np.save(path, content)
    return path


ONES = np.ones((N, M))
INFINITE = np.where(np.arange(N * M).reshape(N, M) == 4, np.inf, 1.0)


@pytest.mark.parametrize(
    ("name", "content", "keys", "message"),
    [
        ("r.npy", np.ones((N, M, 2)), {}, r"shape \(12, 3, 2\) has 3 axes, and `dims:` names 2"),
        ("r.npy", ONES, {"dims": None}, r"shape \(12, 3\); write `dims:`"),
        ("r.npy", ONES.T, {}, r"3 stimuli \(3 stimulus x 12 neuroid\), but 12 images; check `dims:`"),
        ("r.npy", ONES, {"dims": ("stimulus", "stimulus")}, "neuroid.* each is one of|each is one of"),
        (
            "r.npy",
            ONES,
            {"dims": ("stimulus", "repetition")},
            "neuroid, and stimulus or presentation, must be",
        ),
        ("r.npy", ONES, {"key": "rates"}, "an npy file holds one array: leave out `key: rates`"),
        ("r.npy", ONES, {"region": None}, "no region; write `region:`"),
        ("r.npy", ONES * 1j, {}, "holds complex numbers; responses must be real numbers"),
        ("r.npy", INFINITE, {}, "1 values are infinite; write NaN for what was not measured"),
        ("r.npy", ONES * np.nan, {}, "all values are NaN"),
        ("r.npy", np.full((N, M), "x"), {}, "responses must be real numbers"),
        (
            "r.npy",
            np.array([[{}] * M] * N),
            {},
            "cannot be read .*it holds Python objects: save plain numbers",
        ),
        ("r.npz", {"a": ONES, "b": ONES}, {}, "holds a, b; write `key:` with one of them"),
        (
            "r.npz",
            {"rates": ONES, "b": ONES},
            {"key": "rate"},
            r"no array rate; did you mean rates\? \(there are",
        ),
        ("r.npy", b"\x93NUMPY broken", {}, "r.npy: cannot be read"),
        ("r.h5", b"\x89HDF\r\n\x1a\n broken", {}, "r.h5: cannot be read"),
        (
            "r.npy",
            b"version https://git-lfs.github.com/spec/v1\n",
            {},
            "pointer of git-lfs: run `git lfs pull`",
        ),
        ("r.csv", b"version https://git-lfs.github.com/spec/v1\n", {}, "is a pointer of git-lfs"),
        (
            "r.npy",
            b"stimulus,a\n1,2\n",
            {},
            "is no .npy file, nor another array .it begins with b'stimulus,a",
        ),
        ("r.h5", b"", {}, "is no .h5 file, nor another array .it is empty"),
        ("r.csv", b"stimulus;a\n1;2\n", {}, "its columns are separated by semicolons; save it with commas"),
        ("r.csv", b"\xff\xfe\x00", {}, "cannot be read as a CSV or parquet table"),
        ("r.csv", b"", {}, "cannot be read as a CSV or parquet table"),
    ],
)
def test_errors_are_one_line_that_says_what_is_due(tmp_path, open_, name, content, keys, message):
    bad(tmp_path, name, content)
    with pytest.raises(DataError, match=message) as caught:
        open_(file=name, **{"dims": ("stimulus", "neuroid"), **keys})
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_duplicate_names_are_errors(tmp_path, open_, values):
    np.save(tmp_path / "r.npy", values)
    with pytest.raises(DataError, match="the name 'image1' is there twice"):
        open_({"images": ("images/image1.png", "images/image1.png")}, file="r.npy", dims=STIMULUS_FIRST)
    pd.DataFrame({"neuroid": ["x", "x", "y"]}).to_csv(tmp_path / "n.csv", index=False)
    with pytest.raises(DataError, match="neuroids: the name 'x' is there twice"):
        open_(file="r.npy", dims=STIMULUS_FIRST, neuroids="n.csv")
    pd.DataFrame({"stimulus": [f"image{i + 1}" for i in range(N)], "region": 1}).to_csv(
        tmp_path / "s.csv", index=False
    )
    with pytest.raises(DataError, match="region is a coord of the table of stimuli and of the neuroids"):
        open_({"table": "s.csv"}, file="r.npy", dims=STIMULUS_FIRST)


def test_repeated_columns_are_errors(tmp_path, open_, values):
    frame = table(values)
    frame.columns = ["stimulus", "repetition", "a", "b", "a"]
    frame.to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(DataError, match="columns: the name 'a' is there twice"):
        open_(file="r.csv")


@pytest.mark.parametrize("odd", ["abc", "1,5"])
def test_a_value_that_is_no_number_is_named_with_its_row(tmp_path, open_, values, odd):
    frame = table(values).astype({"b": object})
    frame.loc[7, "b"] = odd
    frame.loc[2, "b"] = np.nan
    frame.to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(DataError, match=f"column b holds '{odd}' in row 8, and all columns but"):
        open_(file="r.csv")


def test_a_column_of_presentations_that_neuroids_also_have_is_an_error(tmp_path, open_, values):
    table(values).assign(subject=1).to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(DataError, match="subject is a coord of the presentations and of the neuroids"):
        open_(file="r.csv", columns={"neuroids": ("a", "b")})


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float16, ">f4", ">f8", bool])
def test_numbers_become_native_floats_without_loss(tmp_path, open_, values, dtype):
    counts = np.abs(10 * values).astype(dtype)
    np.save(tmp_path / "r.npy", counts)
    presented, _, _ = open_(file="r.npy", dims=STIMULUS_FIRST).presentations()
    assert presented.dtype in (np.dtype("=f4"), np.dtype("=f8"))
    np.testing.assert_array_equal(presented, counts.reshape(-1, M).astype(float))


def test_a_folder_without_images_is_named(tmp_path, open_, values):
    np.save(tmp_path / "r.npy", values)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: no image in it"):
        open_({"images": "empty"}, file="r.npy", dims=STIMULUS_FIRST)
    with pytest.raises(DataError, match=r"r.npy: images must be a folder, a zip or tar archive"):
        open_({"images": "r.npy"}, file="r.npy", dims=STIMULUS_FIRST)


def test_parquet_without_pyarrow_names_the_extra(tmp_path, open_, values, monkeypatch):
    write(tmp_path / "r.parquet", values)
    import_ = builtins.__import__

    def without_pyarrow(name, *rest):
        if name.split(".")[0] in {"pyarrow", "fastparquet"}:
            raise ImportError(name)
        return import_(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    monkeypatch.setattr(pd.io.parquet, "get_engine", lambda _: __import__("pyarrow"))
    with pytest.raises(DataError, match=r"pytest-brainscore\[parquet\]"):
        open_(file="r.parquet")


def test_the_digest_is_of_content_and_reading_and_not_of_prose_or_place(tmp_path, open_, values):
    write(tmp_path / "r.npy", values)
    first = open_(file="r.npy", dims=STIMULUS_FIRST)
    shutil.copy(tmp_path / "r.npy", tmp_path / "moved.npy")
    assert open_(file="moved.npy", dims=STIMULUS_FIRST).digest == first.digest
    assert open_(file="r.npy", dims=STIMULUS_FIRST, subject="x").digest != first.digest
    write(tmp_path / "r.npy", values + 1)
    assert open_(file="r.npy", dims=STIMULUS_FIRST).digest != first.digest
