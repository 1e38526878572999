"""Time Brain-Score's own `pls` metric; run by side_by_side.py in the environment that holds it.

Usage: python reference_pls.py INPUTS.npz, with x (n, p), y (n, m) and strata (n,). Prints one JSON object.
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
from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly  # noqa: E402
from brainscore_vision import load_metric  # noqa: E402


def assembly(values: np.ndarray, strata: np.ndarray) -> NeuroidAssembly:
    n, columns = values.shape
    coords = {
        "stimulus_id": ("presentation", [f"{row:05d}" for row in range(n)]),
        "object_name": ("presentation", [f"object{stratum:03d}" for stratum in strata]),
        "neuroid_id": ("neuroid", np.arange(columns)),
        "layer": ("neuroid", ["layer"] * columns),
    }
    return NeuroidAssembly(values, coords=coords, dims=["presentation", "neuroid"])


inputs = np.load(sys.argv[1])
source = assembly(inputs["x"], inputs["strata"])
target = assembly(inputs["y"], inputs["strata"])
metric = load_metric("pls")
wall, cpu = time.perf_counter(), time.process_time()
score = metric(source, target)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps({"seconds": wall, "cpu_seconds": cpu, "score": float(score)}))
