"""scripts/anchors.py: published values beside what is found, on tiny data whose figures are known."""

from __future__ import annotations

import runpy

import pytest
import yaml

from tests.conftest import ROOT

NAME = "freemanziemba2013.public.yaml"


@pytest.fixture
def anchors(bench, tmp_path, monkeypatch):
    """Run the script on the tiny V1 of FreemanZiemba2013.public, of which these values were published."""
    ceiling = bench.scored(NAME)["V1-pls"].score.ceiling
    monkeypatch.chdir(tmp_path)
    main = runpy.run_path(str(ROOT / "scripts" / "anchors.py"))["main"]

    def run(off: float) -> int:
        document = yaml.safe_load((bench.folder / NAME).read_text())
        entry = document["benchmarks"][0]
        entry["published"] = [
            {"of": "ceiling", "value": ceiling + off, "source": "here"},
            {"of": "self", "raw": 1.0, "source": "eight neuroids predict themselves"},
        ]
        (tmp_path / "benchmarks").mkdir(exist_ok=True)
        (tmp_path / "benchmarks" / NAME).write_text(yaml.safe_dump(document))
        return main(["FreemanZiemba2013.public.V1-pls"])

    return run


def test_values_that_agree_and_one_that_does_not(anchors, capsys):
    assert anchors(off=0.0009) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["ceiling", "self"]
    assert all(line.endswith("agrees") for line in lines)
    assert anchors(off=0.0011) == 1
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["DIFFERS", "agrees"]
