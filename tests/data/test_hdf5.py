"""The reader `hdf5`, on files of the layout of NX-414's IT_data.h5."""

from __future__ import annotations

import tracemalloc
from functools import partial

import h5py
import numpy as np
import pytest

from pytest_brainscore.data import hdf5
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.errors import DataError, NotHere
from pytest_brainscore.specs.datasets import Hdf5Dataset

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
SIZES = {"train": 6, "val": 4, "test": 3}
PARTS = {
    "train": {
        "stimuli": "stimulus_train",
        "responses": "spikes_train",
        "coords": {"object_name": "object_train"},
    },
    "test": {"stimuli": "stimulus_val", "responses": "spikes_val", "coords": {"object_name": "object_val"}},
}
UNSEEN = {"stimuli": "stimulus_test", "coords": {"object_name": "object_test"}}


def pixels(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 10, 3), dtype=np.uint8)


def normalised(images: np.ndarray) -> np.ndarray:
    return ((images / 255 - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32)


def spikes(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 5)).astype(np.float32)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "IT_data.h5"
    with h5py.File(path, "w") as file:
        for seed, (part, n) in enumerate(SIZES.items()):
            file[f"stimulus_{part}"] = normalised(pixels(n, seed))
            file[f"object_{part}"] = np.array([f"caf\xe9_{i % 2}".encode("latin-1") for i in range(n)])
            if part != "test":
                file[f"spikes_{part}"] = spikes(n, seed)
    return path


@pytest.fixture
def open_(tmp_path, path):
    def open_(parts=None, file=None, **stimuli):
        recordings = {"file": file or path.name, "parts": parts or PARTS, "region": "IT"}
        spec = {"id": "made", "reader": "hdf5", "stimuli": stimuli, "recordings": recordings}
        fetch = partial(Fetcher(tmp_path / "cache", offline=True), folder=tmp_path)
        return open_recordings(Hdf5Dataset.model_validate(spec), fetch, tmp_path / "cache")

    return open_


def test_the_course_s_layout(open_):
    made = open_()
    assert made.stimuli.ids[:2] == ("train_0001", "train_0002")
    assert made.stimuli.ids[6] == "test_0001"
    assert made.stimuli.coords["part"].tolist() == ["train"] * 6 + ["test"] * 4
    assert made.stimuli.coords["object_name"].tolist() == [f"caf\xe9_{i % 2}" for i in (*range(6), *range(4))]
    for i, image in enumerate(np.concatenate([pixels(6, 0), pixels(4, 1)])):
        assert (np.asarray(made.stimuli.open(i)) == image).all()
    chosen = made.select(region="IT").responses()
    assert chosen.values == pytest.approx(np.concatenate([spikes(6, 0), spikes(4, 1)]).astype(float))
    assert set(made.data["region"].values) == {"IT"}


def test_a_part_without_responses_has_stimuli_alone(open_):
    made = open_({**PARTS, "unseen": UNSEEN})
    assert len(made.stimuli) == 13
    assert (np.asarray(made.stimuli.open(12)) == pixels(3, 2)[2]).all()
    assert len(made.select(region="IT").stimuli) == 10
    assert made.digest != open_().digest


def test_uint8_channels_last_and_repetitions(open_, path):
    counts = np.random.default_rng(5).poisson(3.0, (4, 2, 5)).astype(float)
    more = np.random.default_rng(6).poisson(3.0, (6, 3, 5)).astype(float)
    with h5py.File(path, "a") as file:
        file["inner/images"] = pixels(6, 7)
        file["inner/more"], file["inner/counts"] = more, counts
    parts = {
        "train": {"stimuli": "inner/images", "responses": "inner/more"},
        "test": {"stimuli": "stimulus_val", "responses": "inner/counts"},
    }
    made = open_(parts)
    assert (np.asarray(made.stimuli.open(3)) == pixels(6, 7)[3]).all()
    assert sorted(set(made.data["repetition"].values.tolist())) == [0, 1, 2]
    assert len(made.data) == 6 * 3 + 4 * 2  # showings that never were are left out
    due = np.concatenate([more.mean(1), counts.mean(1)])
    assert made.select(region="IT").responses().values == pytest.approx(due)


