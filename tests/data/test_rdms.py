"""RDM collections: files of the layout of Net2Brain's app, of numpy, and what is none."""

from __future__ import annotations

import gzip
import json
from functools import partial

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import squareform

from pytest_brainscore.data import gzipped
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.errors import DataError
from pytest_brainscore.specs.datasets import RdmsDataset

N, SUBJECTS, PAIRS = 5, 3, 10
TRIANGLES = np.random.default_rng(0).random((SUBJECTS, PAIRS))
RDMS = np.stack([squareform(row) for row in TRIANGLES])


def as_json(values, shape=None) -> bytes:
    array = np.asarray(values)
    return json.dumps(
        {"data": array.ravel().tolist(), "shape": list(array.shape if shape is None else shape)}
    ).encode()


@pytest.fixture
def open_(tmp_path):
    (tmp_path / "images").mkdir()
    for i in range(N):
        Image.fromarray(np.full((2, 2, 3), i, np.uint8)).save(
            tmp_path / "images" / f"5images_{i + 1:05d}.png"
        )

    def open_(content=None, name="it.gzip", **recordings):
        if isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)
        elif content is not None:
            (tmp_path / name).write_bytes(gzip.compress(as_json(content)))
        spec = {
            "id": "made",
            "reader": "rdms",
            "stimuli": {"images": "images", "visual_degrees": 2.9},
            "recordings": {"files": {"IT": name}, **recordings},
        }
        fetch = partial(Fetcher(tmp_path / "cache", offline=True), folder=tmp_path)
        return open_recordings(RdmsDataset.model_validate(spec), fetch, tmp_path / "cache")

    return open_


def test_the_layout_of_the_app(open_):
    recordings = open_(RDMS)
    assert (recordings.kind, recordings.data.dtype, recordings.notes) == ("rdms", np.float64, ())
    np.testing.assert_array_equal(recordings.data.values, RDMS)
    assert recordings.data["subject"].values.tolist() == ["1", "2", "3"]
    assert recordings.stimuli.ids == tuple(f"5images_{i:05d}" for i in range(1, 6))
    assert np.asarray(recordings.stimuli.open(4))[0, 0, 0] == 4
    assert recordings.stimuli.visual_degrees == 2.9


def test_a_file_for_each_region(open_, tmp_path):
    (tmp_path / "evc.npy").write_bytes(b"")
    np.save(tmp_path / "evc.npy", 2 * RDMS[:2])
    recordings = open_(RDMS, files={"EVC": "evc.npy", "IT": "it.gzip"})
    np.testing.assert_array_equal(recordings.select(region="EVC").data.values, 2 * RDMS[:2])
    np.testing.assert_array_equal(recordings.select(region="IT").data.values, RDMS)


@pytest.mark.parametrize("values", [TRIANGLES, RDMS.astype(np.float32), RDMS[:, None], TRIANGLES[:, None]])
@pytest.mark.parametrize("kind", ["json", "npy", "npz", "plain json"])
def test_shapes_and_formats(open_, tmp_path, values, kind):
    if kind == "npy":
        np.save(tmp_path / "a.npy", values)
    elif kind == "npz":
        np.savez_compressed(tmp_path / "a.npy.npz", rdms=values)
        (tmp_path / "a.npy.npz").rename(tmp_path / "a.npy")
    else:
        text = as_json(values.astype(float))
        (tmp_path / "a.npy").write_bytes(text if kind == "plain json" else gzip.compress(text))
    recordings = open_(name="a.npy", subjects=("A", "B", "C"))
    np.testing.assert_allclose(recordings.data.values, RDMS, atol=1e-7)
    assert recordings.data["subject"].values.tolist() == ["A", "B", "C"]


def test_one_rdm_is_of_one_subject(open_):
    np.testing.assert_array_equal(open_(RDMS[1]).data.values, RDMS[1:2])
    np.testing.assert_array_equal(open_(TRIANGLES[1]).data.values, RDMS[1:2])


def test_rdms_over_time_are_averaged_and_a_note_says_so(open_):
    over_time = RDMS[:, None] * np.array([1.0, 2.0, 6.0])[:, None, None]
    recordings = open_(over_time)
    np.testing.assert_allclose(recordings.data.values, 3 * RDMS)
    assert recordings.notes == ("IT: RDMs of 3 points in time, averaged",)


