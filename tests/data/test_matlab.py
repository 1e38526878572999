from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import scipy.io
from scipy.spatial.distance import squareform

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.errors import DataError
from pytest_brainscore.specs.datasets import MatlabDataset

N = 5


def rdm(seed: int) -> np.ndarray:
    return squareform(np.random.default_rng(seed).random(N * (N - 1) // 2))


@pytest.fixture
def open_(tmp_path):
    images = np.zeros((1, N), dtype=[("image", object), ("kind", object), ("animal", object)])
    for i in range(N):
        images[0, i] = (np.full((3, 4, 3), i, np.uint8), f"kind {i % 2}", float(i % 2))
    rdms = np.zeros((1, 3, 2), dtype=[("RDM", object), ("name", object)])
    for i in range(3):
        for j in range(2):
            rdms[0, i, j] = (rdm(10 * i + j).astype(np.float32), f"s{i} {j}")
    vectors = np.zeros((1, 2), dtype=[("RDM", object), ("name", object)])
    for i in range(2):
        vectors[0, i] = (squareform(rdm(i))[None], f"v{i}")
    odd = np.zeros((1, 2), dtype=[("RDM", object)])
    odd[0, 0], odd[0, 1] = (np.ones((1, 7)),), (np.triu(np.ones((N, N))),)
    scipy.io.savemat(
        tmp_path / "d.mat",
        {"images": images, "rdms": rdms, "vectors": vectors, "odd": odd, "plain": np.ones(3)},
    )
    (tmp_path / "broken.mat").write_bytes(b"MATLAB 5.0 MAT-file" + b"x" * 200)

    def open_(stimuli=None, **recordings):
        spec = {
            "id": "made",
            "reader": "matlab",
            "stimuli": {"file": "d.mat", "variable": "images", **(stimuli or {})},
            "recordings": {"file": "d.mat", "region": "IT", **recordings},
        }
        fetch = partial(Fetcher(tmp_path / "cache", offline=True), folder=tmp_path)
        return open_recordings(MatlabDataset.model_validate(spec), fetch, tmp_path / "cache")

    return open_


SESSIONS = {"variable": "rdms", "dims": ("subject", "session"), "average": ("session",)}


def test_images_and_their_coords(open_):
    stimuli = open_({"coords": ("kind", "animal"), "visual_degrees": 3.0}, **SESSIONS).stimuli
    assert len(stimuli) == N
    assert np.asarray(stimuli.open(2)).shape == (3, 4, 3)
    assert np.asarray(stimuli.open(2))[0, 0, 0] == 2
    assert stimuli.coords["kind"].tolist() == ["kind 0", "kind 1", "kind 0", "kind 1", "kind 0"]
    assert stimuli.coords["animal"].tolist() == [0, 1, 0, 1, 0]
    assert stimuli.visual_degrees == 3


def test_squares_are_averaged_over_a_named_dim(open_):
    recordings = open_(**SESSIONS, subjects=("A", "B", "C"))
    assert recordings.kind == "rdms"
    assert recordings.data["subject"].values.tolist() == ["A", "B", "C"]
    assert recordings.data.dtype == np.float64
    expected = [(rdm(10 * i).astype(np.float32) + rdm(10 * i + 1).astype(np.float32)) / 2 for i in range(3)]
    np.testing.assert_allclose(recordings.data.values, expected, atol=1e-7)


def test_vectors_are_the_upper_triangle_row_by_row(open_):
    recordings = open_(variable="vectors", where={"name": "v1"})
    assert recordings.data.shape == (1, N, N)
    np.testing.assert_array_equal(recordings.data.values[0], rdm(1))
    assert recordings.data["region"].values.tolist() == ["IT"]
    assert open_(variable="vectors").data["subject"].values.tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"variable": "rdm"}, "no array rdm; did you mean rdms"),
        ({"variable": "plain"}, "plain is float64 .* not a struct array"),
        ({**SESSIONS, "rdm": "RDMs"}, "no field RDMs; did you mean RDM"),
        ({"variable": "rdms"}, r"rdms is \(3, 2\) without axes of length 1, and `dims:` names subject"),
        ({**SESSIONS, "average": ()}, "session, which is neither subject nor in `average:`"),
        ({**SESSIONS, "subjects": ("A",)}, "3 subjects, and `subjects:` names 1"),
        ({"variable": "vectors", "where": {"name": "v3"}}, r"name=v3 \(there are v0, v1\)"),
        ({"variable": "odd"}, "a vector of 7 is no upper triangle"),
        ({"variable": "images", "rdm": "image"}, r"\(3, 4, 3\) is neither a square nor a vector"),
        ({"file": "broken.mat", "variable": "rdms"}, "cannot be read as a MATLAB file"),
        ({"stimuli": {"variable": "rdms", "image": "RDM"}, **SESSIONS}, "images are uint8"),
        ({"stimuli": {"coords": ("kin",)}, **SESSIONS}, "no field kin; did you mean kind"),
    ],
)
def test_errors_are_one_line(open_, keys, message):
    with pytest.raises(DataError, match=message) as caught:
        open_(**keys)
    assert "\n" not in str(caught.value)


def test_another_number_of_images_is_an_error(open_, tmp_path):
    few = np.zeros((1, 2), dtype=[("image", object)])
    few[0, 0] = few[0, 1] = (np.zeros((2, 2), np.uint8),)
    scipy.io.savemat(tmp_path / "few.mat", {"images": few})
    with pytest.raises(DataError, match="RDMs of 5 stimuli, but 2 images"):
        open_({"file": "few.mat"}, **SESSIONS)
