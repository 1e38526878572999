"""Measure our PLS beside scikit-learn's and Brain-Score's, in turns, in one run.

    python tests/speed/side_by_side.py layer --shared ../shared
    python tests/speed/side_by_side.py brainscore --reference-python PATH/TO/python

`layer`: ten splits from a 640 x 86,528 activation matrix, coordinates included, against
PLSRegression(25, scale=False) on the same matrix (two of the ten splits, times five) and on the same
coordinates (all ten). `brainscore`: 2,560 x 1,000 x 168 against the metric `pls` of brainscore_vision, run by
the Python that has it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.cross_decomposition import PLSRegression
from torch import Tensor

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from problems import Problem, of_brainscore_size, squeezenet_on_v4  # noqa: E402

from pytest_brainscore.metrics.correlation import pearson  # noqa: E402
from pytest_brainscore.metrics.measurement import nanmedian  # noqa: E402
from pytest_brainscore.metrics.predictivity import pls  # noqa: E402
from pytest_brainscore.metrics.splits import Split  # noqa: E402
from pytest_brainscore.models.coordinates import coordinates_of  # noqa: E402


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def scikit_learn(x: Tensor, y: Tensor, splits: list[Split], **options: float) -> np.ndarray:
    """Median r per split, by PLSRegression(25, scale=False)."""
    medians = []
    for split in splits:
        model = PLSRegression(25, scale=False, **options).fit(x[split.train].numpy(), y[split.train].numpy())
        r = pearson(Tensor(model.predict(x[split.test].numpy())).double(), y[split.test])
        medians.append(float(nanmedian(r[None])[0]))
    return np.array(medians)


def ours(x: Tensor, y: Tensor, splits: list[Split]) -> np.ndarray:
    return pls(x, y, splits).per_split().numpy()


def layer(shared: Path, rounds: int) -> None:
    problem = squeezenet_on_v4(shared)
    print(f"activations {tuple(problem.x.shape)}, responses {tuple(problem.y.shape)}")
    whole = lambda: ours(coordinates_of(problem.x), problem.y, problem.splits)  # noqa: E731
    turned = coordinates_of(problem.x)
    mine, theirs, same_mine, same_theirs = [], [], [], []
    whole()
    for split in problem.splits[:2]:
        mine += [seconds(whole)[0] for _ in range(rounds)]
        theirs.append(
            seconds(lambda s=split: scikit_learn(problem.x, problem.y, [s]))[0] * len(problem.splits)
        )
        mine += [seconds(whole)[0] for _ in range(rounds)]
    for _ in range(rounds):
        same_mine.append(seconds(lambda: ours(turned, problem.y, problem.splits))[0])
        same_theirs.append(seconds(lambda: scikit_learn(turned, problem.y, problem.splits))[0])
    compare("scikit-learn on activations", theirs, "coordinates + pls", mine)
    compare("scikit-learn on coordinates", same_theirs, "pls on coordinates", same_mine)
    print(
        f"score {ours(turned, problem.y, problem.splits).mean():.6f} (scikit-learn on coordinates "
        f"{scikit_learn(turned, problem.y, problem.splits).mean():.6f})"
    )


def brainscore(python: str, rounds: int) -> None:
    problem = of_brainscore_size()
    mine, theirs = [], []
    ours(problem.x, problem.y, problem.splits[:1])
    with tempfile.TemporaryDirectory() as folder:
        inputs = saved(problem, Path(folder) / "inputs.npz")
        for _ in range(rounds):
            mine.append(seconds(lambda: ours(problem.x, problem.y, problem.splits))[0])
            theirs.append(reference(python, inputs))
            mine.append(seconds(lambda: ours(problem.x, problem.y, problem.splits))[0])
    compare("brainscore_vision pls", [run["seconds"] for run in theirs], "pls", mine)
    print(f"score {ours(problem.x, problem.y, problem.splits).mean():.6f} (theirs {theirs[0]['score']:.6f})")


def saved(problem: Problem, path: Path) -> Path:
    np.savez(path, x=problem.x.numpy(), y=problem.y.numpy(), strata=problem.strata)
    return path


def reference(python: str, inputs: Path) -> dict[str, float]:
    script = Path(__file__).with_name("reference_pls.py")
    done = subprocess.run([python, script, inputs], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{python} could not run {script.name}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(their_name: str, theirs: list[float], my_name: str, mine: list[float]) -> None:
    listed = lambda times: ", ".join(f"{t:.2f}" for t in times)  # noqa: E731
    print(f"{their_name}: {listed(theirs)} s; {my_name}: {listed(mine)} s")
    print(
        f"  ratio of medians {np.median(theirs) / np.median(mine):.1f}, least {min(theirs) / max(mine):.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["layer", "brainscore"])
    parser.add_argument(
        "--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/ and weights"
    )
    parser.add_argument("--reference-python", help="python of an environment with brainscore_vision")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    if chosen.what == "layer":
        layer(chosen.shared, chosen.rounds)
    elif chosen.reference_python:
        brainscore(chosen.reference_python, chosen.rounds)
    else:
        parser.error("brainscore needs --reference-python")


if __name__ == "__main__":
    main()
