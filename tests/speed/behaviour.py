"""Measure i2n and its ceiling beside Brain-Score's, in turns, in one run.

    python tests/speed/behaviour.py --reference-python PATH/TO/python

240 images of 24 objects and 67,200 trials, as in Rajalingham et al. 2018. Both sides get the names of images
and objects, and give the score and the ceiling; it ends with 1 where they are more than 1e-10 apart. Wall and
processor seconds are printed; on a machine that others use, take the second, with OMP_NUM_THREADS=1
OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from pytest_brainscore.metrics.behaviour import Trials, i2n, internal_consistency  # noqa: E402
from tests.speed.side_by_side import Took, compare, took  # noqa: E402

IMAGES, OBJECTS, TRIALS = 240, 24, 67_200
AGREE = 1e-10


def problem() -> dict[str, np.ndarray]:
    """Names of what each trial shows, offers and got as an answer, and a model's probabilities.

    Every pair of an image and a distractor has 12 or 13 trials, whose order is drawn.
    """
    rng = np.random.RandomState(0)
    truth = np.arange(IMAGES) % OBJECTS
    pairs = [(i, d) for i in range(IMAGES) for d in range(OBJECTS) if d != truth[i]]
    cells = rng.permutation(np.resize(np.arange(len(pairs)), TRIALS))
    image, distractor = np.array(pairs).T[:, cells]
    hard = rng.beta(2, 5, (IMAGES, OBJECTS))
    erred = rng.rand(TRIALS) < hard[image, distractor]
    logits = np.log(hard) + rng.randn(IMAGES, OBJECTS)
    logits[np.arange(IMAGES), truth] = 0
    images, objects = (
        np.array([f"{kind}{i:03d}" for i in range(n)]) for kind, n in (("im", IMAGES), ("o", OBJECTS))
    )
    return {
        "stimulus": images[image],
        "truth": objects[truth[image]],
        "distractor": objects[distractor],
        "choice": objects[np.where(erred, distractor, truth[image])],
        "images": images,
        "truths": objects[truth],
        "objects": objects,
        "probabilities": np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True),
    }


def ours(given: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Scores and ceilings of the two halvings."""
    stimulus, distractor, truth = (
        torch.from_numpy(np.searchsorted(given[names], given[what]))
        for what, names in (("stimulus", "images"), ("distractor", "objects"), ("truths", "objects"))
    )
    erred = torch.from_numpy(given["choice"] == given["distractor"])
    trials = Trials(stimulus, distractor, erred, truth, n_objects=len(given["objects"]))
    scores = i2n(torch.from_numpy(given["probabilities"]), trials).values[:, 0]
    return scores.numpy(), internal_consistency(trials, "i2n").values[:, 0].numpy()


def reference(python: str, inputs: Path) -> dict[str, list[float]]:
    script = Path(__file__).with_name("reference_i2n.py")
    done = subprocess.run([python, script, inputs], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{python} could not run {script.name}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reference-python", required=True, help="python with brainscore_vision")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, load before {os.getloadavg()[0]:.1f}")
    given, mine, theirs = problem(), [], []
    scores, ceilings = ours(given)
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs.npz"
        np.savez(inputs, **given)
        for _ in range(chosen.rounds):
            mine.append(took(ours, given))
            run = reference(chosen.reference_python, inputs)
            theirs.append(Took(*run["seconds"]))
    compare("brainscore_vision i2n and its ceiling", theirs, "i2n and its ceiling", mine)
    apart = max(np.abs(scores - run["scores"]).max(), np.abs(ceilings - run["ceilings"]).max())
    print(f"  score {scores.mean():.6f}, ceiling {ceilings.mean():.6f}; at most {apart:.1e} apart")
    if apart > AGREE:
        sys.exit(f"more than {AGREE:.0e} apart: {run}")


if __name__ == "__main__":
    main()
