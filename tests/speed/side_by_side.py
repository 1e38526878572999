"""Measure our PLS beside scikit-learn's and Brain-Score's, in turns, in one run.

    python tests/speed/side_by_side.py layer --shared ../shared
    python tests/speed/side_by_side.py coordinates --shared ../shared
    python tests/speed/side_by_side.py brainscore --reference-python PATH/TO/python

`layer`: ten splits from a 640 x 86,528 activation matrix, coordinates included, against
PLSRegression(25, scale=False) on the same matrix (two of the ten splits, each times ten). `coordinates`, also
at the end of `layer`: the same on the coordinates, all ten splits. `brainscore`: 2,560 x 1,000 x 168 against
the metric `pls` of brainscore_vision, run by the Python that has it.

Wall and processor seconds are both printed: on a machine that others use, only the second tells much, with
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1, as threads that wait for each other count as busy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.cross_decomposition import PLSRegression
from torch import Tensor

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from pytest_brainscore.metrics.correlation import pearson  # noqa: E402
from pytest_brainscore.metrics.measurement import nanmedian  # noqa: E402
from pytest_brainscore.metrics.predictivity import pls  # noqa: E402
from pytest_brainscore.metrics.splits import Split  # noqa: E402
from pytest_brainscore.models.coordinates import coordinates_of  # noqa: E402
from tests.speed.problems import Problem, of_brainscore_size, squeezenet_on_v4  # noqa: E402


@dataclass(frozen=True)
class Took:
    wall: float
    cpu: float

    def __mul__(self, times: float) -> Took:
        return Took(self.wall * times, self.cpu * times)


def took(work: Callable[..., object], *arguments: object) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work(*arguments)
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def scikit_learn(x: Tensor, y: Tensor, splits: list[Split]) -> float:
    """Median r over neurons, mean over splits, by PLSRegression(25, scale=False)."""
    medians = []
    for split in splits:
        model = PLSRegression(25, scale=False).fit(x[split.train].numpy(), y[split.train].numpy())
        predicted = torch.from_numpy(np.asarray(model.predict(x[split.test].numpy()), dtype=np.float64))
        medians.append(float(nanmedian(pearson(predicted, y[split.test])[None])[0]))
    return float(np.mean(medians))


def ours(x: Tensor, y: Tensor, splits: list[Split]) -> float:
    return pls(x, y, splits).raw()


def ours_from_activations(x: Tensor, y: Tensor, splits: list[Split]) -> float:
    return ours(coordinates_of(x), y, splits)


def layer(shared: Path, rounds: int) -> None:
    problem = squeezenet_on_v4(shared)
    x, y, splits = problem.x, problem.y, problem.splits
    turned = coordinates_of(x)
    print(f"activations {tuple(x.shape)}, responses {tuple(y.shape)}")
    mine, theirs = [took(ours_from_activations, x, y, splits) for _ in range(rounds)], []
    for split in splits[:2]:
        theirs.append(took(scikit_learn, x, y, [split]) * len(splits))
        mine += [took(ours_from_activations, x, y, splits) for _ in range(rounds)]
    compare("scikit-learn on activations", theirs, "coordinates + pls", mine)
    on_coordinates(turned, y, splits, rounds)


def on_coordinates(x: Tensor, y: Tensor, splits: list[Split], rounds: int) -> None:
    mine, theirs = [], []
    ours(x, y, splits)
    for _ in range(rounds):
        mine.append(took(ours, x, y, splits))
        theirs.append(took(scikit_learn, x, y, splits))
    compare("scikit-learn on coordinates", theirs, "pls on coordinates", mine)
    print(f"  score {ours(x, y, splits):.6f}, scikit-learn's {scikit_learn(x, y, splits):.6f}")


def brainscore(python: str, rounds: int) -> None:
    problem = of_brainscore_size()
    x, y, splits = problem.x, problem.y, problem.splits
    ours(x, y, splits)
    mine, theirs, score = [], [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        inputs = saved(problem, Path(folder) / "inputs.npz")
        for _ in range(rounds):
            mine.append(took(ours, x, y, splits))
            run = reference(python, inputs)
            theirs.append(Took(run["seconds"], run["cpu_seconds"]))
            score = run["score"]
    compare("brainscore_vision pls", theirs, "pls", mine)
    print(f"  score {ours(x, y, splits):.6f}, Brain-Score's {score:.6f}")


def saved(problem: Problem, path: Path) -> Path:
    np.savez(path, x=problem.x.numpy(), y=problem.y.numpy(), strata=problem.strata)
    return path


def reference(python: str, inputs: Path) -> dict[str, float]:
    script = Path(__file__).with_name("reference_pls.py")
    done = subprocess.run([python, script, inputs], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{python} could not run {script.name}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(their_name: str, theirs: list[Took], my_name: str, mine: list[Took]) -> None:
    print(f"{their_name} / {my_name}, seconds (ratio of medians)")
    for clock in ("wall", "cpu"):
        a, b = ([getattr(t, clock) for t in times] for times in (theirs, mine))
        listed = [", ".join(f"{t:.3g}" for t in times) for times in (a, b)]
        print(f"  {clock:4}  {listed[0]} / {listed[1]}  ({np.median(a) / np.median(b):.1f})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["layer", "coordinates", "brainscore"])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/")
    parser.add_argument("--reference-python", help="python of an environment with brainscore_vision")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, load before {os.getloadavg()[0]:.1f}")
    if chosen.what == "layer":
        layer(chosen.shared, chosen.rounds)
    elif chosen.what == "coordinates":
        problem = squeezenet_on_v4(chosen.shared)
        on_coordinates(coordinates_of(problem.x), problem.y, problem.splits, chosen.rounds)
    elif chosen.reference_python:
        brainscore(chosen.reference_python, chosen.rounds)
    else:
        parser.error("brainscore needs --reference-python")


if __name__ == "__main__":
    main()
