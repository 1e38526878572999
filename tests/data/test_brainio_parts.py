"""The reader `brainio`: several files as parts of one data set."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_brainscore.errors import DataError
from tests.brainio_files import Made, choices, eight_neuroids, opened, responses, similarities, stimuli

TRAIN, TEST = [f"train{i}" for i in range(5)], [f"test{i}" for i in range(4)]


@pytest.fixture
def train(tmp_path) -> Made:
    return responses(tmp_path / "train", ids=TRAIN, columns={"kind": list("abcab")}, repetitions=1, seed=1)


@pytest.fixture
def test_(tmp_path) -> Made:
    return responses(tmp_path / "test", ids=TEST, columns={"kind": list("abca"), "level": range(4)}, seed=2)


def test_train_and_test(tmp_path, train, test_):
    recordings = opened(tmp_path, parts={"train": train.part(), "test": test_.part()})
    assert recordings.stimuli.coords["part"].tolist() == ["train"] * 5 + ["test"] * 4
    assert recordings.stimuli.ids[5:] == tuple(TEST)
    assert set(recordings.stimuli.ids[:5]) == set(TRAIN)
    for part, made, ids in (("train", train, TRAIN), ("test", test_, TEST)):
        chosen = recordings.select(part=part)
        assert set(chosen.stimuli.ids) == set(ids)
        assert np.array_equal(chosen.data.values, made.values)
        alone = opened(tmp_path, stimuli=made.stimuli(), recordings=made.recordings())
        assert np.array_equal(chosen.responses().values, alone.responses().values)
    level = recordings.stimuli.coords["level"]
    assert np.isnan(level[:5]).all()
    assert level[5:].tolist() == [0, 1, 2, 3]
    assert set(recordings.stimuli.coords["kind"].tolist()) == set("abc")


def test_ids_of_two_parts_get_the_part_before_them(tmp_path, train):
    again = responses(tmp_path / "again", ids=["train3", "new"], columns={}, seed=3)
    recordings = opened(tmp_path, parts={"train": train.part(), "again": again.part()})
    ids = recordings.stimuli.ids
    assert {"train/train3", "again/train3", "new", "train0"} <= set(ids)
    assert "train3" not in ids
    shown = recordings.select(stimulus="again/train3").data.values
    assert np.array_equal(shown, again.values[again.presentations["stimulus_id"] == "train3"])


def test_neuroids_are_matched_by_id(tmp_path, train):
    order = [3, 0, 7, 6, 5, 4, 2, 1]
    coords = {name: [column[i] for i in order] for name, column in eight_neuroids().items()}
    other = responses(tmp_path / "o", ids=TEST, columns={}, neuroids=coords, seed=4)
    data = opened(tmp_path, parts={"train": train.part(), "test": other.part()}).select(part="test").data
    assert data["neuroid"].values.tolist() == [f"unit_{i}" for i in range(8)]
    assert np.array_equal(data.values, other.values[:, np.argsort(order)])


def test_a_part_without_recordings_is_stimuli_alone(tmp_path):
    fit = stimuli(tmp_path / "fit", ["f1", "f2"], {"object_name": ["bear", "car"]})
    made = choices(tmp_path / "test", n=8)
    recordings = opened(tmp_path, parts={"fit": fit.part(), "test": made.part()})
    assert recordings.rows(part="fit").tolist() == [0, 1]
    assert recordings.stimuli.ids[:2] == ("f1", "f2")
    assert recordings.data.values.tolist() == made.values.tolist()
    assert recordings.stimuli.coords["object_name"][:2].tolist() == ["bear", "car"]


def test_choices_of_two_parts(tmp_path):
    parts = {
        name: choices(tmp_path / name, n=6, trials=20, seed=seed) for seed, name in enumerate(("a", "b"))
    }
    recordings = opened(tmp_path, parts={name: made.part() for name, made in parts.items()})
    assert recordings.data.values.tolist() == [*parts["a"].values, *parts["b"].values]
    first = parts["b"].presentations["image_id"][0]
    assert recordings.data["stimulus"].values[20] in (first, f"b/{first}")


def test_a_neuroid_coord_that_differs_is_noted(tmp_path, train):
    coords = {**eight_neuroids(), "reliability": [0.3] * 8}
    other = responses(tmp_path / "o", ids=TEST, columns={}, neuroids=coords)
    recordings = opened(tmp_path, parts={"train": train.part(), "test": other.part()})
    assert recordings.data["reliability"].values.tolist() == [0.1, 0.2, 0.5, 0.9] * 2
    assert recordings.notes == ("neuroids differ in reliability between parts train and test; train's hold",)


def test_region_and_subject_of_a_neuroid_agree(tmp_path, train):
    coords = eight_neuroids()
    order = [3, 0, 7, 6, 5, 4, 2, 1]
    moved = {name: [column[i] for i in order] for name, column in coords.items()}
    wrong = responses(tmp_path / "o", ids=TEST, columns={}, neuroids={**coords, "region": moved["region"]})
    count = sum(one != other for one, other in zip(coords["region"], moved["region"], strict=True))
    said = f"neuroid unit_2 has region V4 in part train and IT in part test ({count} of 8 neuroids are such)"
    refused(tmp_path, train, wrong, said)


def test_neuroids_without_ids_agree_in_every_coord(tmp_path):
    bare = {name: column for name, column in eight_neuroids().items() if name != "neuroid_id"}
    train = responses(tmp_path / "train", ids=TRAIN, columns={}, neuroids=bare, seed=1)
    same = responses(tmp_path / "same", ids=TEST, columns={}, neuroids=bare, seed=2)
    data = opened(tmp_path, parts={"train": train.part(), "test": same.part()}).select(part="test").data
    assert np.array_equal(data.values, same.values)
    for name in ("region", "reliability"):
        turned = {**bare, name: bare[name][::-1]}
        other = responses(tmp_path / name, ids=TEST, columns={}, neuroids=turned, seed=2)
        refused(tmp_path, train, other, "which the files do not name: they are matched by position")


def test_a_subject_that_only_one_part_names(tmp_path, train):
    named = {**eight_neuroids(), "subject": ["a"] * 8}
    other = responses(tmp_path / "o", ids=TEST, columns={}, neuroids=named)
    recordings = opened(tmp_path, parts={"train": other.part(), "test": train.part()})
    assert recordings.data["subject"].values.tolist() == ["a"] * 8
    other = responses(tmp_path / "b", ids=["new"], columns={}, neuroids={**named, "subject": ["b"] * 8})
    with pytest.raises(DataError, match="unit_0 has subject a in part one and b in part two"):
        opened(tmp_path, parts={"one": responses(tmp_path / "a", neuroids=named).part(), "two": other.part()})


def test_images_of_two_parts(tmp_path, train):
    some = responses(tmp_path / "some", ids=["train1", "new", "train4"], columns={}, seed=1)
    for parts in ({"train": train, "test": some}, {"test": some, "train": train}):
        recordings = opened(tmp_path, parts={name: made.part() for name, made in parts.items()})
        assert recordings.notes == ("2 of 3 images of part test are also in part train",)
    recordings = opened(tmp_path, parts={"fit": train.part(), "validation": train.part()})
    assert recordings.notes == ("5 of 5 images of part validation are also in part fit",)
    every = responses(tmp_path / "every", ids=["train4", "train2"], columns={}, seed=1)
    refused(
        tmp_path, train, every, "all 2 images of part test are also in part train, so nothing is tested on"
    )


def refused(tmp_path, train: Made, other: Made, said: str, **stimuli) -> None:
    part = {**other.part(), "stimuli": other.stimuli(**stimuli)}
    with pytest.raises(DataError) as error:
        opened(tmp_path, parts={"train": train.part(), "test": part})
    assert said in str(error.value)


def test_parts_that_do_not_fit(tmp_path, train):
    seven = {name: column[:7] for name, column in eight_neuroids().items()}
    fewer = responses(tmp_path / "fewer", ids=TEST, columns={}, neuroids=seven)
    refused(tmp_path, train, fewer, "part train has 8 neuroids and part test 7; unit_7 is not in test")
    named = {**eight_neuroids(), "neuroid_id": [f"u{i}" for i in range(8)]}
    others = responses(tmp_path / "others", ids=TEST, columns={}, neuroids=named)
    refused(tmp_path, train, others, "unit_0 is not in test")
    bare = responses(tmp_path / "bare", ids=TEST, columns={}, time_bins=None)
    refused(tmp_path, train, bare, "part train has dims presentation, neuroid, time_bin, and part test")
    later = responses(tmp_path / "later", ids=TEST, columns={}, time_bins=((100, 200),))
    refused(tmp_path, train, later, "parts train and test differ in time bins; write `time_bins:` for both")
    rsms = similarities(tmp_path / "rsms", n=6)
    refused(tmp_path, train, rsms, "part test holds RSMs, which are of one part: leave out `parts:`")
    same = responses(tmp_path / "same", ids=TEST, columns={})
    said = "parts differ in visual_degrees (none, 8); one data set has one"
    refused(tmp_path, train, same, said, visual_degrees=8.0)


def test_the_order_of_the_tables_is_kept(tmp_path):
    """Rows are sorted by id, as they are averaged; the tables list them otherwise, one part after another."""
    ids = {"train": ["im5", "im1", "im4"], "test": ["im9", "im2"]}
    made = {name: responses(tmp_path / name, ids=own, columns={}) for name, own in ids.items()}
    recordings = opened(tmp_path, parts={name: one.part() for name, one in made.items()})
    stimuli_ = recordings.stimuli
    assert stimuli_.ids == ("im1", "im4", "im5", "im2", "im9")
    assert stimuli_.take(stimuli_.as_listed()).ids == (*ids["train"], *ids["test"])
    some = recordings.select(stimulus=["im9", "im5", "im1"]).stimuli
    assert some.take(some.as_listed()).ids == ("im5", "im1", "im9")
