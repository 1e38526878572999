"""A small campaign: every kind of fault once, with a fixed seed. docs/faults.md has the large one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_one_fault_of_each_kind_violates_nothing():
    command = [sys.executable, "-m", "tests.slow.campaign", "--faults", "0", "--seed", "4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| all | " in done.stdout
