from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pytest_brainscore.data import collections
from pytest_brainscore.data.collections import images_of
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.folders import files_below
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.errors import DataError, FetchError, NotHere
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.collection import Collection
from pytest_brainscore.specs.datasets import CollectionDataset

IMAGENET = {"name": "imagenet", "source": "https://image-net.org"}


@pytest.fixture
def val(tmp_path: Path) -> Path:
    """Three classes of four images; the numbers in their names run across the classes."""
    folder = tmp_path / "val"
    for i in range(12):
        place = folder / f"n0{(2, 10, 9)[i % 3]}" / f"val_{i + 1}.JPEG"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), 10 * i, np.uint8)).save(place)
    return folder


def opened(tmp_path: Path, folder: Path, recordings=None, **stimuli):
    spec = CollectionDataset(
        id="Own",
        reader="collection",
        stimuli={"images": {"file": str(folder)}, **stimuli},
        recordings=recordings,
    )
    fetcher = Fetcher(tmp_path / "cache")
    return open_recordings(spec, lambda file: fetcher(file, tmp_path), fetcher.cache)


def test_class_folders_are_the_truth(tmp_path, val):
    recordings = opened(tmp_path, val, visual_degrees=8)
    stimuli = recordings.stimuli
    assert stimuli.ids[:5] == ("val_1", "val_4", "val_7", "val_10", "val_3")
    assert stimuli.coords["truth"].tolist() == ["n02"] * 4 + ["n09"] * 4 + ["n010"] * 4
    assert stimuli.coords["object_name"] is stimuli.coords["truth"]
    assert stimuli.visual_degrees == 8
    assert np.asarray(stimuli.open(4)).mean() == 20
    assert recordings.kind == "choices"
    data = recordings.data
    assert data.values.tolist() == data["truth"].values.tolist() == stimuli.coords["truth"].tolist()
    assert data["stimulus"].values.tolist() == list(stimuli.ids)
    assert set(data["subject"].values) == {"labels"}


def test_no_image_is_opened_when_the_names_are_read(tmp_path, val):
    (val / "n02" / "val_1.JPEG").write_bytes(b"no image")
    stimuli = opened(tmp_path, val).stimuli
    with pytest.raises(DataError, match="val_1 is not an image"):
        stimuli.open(0)


def test_every_nth_image(tmp_path, val):
    whole, third = opened(tmp_path, val), opened(tmp_path, val, every=5)
    assert third.stimuli.ids == whole.stimuli.ids[::5] == ("val_1", "val_6", "val_8")
    assert third.data.values.tolist() == ["n02", "n09", "n010"]
    assert third.digest != whole.digest


def test_a_table_of_labels_for_images_in_one_folder(tmp_path, val):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in val.rglob("*.JPEG"):
        path.rename(flat / path.name)
    rows = [f"val_{i + 1},n0{i % 3},x" for i in (11, *range(11))]
    (tmp_path / "labels.csv").write_text("\n".join(["ImageId,synset,more", *rows]))
    table = {"table": File(file="labels.csv"), "stimulus": "ImageId", "truth": "synset"}
    recordings = opened(tmp_path, flat, table, every=2)
    assert recordings.stimuli.ids == ("val_1", "val_3", "val_5", "val_7", "val_9", "val_11")
    assert recordings.data.values.tolist() == ["n00", "n02", "n01", "n00", "n02", "n01"]
    (tmp_path / "labels.csv").write_text("\n".join(["ImageId,synset,more", *rows[1:]]))
    with pytest.raises(DataError, match=r"labels.csv: column ImageId: has 11 rows for 12 images; .* val_12"):
        opened(tmp_path, flat, table)
    with pytest.raises(DataError, match=r"flat/val_1.JPEG: lies in no class folder.* give a `table`"):
        opened(tmp_path, flat)


def test_equal_names_in_two_classes_get_their_class(tmp_path, val):
    (val / "n09" / "val_1.JPEG").write_bytes((val / "n02" / "val_1.JPEG").read_bytes())
    stimuli = opened(tmp_path, val).stimuli
    assert stimuli.ids[:2] == ("n02/val_1", "n02/val_4")
    (val / "n02" / "val_1.png").write_bytes(b"")
    with pytest.raises(DataError, match="'n02/val_1' is there twice"):
        opened(tmp_path, val)


