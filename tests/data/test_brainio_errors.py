"""The reader `brainio`: files that are damaged or do not fit, each with one error that says so."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from pytest_brainscore.data import sizes
from pytest_brainscore.data.formats import read_array
from pytest_brainscore.errors import BrainScoreError, DataError
from tests.brainio_files import (
    Made,
    as_file,
    choices,
    eight_neuroids,
    image,
    names,
    opened,
    responses,
    similarities,
    write_assembly,
    write_csv,
    write_rsms,
    write_zip,
)

IDS = names(6)
FILES = [f"{id}.png" for id in IDS]


@pytest.fixture
def made(tmp_path) -> Made:
    return responses(tmp_path / "files", n=6, columns={"kind": list("abcabc")})


def error_of(cache: Path, made: Made, **recorded) -> str:
    with pytest.raises(DataError) as error:
        opened(cache, stimuli=made.stimuli(), recordings=made.recordings(**recorded))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_assembly(tmp_path, made, share):
    content = made.netcdf.read_bytes()
    made.netcdf.write_bytes(content[: int(share * len(content))])
    said = error_of(tmp_path, made)
    assert str(made.netcdf) in said
    assert "put a whole one in its place" in said
    assert "remove" not in said


def test_a_damaged_download_is_to_be_removed_and_a_file_of_the_user_is_not(tmp_path, made):
    hash = as_file(made.netcdf)["sha1"]
    content = made.netcdf.read_bytes()
    with h5py.File(made.netcdf) as file:
        chunk = file["data"].id.get_chunk_info(0)
    for cut in (
        content[:-200],
        content[: chunk.byte_offset + 20] + b"x" * 40 + content[chunk.byte_offset + 60 :],
    ):
        made.netcdf.write_bytes(cut)
        fetched = {"netcdf": {"url": "https://data.example.org/assy.nc", "sha1": hash}}
        with pytest.raises(DataError, match="remove it, and it is fetched again"):
            opened(tmp_path, partial(_from_disk, made.netcdf), stimuli=made.stimuli(), recordings=fetched)
        assert "put a whole one in its place" in error_of(tmp_path, made)


def _from_disk(netcdf: Path, file) -> Path:
    return netcdf if file.url else Path(file.file)


def test_an_assembly_whose_values_are_damaged(tmp_path, made):
    with h5py.File(made.netcdf) as file:
        chunk = file["data"].id.get_chunk_info(0)
    content = bytearray(made.netcdf.read_bytes())
    content[chunk.byte_offset + 20 : chunk.byte_offset + 60] = b"x" * 40
    made.netcdf.write_bytes(content)
    said = error_of(tmp_path, made)
    assert str(made.netcdf) in said
    assert "cannot be read" in said


def test_no_netcdf_at_all(tmp_path, made):
    made.netcdf.write_text("<html>403 Forbidden</html>")
    assert "cannot be read as netCDF (it is no netCDF)" in error_of(tmp_path, made)


def test_an_assembly_that_points_to_another_file(tmp_path, made):
    with h5py.File(made.netcdf, "a") as file:
        file["outside"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/data")
    assert "outside lies in another file" in error_of(tmp_path, made)


def test_a_file_of_another_hash(tmp_path, made):
    described = made.recordings()
    described["netcdf"]["sha1"] = "0" * 40
    with pytest.raises(BrainScoreError, match=r"assy_set\.nc: its sha1 is [0-9a-f]{40}, and not 0{40}"):
        opened(tmp_path, stimuli=made.stimuli(), recordings=described)


ZIPS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an image is missing": (
        lambda path: write_zip(path, FILES[1:]),
        f"stimulus_set.zip: has no image {FILES[0]}, which stimulus_set.csv names",
    ),
    "many are missing": (
        lambda path: write_zip(path, FILES[5:]),
        f"has no image {', '.join(FILES[:3])} and 2 others",
    ),
    "an image of no row": (
        lambda path: write_zip(path, [*FILES, "extra.png"]),
        "stimulus_set.zip: extra.png is in no row of stimulus_set.csv",
    ),
}


@pytest.mark.parametrize("case", ZIPS)
def test_zip_and_table_that_differ(tmp_path, made, case):
    change, said = ZIPS[case]
    change(made.zip)
    found = error_of(tmp_path, made)
    assert said in found
    assert "check their URLs and hashes" in found
    assert not (tmp_path / "unpacked").exists()


def test_a_truncated_zip(tmp_path, made):
    made.zip.write_bytes(made.zip.read_bytes()[:200])
    assert str(made.zip) in error_of(tmp_path, made)


def test_a_member_that_leaves_its_folder(tmp_path, made):
    with zipfile.ZipFile(made.zip, "a") as archive:
        archive.writestr("../evil.png", image("evil"))
    assert "'../evil.png' would lie outside its folder; nothing was unpacked" in error_of(tmp_path, made)
    assert not list(tmp_path.rglob("evil.png"))


def test_what_macos_and_packagers_add_is_no_image(tmp_path, made):
    with zipfile.ZipFile(made.zip, "a") as archive:
        for extra in ("__MACOSX/._im.png", ".DS_Store", "stimulus_set.csv"):
            archive.writestr(extra, b"")
    recordings = opened(tmp_path, stimuli=made.stimuli(), recordings=made.recordings())
    assert len(recordings.stimuli) == 6


TABLES = {
    "an id twice": ([*IDS[:5], IDS[0]], {}, f"column stimulus_id: the name '{IDS[0]}' is there twice"),
    "a stimulus without a row": (IDS[:5], {}, f"stimulus: '{IDS[5]}' is no stimulus"),
    "an empty id": ([*IDS[:5], ""], {}, "row 6 has no stimulus_id"),
    "an empty name": (IDS, {"filename": [*FILES[:5], None]}, "row 6 has no filename"),
    "numbers that are one": (
        ["1", "01", "2", "3", "4", "5"],
        {},
        "its ids are numbers, and as numbers 1 and 01 of the table are the same",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_tables_that_do_not_fit(tmp_path, made, case):
    ids, columns, said = TABLES[case]
    if case == "numbers that are one":
        coords = {"presentation": {"stimulus_id": [1, 2, 7]}, "neuroid": eight_neuroids()}
        write_assembly(made.netcdf, np.ones((3, 8)), coords)
    table = write_csv(made.csv, ids, columns)
    write_zip(made.zip, [name for name in dict.fromkeys(table["filename"]) if isinstance(name, str)])
    found = error_of(tmp_path, made)
    assert said in found
    assert str(made.netcdf) in found or str(made.csv) in found


@pytest.mark.parametrize(("old", "new"), [("stimulus_id", "id"), ("filename", "file")])
def test_a_table_without_a_column(tmp_path, made, old, new):
    made.csv.write_text(made.csv.read_text().replace(old, new, 1))
    said = error_of(tmp_path, made)
    assert f"stimulus_set.csv: no column {old}" in said
    assert "columns: " in said


ASSEMBLIES = {
    "dims": ({"image": {}, "unit": {}}, "the dims are image, unit; presentation x neuroid"),
    "no id": (
        {"presentation": {"image": IDS}, "neuroid": eight_neuroids()},
        "no coord of presentation is stimulus_id or image_id (there are image)",
    ),
    "no region": (
        {"presentation": {"stimulus_id": IDS}, "neuroid": {"neuroid_id": range(8), "area": range(8)}},
        "no coord of neuroid is region (there are neuroid, area); write `region:`",
    ),
}


@pytest.mark.parametrize("case", ASSEMBLIES)
def test_assemblies_that_lack_something(tmp_path, made, case):
    coords, said = ASSEMBLIES[case]
    write_assembly(made.netcdf, np.ones((6, 8)), coords)
    found = error_of(tmp_path, made)
    assert str(made.netcdf) in found
    assert said in found


def test_a_coord_that_is_not_there(tmp_path, made):
    said = error_of(tmp_path, made, coords={"subject": "animals"})
    assert "no coord animals; did you mean animal? (`coords:` names it; there are stimulus_id" in said


def test_a_coord_that_was_renamed_is_named_as_we_call_it(tmp_path, made):
    parts = {"a": made.part(coords={"subject": "animal"}), "b": {"stimuli": made.stimuli()}}
    whole = {"stimuli": made.stimuli(), "recordings": made.recordings(coords={"subject": "animal"})}
    for keys in (whole, {"parts": parts}):
        recordings = opened(tmp_path, **keys)
        assert recordings.select(region="IT").select(subject="Tito").data.sizes["neuroid"] == 2
        with pytest.raises(DataError, match="no coord animal: `coords:` calls it subject"):
            recordings.select(region="IT").select(animal="Tito")


def test_windows_without_the_coords_that_place_bins(tmp_path, made):
    coords = {"presentation": made.presentations, "neuroid": eight_neuroids(), "time_bin": {"bin": [0]}}
    write_assembly(made.netcdf, made.values, coords)
    assert "time_bin has no coord time_bin_start (there are bin)" in error_of(
        tmp_path, made, time_bins=((0.0, 1.0),)
    )
    assert "`flatten: time_bins` needs time bins" in error_of(tmp_path, made, flatten="time_bins")


def test_several_arrays_of_which_none_is_the_assembly(tmp_path, made):
    square = (("presentation", "neuroid"), np.ones((6, 8)))
    xr.Dataset({"one": square, "two": square}).to_netcdf(made.netcdf, engine="h5netcdf")
    assert "holds the arrays one, two, and one is due" in error_of(tmp_path, made)


def test_choices_without_a_truth_or_a_choice(tmp_path):
    made = choices(tmp_path / "files")
    shown = {name: column for name, column in made.presentations.items() if name == "image_id"}
    write_assembly(made.netcdf, np.arange(200), {"presentation": shown})
    assert "no coord `choice` names the objects that were chosen" in error_of(tmp_path, made)
    write_assembly(made.netcdf, made.values, {"presentation": shown})
    assert "no coord `truth` (there are stimulus)" in error_of(tmp_path, made)


@pytest.mark.parametrize(("name", "empty"), [("region", ""), ("subject", ""), ("subject", np.nan)])
def test_neuroids_of_nobody(tmp_path, name, empty):
    column = [*["V4" if empty == "" else 1.0] * 7, empty]
    made = responses(tmp_path / "files", n=6, neuroids={**eight_neuroids(), name: column})
    assert f"assy_set.nc: neuroid 8 has no {name} (1 of 8 are such)" in error_of(tmp_path, made)


def test_trials_of_nobody(tmp_path):
    made = choices(tmp_path / "files")
    shown = {**made.presentations, "subject": ["a", "", *["b"] * 198]}
    write_assembly(made.netcdf, made.values, {"presentation": shown})
    assert "assy_set.nc: trial 2 has no subject (1 of 200 are such)" in error_of(tmp_path, made)


def test_arrays_that_are_larger_than_anything_that_was_written(tmp_path, made, monkeypatch):
    """Chunks that were never written take no room in a file, and all they say in memory."""
    with h5py.File(made.netcdf, "w") as file:
        for dim, size in (("presentation", 20_000), ("neuroid", 10_000)):
            file[dim] = np.zeros(size)
            file[dim].make_scale(dim)
        values = file.create_dataset("data", (20_000, 10_000), "f8", chunks=(1000, 1000))
        for axis, dim in enumerate(("presentation", "neuroid")):
            values.dims[axis].attach_scale(file[dim])
    assert "the array (20000 x 10000) would take 1.6 GB, more than 200 times its file" in error_of(
        tmp_path, made
    )
    with pytest.raises(DataError, match=r"the array /?data would take 1.6 GB"):
        read_array(made.netcdf, "data")
    monkeypatch.setattr(sizes, "_memory", lambda: 1e9)
    assert "and this machine has 1.0 GB of memory" in error_of(tmp_path, made)


def test_rsms_with_a_stimulus_twice(tmp_path):
    made = similarities(tmp_path / "files", n=6, columns={})
    ids = [*made.presentations["stimulus_id"][:5], made.presentations["stimulus_id"][0]]
    neuroids = {"subject": ["a"], "region": ["V1"]}
    write_rsms(made.netcdf, made.values[:, :, :1], {"stimulus_id": ids}, neuroids)
    assert "RSMs in which a stimulus has two rows" in error_of(tmp_path, made)


def test_an_image_that_the_collection_does_not_have(tmp_path, made):
    folder = tmp_path / "things"
    folder.mkdir()
    for name in FILES[1:]:
        (folder / name).write_bytes(b"")
    described = {"csv": made.stimuli()["csv"], "images": {"name": "things"}}

    def fetch(file) -> Path:
        return Path(file.file) if hasattr(file, "file") else folder

    with pytest.raises(DataError) as error:
        opened(tmp_path, fetch, stimuli=described, recordings=made.recordings())
    assert f"{folder}: has no image {FILES[0]}, which stimulus_set.csv names" in str(error.value)
