"""Workers: one of pytest-xdist is killed at any time. Slow: they are real processes, which import torch."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from ..children import Ended
from ..faults import KEPT, RECOVERED, Outcome, kind, require
from ..project import MODELS, UPDATE, Project, check_baselines, check_next, check_rows, place

_LONGEST_S = 150


def _children(pid: int) -> list[int]:
    """The processes that a process has started, by the kernel's list."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _start(project: Project) -> subprocess.Popen[str]:
    words = ("-p", "no:cacheprovider", "-n", "2", "-v", f"--models={','.join(MODELS)}", UPDATE)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("BRAINSCORE_", "PYTEST_", "CI"))}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *words],
        cwd=project.root,
        env={**clean, "BRAINSCORE_CACHE": str(project.cache), "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@kind("kill-worker", "kill -9 of one of two workers of pytest-xdist", share=0.2, most=8)
def worker(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    process, delay = _start(project), rng.uniform(0, 6)
    end = time.monotonic() + 60
    while len(_children(process.pid)) < 2 and time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    time.sleep(delay)
    for pid in rng.sample(_children(process.pid), min(1, len(_children(process.pid)))):
        os.kill(pid, signal.SIGKILL)
    text, _ = process.communicate(timeout=_LONGEST_S)
    check_rows(project, Ended(process.returncode, text, 0))
    scored = sum(row.status == "scored" for row in project.rows().values())
    require(process.returncode in (0, 1), f"it ends with {process.returncode}: {text[-600:]}")
    require(scored >= len(place().right) - 1, f"{scored} scored of {len(place().right)}: {text[-600:]}")
    require(scored == len(place().right) or "crash" in text, f"no word of the crash: {text[-600:]}")
    check_baselines(project)
    check_next(project)
    return KEPT if scored < len(place().right) else RECOVERED
