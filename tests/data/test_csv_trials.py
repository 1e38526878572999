from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.errors import DataError
from pytest_brainscore.specs import expressions
from pytest_brainscore.specs.datasets import TrialsDataset
from pytest_brainscore.specs.expressions import refuse_costly

HEAD = "subj,session,trial,rt,object_response,category,condition,imagename"
AFTER_THE_LAST = r"_(?P<image>[^_]+)$"
FIRST = f"""{HEAD}
s-1,1,1,0.5,dog,dog,0,0001_edg_s01_0_dog_00_dog2.png
s-1,1,2,NaN,na,cat,0,0002_edg_s01_0_cat_00_cat1.png
s-1,1,3,0.7,cat,dog,0,0003_edg_s01_0_dog_00_dog10.png
"""
SECOND = f"""{HEAD}
s-2,1,1,0.5,cat,cat,0,0001_edg_s02_0_cat_00_cat1.png
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images dog/dog2, dog/dog10, cat/cat1, and two tables of trials."""
    for i, name in enumerate(("dog/dog2", "dog/dog10", "cat/cat1")):
        path = tmp_path / "images" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), i, np.uint8)).save(path)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "run_2.csv").write_text(FIRST)
    (tmp_path / "tables" / "run_10.csv").write_text(SECOND)
    return tmp_path


def opened(folder: Path, images="images", **recordings):
    said = {"tables": "tables", "image": AFTER_THE_LAST, **recordings}
    spec = TrialsDataset(id="Own", reader="trials", stimuli={"images": images}, recordings=said)
    fetcher = Fetcher(folder / "cache")
    return open_recordings(spec, lambda file: fetcher(file, folder), fetcher.cache)


