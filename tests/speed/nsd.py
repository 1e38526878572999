"""One session of NSD at its real size: seconds and memory that `prepare nsd` takes for it.

    python tests/speed/nsd.py FOLDER

writes 1.1 GB into FOLDER (subject 1: 81 x 104 x 83 voxels, 750 trials; 14,000 voxels are prepared), and
deletes it in the end.
"""

from __future__ import annotations

import resource
import shutil
import sys
import time
from pathlib import Path

import h5py
import nibabel
import numpy as np
import scipy.io

from pytest_brainscore.data.nsd.layout import NsdFolder
from pytest_brainscore.data.nsd.masks import CATEGORIES
from pytest_brainscore.data.nsd.preparing import Preparation

BETAS, SHAPE, TRIALS = "betas_fithrf_GLMdenoise_RR", (81, 104, 83), 750


def write(root: Path) -> None:
    """The folder; a block of cortex in which half of the voxels lie in the masks."""
    random = np.random.RandomState(0)
    inside = np.zeros(SHAPE, bool)
    inside[20:60, 5:40, 15:35] = random.random_sample((40, 35, 20)) < 0.5
    folder = root / "nsddata/ppdata/subj01/func1pt8mm"
    betas = root / f"nsddata_betas/ppdata/subj01/func1pt8mm/{BETAS}"
    save(folder / "roi/nsdgeneral.nii.gz", inside.astype(np.int16))
    save(folder / "roi/streams.nii.gz", 5 * inside.astype(np.int16))
    for name in ("prf-visualrois", *CATEGORIES):
        save(folder / f"roi/{name}.nii.gz", np.zeros(SHAPE, np.int16))
    for contrast, _ in CATEGORIES.values():
        save(folder / f"floc_{contrast}tval.nii.gz", np.zeros(SHAPE, np.float32))
    save(betas / "ncsnr.nii.gz", random.random_sample(SHAPE).astype(np.float32))
    design = root / "nsddata/experiments/nsd/nsd_expdesign.mat"
    design.parent.mkdir(parents=True)
    images, order = np.tile(np.arange(1, 10_001), (8, 1)), 1 + random.permutation(10_000)
    scipy.io.savemat(
        design, {"sharedix": images[:1, :1000], "masterordering": order[None], "subjectim": images}
    )
    with h5py.File(betas / "betas_session01.hdf5", "w") as file:
        values = file.create_dataset("betas", (TRIALS, *SHAPE[::-1]), np.int16, chunks=(TRIALS, 1, 1, 1))
        for plane in range(SHAPE[2]):
            values[:, plane] = random.randint(-2000, 2000, (TRIALS, SHAPE[1], SHAPE[0])).astype(np.int16)


def save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)


def main(folder: Path) -> None:
    """Write, prepare, tell."""
    root = folder / "nsd_speed"
    try:
        write(root)
        before, start, cpu = peak(), time.perf_counter(), time.process_time()
        Preparation(NsdFolder(root, BETAS), root / "prepared").subject(1)
        taken = time.perf_counter() - start, time.process_time() - cpu
        print("{:.1f} s, {:.1f} s of CPU".format(*taken), f"peak {peak():.0f} MB ({before:.0f} before)")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
