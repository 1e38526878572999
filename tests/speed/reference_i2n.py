"""Time Brain-Score's own `i2n` metric; run by behaviour.py in the environment that holds it.

Usage: python reference_i2n.py INPUTS.npz, as behaviour.py saves them. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings

os.environ["BS_INSTALL_DEPENDENCIES"] = "no"  # it would pip-install while it is being timed
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from brainscore_core.supported_data_standards.brainio.assemblies import BehavioralAssembly  # noqa: E402
from brainscore_vision import load_metric  # noqa: E402

given = dict(np.load(sys.argv[1]))
columns = {
    "stimulus_id": given["stimulus"],
    "sample_obj": given["truth"],
    "dist_obj": given["distractor"],
    "truth": given["truth"],
    "choice": given["choice"],
}
trials = BehavioralAssembly(
    given["choice"],
    coords={name: ("presentation", values) for name, values in columns.items()},
    dims=["presentation"],
)
probabilities = BehavioralAssembly(
    given["probabilities"],
    coords={
        "stimulus_id": ("presentation", given["images"]),
        "row": ("presentation", np.arange(len(given["images"]))),
        "choice": ("choice", given["objects"]),
    },
    dims=["presentation", "choice"],
)
metric = load_metric("i2n")
wall, cpu = time.perf_counter(), time.process_time()
score, ceiling = metric(probabilities, trials), metric.ceiling(trials, skipna=True)
seconds = (time.perf_counter() - wall, time.process_time() - cpu)
found = {"scores": score.raw.values.tolist(), "ceilings": ceiling.raw.values.tolist(), "seconds": seconds}
print(json.dumps(found))
