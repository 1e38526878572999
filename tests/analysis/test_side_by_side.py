"""A published table beside ours: which benchmark stands for a column, means, rank correlations."""

from __future__ import annotations

import pytest

from pytest_brainscore.analysis.side_by_side import MEAN, TOP1, side_by_side
from pytest_brainscore.specs.references import load_reference
from pytest_brainscore.specs.results import Row
from pytest_brainscore.specs.zoo import load_zoo
from tests.conftest import ROOT

TABLE = load_reference("2018")
V4, V4_TODAY = "MajajHong2015.public.V4-pls-2018", "MajajHong2015.public.V4-pls"
IT, CHOICES = "MajajHong2015.public.IT-pls-2018", "Rajalingham2018.public.behaviour-i2n"
THREE = {"densenet169": 0.5, "alexnet": 0.3, "resnet18": 0.4}


def row(benchmark, model, raw, **more):
    said = {"dataset": "D", "region": "V4", "metric": "pls", "ceiling": 0.9, "node": f"f::b::{model}"}
    status = "error" if raw is None else "scored"
    return Row(**{"benchmark": benchmark, "model": model, "raw": raw, "status": status, **said, **more})


def beside(rows, top1=None):
    found = side_by_side(TABLE, rows, top1 or {})
    return {pair.entry.name: pair for pair in found.pairs}, {column.id: column for column in found.columns}


def test_the_table_is_that_of_the_paper_and_of_the_docs():
    text = (ROOT / "docs" / "zoo.md").read_text("utf-8").split("\n## Brain-Score 2018\n")[1].split("\n## ")[0]
    lines = [[cell.strip(" `") for cell in line.split("|")] for line in text.splitlines() if line[:2] == "| "]
    documented = {cells[1]: cells for cells in lines}
    zoo = load_zoo(ROOT / "models.yaml")
    assert len(TABLE.rows) == 25
    for entry in TABLE.rows:
        _, name, model, top1, _, remark, _ = documented[entry.name]
        assert (entry.model or "missing", f"{entry.top1:.2f}") == (model, top1)
        assert entry.model is None or entry.model in zoo.sets["brainscore2018"]
        if entry.model:
            assert (remark if "training" in remark else None) == entry.remark, name


def test_their_mean_falls_from_row_to_row():
    pairs, columns = beside([])
    means = [round(pair.theirs[MEAN], 3) for pair in pairs.values()]
    assert means == sorted(means, reverse=True)
    assert (means[0], means[-1]) == (0.549, 0.454)
    assert [columns[name].ceilings for name in ("V4", "IT", "behaviour")] == [
        (0.892, None),
        (0.817, None),
        (0.497, None),
    ]


def test_a_column_is_of_one_benchmark_for_all_models():
    rows = [row(V4_TODAY, model, raw) for model, raw in THREE.items()] + [row(V4, "alexnet", 0.6)]
    pairs, columns = beside(rows)
    assert (columns["V4"].benchmark, columns["V4"].due, columns["V4"].models) == (V4, V4, 1)
    assert (pairs["alexnet"].ours["V4"], pairs["resnet-18"].ours["V4"]) == (0.6, None)
    assert pairs["resnet-18"].why == {"V4": "not scored"}
    _, columns = beside(rows[:-1])
    assert (columns["V4"].benchmark, columns["V4"].due, columns["V4"].models) == (V4_TODAY, V4, 3)
    assert columns["V4"].ceilings == (0.892, 0.9)


def test_our_mean_needs_all_columns():
    pairs, columns = beside([row(V4, "alexnet", 0.6), row(IT, "alexnet", 0.5), row(CHOICES, "alexnet", 0.1)])
    assert pairs["alexnet"].ours[MEAN] == pytest.approx(0.4)
    assert (columns[MEAN].models, columns["behaviour"].due) == (1, "Rajalingham2018.private.behaviour-i2n")
    pairs, columns = beside([row(V4, "alexnet", 0.6), row(IT, "alexnet", None), row(IT, "vgg16", 0.3)])
    assert (pairs["alexnet"].ours[MEAN], columns[MEAN].models) == (None, 0)
    assert pairs["alexnet"].why == {"IT": "error"}


def test_rank_correlation_over_models_that_both_have():
    # theirs: densenet-169 .606, alexnet .589, resnet-18 .583: ranks 3, 2, 1; ours 3, 1, 2: 1 - 6 * 2 / 24
    rows = [row(IT, model, raw) for model, raw in THREE.items()] + [row(IT, "my_net", 0.9)]
    _, columns = beside(rows)
    assert (columns["IT"].models, columns["IT"].spearman) == (3, pytest.approx(0.5))
    _, columns = beside(rows[:2])
    assert (columns["IT"].models, columns["IT"].spearman) == (2, None)
    _, columns = beside([row(IT, model, 0.3) for model in THREE])
    assert (columns["IT"].models, columns["IT"].spearman) == (3, None)


def test_ties_share_their_rank():
    # theirs 57.5, 57.5 and 71.5: ranks 1.5, 1.5 and 3; ours 1, 2 and 3: r = 1.5 / sqrt(1.5 * 2)
    top1 = {"squeezenet1_1": 58.0, "squeezenet1_0": 59.0, "vgg16": 70.0}
    _, columns = beside([], top1)
    assert columns[TOP1].models == 3
    assert columns[TOP1].spearman == pytest.approx(3**0.5 / 2)