def refused(folder: Path, **recordings) -> str:
    with pytest.raises(DataError) as caught:
        opened(folder, **recordings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit(folder: Path, old: str, new: str, name: str = "run_2.csv") -> None:
    path = folder / "tables" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_row_is_a_trial_and_files_come_in_natural_order(folder):
    data = opened(folder).data
    assert data.values.tolist() == ["dog", "na", "cat", "cat"]
    assert data["truth"].values.tolist() == ["dog", "cat", "dog", "cat"]
    assert data["stimulus"].values.tolist() == ["dog/dog2", "cat/cat1", "dog/dog10", "cat/cat1"]
    assert data["subject"].values.tolist() == ["s-1", "s-1", "s-1", "s-2"]
    assert data["condition"].values.tolist() == ["0"] * 4
    assert data["trial"].values.tolist() == [1, 2, 3, 1]
    assert np.isnan(data["rt"].values).tolist() == [False, True, False, False]
    assert set(data["region"].values) == {"behaviour"}


def test_stimuli_say_what_all_their_trials_and_their_folders_say(folder):
    (folder / "images" / "cat" / "cat2.png").write_bytes((folder / "images/cat/cat1.png").read_bytes())
    coords = opened(folder).stimuli.coords
    assert opened(folder).stimuli.ids == ("cat/cat1", "cat/cat2", "dog/dog2", "dog/dog10")
    assert coords["truth"].tolist() == ["cat", "", "dog", "dog"]
    assert coords["object_name"].tolist() == coords["folder"].tolist() == ["cat", "cat", "dog", "dog"]
    assert "condition" not in coords  # none of cat2


def test_a_condition_of_the_stimulus_and_one_of_the_trial(folder):
    edit(folder, "dog,dog,0", "dog,dog,7")
    recordings = opened(folder)
    assert recordings.stimuli.coords["condition"].tolist() == ["0", "7", "0"]
    assert recordings.select(condition=7).data["stimulus"].values.tolist() == ["dog/dog2"]
    edit(folder, "cat,cat,0", "cat,cat,3", "run_10.csv")
    recordings = opened(folder)
    assert "condition" not in recordings.stimuli.coords
    assert recordings.select(condition=3).data["subject"].values.tolist() == ["s-2"]


@pytest.mark.parametrize(("patterns", "subjects"), [(("s-2",), ["s-2"]), (("s-*",), ["s-1"] * 3 + ["s-2"])])
def test_subjects_by_name_or_pattern(folder, patterns, subjects):
    assert opened(folder, subjects=patterns).data["subject"].values.tolist() == subjects


def test_a_subject_that_nobody_is(folder):
    assert re.search(r"tables: no subject t-\*.* \(there are s-1, s-2\)", refused(folder, subjects=("t-*",)))


def test_tables_in_an_archive_a_list_or_one_file(folder):
    whole = opened(folder).data
    with zipfile.ZipFile(folder / "tables.zip", "w") as archive:
        for path in (folder / "tables").iterdir():
            archive.write(path, f"raw/{path.name}")
    assert opened(folder, tables="tables.zip").data.equals(whole)
    listed = opened(folder, tables=("tables/run_10.csv", "tables/run_2.csv"))
    assert listed.data["subject"].values.tolist() == ["s-2", "s-1", "s-1", "s-1"]
    assert opened(folder, tables="tables/run_10.csv").data.sizes == {"presentation": 1}


def test_the_digest_is_of_the_files_content_and_of_the_columns(folder):
    first = opened(folder).digest
    assert opened(folder).digest == first
    assert opened(folder, columns={"condition": None}).digest != first
    edit(folder, "na,cat", "dog,cat")
    assert opened(folder).digest != first


def test_equal_names_in_class_folders_are_told_apart_by_the_truth(folder):
    for name in ("dog/dog2", "dog/dog10", "cat/cat1"):
        path = folder / "images" / f"{name}.png"
        path.rename(path.with_name(f"{re.sub('[a-z]*/[a-z]*', '', name)}.png"))
    (folder / "images" / "cat" / "2.png").write_bytes((folder / "images/cat/1.png").read_bytes())
    data = opened(folder, image=r"_[a-z]+(?P<image>\d+\.png)$").data
    assert data["stimulus"].values.tolist() == ["dog/2", "cat/1", "dog/10", "cat/1"]


def test_the_expression_finds_names_within_the_names_of_images_too(folder):
    for number, path in enumerate(sorted((folder / "images").rglob("*.png"))):
        path.rename(path.with_name(f"{number:04}_edg_dnn_0_x_00_{path.name}"))
    stimuli = opened(folder).data["stimulus"].values.tolist()
    assert [name.rpartition("_")[2] for name in stimuli] == ["dog2", "cat1", "dog10", "cat1"]


def test_a_name_found_within_two_images_is_none(folder):
    images = folder / "images" / "dog"
    for size in ("big", "small"):
        (images / f"{size}_dog2.png").write_bytes((images / "dog2.png").read_bytes())
    (images / "dog2.png").unlink()
    assert "run_2.csv:2: column imagename: no image 'dog2.png'" in refused(folder)


def test_other_columns_and_names_that_look_like_numbers(folder):
    for i, name in enumerate(("cat/cat1", "dog/dog2")):
        (folder / "images" / f"{name}.png").rename(folder / "images" / f"000{i}.png")
    table = "who,image,is,said,not,truth\n01,0000,cat,dog,dog,x\n02,0001,dog,dog,cat,y\n"
    (folder / "two.csv").write_text(table)
    columns = {"stimulus": "image", "subject": "who", "condition": None, "truth": "is", "choice": "said"}
    data = opened(folder, tables="two.csv", image=None, columns={**columns, "distractor": "not"}).data
    assert data["stimulus"].values.tolist() == ["0000", "0001"]
    assert data["subject"].values.tolist() == ["01", "02"]
    assert data["distractor"].values.tolist() == ["dog", "cat"]
    assert data["truth"].values.tolist() == ["cat", "dog"]
    assert "condition" not in data.coords


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("imagename", "imagenam", r"run_2.csv:1: no column imagename; did you mean imagenam\?"),
        ("session", "block", r"run_10.csv:1: its columns are not those of run_2.csv: block, session"),
        ("dog2.png", "dog3.png", r"run_2.csv:2: column imagename: no image 'dog3.png'; did you mean dog2"),
        ("0002_edg_s01_0_cat_00_cat1.png", "cat1.png", r"run_2.csv:3: .* matches nothing in 'cat1.png'"),
        ("na,cat", ",cat", r"run_2.csv:3: no object_response \(1 of 4 .* write na"),
        ("cat,dog,0", "cat,,0", r"run_2.csv:4: no category"),
        ("s-1,1,2", ",1,2", r"run_2.csv:3: no subj"),
        ("na,cat", "na,dog", r"the truth of stimulus cat/cat1 is cat, and dog in an earlier trial"),
        (FIRST[len(HEAD) + 1 :], "", r"no subject s-1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(folder, old, new, message):
    edit(folder, old, new)
    subjects = ("s-1", "s-2") if message == "no subject s-1" else None
    assert re.search(message, refused(folder, subjects=subjects))


def test_a_folder_without_tables(folder):
    (folder / "none").mkdir()
    assert "none: no CSV file in it" in refused(folder, tables="none")


def test_no_trial_at_all(folder):
    (folder / "empty.csv").write_text(HEAD + "\n")
    assert "no row" in refused(folder, tables="empty.csv")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"image": "_([^_]+)$"}, "no group `image`"),
        ({"image": "(?P<image>"}, "no regular expression"),
        ({"image": "(?P<image>(a+)+)$"}, "repeats a group, which may take for ever"),
        ({"image": "(?P<image>([)]+){5})"}, "repeats a group"),
        ({"image": "(?P<image>(a|b){2,})"}, "repeats a group"),
        ({"image": "(?#[)(?P<image>(a+)+]?)"}, r"has \(\?#"),
        ({"image": "(?x)(?P<image>(a+) +)"}, r"has \(\?x"),
        ({"image": "(?P<image>a*a*a*a*)$"}, r"has 4 of \* \+ \? \{m,n\} and \|, and 3 are the most"),
        ({"image": "(?P<image>(a|b)(a{0,2}|c)d??)"}, "has 4 of"),
        ({"image": "(?P<image>" + "a?" * 100 + ")"}, "has 211 characters, and 200 are the most"),
        ({"subjects": ("s-1",), "columns": {"subject": None}}, "there is none"),
    ],
)
def test_the_spec_says_what_is_wrong_with_it(folder, said, message):
    with pytest.raises(ValidationError, match=message):
        opened(folder, **said)


