"""A run that is killed keeps what it finished."""

from __future__ import annotations

import json
import os
import signal
import time

from .starter import begun

SLOW = """
import time
from nets import small as make

def second():
    if not __import__("pathlib").Path("go").exists():
        time.sleep(120)
    return make(width=9)
"""


def rows(project, reports):
    return [
        json.loads(line)
        for path in (project.root / reports).glob("*/results.jsonl")
        for line in path.read_text().splitlines()
    ]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came in time"
        time.sleep(0.1)


def test_sigkill_keeps_finished_rows_and_finished_activations(project):
    project.write("slow.py", SLOW)
    project.write(
        "models.yaml",
        (project.root / "models.yaml")
        .read_text()
        .replace(
            "sets:", "second: {source: 'slow:second', layers: {IT: '3'}, preprocess: {size: 32}}\nsets:"
        ),
    )
    words = ["-p", "no:cacheprovider", "--models", "small,second"]
    process = begun(words, project.root, session=True)
    wait_for(lambda: len(rows(project, "reports")) == 1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (kept,) = rows(project, "reports")
    assert (kept["model"], kept["status"], kept["cache_hit"]) == ("small", "scored", False)

    (project.root / "go").touch()
    result = project.run("--models", "small,second", "--brainscore-reports", "again")
    assert result.parseoutcomes() == {"passed": 2}
    again = {row["model"]: row for row in rows(project, "again")}
    assert again["small"]["cache_hit"] is True
    assert again["small"]["raw"] == kept["raw"]
    assert again["second"]["cache_hit"] is False
