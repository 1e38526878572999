from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from pytest_brainscore.data.opening import from_arrays, open_recordings
from pytest_brainscore.errors import DataError
from pytest_brainscore.specs.datasets import CustomDataset

N, M = 4, 3
PIXELS = np.arange(N * 2 * 2 * 3, dtype=np.uint8).reshape(N, 2, 2, 3)
VALUES = np.random.default_rng(0).standard_normal((N, M))


def test_arrays_pil_images_and_paths_are_the_same_stimuli(tmp_path):
    paths = []
    for i, pixels in enumerate(PIXELS):
        paths.append(tmp_path / f"p{i}.png")
        Image.fromarray(pixels).save(paths[-1])
    opened = [Image.open(path) for path in paths]
    for images in (list(PIXELS), opened, paths, [str(path) for path in paths]):
        recordings = from_arrays(images, VALUES, region="IT")
        np.testing.assert_array_equal(np.asarray(recordings.stimuli.open(2)), PIXELS[2])
        np.testing.assert_allclose(recordings.select(region="IT").responses().values, VALUES)
    assert from_arrays(paths, VALUES, region="IT").stimuli.ids == ("p0", "p1", "p2", "p3")


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_stands_for_its_images_in_natural_order(tmp_path, make_images, kind):
    folder = make_images(11)
    make_images(1, folder / "more")
    recordings = from_arrays(kind(folder), np.arange(24.0).reshape(12, 2), region="IT")
    assert recordings.stimuli.ids == (*(f"image{i}" for i in range(1, 12)), "more/image1")
    assert np.asarray(recordings.stimuli.open(9)).ravel()[0] == 10
    assert from_arrays(kind(folder), np.ones((12, 1)), region="IT", ids="abcdefghijkl").stimuli.ids[11] == "l"
    for odd in (folder / "image1.png", tmp_path / "absent", "abcd"):
        with pytest.raises(DataError, match="is no folder; a sequence of images or a folder is due"):
            from_arrays(kind(odd), VALUES, region="IT")


def test_repetitions_dims_coords_and_neuroids():
    repeated = np.stack([VALUES, VALUES + 2, np.full_like(VALUES, np.nan)])
    recordings = from_arrays(
        list(PIXELS),
        repeated,
        dims=("repetition", "stimulus", "neuroid"),
        ids=["a", "b", "c", "d"],
        coords={"kind": ["x", "x", "y", "y"]},
        neuroids={"neuroid": ["u", "v", "w"], "region": ["V4", "IT", "IT"]},
        subject="me",
        visual_degrees=8.0,
    )
    np.testing.assert_allclose(recordings.responses().values, VALUES + 1)
    assert recordings.data.sizes["presentation"] == 2 * N
    assert recordings.select(region="IT", kind="y").stimuli.ids == ("c", "d")
    assert recordings.data["subject"].values.tolist() == ["me"] * M


def test_a_data_array_is_joined_by_name():
    array = xr.DataArray(VALUES[::-1], dims=("stimulus", "neuroid"), coords={"stimulus": list("dcba")})
    recordings = from_arrays(list(PIXELS), array, ids=list("abcd"), region="IT")
    np.testing.assert_allclose(recordings.responses().values, VALUES)


def test_the_default_of_three_axes_is_repetitions_last():
    recordings = from_arrays(list(PIXELS), np.stack([VALUES, VALUES], axis=-1), region="IT")
    assert recordings.presentations()[2].tolist() == [0, 1] * N


def test_the_digest_follows_the_values():
    one, same = (from_arrays(list(PIXELS), VALUES, region="IT").digest for _ in range(2))
    assert one == same
    assert from_arrays(list(PIXELS), VALUES + 1e-9, region="IT").digest != one


@pytest.mark.parametrize(
    ("images", "responses", "keys", "message"),
    [
        (PIXELS[:3], VALUES, {}, r"4 stimuli .*, but 3 images"),
        (PIXELS, VALUES[0], {}, r"shape \(3,\); write `dims:`"),
        (PIXELS / 255, VALUES, {}, r"image 0 is float64 \(2, 2, 3\); uint8"),
        (PIXELS, VALUES, {"region": None}, "no region"),
        (PIXELS, VALUES, {"ids": ["a", "a", "b", "c"]}, "the name 'a' is there twice"),
        (PIXELS, VALUES, {"ids": ["a"]}, "1 ids for 4 images"),
        (PIXELS, VALUES, {"coords": {"kind": ["x"]}}, r"kind: shape \(1,\) for 4 images"),
        (PIXELS, VALUES, {"neuroids": {"depth": [1]}}, r"depth: shape \(1,\) for 3 neuroids"),
    ],
)
def test_what_does_not_fit_is_an_error(images, responses, keys, message):
    with pytest.raises(DataError, match=message):
        from_arrays(list(images), responses, **{"region": "IT", **keys})


def test_a_reader_of_ones_own(tmp_path):
    dataset = CustomDataset(id="own", reader="mine:read", stimuli={"n": N}, recordings={"scale": 2})

    def read(spec, fetch, cache):
        values = VALUES * spec.recordings["scale"]
        return from_arrays(list(PIXELS[: spec.stimuli["n"]]), values, region="IT", dataset=spec.id)

    recordings = open_recordings(dataset, lambda file: tmp_path, tmp_path, {"mine:read": read}.__getitem__)
    assert recordings.dataset == "own"
    np.testing.assert_allclose(recordings.responses().values, 2 * VALUES)
    with pytest.raises(DataError, match="mine:read returned dict, not Recordings"):
        open_recordings(dataset, lambda file: tmp_path, tmp_path, lambda name: lambda *_: {})
