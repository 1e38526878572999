"""Malice: YAML, weights, archives, arrays and names that would run code or read what is not theirs."""

from __future__ import annotations

import hashlib
import io
import pickle
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from ..company import (
    check_afterwards,
    check_company,
    check_nothing_ran,
    check_refused,
    with_odd_data,
    with_odd_model,
)
from ..faults import REFUSED, Outcome, kind
from ..project import Project, check_told, place


class Runs:
    """What makes a file when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "ran"

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


# YAML


def _grown(rng: random.Random, link: str) -> str:
    levels, width = rng.randint(7, 20), rng.randint(6, 12)
    lines = [f"a{i}: &a{i} {link % ','.join([f'*a{i - 1}'] * width)}\n" for i in range(1, levels)]
    return "a0: &a0 {x: 1}\n" + "".join(lines)


def _yaml(rng: random.Random) -> tuple[str, str]:
    """Text before or in place of a benchmark file, and what is said of it."""
    tag = rng.choice(
        ("object/apply:os.mkdir [ran]", "object/new:os.mkdir [ran]", "name:os.mkdir", "module:os")
    )
    return rng.choice(
        (
            (f"x: !!python/{tag}\n", "not YAML: could not determine a constructor"),
            (_grown(rng, "[%s]"), "aliases unfold to more than 100000 values"),
            (_grown(rng, "{<<: [%s]}"), "aliases unfold to more than 100000 values"),
            ("x: " + rng.choice("[{") * rng.randint(200, 5_000_000), "is nested too deeply"),
            ("".join(" " * i + "- \n" for i in range(rng.randint(150, 900))), "nested too deeply|not YAML"),
            ("x: &x [*x]\n", "nested too deeply, or holds itself"),
            ("dataset: {}\n", "dataset: this key is there twice"),
            (f"x: {'9' * rng.randint(5000, 99999)}\n", "a value is not what its form or tag says"),
            (f"x: 2024-{rng.randint(13, 99)}-01\n", "a value is not what its form or tag says"),
            ("x: \x07\n", "not YAML"),
        )
    )


@kind("malice-yaml", "YAML with objects of Python, bombs of aliases, deep nesting, keys twice, odd numbers")
def odd_yaml(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    text, cause = _yaml(rng)
    path = project.root / rng.choice(("benchmarks/own.yaml", "models.yaml"))
    before = path.read_text()
    path.write_text(
        text + (before if "dataset: {}" not in text or "dataset" in before else "small: {}\n" + before)
    )
    cause = cause if path.name == "own.yaml" else cause.replace("dataset: this", "small: this")
    ended = project.score()
    check_told(ended, rf"{path.name}.*({cause})")
    check_nothing_ran(project)
    path.write_text(before)
    check_afterwards(rng, project)
    return REFUSED


# weights


def _weights(rng: random.Random, folder: Path) -> tuple[bytes, str, str]:
    """A file of weights: its content, its suffix, what is said of it."""
    state: dict[str, Any] = {f"{i}.{name}": torch.zeros(8) for i in (0, 2) for name in ("weight", "bias")}
    content = io.BytesIO()
    bad = rng.choice(
        (Runs(folder), {**state, "x": Runs(folder)}, {"state_dict": state, "epoch": Runs(folder)})
    )
    how = rng.randrange(5)
    if how < 2:
        torch.save(bad, content, _use_new_zipfile_serialization=how == 0)
    elif how == 2:
        content.write(pickle.dumps(bad, protocol=rng.randint(1, 5)))
    elif how == 3:
        torch.save(torch.nn.Linear(2, 2), content)
    else:
        header = b'{"0.weight":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,%d]}}' % 2**60
        content.write(len(header).to_bytes(8, "little") + header)
    said = (
        "no weights can be read" if how == 4 else "refused: reading it would run code|no weights can be read"
    )
    return content.getvalue(), rng.choice((".pth", ".pt", ".bin", ".safetensors")), said


@kind("malice-weights", "checkpoints that bring code, whole modules, safetensors that lie about their size")
def odd_weights(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    content, suffix, cause = _weights(rng, project.root)
    (project.root / f"odd{suffix}").write_bytes(content)
    digits = hashlib.sha256(content).hexdigest()
    with_odd_model(project, f"source: 'nets:small', weights: {{file: odd{suffix}, sha256: {digits}}}", "")
    check_refused(check_company(project, project.score("--models=small,odd,wide")), rf"odd\{suffix}", cause)
    check_afterwards(rng, project)
    return REFUSED


# archives


def _zipped(rng: random.Random, path: Path, name: str, kind_: int, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        info = zipfile.ZipInfo(name)
        info.external_attr = (kind_ | 0o644) << 16
        file.writestr("stimuli/image1.png", b"x")
        file.writestr(info, content)


def _tarred(rng: random.Random, path: Path, name: str, kind_: bytes, link: str) -> None:
    with tarfile.open(path, f"w:{rng.choice(('', 'gz', 'bz2', 'xz'))}") as file:
        file.addfile(tarfile.TarInfo("stimuli/image1.png"), io.BytesIO())
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind_, link
        file.addfile(info)


OUTSIDE = ("../ran", "stimuli/../../ran", "/tmp/../ran", "..\\ran", "C:\\ran", "//x/ran")
TAR_KINDS = (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
ZIP_KINDS = (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)


@kind("malice-archive", "archives whose members lie outside, are links or devices, or unpack to gigabytes")
def odd_archive(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    path, link = with_odd_data(project) / "odd.archive", rng.choice(("/etc/passwd", "..", "image1.png"))
    how = rng.randrange(5)
    if how == 0:
        _zipped(rng, path, rng.choice(OUTSIDE), stat.S_IFREG, b"x")
    elif how == 1:
        _tarred(rng, path, rng.choice(OUTSIDE), tarfile.REGTYPE, "")
    elif how == 2:
        _zipped(rng, path, "stimuli/ran", rng.choice(ZIP_KINDS), link.encode())
    elif how == 3:
        _tarred(rng, path, "stimuli/ran", rng.choice(TAR_KINDS), link)
    else:
        _zipped(rng, path, "stimuli/ran", stat.S_IFREG, b"")
        small = path.read_bytes()
        path.write_bytes(_says(small, rng.randint(2**30 + 1, 2**32 - 2)))
    _point(project, "images: odd/stimuli", "images: odd/odd.archive")
    causes = ("would lie outside", "would lie outside", "link or device", "link or device", "would unpack to")
    check_refused(check_company(project, project.score()), r"odd\.archive", causes[how])
    check_afterwards(rng, project)
    return REFUSED


def _says(content: bytes, size: int) -> bytes:
    """The zip whose list says that its last member has `size` bytes."""
    at = content.rindex(b"PK\x01\x02") + 24
    return content[:at] + size.to_bytes(4, "little") + content[at + 4 :]


# arrays


def _linked(path: Path, other: Path) -> None:
    with h5py.File(path, "w") as file:
        file["r"] = h5py.ExternalLink(str(other), "/r")


def _stored_elsewhere(path: Path, other: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("r", shape=(16, 5, 3), dtype="f8", external=[(str(other), 0, 16 * 5 * 3 * 8)])


def _virtual(path: Path, other: Path) -> None:
    layout = h5py.VirtualLayout((16, 5, 3), "f8")
    layout[:] = h5py.VirtualSource(str(other), "r", (16, 5, 3))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("r", layout)


def _pickled(path: Path, other: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([Runs(path.parents[2])] * 16, dtype=object))


def _pickled_in_npz(path: Path, other: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, r=np.array([Runs(path.parents[2])] * 16, dtype=object))


def _exabytes(path: Path, other: Path) -> None:
    header = {"descr": "<f8", "fortran_order": False, "shape": (2**29, 2**15, 2**15)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)


def _bare_pickle(path: Path, other: Path) -> None:
    path.write_bytes(pickle.dumps(Runs(path.parents[2])))


ARRAYS: tuple[tuple[Callable[[Path, Path], None], str], ...] = (
    (_linked, "lies in another file"),
    (_stored_elsewhere, "lies in another file"),
    (_virtual, "lies in another file"),
    (_pickled, "it holds Python objects"),
    (_pickled_in_npz, "it holds Python objects"),
    (_exabytes, "cannot be read"),
    (_bare_pickle, "cannot be read as a CSV or parquet table"),
)


@kind("malice-array", "recordings that point into other files, bring pickles, or say they are exabytes")
def odd_array(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    path, (make, cause) = with_odd_data(project) / "responses.npy", rng.choice(ARRAYS)
    other = project.root / "benchmarks" / "other.h5"
    with h5py.File(other, "w") as file:
        file["r"] = np.load(place().data / "responses.npy")
    path = path.rename(path.with_suffix(rng.choice((".npy", ".h5", ".nc", ".csv"))))
    make(path, other)
    _point(project, "responses.npy", path.name)
    check_refused(check_company(project, project.score()), cause, rf"responses\{path.suffix}")
    check_afterwards(rng, project)
    return REFUSED


# dotted names


NAMES = (
    "os:mkdir",
    "subprocess:run",
    "builtins:exec",
    "importlib:import_module",
    "numpy:save",
    "torch.hub:load",
    "pytest:main",
    "pytest_brainscore.specs.registry:load",
    "pytest_brainscore.data.disk:replace",
    "pytest_brainscore.data.download:download",
    "pytest_brainscore.models.build:importlib",
    "pytest_brainscore.models.build:read_weights",
    "site.x:y",
)


@kind("malice-name", "dotted names outside the trusted packages: as a network, a metric, a reader")
def odd_name(rng: random.Random, folder: Path) -> Outcome:
    project, name = Project.warm(folder), rng.choice(NAMES)
    refused = "is not trusted|neither a network nor a metric|borrowed there|has no callable"
    if rng.random() < 0.5:
        entry = f"source: '{name}', arguments: {{path: ran, name: ran, file: ran}}"
        with_odd_model(project, entry, "")
        rows = check_company(project, project.score("--models=small,odd,wide"))
    else:
        with_odd_data(project)
        if rng.random() < 0.5:
            _point(project, "metric: rdm}", f"metric: {{name: '{name}'}}}}")
            rows = [
                row for row in check_company(project, project.score()) if row.metric == name.split(":")[1]
            ]
        else:
            _point(project, "reader: arrays", f"reader: '{name}'")
            rows = check_company(project, project.score())
    check_refused(rows, name, refused)
    check_afterwards(rng, project)
    return REFUSED


def _point(project: Project, old: str, new: str) -> None:
    path = project.root / "benchmarks" / "odd.yaml"
    text = path.read_text()
    if old not in text:
        raise ValueError(f"{old} is not in {text}")
    path.write_text(text.replace(old, new))
