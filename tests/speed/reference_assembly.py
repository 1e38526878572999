"""Time Brain-Score's own loading, averaging and ceiling; run by assembly.py in the environment that holds it.

Usage: python reference_assembly.py FOLDER NAME RESULT.npz: the folder has stimulus_NAME.csv, its zip, and
assy_NAME.nc. Saves the averages and the ids of their rows, and prints one JSON object.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path

os.environ["BS_INSTALL_DEPENDENCIES"] = "no"  # it would pip-install while it is being timed
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from brainscore_core.supported_data_standards.brainio.assemblies import (  # noqa: E402
    NeuronRecordingAssembly,
    StimulusMergeAssemblyLoader,
)
from brainscore_core.supported_data_standards.brainio.fetch import unzip, verify_sha1  # noqa: E402
from brainscore_core.supported_data_standards.brainio.s3 import sha1_hash  # noqa: E402
from brainscore_core.supported_data_standards.brainio.stimuli import (  # noqa: E402
    StimulusSet,
    StimulusSetLoader,
)
from brainscore_vision import load_ceiling  # noqa: E402
from brainscore_vision.benchmark_helpers.neural_common import average_repetition  # noqa: E402

folder, name, result = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
ceiler = load_ceiling("internal_consistency")
seconds: dict[str, float] = {}
cpu: dict[str, float] = {}


def timed(what, work):
    wall, busy = time.perf_counter(), time.process_time()
    done = work()
    seconds[what], cpu[what] = time.perf_counter() - wall, time.process_time() - busy
    return done


files = [folder / f"stimulus_{name}.csv", folder / f"stimulus_{name}.zip", folder / f"assy_{name}.nc"]
hashes = [sha1_hash(path) for path in files]


def load():
    """What load_assembly_from_s3 does of files that are on disk."""
    for path, sha1 in zip(files, hashes, strict=True):
        verify_sha1(path, sha1)
    images = unzip(str(folder / f"stimulus_{name}.zip"))
    csv = folder / f"stimulus_{name}.csv"
    stimuli = StimulusSetLoader(cls=StimulusSet, csv_path=csv, stimuli_directory=images).load()
    stimuli.identifier = name
    path = folder / f"assy_{name}.nc"
    loader = StimulusMergeAssemblyLoader(NeuronRecordingAssembly, path, name, stimuli)
    assembly = loader.load().squeeze("time_bin")
    assembly.load()
    return assembly.transpose("presentation", "neuroid", ...)


assembly = timed("load", load)
averaged = timed("average", lambda: average_repetition(assembly))
ceiling = timed("ceiling", lambda: ceiler(assembly))
np.savez(result, averages=averaged.values, ids=averaged["stimulus_id"].values.astype(str))
peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9
print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "ceiling": float(ceiling), "peak_gb": peak}))