@pytest.mark.parametrize(
    "image", [r"^\d{4}_(?P<image>[^]*+?|]+?)(?:_x)?$", r"(?<=_)[*+?|{1,2}](?P<image>\+\*\?\|a{2}b+)"]
)
def test_what_is_no_choice_counts_none(image):
    refuse_costly(image)


def test_a_search_has_a_limit_of_time_and_of_length(folder, monkeypatch):
    edit(folder, "0_dog_00_dog2.png", "a" * 300)
    said = refused(folder)
    assert "run_2.csv:2: column imagename: a name of 313 characters, and 255 are the most" in said
    monkeypatch.setattr(expressions, "_MOST_S", -1.0)
    assert "takes more than -1 s: write a simpler one" in refused(folder, tables="tables/run_10.csv")


def test_people_and_a_network_on_edges(shared, tmp_path):
    place = shared / "data" / "geirhos2018"
    images, tables = {"file": str(place / "stimuli" / "edges")}, {"file": str(place / "responses")}
    recordings = opened(tmp_path, images, tables=tables, subjects=("subject-*",))
    data = recordings.data
    assert data.shape == (1600,)
    assert len(recordings.stimuli) == 160
    assert recordings.stimuli.coords["truth"].tolist() == recordings.stimuli.coords["folder"].tolist()
    right = (data == data["truth"]).groupby("subject").mean()
    assert right.values.tolist() == pytest.approx(
        [0.89375, 0.9375, 0.925, 0.84375, 0.8875, 0.925, 0.8125, 0.95625, 0.6125, 0.91875], abs=1e-12
    )
    none = (data == "na").groupby("subject").sum()
    assert none.values.tolist() == [0, 0, 1, 1, 0, 0, 2, 0, 30, 0]
    network = opened(tmp_path, images, tables=tables, subjects=("alexnet",)).data
    assert float((network == network["truth"]).mean()) == 0.4
