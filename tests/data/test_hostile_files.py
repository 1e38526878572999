"""Data files that mean harm or are damaged: nothing outside them is read, no code runs, one line says why."""

from __future__ import annotations

import io
import pickle
import random
import stat
import tarfile
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from safetensors.torch import save_file

from pytest_brainscore.data import archives
from pytest_brainscore.data.archives import unpack
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.formats import read_array
from pytest_brainscore.data.tables import read_table
from pytest_brainscore.errors import BrainScoreError, DataError, FetchError
from pytest_brainscore.models.weights import read_weights
from pytest_brainscore.specs.base import File

ONES = np.ones((4, 3))


# HDF5 and netCDF that point elsewhere


def elsewhere(folder: Path) -> Path:
    """A file whose content no benchmark names."""
    with h5py.File(folder / "secret.h5", "w") as file:
        file["x"] = 7 * ONES
    return folder / "secret.h5"


def external_link(file: h5py.File, other: Path) -> None:
    file["leak"] = h5py.ExternalLink(other.name, "/x")


def external_link_in_a_group(file: h5py.File, other: Path) -> None:
    file.create_group("deep/er")["leak"] = h5py.ExternalLink(str(other), "/")


def external_storage(file: h5py.File, other: Path) -> None:
    file.create_dataset("leak", shape=(4, 3), dtype="f8", external=[(str(other), 0, 96)])


def virtual_dataset(file: h5py.File, other: Path) -> None:
    layout = h5py.VirtualLayout((4, 3), "f8")
    layout[:] = h5py.VirtualSource(str(other), "x", (4, 3))
    file.create_virtual_dataset("leak", layout)


@pytest.mark.parametrize("suffix", ["h5", "nc"])
@pytest.mark.parametrize("leak", [external_link, external_link_in_a_group, external_storage, virtual_dataset])
def test_values_that_lie_in_another_file_are_refused(tmp_path, leak, suffix):
    path = tmp_path / f"responses.{suffix}"
    with h5py.File(path, "w") as file:
        file["r"] = ONES
        leak(file, elsewhere(tmp_path))
    for key in (None, "leak", "r"):
        with pytest.raises(DataError, match=r"responses\.\w+: .*leak lies in another file: copy its values"):
            read_array(path, key)


def test_links_within_a_file_and_groups_that_hold_themselves_are_no_harm(tmp_path):
    with h5py.File(tmp_path / "r.h5", "w") as file:
        group = file.create_group("group")
        group["r"] = ONES
        group["itself"], file["soft"] = group, h5py.SoftLink("/group/r")
    np.testing.assert_array_equal(read_array(tmp_path / "r.h5", "group/r"), ONES)


@pytest.mark.parametrize("suffix", ["npy", "npz", "h5"])
def test_a_small_file_that_says_it_holds_exabytes_is_refused(tmp_path, suffix):
    path, shape = tmp_path / f"huge.{suffix}", (2**29, 2**30)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    if suffix == "npy":
        path.write_bytes(header.getvalue())
    elif suffix == "npz":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("a.npy", header.getvalue())
    else:
        with h5py.File(path, "w") as file:
            file.create_dataset("a", shape=shape, dtype="f8", chunks=(1024, 1024))
    said = "the array /a would take" if suffix == "h5" else r"cannot be read \("
    with pytest.raises(DataError, match=rf"huge\.{suffix}: {said}"):
        read_array(path, None)


class Bomb:
    def __reduce__(self):
        return Path.touch, (Path("ran"),)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_a_pickle_in_an_array_file_is_not_run(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    objects = np.array([Bomb(), 1], dtype=object)
    (np.save if suffix == "npy" else np.savez)(tmp_path / f"r.{suffix}", objects)
    with pytest.raises(DataError, match=rf"r\.{suffix}: .*it holds Python objects: save plain numbers"):
        read_array(tmp_path / f"r.{suffix}", None)
    (tmp_path / "r.csv").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataError, match=r"r\.csv: cannot be read as a CSV or parquet table"):
        read_table(tmp_path / "r.csv")
    assert not (tmp_path / "ran").exists()


