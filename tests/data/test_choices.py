"""Choices: a table of trials becomes recordings; what cannot be is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pytest_brainscore.data.opening import from_trials
from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import DataError

IDS = ("a1", "a2", "b1", "c1")
STIMULI = Stimuli(
    IDS,
    tuple(np.full((2, 2), i, np.uint8) for i in range(4)),
    {"object_name": np.array(["a", "a", "b", "c"]), "part": np.array(["fit", "test", "test", "test"])},
)
TRIALS = {
    "stimulus": ["a2", "b1", "c1", "b1", "a2"],
    "truth": ["a", "b", "c", "b", "a"],
    "distractor": ["b", "c", "a", "a", "c"],
    "choice": ["a", "c", "c", "b", "c"],
    "subject": ["s1", "s1", "s2", "s2", "s2"],
}


def made(**changed):
    return from_trials(STIMULI, {**TRIALS, **changed})


def test_a_row_is_a_trial_in_its_order():
    recordings = made()
    assert recordings.kind == "choices"
    assert recordings.data.dims == ("presentation",)
    assert recordings.data.values.tolist() == TRIALS["choice"]
    for name in ("stimulus", "truth", "distractor", "subject"):
        assert recordings.data[name].values.tolist() == TRIALS[name]
    assert set(recordings.data["region"].values) == {"behaviour"}


def test_tables_images_and_names_that_are_numbers():
    images = [np.full((2, 2), i, np.uint8) for i in range(3)]
    table = pd.DataFrame({"stimulus": [0, 2, 1], "truth": [7, 8, 7], "choice": [8, 8, 7]})
    recordings = from_trials(images, table, coords={"object_name": ["7", "7", "8"]}, visual_degrees=8.0)
    assert recordings.data.values.tolist() == ["8", "8", "7"]
    assert recordings.data["stimulus"].values.tolist() == ["0", "2", "1"]
    assert "distractor" not in recordings.data.coords
    assert recordings.stimuli.visual_degrees == 8.0


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"subject": "s2"}, ["c", "b", "c"]),
        ({"region": "behaviour"}, TRIALS["choice"]),
        ({"object_name": ["a", "c"]}, ["a", "c", "c"]),
        ({"subject": "s2", "object_name": "b"}, ["b"]),
        ({"distractor": "c"}, ["c", "c"]),
        ({"stimulus": "b1"}, ["c", "b"]),
    ],
)
def test_selecting_trials_keeps_all_stimuli_for_the_readout(wanted, left):
    chosen = made().select(**wanted)
    assert chosen.data.values.tolist() == left
    assert chosen.stimuli.ids == IDS


def test_selections_without_a_trial_are_errors():
    with pytest.raises(DataError, match="no presentation has part=fit together"):
        made().select(part="fit")
    with pytest.raises(DataError, match="nothing has region=IT"):
        made().select(region="IT")


def test_digests_differ_with_any_trial():
    digests = {made().digest, made(choice=["a", "b", *TRIALS["choice"][2:]]).digest}
    digests |= {made(subject=["s1"] * 5).digest, made().select(subject="s1").digest}
    assert len(digests) == 4
    assert made().digest == made().digest


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"choice": ["a", "a", "c", "b", "c"]},
            r"trial 2 \(b1\): the choice a is neither the truth b nor the distractor c \(1 of 5",
        ),
        ({"choice": ["a", "c", None, "b", np.nan]}, r"trial 3 has no choice \(2 of 5 trials"),
        ({"choice": ["a", "c", "", "b", "c"]}, "trial 3 has no choice"),
        ({"truth": ["a", "b", np.nan, "b", "a"]}, "trial 3 has no truth"),
        ({"stimulus": ["a2", "b11", "c1", "b1", "a2"]}, "no image of stimulus b11; did you mean b1"),
        ({"distractor": ["b", "c", "a", "b", "c"]}, r"trial 4 \(b1\): truth and distractor are both b"),
        (
            {"stimulus": ["a2", "b1", "c1", "c1", "a2"]},
            "trial 4: the truth of stimulus c1 is b, and c in an earlier trial",
        ),
        ({"subject": ["s1"]}, "columns of trials differ in length"),
        ({name: [] for name in TRIALS}, "has no row"),
    ],
)
def test_what_cannot_be_is_named(changed, message):
    with pytest.raises(DataError, match=message):
        made(**changed)


def test_a_truth_that_a_file_left_empty_is_named():
    data = made().data
    for empty in (["", *data["truth"].values[1:]], [*data["truth"].values[:-1], ""]):
        with pytest.raises(DataError, match=r"trial [15] \(a2\) has no truth \(1 of 5 trials are such\)"):
            replace(made(), data=data.assign_coords(truth=("presentation", np.array(empty))))


def test_a_missing_column_and_doubled_stimuli_are_named():
    with pytest.raises(DataError, match="no column choice; did you mean choices"):
        from_trials(STIMULI, {"stimulus": ["a1"], "truth": ["a"], "choices": ["a"]})
    with pytest.raises(DataError, match="visual_degrees of their own"):
        from_trials(STIMULI, TRIALS, ids=IDS)


def test_choices_are_no_responses():
    with pytest.raises(DataError, match="holds choices, not responses"):
        made().responses()


def test_a_folder_of_images(make_images):
    folder: Path = make_images(2)
    trials = {"stimulus": ["image2", "image1"], "truth": ["x", "y"], "choice": ["x", "x"]}
    assert from_trials(folder, trials).stimuli.ids == ("image1", "image2")
