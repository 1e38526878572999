"""The Python of docs/figures.md, on results of made-up networks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_brainscore.report.writing import write
from pytest_brainscore.specs.results import Run

from .networks import rows

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"


def test_its_code_gives_sentences_and_correlations(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    results = tuple(rows(40, lambda year, _, top1, noise: 0.2 * year + 0.01 * min(top1, 70) + 0.02 * noise))
    run = Run(run="mine", started="2026-01-01", seconds=1.0, complete=True, results=results)
    write(tmp_path / "reports" / "mine", run, "--to")
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(code, found)
    (sentence,) = found["sentences"]
    assert sentence.startswith(
        "Made.IT-pls: newer networks are more brain-like (n = 40 networks of 8 families;"
    )
    assert found["below"] == [pytest.approx(0.65, abs=0.3)]
