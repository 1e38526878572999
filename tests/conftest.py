"""What all tests share: the real data beside the project, where it is there, and Hypothesis's profiles."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores, and so do the processes that they start
    os.environ.setdefault("OMP_NUM_THREADS", "1")
SHARED = Path(os.environ.get("BRAINSCORE_SHARED", ROOT.parent / "shared"))

with suppress(ImportError):  # pytest reads this file for the suite too, where Hypothesis may be missing
    from hypothesis import HealthCheck, settings

    slow = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("ci", derandomize=True, max_examples=10, **slow)
    settings.register_profile("large", max_examples=150, print_blob=True, **slow)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_finish() -> None:
    """What is there by now stays: no look for garbage need go through it; each inner run has two."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_host_is_remembered() -> Iterator[None]:
    """A host that one test could not reach is asked again by the next."""
    yield
    if reach := sys.modules.get("pytest_brainscore.data.reach"):
        reach._unreached.clear()


@pytest.fixture(scope="session")
def processes() -> BaseContext:
    """Makes new processes; they are forked from one that has torch imported where that is safe."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["pytest_brainscore.workbench"])
    return made


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and weights; skips only where there is none."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"no real data at {SHARED} (set BRAINSCORE_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def parity(shared: Path) -> Path:
    """The reference's own inputs and outputs."""
    return shared / "parity"