def test_hidden_files_and_others_are_no_images(tmp_path, val):
    for name in (".hidden.JPEG", ".cache/x.JPEG", "n02/._val_1.JPEG", "n02/readme.txt"):
        (val / name).parent.mkdir(exist_ok=True)
        (val / name).write_bytes(b"")
    assert len(opened(tmp_path, val).stimuli) == 12
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no image in it"):
        opened(tmp_path, tmp_path / "empty")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_lead_back_count_no_image_again(tmp_path, val):
    (tmp_path / "more").mkdir()
    (val / "n02" / "val_1.JPEG").rename(tmp_path / "more" / "val_1.JPEG")
    for link, target in {"a": ".", "b": ".", "n09/up": "..", "c": "../more", "d": "../more"}.items():
        (val / link).symlink_to(target)
    found = files_below(val)
    assert len(found) == 12
    assert [name for name in found if "val_1." in name] == ["c/val_1.JPEG"]
    assert {name.partition("/")[0] for name in found} == {"c", "n02", "n09", "n010"}
    assert len(opened(tmp_path, val).stimuli) == 12


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_class_folders_may_be_links(tmp_path, val):
    (tmp_path / "linked").mkdir()
    for folder in val.iterdir():
        (tmp_path / "linked" / folder.name).symlink_to(folder)
    assert opened(tmp_path, tmp_path / "linked").stimuli.ids == opened(tmp_path, val).stimuli.ids


def test_images_evenly_spaced_by_name(val):
    everything = images_of(val, 12).ids
    assert images_of(val, 3).ids == everything[::4] == ("val_1", "val_3", "val_2")
    assert images_of(val, 5).ids == tuple(everything[i] for i in (0, 2, 4, 7, 9))
    with pytest.raises(DataError, match="has 12 images, and 13 are due"):
        images_of(val, 13)


def test_of_the_validation_set_of_imagenet_these_are_the_first_of_each_class(monkeypatch):
    names = [
        f"n{1440764 + 137 * c:08d}/{i:05d}.JPEG" for c in range(1000) for i in range(50 * c, 50 * c + 50)
    ]
    monkeypatch.setattr(collections, "_names", lambda folder: names)
    assert images_of(Path("val"), 1000).ids == tuple(f"{50 * i:05d}" for i in range(1000))


def test_a_collection_is_where_its_variable_says(tmp_path, val, monkeypatch):
    fetcher, collection = Fetcher(tmp_path / "cache"), Collection(name="Image-net.2012")
    monkeypatch.setenv("BRAINSCORE_IMAGE_NET_2012", str(val))
    assert fetcher(collection, tmp_path) == val
    assert Fetcher(tmp_path / "cache", offline=True)(collection, tmp_path) == val


def test_a_collection_that_is_nowhere_says_how_to_get_it(tmp_path, monkeypatch):
    fetcher = Fetcher(tmp_path / "cache")
    monkeypatch.delenv("BRAINSCORE_IMAGENET", raising=False)
    with pytest.raises(NotHere) as caught:
        fetcher(Collection(**IMAGENET), tmp_path)
    for part in ("imagenet", "https://image-net.org", "set BRAINSCORE_IMAGENET to their folder"):
        assert part in str(caught.value)
    monkeypatch.setenv("BRAINSCORE_IMAGENET", str(tmp_path / "absent"))
    with pytest.raises(FetchError, match=r"^BRAINSCORE_IMAGENET: .*absent is no folder; set it") as caught:
        fetcher(Collection(**IMAGENET), tmp_path)
    assert not isinstance(caught.value, NotHere)


def test_where_to_get_a_collection_changes_no_digest():
    assert Collection(**IMAGENET).digest() == Collection(name="imagenet").digest()
    datasets = [
        CollectionDataset(id="x", reader="collection", stimuli={"images": images})
        for images in (IMAGENET, "imagenet", {"name": "things"})
    ]
    first, second, third = (dataset.contents() for dataset in datasets)
    assert first == second != third