def test_the_diagonal_may_be_nan(open_, tmp_path):
    without = RDMS.copy()
    without[:, range(N), range(N)] = np.nan
    np.save(tmp_path / "a.npy", without)
    np.testing.assert_array_equal(open_(name="a.npy").data.values, RDMS)


def lopsided() -> np.ndarray:
    odd = RDMS.copy()
    odd[1, 0, 1] += 0.1
    return odd


def bomb() -> bytes:
    return gzip.compress(b'{"data": [' + b"0," * 40_000 + b'0], "shape": [3, 5, 5]}')


ODD = {
    "four images": (np.zeros((3, 4, 4)), r"shape \(3, 4, 4\) is none of RDMs of 5 images: .* 10 values"),
    "five dims": (np.zeros((1, 1, 1, 5, 5)), "a dim of subjects, and one of time"),
    "no subject": (np.zeros((0, 5, 5)), "shape"),
    "lopsided": (lopsided(), "must be symmetric"),
    "not finite": (as_json(RDMS).replace(b"0.", b"NaN, 0.", 1), "numbers, and `shape`"),
    "infinite": (as_json(RDMS + np.diag([1e999, 0, 0, 0, 0])), "subject 1: an RDM must be finite"),
    "similarities": (1 - RDMS, "1 on the diagonal; .* are these similarities"),
    "another number": (as_json(RDMS, [3, 5, 6]), "75 numbers, and `shape` .3, 5, 6. has another"),
    "a huge shape": (as_json(RDMS, [10**30, 5, 5]), "75 numbers, and `shape`"),
    "many dims": (as_json(RDMS, [1] * 50_000), r"75 numbers, and `shape` of 50000 dims"),
    "a negative shape": (as_json(RDMS, [-3, -5, 5]), "is no array in JSON"),
    "truth values": (b'{"data": [1], "shape": [true]}', "is no array in JSON"),
    "text": (b'{"data": ["high"], "shape": [1]}', "is no array in JSON"),
    "nested": (json.dumps({"data": RDMS.tolist(), "shape": [3, 5, 5]}).encode(), "is no array in JSON"),
    "deeply nested": (b'{"data": ' + b"[" * 100_000, "is no array in JSON"),
    "a huge integer": (b'{"data": [' + b"9" * 5000 + b'], "shape": [1]}', "is no array in JSON"),
    "a large integer": (b'{"data": [' + b"9" * 400 + b'], "shape": [1]}', "is no array in JSON"),
    "another object": (b'{"rdm": [1], "shape": [1]}', "is no array in JSON"),
    "a list": (gzip.compress(b"[1, 2]"), "is no array in JSON"),
    "not utf-8": (gzip.compress(b'{"data": [\xff], "shape": [1]}'), "is no array in JSON"),
    "cut short": (gzip.compress(as_json(RDMS))[:-12], "cannot be unpacked"),
    "no gzip after all": (b"\x1f\x8bnothing of the kind", "cannot be unpacked"),
    "broken within": (gzip.compress(as_json(RDMS))[:40] + b"x" * 60, "cannot be unpacked"),
    "another file": (b"subject,rdm\n1,2\n", "is no file of RDMs"),
    "nothing": (b"", "is no file of RDMs"),
    "a cut npy": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'shape': (10**9, 5, 5), }", "cannot be read"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_no_rdm_is_told_in_a_line(open_, case):
    content, message = ODD[case]
    with pytest.raises(DataError, match=message) as told:
        open_(content)
    assert "it.gzip" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_bomb_is_unpacked_no_further_than_it_may_be(open_, monkeypatch):
    monkeypatch.setattr(gzipped, "LARGEST", 10_000)
    with pytest.raises(DataError, match=r"more than 0 MB of text; save so large an array as npy"):
        open_(bomb())


def test_subjects_are_as_many_as_are_named(open_):
    with pytest.raises(DataError, match=r"it.gzip: 3 subjects, and `subjects:` names 2"):
        open_(RDMS, subjects=("A", "B"))
