"""What a score was made on, by content: also the file of a metric of the user's own."""

from __future__ import annotations

import torch

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.opened import Opened
from pytest_brainscore.progress import untold
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.registry import Registry

BENCHMARKS = """
dataset:
  id: Own
  reader: simulated
  stimuli: {exemplars: 2, views: 2, width: 32, seed: 1}
  recordings: {kind: responses, neuroids: 4, subjects: 1, repetitions: 2, seed: 1}
benchmarks:
  - {region: IT, metric: {name: "metric_of_opened:nearest"}}
  - {region: IT, metric: pls}
"""


def test_the_code_of_a_metric_of_ones_own_has_a_digest(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    code, file = tmp_path / "metric_of_opened.py", tmp_path / "own.yaml"
    code.write_text("def nearest(x, y, splits): return 0.0\n")
    file.write_text(BENCHMARKS)
    own, ours = load_cases(file)
    opened = Opened(Fetcher(tmp_path), Registry(tmp_path), torch.device("cpu"), untold)
    before = opened.digests(own)
    code.write_text("def nearest(x, y, splits): return 1.0\n")
    after = opened.digests(own)
    assert {name for name in before if before[name] != after[name]} == {"metric"}
    assert len(after["metric"]) == 64
    assert set(opened.digests(ours)) == {"spec", "stimuli", "recordings"}