# tables


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "=HYPERLINK(1)", "@SUM(1)", "C:\\x", ""])
def test_a_table_names_stimuli_and_no_files(tmp_path, make_images, name):
    from pytest_brainscore.data.images import in_folder, with_table

    stimuli = in_folder(make_images(2))
    pd.DataFrame({"stimulus": ["image1", name], "x": [1, 2]}).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match="is no image"):
        with_table(stimuli, tmp_path / "t.csv")


def test_a_formula_in_a_table_is_text(tmp_path, make_images):
    from pytest_brainscore.data.images import in_folder, with_table

    formulas = ["=cmd|' /C calc'!A0", "+1+1"]
    pd.DataFrame({"stimulus": ["image1", "image2"], "x": formulas}).to_csv(tmp_path / "t.csv", index=False)
    assert with_table(in_folder(make_images(2)), tmp_path / "t.csv").coords["x"].tolist() == formulas


def test_rows_with_more_values_than_names_are_not_shifted(tmp_path):
    """pandas would take the first value of each row for its label, and move the others."""
    (tmp_path / "t.csv").write_text("stimulus,a,b\nimage1,1,2,3\nimage2,4,5,6\n")
    with pytest.raises(DataError, match=r"t\.csv: its rows have more values than its first line has names"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("write", ["to_csv", "to_parquet"])
def test_one_long_cell(tmp_path, write):
    """Each row of the labels that a column becomes is as long as the longest cell: 640 of these take 1 GB."""
    if write == "to_parquet":
        pytest.importorskip("pyarrow")
    rows = pd.DataFrame({"stimulus": ["a", "b"], "x": ["1", "y" * 10_000]})
    getattr(rows, write)(tmp_path / "t", index=False)
    assert len(read_table(tmp_path / "t")) == 2
    rows.loc[1, "x"] = "y" * 400_000
    getattr(rows, write)(tmp_path / "t", index=False)
    with pytest.raises(DataError, match=r"t: row 2, column x: 400,000 characters, and 10,000 are the most"):
        read_table(tmp_path / "t")


# archives


def tar_of(path: Path, kind: bytes, **how) -> Path:
    with tarfile.open(path, "w") as file:
        info = tarfile.TarInfo("good.png")
        info.size = 3
        file.addfile(info, io.BytesIO(b"abc"))
        info = tarfile.TarInfo("odd.png")
        info.type = kind
        for name, value in how.items():
            setattr(info, name, value)
        file.addfile(info)
    return path


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (tarfile.LNKTYPE, {"linkname": "/etc/passwd"}),
        (tarfile.LNKTYPE, {"linkname": "good.png"}),
        (tarfile.SYMTYPE, {"linkname": ".."}),
        (tarfile.CHRTYPE, {"devmajor": 1, "devminor": 5}),
        (tarfile.BLKTYPE, {"devmajor": 8}),
        (tarfile.FIFOTYPE, {}),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind, how):
    with pytest.raises(DataError, match=r"'odd\.png' is a link or device; nothing was unpacked"):
        unpack(tar_of(tmp_path / "a.tar", kind, **how), tmp_path / "cache")
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFLNK])
def test_links_and_devices_in_a_zip_are_refused(tmp_path, kind):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        info = zipfile.ZipInfo("odd.png")
        info.external_attr = (kind | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match=r"'odd\.png' is a link or device; nothing was unpacked"):
        unpack(tmp_path / "a.zip", tmp_path / "cache")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch, kind):
    """What its list says is believed: neither format gives more than it says there."""
    monkeypatch.setattr(archives, "LARGEST", 10_000)
    blank, path = bytes(3_000_000), tmp_path / "bomb"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("a.bmp", blank)
    else:
        with tarfile.open(path, "w:gz") as file:
            info = tarfile.TarInfo("a.bmp")
            info.size = len(blank)
            file.addfile(info, io.BytesIO(blank))
    with pytest.raises(DataError, match=r"bomb: would unpack to 0\.0 GB, more than 200 times its own size"):
        unpack(path, tmp_path / "cache")
    assert not list(tmp_path.rglob("*.bmp"))
    monkeypatch.setattr(archives, "LARGEST", 2**30)
    assert (unpack(path, tmp_path / "cache") / "a.bmp").stat().st_size == len(blank)


