"""A small campaign: some kinds of faults once, with a fixed seed. docs/faults.md has all, many times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


SOME = (
    *("clock-back", "ctrl-c", "sigterm", "server", "stimulus-form", "network-raises", "together-killed"),
    *("damage-cache", "damage-download", "damage-results", "damage-store", "full-cache", "full-reports"),
    *("kill-fetch", "kill-record", "malice-weights", "malice-yaml"),
)


def test_a_fault_of_these_kinds_violates_nothing():
    chosen = ["--faults", "0", "--seed", "4", "--kinds", ",".join(SOME)]
    command = [sys.executable, "-m", "tests.slow.campaign", *chosen]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [name for name in SOME if f"| `{name}` | " not in done.stdout] == []
