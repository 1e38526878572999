"""Measure loading, averaging and the ceiling of an assembly beside Brain-Score's, in turns, in one run.

    python tests/speed/assembly.py --reference-python PATH/TO/python [--rounds 2] [--folder FOLDER]

The assembly has the size of MajajHong2015.public: 148,480 presentations x 256 neuroids, float32, 640 stimuli
shown 28 times and 2,560 shown 51 times, with the coords that the public file and its table have. Each side
runs in a process of its own on the same files, imports aside, hashes checked and the zip unpacked anew.
Prints seconds, ratios, the largest resident memory of each, and by how much averages, order of rows and
ceiling differ; ends with 1 where the order does, or a number by more than 1e-6. With --folder the files stay
there for another time.

Wall and processor seconds are both printed: on a machine that others use, only the second tells much, with
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

NAME = "majajhong2015_size"
STEPS = ("load", "average", "ceiling")
WITHIN = 1e-6
"""Averages in single and in double precision differ by up to 7e-7 of responses that are z-scored."""
TEXT = ("background_id", "category_name", "image_file_name", "object_name")
NUMBERS = ("id", "s", "rxy", "tz", "rxz_semantic", "ty", "ryz", "size", "rxy_semantic", "ryz_semantic", "rxz")


def made(folder: Path, n: int = 3200, m: int = 256) -> None:
    """Write the three files; signal of 20 dimensions and noise, of variance 1, showings shuffled."""
    from tests.brainio_files import write_assembly, write_csv, write_zip

    random = np.random.RandomState(0)
    counts = np.where(np.arange(n) < n // 5, 28, 51)
    row = np.repeat(np.arange(n), counts)
    repetition = np.concatenate([np.arange(count) for count in counts])
    order = random.permutation(len(row))
    row, repetition = row[order], repetition[order]
    ids = np.array([f"{number:040x}" for number in random.permutation(n)])
    text = {name: [f"{name}_{i % 64}" for i in range(n)] for name in TEXT}
    numbers = {name: random.standard_normal(n) for name in NUMBERS}
    variation = np.where(np.arange(n) < n // 5, 0, 3)
    columns = {**text, **numbers, "variation": variation}
    table = write_csv(folder / f"stimulus_{NAME}.csv", ids, columns, id_column="image_id")
    write_zip(folder / f"stimulus_{NAME}.zip", table["filename"].tolist(), size=8)
    signal = random.standard_normal((n, 20)) @ random.standard_normal((20, m)) / np.sqrt(20)
    noise = 2 * random.standard_normal((len(row), m))
    values = ((signal[row] + noise) / np.sqrt(5)).astype(np.float32)
    neuroids = {
        "neuroid_id": [f"Chabo_L_M_{i}" for i in range(m)],
        "animal": ["Chabo", "Tito"] * (m // 2),
        "region": ["V4"] * 88 + ["IT"] * (m - 88),
    }
    shown = {"image_id": ids[row], "repetition": repetition, "stimulus": row}
    coords = {
        "presentation": shown,
        "neuroid": neuroids,
        "time_bin": {"time_bin_start": [70], "time_bin_end": [170]},
    }
    write_assembly(folder / f"assy_{NAME}.nc", values[:, :, None], coords)


def ours(folder: Path, cache: Path, result: Path) -> None:
    """Read, average and estimate the ceiling; save the averages and print one JSON object."""
    import torch

    from pytest_brainscore.data.fetch import Fetcher
    from pytest_brainscore.data.opening import open_recordings
    from pytest_brainscore.metrics.split_half import internal_consistency
    from pytest_brainscore.specs.datasets import BrainioDataset
    from tests.brainio_files import Made, responses

    files = Made(*(folder / f"{name}" for name in _names()))
    spec = {"id": NAME, "reader": "brainio", "stimuli": files.stimuli(), "recordings": files.recordings()}
    dataset = BrainioDataset.model_validate(spec)
    fetch = partial(Fetcher(cache, offline=True), folder=folder)
    seconds: dict[str, float] = {}
    cpu: dict[str, float] = {}

    def timed(what: str, work: Callable[[], Any]) -> Any:
        wall, busy = time.perf_counter(), time.process_time()
        done = work()
        seconds[what], cpu[what] = time.perf_counter() - wall, time.process_time() - busy
        return done

    def ceiling() -> float:
        values, stimulus, repetition = recordings.presentations()
        return internal_consistency(torch.from_numpy(values), stimulus, repetition).value

    small = responses(cache / "small")
    described = {"stimuli": small.stimuli(), "recordings": small.recordings()}
    open_recordings(BrainioDataset.model_validate({**spec, **described}), fetch, cache)  # what it imports
    recordings = timed("load", lambda: open_recordings(dataset, fetch, cache))
    averaged = timed("average", recordings.responses)
    value = timed("ceiling", ceiling)
    np.savez(result, averages=averaged.values, ids=np.asarray(recordings.stimuli.ids))
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "ceiling": value, "peak_gb": peak()}))


def peak() -> float:
    """The largest resident memory of this process, in GB."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