def test_a_zip_that_gives_more_than_it_says_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.bmp", bytes(5_000))
    content = (tmp_path / "a.zip").read_bytes().replace((5_000).to_bytes(4, "little"), bytes([9, 0, 0, 0]))
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpack(tmp_path / "a.zip", tmp_path / "cache")
    assert not list(tmp_path.rglob("*.bmp"))


# addresses


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://127.0.0.1:9/x", "data:,x", "x", "//x", "http://"]
)
def test_addresses_that_are_none_of_the_web_are_refused(tmp_path, url):
    with pytest.raises(FetchError) as caught:
        Fetcher(tmp_path / "cache")(File(url=url, sha256="a" * 64), tmp_path)
    assert str(caught.value).startswith(f"{url}: ")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size]


# damage of any kind


def an_npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, ONES)


def an_npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, a=ONES)


def an_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = ONES


def a_netcdf3(path: Path) -> None:
    xr.Dataset({"a": (("stimulus", "neuroid"), ONES)}).to_netcdf(path, engine="scipy")


def a_table(path: Path) -> None:
    pd.DataFrame({"stimulus": ["a", "b"], "x": [1.5, 2]}).to_csv(path, index=False)


def a_checkpoint(path: Path) -> None:
    torch.save({"a": torch.ones(4, 3)}, path)


def an_old_checkpoint(path: Path) -> None:
    torch.save({"a": torch.ones(4, 3)}, path, _use_new_zipfile_serialization=False)


def safetensors(path: Path) -> None:
    save_file({"a": torch.ones(4, 3)}, path)


def an_lzma_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.png", b"abc" * 50)


def an_xz_tar(path: Path) -> None:
    with tarfile.open(path, "w:xz") as file:
        info = tarfile.TarInfo("a.png")
        info.size = 150
        file.addfile(info, io.BytesIO(b"abc" * 50))


def damaged(content: bytes, seed: int) -> bytes:
    """Some bytes changed, most of them where a file says what it is; sometimes cut off."""
    rng, changed = random.Random(seed), bytearray(content)
    for _ in range(rng.choice([1, 3, 20])):
        changed[rng.randrange(min(len(changed), rng.choice([64, 512, len(changed)])))] = rng.randrange(256)
    return bytes(changed[: rng.randrange(len(changed))] if rng.random() < 0.3 else changed)


def array(path: Path, cache: Path) -> object:
    return read_array(path, None)


def table(path: Path, cache: Path) -> object:
    return read_table(path)


def weights(path: Path, cache: Path) -> object:
    return read_weights(path)


READERS = {
    array: (an_npy, an_npz, an_hdf5, a_netcdf3),
    table: (a_table,),
    weights: (a_checkpoint, an_old_checkpoint, safetensors),
    unpack: (an_lzma_zip, an_xz_tar),
}


@pytest.mark.parametrize(("read", "make"), [(read, make) for read in READERS for make in READERS[read]])
def test_a_damaged_file_is_one_line_that_names_it(tmp_path, read, make):
    path, said = tmp_path / "damaged", []
    make(path)
    content = path.read_bytes()
    for seed in range(60):
        path.write_bytes(damaged(content, seed))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read(path, tmp_path / "cache")
            except BrainScoreError as why:
                said.append(str(why))
    assert len(said) > 10
    assert all(str(path) in line and "\n" not in line for line in said)