def test_a_folder_that_the_user_has(open_, path, monkeypatch):
    file = {"collection": {"name": "nx414", "source": "the course"}, "path": path.name}
    monkeypatch.delenv("BRAINSCORE_NX414", raising=False)
    with pytest.raises(NotHere, match="BRAINSCORE_NX414"):
        open_(file=file)
    monkeypatch.setenv("BRAINSCORE_NX414", str(path.parent))
    first = open_(file=file).digest
    assert first == open_(file=file).digest
    with h5py.File(path, "a") as changed:
        changed["spikes_val"][0, 0] = 9
    assert open_(file=file).digest != first
    with pytest.raises(DataError, match=r"other\.h5: is no file; BRAINSCORE_NX414 should name the folder"):
        open_(file={**file, "path": "other.h5"})


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"stimuli": "stimulus_vla"}, "no array stimulus_vla; did you mean stimulus_val"),
        ({"stimuli": "spikes_val"}, r"/spikes_val is float32 \(4, 5\); images are uint8, or floats"),
        ({"responses": "spikes_train"}, r"spikes_train has shape \(6, 5\); \(4, neuroids\) or"),
        ({"coords": {"object_name": "object_train"}}, "object_train has 6 values for 4 images of the part"),
        ({"coords": {"object_name": "spikes_val"}}, r"/spikes_val has shape \(4, 5\); one value for each"),
        ({"coords": {}}, "parts have other `coords:`"),
        ({"responses": "narrow"}, r"parts have other neuroids: train \(6, 5\), test \(4, 2\)"),
        ({"stimuli": "bytes"}, r"holds 255, and floats are taken for images that are normalised"),
        ({"stimuli": "wide"}, "/wide: is uint16; images are uint8"),
        ({"stimuli": "nothing"}, r"nothing is empty: its shape is \(0, 3, 8, 8\)"),
    ],
)
def test_what_is_not_as_described(open_, path, part, said):
    with h5py.File(path, "a") as file:
        file["narrow"], file["nothing"] = np.ones((4, 2)), np.empty((0, 3, 8, 8), np.uint8)
        file["bytes"] = np.full((4, 3, 8, 8), 255.0)
        file["wide"] = np.zeros((4, 3, 8, 8), np.uint16)
    with pytest.raises(DataError, match=said):
        open_({**PARTS, "test": {**PARTS["test"], **part}})


def test_no_responses_no_hdf5_and_values_elsewhere(open_, path, tmp_path):
    with pytest.raises(DataError, match="no part has `responses:`"):
        open_({"train": UNSEEN})
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(DataError, match=r"text\.h5: cannot be read as HDF5"):
        open_(file="text.h5")
    with h5py.File(path, "a") as file:
        file["link"] = h5py.ExternalLink("other.h5", "/x")
    with pytest.raises(DataError, match="link lies in another file"):
        open_()


def test_images_are_read_in_blocks_of_bytes(open_, path, monkeypatch):
    """Of 20 images that take 19 MB as float64, one at a time is normalised: all as uint8 take 2.4 MB."""
    images = np.random.default_rng(8).integers(0, 256, (20, 200, 200, 3), dtype=np.uint8)
    with h5py.File(path, "a") as file:
        file["large"], file["spikes"] = normalised(images), spikes(20, 8)
    monkeypatch.setattr(hdf5, "_BLOCK", 1_000_000)
    tracemalloc.start()
    made = open_({"all": {"stimuli": "large", "responses": "spikes"}})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6
    assert all((np.asarray(made.stimuli.open(i)) == image).all() for i, image in enumerate(images))


def test_names_are_listed_for_a_mistake_alone_and_a_few_of_many(open_, path, monkeypatch):
    with h5py.File(path, "a") as file:
        for i in range(30):
            file[f"other_{i}"] = 0
    listed = []
    monkeypatch.setattr(hdf5, "_names", lambda file, real=hdf5._names: listed.append(file) or real(file))
    assert len(open_().stimuli) == 10
    assert listed == []
    with pytest.raises(DataError, match=r"no array wrong \(there are (\w+, ){20}\.\.\.\)"):
        open_({"all": {"stimuli": "wrong", "responses": "spikes_val"}})
    assert len(listed) == 1