def _names() -> tuple[str, str, str]:
    return f"stimulus_{NAME}.csv", f"stimulus_{NAME}.zip", f"assy_{NAME}.nc"


def compare(folder: Path, python: str, rounds: int) -> bool:
    """Run both in turns, print what they took, and return whether they agree."""
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
    script = Path(__file__).with_name("reference_assembly.py")
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            runs["ours"].append(run([sys.executable, __file__, "--measure", str(folder), cache]))
        shutil.rmtree(folder / f"stimulus_{NAME}", ignore_errors=True)
        runs["theirs"].append(run([python, str(script), str(folder), NAME, str(folder / "theirs.npz")]))
    for clock in ("seconds", "cpu_seconds"):
        print(f"{clock}: Brain-Score / ours (ratio of medians)")
        for step in (*STEPS, "all"):
            both = [[taken(one[clock], step) for one in runs[side]] for side in ("theirs", "ours")]
            theirs, mine = (", ".join(f"{took:.3g}" for took in side) for side in both)
            print(f"  {step:8} {theirs} / {mine}  ({np.median(both[0]) / np.median(both[1]):.1f})")
    for side, done in runs.items():
        print(f"{side}: at most {max(one['peak_gb'] for one in done):.2f} GB resident")
    return agree(folder, runs)


def run(command: list[str]) -> dict[str, Any]:
    """The JSON object that a command prints last."""
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    if done.returncode:
        sys.exit(f"{command[0]} could not run {command[1]}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def taken(seconds: dict[str, float], step: str) -> float:
    """Seconds of a step, or of all."""
    return sum(seconds.values()) if step == "all" else seconds[step]


def agree(folder: Path, runs: dict[str, list[dict[str, Any]]]) -> bool:
    """Print by how much the averages and the ceilings differ, and whether the rows have one order."""
    mine, theirs = (np.load(folder / f"{side}.npz") for side in ("ours", "theirs"))
    same = np.array_equal(mine["ids"], theirs["ids"])
    print(f"rows in the same order: {same}; averages {mine['averages'].shape}")
    largest = np.abs(mine["averages"] - theirs["averages"]).max() if same else np.inf
    print(f"largest difference of averages: {largest:.2g}")
    values = [runs[side][-1]["ceiling"] for side in ("ours", "theirs")]
    apart = abs(values[0] - values[1])
    print(f"ceiling {values[0]:.9f}, Brain-Score's {values[1]:.9f}, difference {apart:.2g}")
    return bool(same and largest <= WITHIN and apart <= WITHIN)


def main() -> None:
    """Compare, or with --measure be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--reference-python", help="python of an environment with brainscore_vision")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where the files are, or are made and left")
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        folder, cache = given.measure
        ours(folder, cache, folder / "ours.npz")
        return
    if not given.reference_python:
        parser.error("needs --reference-python")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        if not (folder / f"assy_{NAME}.nc").exists():
            made(folder)
        if not compare(folder, given.reference_python, given.rounds):
            sys.exit(1)


if __name__ == "__main__":
    main()
