"""One simulated brain for all tests: the shipped size, made once per run."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_brainscore.data.simulated.brain import Brain, brain_of
from pytest_brainscore.specs.simulated import SimulatedStimuli


@pytest.fixture(scope="session")
def simulated_cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("simulated")


@pytest.fixture(scope="session")
def brain(simulated_cache) -> Brain:
    return brain_of(SimulatedStimuli(), 96, simulated_cache)
