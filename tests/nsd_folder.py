"""A simulated folder of the Natural Scenes Dataset: its layout to the letter, tiny volumes, few trials.

Four subjects, three sessions of different length each, each image shown three times. Betas follow the
colours of the images, so that networks can be scored on them. Subjects 5 and 7 lack FBA-1; subject 2 has
NIfTI and the others HDF5; betas of subject 5 are floats of which some are NaN; a voxel of subject 1 was not
measured in its second session.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import nibabel
import numpy as np
import scipy.io

BETAS = "betas_fithrf_GLMdenoise_RR"
SUBJECTS = (1, 2, 5, 7)
SHAPE = (12, 10, 8)
LABELS = {
    "streams": range(1, 8),
    "prf-visualrois": range(1, 8),
    "floc-faces": range(1, 6),
    "floc-bodies": range(1, 5),
    "floc-places": range(1, 4),
    "floc-words": range(1, 6),
}
FBA_1 = 2
NAN, UNMEASURED = (3, 4, 5), (7, 2, 2)
"""Voxels of the ventral stream: of subject 5, NaN in every ninth trial; of subject 1, 0 in session 2."""
T_MAPS = {"floc-faces": "faces", "floc-bodies": "bodies", "floc-places": "places", "floc-words": "word"}


@dataclass(frozen=True)
class Written:
    """What was written. trials: the number of the image that each trial showed; betas: of each session, as
    in its file but (x, y, z, trials); volumes: by the names of their files."""

    root: Path
    shared: np.ndarray
    trials: dict[int, np.ndarray]
    lengths: dict[int, tuple[int, ...]]
    betas: dict[tuple[int, int], np.ndarray]
    volumes: dict[tuple[int, str], np.ndarray]

    def session(self, subject: int, number: int) -> Path:
        ending = "nii.gz" if subject == 2 else "hdf5"
        return betas_of(self.root, subject) / f"betas_session{number:02d}.{ending}"


def write(
    root: Path, shared: int = 40, size: int = 16, stopped: tuple[int, ...] = (), seed: int = 0
) -> Written:
    """Write the folder: `shared` images that all subjects saw, among as many again of each subject's own.

    stopped: subjects who did not come to the last session.
    """
    random = np.random.RandomState(seed)
    images = _images(root, 9 * shared, size, random)
    numbers = 1 + random.permutation(9 * shared)
    common, own = np.sort(numbers[:shared]), numbers[shared:].reshape(8, shared)
    seen = np.concatenate([np.tile(common, (8, 1)), own], axis=1)
    order = np.concatenate([1 + random.permutation(2 * shared) for _ in range(3)])
    _write_design(root, common, order, seen)
    written = Written(root, common, {}, {}, {}, {})
    for subject in SUBJECTS:
        shown = seen[subject - 1][order - 1]
        lengths = _lengths(len(shown))[: 2 if subject in stopped else 3]
        _write_subject(written, subject, shown, lengths, images, random)
    return written


def _images(root: Path, n: int, size: int, random: np.random.RandomState) -> np.ndarray:
    images = random.randint(0, 256, (n, 4, 4, 3), dtype=np.uint8).repeat(size // 4, 1).repeat(size // 4, 2)
    path = root / "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file["imgBrick"] = images
    return images


def _write_design(root: Path, common: np.ndarray, order: np.ndarray, seen: np.ndarray) -> None:
    path = root / "nsddata/experiments/nsd/nsd_expdesign.mat"
    path.parent.mkdir(parents=True)
    variables = {"sharedix": common[None], "masterordering": order[None], "subjectim": seen}
    scipy.io.savemat(path, {name: values.astype(np.float64) for name, values in variables.items()})


def _lengths(trials: int) -> tuple[int, int, int]:
    return trials // 3 + 3, trials // 3 - 10, trials - 2 * (trials // 3) + 7


def _write_subject(
    written: Written,
    subject: int,
    shown: np.ndarray,
    lengths: tuple[int, ...],
    images: np.ndarray,
    random: np.random.RandomState,
) -> None:
    shape = (SHAPE[0] + subject % 2, *SHAPE[1:])
    volumes = _volumes(subject, shape, random)
    for name, volume in volumes.items():
        _write_volume(_place(written.root, subject, name), volume)
        written.volumes[subject, name] = volume
    betas = _betas(shown[: sum(lengths)], volumes["ncsnr"], images, random)
    written.trials[subject], written.lengths[subject] = shown[: sum(lengths)], lengths
    for number, part in enumerate(np.split(betas, np.cumsum(lengths)[:-1], axis=-1), start=1):
        stored = part.astype(np.float32) if subject == 5 else np.round(300 * part).astype(np.int16)
        _spoil(subject, number, stored)
        written.betas[subject, number] = stored
        _write_betas(written.session(subject, number), stored)


def _volumes(subject: int, shape: tuple[int, ...], random: np.random.RandomState) -> dict[str, np.ndarray]:
    """Labels here and there, -1 outside of cortex; where there is one, t values on either side of 1."""
    volumes: dict[str, np.ndarray] = {"nsdgeneral": (random.random_sample(shape) < 0.5).astype(np.int16)}
    for name, labels in LABELS.items():
        share = 0.02 * len(labels)
        chances = [(1 - share) / 2, (1 - share) / 2, *([0.02] * len(labels))]
        volumes[name] = random.choice([-1, 0, *labels], shape, p=chances).astype(np.int16)
    for name, contrast in T_MAPS.items():
        t = 2 * (volumes[name] > 0) + random.standard_normal(shape)
        volumes[f"floc_{contrast}tval"] = t.astype(np.float32)
    if subject in (5, 7):
        volumes["floc-bodies"][volumes["floc-bodies"] == FBA_1] = 0
    volumes["ncsnr"] = random.uniform(0.05, 1.5, shape).astype(np.float32)
    for x, y, z in (NAN, UNMEASURED):
        volumes["nsdgeneral"][x, y, z], volumes["streams"][x, y, z] = 1, 5
    return volumes


def _betas(
    shown: np.ndarray, ncsnr: np.ndarray, images: np.ndarray, random: np.random.RandomState
) -> np.ndarray:
    """(x, y, z, trials): each voxel's signal is linear in the colours of the image's patches."""
    size = images.shape[1] // 4
    patches = images[shown - 1, ::size, ::size].reshape(len(shown), -1) / 127.5 - 1
    weights = random.standard_normal((*ncsnr.shape, patches.shape[1]))
    signal = weights @ patches.T / np.sqrt(patches.shape[1] / 3)
    return ncsnr[..., None] * signal + random.standard_normal(signal.shape)


def _spoil(subject: int, number: int, betas: np.ndarray) -> None:
    if subject == 5:
        betas[*NAN, ::9] = np.nan
    if subject == 1 and number == 2:
        betas[UNMEASURED] = 0


def _write_betas(path: Path, betas: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".hdf5":
        with h5py.File(path, "w") as file:
            file.create_dataset("betas", data=betas.T, chunks=(betas.shape[-1], 1, 1, 1))
    else:
        _write_volume(path, betas)


def _write_volume(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.8, 1.8, 1.8, 1])), path)


def betas_of(root: Path, subject: int) -> Path:
    return root / f"nsddata_betas/ppdata/subj{subject:02d}/func1pt8mm/{BETAS}"


def _place(root: Path, subject: int, name: str) -> Path:
    if name == "ncsnr":
        return betas_of(root, subject) / "ncsnr.nii.gz"
    folder = root / f"nsddata/ppdata/subj{subject:02d}/func1pt8mm"
    return folder / f"{name}.nii.gz" if name.startswith("floc_") else folder / "roi" / f"{name}.nii.gz"
