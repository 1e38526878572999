"""NSD's own files and prepared ones as a stranger may pass them on: each says what is wrong, and where."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pytest

from pytest_brainscore.data.disk import hash_of
from pytest_brainscore.data.nsd.images import read_images
from pytest_brainscore.data.nsd.layout import NsdFolder
from pytest_brainscore.data.nsd.preparing import Preparation
from pytest_brainscore.data.nsd.reading import read
from pytest_brainscore.data.nsd.subject_files import open_subject
from pytest_brainscore.errors import DataError
from pytest_brainscore.specs.datasets import NsdDataset
from tests.nsd_folder import BETAS, betas_of, write

SPACE = "nsddata/ppdata/subj01/func1pt8mm"
IMAGES = "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5"
SUBJECT, SHARED = f"S1.{BETAS}.npz", "shared1000.npy"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write(tmp_path_factory.mktemp("nsd") / "nsd", shared=6, size=8)


@pytest.fixture(scope="module")
def ready(whole, tmp_path_factory):
    to = tmp_path_factory.mktemp("prepared")
    preparing(whole, to).stimuli()
    preparing(whole, to).subject(1)
    return to


@pytest.fixture
def copy(whole, tmp_path):
    return replace(whole, root=shutil.copytree(whole.root, tmp_path / "nsd"))


@pytest.fixture
def folder(ready, tmp_path):
    return shutil.copytree(ready, tmp_path / "prepared")


def preparing(nsd, to: Path, **options) -> Preparation:
    return Preparation(NsdFolder(nsd.root, BETAS), to, **options)


def volume(path: Path, shape: tuple[int, ...]) -> None:
    """A header that promises bytes, and nothing after it."""
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape(shape)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    path.write_bytes(gzip.compress(header.binaryblock + bytes(4)))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (f"{SPACE}/roi/streams.nii.gz", r"streams\.nii\.gz: has the shape \(2000, 2000, 1000\), and ncsnr"),
        ("ncsnr.nii.gz", r"ncsnr\.nii\.gz: the volume would take 32\.0 GB"),
    ],
)
def test_a_volume_is_not_unpacked_before_its_shape_is_known(copy, tmp_path, place, said):
    path = betas_of(copy.root, 1) / place if place.startswith("ncsnr") else copy.root / place
    volume(path, (2000, 2000, 1000))
    with pytest.raises(DataError, match=said):
        preparing(copy, tmp_path / "to").subject(1)


def test_betas_and_images_that_lie_elsewhere(copy, tmp_path):
    for path, name in ((copy.session(1, 2), "betas"), (copy.root / IMAGES, "imgBrick")):
        path.rename(path.with_suffix(".other"))
        with h5py.File(path, "w") as file:
            file[name] = h5py.ExternalLink(str(path.with_suffix(".other")), name)
    with pytest.raises(DataError, match=r"betas_session02\.hdf5: betas lies in another file"):
        preparing(copy, tmp_path / "to").subject(1)
    with pytest.raises(DataError, match=r"nsd_stimuli\.hdf5: imgBrick lies in another file"):
        preparing(copy, tmp_path / "to").stimuli()


@pytest.mark.parametrize(
    ("shape", "kind", "said"),
    [
        ((54, 8, 8, 7), "u1", r"\(54, 8, 8, 7\), and no uint8 of \(n, height, width, 3\)"),
        ((54, 8), "u1", r"uint8 of \(54, 8\), and no uint8"),
        ((54, 8, 8, 3), "f4", r"float32 of \(54, 8, 8, 3\), and no uint8"),
        ((54, 90_000, 90_000, 3), "u1", "an image would take 24.3 GB"),
    ],
)
def test_images_of_another_kind(copy, tmp_path, shape, kind, said):
    with h5py.File(copy.root / IMAGES, "w") as file:
        file.create_dataset("imgBrick", shape=shape, dtype=kind, chunks=tuple(min(8, n) for n in shape))
    with pytest.raises(DataError, match=said):
        preparing(copy, tmp_path / "to").stimuli()


def test_an_image_that_is_missing_is_named(copy, tmp_path):
    with h5py.File(copy.root / IMAGES, "a") as file:
        first = file["imgBrick"][: copy.shared[2] - 1]
        del file["imgBrick"]
        file["imgBrick"] = first
    said = f"has images 1 to {len(first)}, and {copy.shared[2]} is missing, which all subjects saw"
    with pytest.raises(DataError, match=said):
        preparing(copy, tmp_path / "to").stimuli()
    assert not list((tmp_path / "to").glob("*.npy"))


def noted(path: Path) -> None:
    """The note as a stranger rewrites it, so that it is of the file that is there."""
    note = path.with_name(f"{path.name}.json")
    known = json.loads(note.read_text()) | {"bytes": path.stat().st_size, "sha256": hash_of(path)}
    note.write_text(json.dumps(known))


def rewritten(path: Path, packed: bool = False, **changes) -> None:
    with np.load(path) as file:
        arrays = dict(file)
    for name, make in changes.items():
        arrays[name] = make(arrays[name])
    save = np.savez_compressed if packed else np.savez
    save(path, **{name: array for name, array in arrays.items() if array is not None})
    noted(path)


class Command:
    def __reduce__(self):
        return os.mkdir, ("obeyed",)


def objects(_) -> np.ndarray:
    return np.array([Command()], dtype=object)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"region": objects}, "region.npy is not of the size that its header says"),
        ({"betas": lambda _: None}, "it has no betas"),
        ({"betas": lambda _: np.zeros((2, 2, 2), np.float32)}, "betas is float32 of (2, 2, 2)"),
        ({"betas": lambda x: x[:, :1]}, "betas of 1 showings, and 3 are due"),
        ({"place": lambda x: x[:, :2]}, "place is int64 of"),
        ({"members": lambda x: x[:, 1:]}, "members is bool of"),
        ({"ncsnr": lambda x: x.astype(str)}, "ncsnr is <U32 of"),
        ({"region": lambda x: np.char.add(x, "x")}, "no region OTC or EVC"),
        ({"packed": True}, "is not of the size that its header says"),
    ],
)
def test_a_subject_s_file_that_others_wrote(folder, tmp_path, monkeypatch, changes, said):
    monkeypatch.chdir(tmp_path)
    rewritten(folder / SUBJECT, **changes)
    with pytest.raises(DataError) as why:
        opened(folder, tmp_path)
    due = f"{folder / SUBJECT}: is not as `python -m pytest_brainscore prepare nsd` writes it ("
    assert str(why.value).startswith(due)
    assert said in str(why.value)
    assert str(why.value).endswith("); delete it and run that again")
    assert not (tmp_path / "obeyed").exists()


def opened(folder: Path, cache: Path):
    spec = NsdDataset(id="NSD", reader="nsd", recordings={"subjects": (1,)})
    return read(spec, lambda _: folder, cache)


def test_a_header_of_terabytes_is_not_believed(folder, tmp_path):
    path = folder / SUBJECT
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content, {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6, 3)}
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, old in members.items():
            archive.writestr(name, content.getvalue() if name == "betas.npy" else old)
    noted(path)
    with pytest.raises(DataError, match=r"betas\.npy is not of the size that its header says"):
        opened(folder, tmp_path)


def test_regions_that_only_one_subject_has(folder, whole, tmp_path):
    preparing(whole, folder).subject(2)
    rewritten(folder / f"S2.{BETAS}.npz", region=lambda x: np.where(x == "V1", "V9", x))
    spec = NsdDataset(id="NSD", reader="nsd", recordings={"subjects": (1, 2)})
    with pytest.raises(DataError, match=r"S2.*: V1 is a region of it or of S1.*, and not of both"):
        read(spec, lambda _: folder, tmp_path)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 3)), r"an array \(3, 3\) of float64"),
        (np.zeros(3, [("number", "i4"), ("image", "u1", (4, 4))]), r"uint8 of \(3, 4, 4\), and no uint8"),
        (objects(None), "Python objects"),
    ],
)
def test_a_file_of_images_that_others_wrote(folder, tmp_path, monkeypatch, array, said):
    monkeypatch.chdir(tmp_path)
    np.save(folder / SHARED, array)
    with pytest.raises(
        DataError, match=rf"shared1000\.npy: is not as .*{said}.*delete it and run that again"
    ):
        read_images(folder / SHARED)
    assert not (tmp_path / "obeyed").exists()


def test_again_makes_anew_what_is_not_as_it_was_written(folder, whole):
    path = folder / SHARED
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    assert preparing(whole, folder).stimuli().read_bytes() != before
    assert preparing(whole, folder, again=True).stimuli().read_bytes() == before
    assert open_subject(folder / SUBJECT).repetitions == 3
