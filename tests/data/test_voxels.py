"""Tables of voxels: files of the layout of Conwell et al. 2024, whole, odd and damaged."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pytest_brainscore.data import chunks, sizes
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.errors import DataError
from pytest_brainscore.specs.datasets import VoxelsDataset

IMAGES = ["coco_12.png", "coco_3.png", "coco_400.png", "coco_5.png"]
VOXELS = ["S1-10-2-3", "S1-4-5-6", "S2-10-2-3", "S2-7-8-9", "S7-1-1-1"]
BETAS = np.random.default_rng(0).normal(size=(5, 4))


def betas(**changes) -> pd.DataFrame:
    return pd.DataFrame(BETAS, columns=IMAGES).assign(voxel_id=VOXELS, **changes).set_index("voxel_id")


def metadata(**changes) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "voxel_id": VOXELS,
            "subj_id": [1, 1, 2, 2, 7],
            "ncsnr": [0.3, 0.25, 0.5, 1.5, 0.2],
            "OTC": 1,
            "early": 0,
            "FFA-1": [1, 0, 1, 0, 0],
            "EBA": [1, 1, 0, 0, 0],
        }
    )
    return table.assign(**changes)


def stimuli(**changes) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "image_id": [2951, 2991, 3050, 3078],
            "image_name": IMAGES,
            "coco_supercategs": ["[a, b]", "[c]", "", "d"],
        }
    )
    return table.assign(**changes)


@pytest.fixture
def open_(tmp_path):
    (tmp_path / "images").mkdir()
    for i, name in enumerate([*IMAGES, "never_shown.png"]):
        Image.fromarray(np.full((2, 2, 3), i, np.uint8)).save(tmp_path / "images" / name)

    def open_(tables=None, *, parquet=False, **recordings):
        whole = {"betas": betas(), "metadata": metadata(), "stimuli": stimuli()}
        for name, table in {**whole, **(tables or {})}.items():
            if table is None:  # as it is
                continue
            keep = table.index.name is not None
            if parquet:
                table.to_parquet(tmp_path / f"{name}.csv", index=keep)
            else:
                table.to_csv(tmp_path / f"{name}.csv", index=keep)
        spec = {
            "id": "made",
            "reader": "voxel_betas",
            "stimuli": {"images": "images", "table": "stimuli.csv", "visual_degrees": 8.4},
            "recordings": {"betas": "betas.csv", "metadata": "metadata.csv", **recordings},
        }
        fetch = partial(Fetcher(tmp_path / "cache", offline=True), folder=tmp_path)
        return open_recordings(VoxelsDataset.model_validate(spec), fetch, tmp_path / "cache")

    return open_


@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_the_layout_of_the_study(open_, monkeypatch, parquet, rows):
    monkeypatch.setattr(chunks, "ROWS", rows)
    recordings = open_(parquet=parquet, repetitions=3)
    data = recordings.data
    assert (data.dims, data.dtype, recordings.stimuli.visual_degrees) == (
        ("presentation", "neuroid"),
        "f4",
        8.4,
    )
    np.testing.assert_array_equal(data.values, BETAS.T.astype(np.float32))
    assert data["neuroid"].values.tolist() == VOXELS
    assert data["subject"].values.tolist() == ["1", "1", "2", "2", "7"]
    assert data["ncsnr"].values.tolist() == [0.3, 0.25, 0.5, 1.5, 0.2]
    assert set(data["repetitions"].values) == {3}
    assert set(data["region"].values) == {"OTC"}
    assert (data["FFA-1"].dtype, data["FFA-1"].values.tolist()) == (bool, [True, False, True, False, False])
    assert recordings.stimuli.ids == ("coco_12", "coco_3", "coco_400", "coco_5")
    assert recordings.stimuli.coords["coco_supercategs"].tolist() == ["[a, b]", "[c]", "", "d"]
    assert list(recordings.stimuli.places) == [0, 1, 2, 3]
    assert np.asarray(recordings.stimuli.open(2))[0, 0].tolist() == [2, 2, 2]


def test_regions_overlap(open_):
    recordings = open_()
    assert recordings.select(region="OTC").data.sizes["neuroid"] == 5
    assert recordings.select(region="EBA").data["neuroid"].values.tolist() == VOXELS[:2]
    assert recordings.select(region="FFA-1").data["neuroid"].values.tolist() == [VOXELS[0], VOXELS[2]]
    with pytest.raises(DataError, match="region"):
        recordings.select(region="early")


def test_rows_and_columns_are_joined_by_name(open_):
    shuffled = betas().iloc[[3, 0, 4, 2, 1], [2, 0, 3, 1]]
    np.testing.assert_array_equal(open_({"betas": shuffled}).data.values, open_().data.values)


def test_columns_may_be_image_ids_or_stems(open_):
    by_id = betas().rename(columns=dict(zip(IMAGES, ["2951", "2991", "3050", "3078"], strict=True)))
    by_stem = betas().rename(columns=lambda name: name.removesuffix(".png"))
    for table in (by_id, by_stem):
        np.testing.assert_array_equal(open_({"betas": table}).data.values, open_().data.values)


def test_a_column_of_regions_as_in_the_demo(open_):
    named = metadata(roi_name=["FFA", "FFA", "PPA", "PPA", "EVC"]).drop(columns=["OTC", "ncsnr"])
    recordings = open_({"metadata": named})
    assert recordings.data["region"].values.tolist() == ["FFA", "FFA", "PPA", "PPA", "EVC"]
    assert "ncsnr" not in recordings.data.coords


def test_the_set_names_the_region_wherever_its_column_stands(open_):
    table = metadata(EVC=[0, 0, 0, 1, 1], OTC=[1, 1, 1, 1, 0])[
        ["voxel_id", "subj_id", "ncsnr", "early", "FFA-1", "EBA", "OTC", "EVC"]
    ]
    recordings = open_({"metadata": table})
    assert recordings.data["region"].values.tolist() == ["OTC", "OTC", "OTC", "OTC", "EVC"]
    assert recordings.select(region="EVC").data["neuroid"].values.tolist() == VOXELS[3:]


def test_one_subject_is_no_flag(open_):
    recordings = open_({"metadata": metadata(subj_id=1)})
    assert set(recordings.data["subject"].values) == {"1"}


def test_what_was_not_measured_is_nan(open_):
    table = betas()
    table.iloc[1, 2] = np.nan
    responses = open_({"betas": table}).responses()
    assert np.argwhere(np.isnan(responses.values)).tolist() == [[2, 1]]


ODD = {
    "voxel missing": ({"betas": betas().iloc[:-1]}, r"no row of voxel S7-1-1-1, .*\(1 of 5 voxels"),
    "voxel unknown": (
        {"betas": betas().rename(index={"S7-1-1-1": "S7-1-1-2"})},
        r"metadata.csv does not have voxel S7-1-1-2",
    ),
    "voxel twice": ({"betas": betas().rename(index={"S7-1-1-1": VOXELS[0]})}, r"S1-10-2-3 is there twice"),
    "voxel twice in metadata": (
        {"metadata": metadata(voxel_id=[*VOXELS[:4], VOXELS[0]])},
        r"column voxel_id: the name 'S1-10-2-3' is there twice",
    ),
    "image missing": ({"betas": betas().iloc[:, :3]}, r"no column of image coco_5, .*\(1 of 4 images"),
    "image unknown": (
        {"betas": betas().rename(columns={IMAGES[0]: "coco_13.png"})},
        r"column coco_13.png is no image of the table of stimuli; did you mean .*coco_12.png",
    ),
    "image twice": (
        {"betas": betas().rename(columns={IMAGES[0]: "2991"})},
        r"columns 2991 and coco_3.png are of the same image",
    ),
    "no image file": (
        {"stimuli": stimuli(image_name=[*IMAGES[:3], "coco_55.png"])},
        r"stimuli.csv: no image file of coco_55.png.*\(1 of 4 images",
    ),
    "image listed twice": ({"stimuli": stimuli(image_name=[*IMAGES[:3], IMAGES[0]])}, "there twice"),
    "no voxel_id": ({"betas": betas().rename_axis("voxel")}, r"betas.csv: no column voxel_id"),
    "no subject": ({"metadata": metadata().drop(columns="subj_id")}, r"no column subj_id"),
    "no number": ({"betas": betas().astype(object).replace(BETAS[1, 1], "high")}, "table of numbers.*high"),
    "infinite": ({"betas": betas().replace(BETAS[1, 1], 1e300)}, r"1 values are infinite"),
    "no region": ({"metadata": metadata(OTC=[1, 1, 1, 0, 1])}, r"voxel S2-7-8-9 lies in no region"),
    "half a flag": ({"metadata": metadata(EBA=[1, None, 0, 0, 0])}, r"row 2, column EBA: nothing there"),
    "odd ncsnr": ({"metadata": metadata(ncsnr=[0.1, -2, 0.2, 0.3, 0.4])}, r"row 2, column ncsnr: -2"),
    "all NaN": ({"betas": betas() * np.nan}, "all values are NaN"),
    "a coord of two": ({"stimuli": stimuli(ncsnr=1)}, "ncsnr is a coord of .* and of .*rename one"),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_tables_are_told_in_a_line(open_, case):
    tables, message = ODD[case]
    with pytest.raises(DataError, match=message) as told:
        open_(tables)
    assert "\n" not in str(told.value)


def test_damaged_files_are_told_in_a_line(open_, tmp_path):
    open_(parquet=True)
    whole = (tmp_path / "betas.csv").read_bytes()
    for content in (
        whole[: len(whole) // 2],
        b"",
        b"PAR1" + b"x" * 50,
        b"voxel_id\nS1\n",
        b"voxel_id,a,a\n1,2,3\n",
    ):
        (tmp_path / "betas.csv").write_bytes(content)
        with pytest.raises(DataError, match=r"betas\.csv") as told:
            open_({"betas": None})
        assert "\n" not in str(told.value)


def test_a_parquet_file_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sizes, "LARGEST", 1_000_000)
    zeros = {f"c{i}": np.zeros(100_000, np.float32) for i in range(20)}
    pd.DataFrame({"voxel_id": 0, **zeros}).to_parquet(tmp_path / "bomb")
    names = chunks.column_names(tmp_path / "bomb", "voxel_id")
    with pytest.raises(DataError, match=r"its numbers would take 0\.0 GB, more than 200 times"):
        next(chunks.chunks(tmp_path / "bomb", "voxel_id", names))


def test_the_metadata_of_the_study(open_, shared):
    table = pd.read_csv(shared / "data" / "conwell2024" / "voxel_metadata_OTC.csv")
    values = np.random.default_rng(1).normal(size=(len(table), 4)).astype(np.float32)
    made = pd.DataFrame(values, columns=IMAGES).assign(voxel_id=table["voxel_id"]).set_index("voxel_id")
    recordings = open_({"betas": made.sample(frac=1, random_state=0), "metadata": table}, repetitions=3)
    np.testing.assert_allclose(recordings.data.values, values.T, rtol=1e-6)
    counts = pd.Series(recordings.data["subject"].values).value_counts().to_dict()
    assert counts == {"1": 8088, "2": 7528, "5": 8015, "7": 5849}
    ncsnr = recordings.data["ncsnr"].values
    assert np.mean(ncsnr**2 / (ncsnr**2 + 1 / 3)) == pytest.approx(0.3542, abs=5e-5)
    sizes = recordings.select(region="FFA-2").data["subject"].values
    assert [int((sizes == subject).sum()) for subject in "1257"] == [211, 343, 278, 27]
    assert set(recordings.select(region="FBA-1").data["subject"].values) == {"1", "5"}
