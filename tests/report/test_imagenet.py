"""Scores against ImageNet accuracy: ceilings, the bend at 70 %, published tables."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import pearsonr

from pytest_brainscore.analysis.population.accuracy import by_accuracy
from pytest_brainscore.analysis.population.hypotheses import LARGER
from pytest_brainscore.analysis.population.networks import networks
from pytest_brainscore.analysis.statistics.numbers import signed
from pytest_brainscore.report import layers
from pytest_brainscore.report.figures import tested
from pytest_brainscore.report.sections import imagenet
from pytest_brainscore.specs.models import About
from pytest_brainscore.specs.references import load_reference
from pytest_brainscore.specs.results import Composed

from .networks import evidence, part_of, row, rows, values

SHARED = Path(os.environ.get("BRAINSCORE_SHARED", Path(__file__).parents[3] / "shared"))
TABLES, FOLDER = SHARED / "parity" / "conwell_tables.yaml", SHARED / "data" / "conwell2024"


def made(n=40, **said):
    return rows(n, lambda _, __, top1, noise: 0.005 * min(top1, 70) + 0.01 * noise, **said)


def test_the_page_says_both_sides_and_draws_the_ceiling():
    rows = made(ceiling=0.64, normalise="r_over_sqrt_ceiling")
    section = imagenet.section(evidence(rows))
    figure = part_of(section, "imagenet")
    (panel,) = figure.panels
    upright, ceiling, _ = panel.to_dict()["layer"]
    assert values(panel, upright) == [{"x": 70.0}]
    assert values(panel, ceiling)[0]["y"] == pytest.approx(0.8)
    top1 = np.array([one.about["top1"] for one in rows])
    score = np.array([one.raw for one in rows])
    every = part_of(section, "imagenet-correlations").rows
    lines = {line["part"]: line for line in every if line["of"] == "Made.IT-pls"}
    assert lines["below"]["r"] == pytest.approx(pearsonr(top1[top1 < 70], score[top1 < 70]).statistic)
    assert lines["above"]["r"] == pytest.approx(pearsonr(top1[top1 >= 70], score[top1 >= 70]).statistic)
    assert f"below 70 % r = {lines['below']['r']:.2f}" in figure.says[0]


@pytest.mark.parametrize(
    ("how", "due"),
    [("r_over_ceiling", 0.5), ("r2_over_ceiling2", 0.5), ("r2_over_ceiling", math.sqrt(0.5)), ("none", 0.5)],
)
def test_a_ceiling_is_the_raw_score_whose_ceiled_score_is_one(how, due):
    assert imagenet.ceiling_of(row("m", 0.1, ceiling=0.5, normalise=how)) == pytest.approx(due)
    assert imagenet.ceiling_of(row("m", 0.1)) is None


def test_the_table_of_2018_stands_on_the_page_where_a_network_of_it_does():
    section = imagenet.section(evidence([row("alexnet", 0.3)]))
    figure = part_of(section, "brainscore2018")
    table = np.array([(one.top1, np.mean(one.scores)) for one in load_reference("2018").rows])
    sides = {"below": table[table[:, 0] < 70], "above": table[table[:, 0] >= 70]}
    due = {name: pearsonr(*side.T).statistic for name, side in sides.items()}
    assert f"below 70 % r = {signed(due['below'], 2)} " in figure.says[0]
    assert f"from 70 % r = {signed(due['above'], 2)} " in figure.says[0]
    lines = {line["part"]: line for line in part_of(section, "imagenet-correlations").rows}
    assert {name: lines[name]["r"] for name in due} == pytest.approx(due)
    assert [len(figure.panels), len(figure.table.rows)] == [4, 100]
    assert imagenet.section(evidence([row("nobody", 0.3)])) is None


def test_of_fewer_than_five_networks_there_is_one_sentence():
    two = [*made(4), *made(4, benchmark="Made.V4-pls", region="V4")]
    few = [one.model_copy(update={"model": f"own{i % 4}"}) for i, one in enumerate(two)]
    section = imagenet.section(evidence(few))
    assert section.parts == []
    assert section.says == [
        "These runs are neither tested nor drawn: at most 4 networks have a known top-1, and 5 are needed."
    ]


def test_the_table_has_short_names_and_intervals_and_leaves_out_parts_without_a_number():
    low = [one for one in made(30) if one.about["top1"] < 70]
    (shown,) = [p for p in imagenet.section(evidence(low)).parts if p.id == "imagenet-findings"]
    own = [line for line in shown.rows if line["name"] == "IT-pls"]
    assert [line["part"] for line in own] == ["all", "below"]
    assert all(line["r"].endswith("]") for line in own)


def test_ours_stand_beside_the_table():
    benchmark = "MajajHong2015.public.IT-pls"
    own = row("alexnet", 0.55, benchmark=benchmark, dataset="MajajHong2015.public", region="IT")
    figure = part_of(imagenet.section(evidence([own])), "brainscore2018")
    ours = [point for point in figure.table.rows if point["group"] == "ours"]
    assert [(point["of"], point["x"], point["y"]) for point in ours] == [("IT", 57.7, 0.55)]
    assert "Ours stand beside them" in figure.says[1]


def test_composites_come_first():
    about = {one.model: About(top1=one.about["top1"]) for one in made(6)}
    values = {model: 0.1 * i for i, model in enumerate(about)}
    composed = [Composed(composite="Mean", model=m, of="ceiled", value=v, parts=2) for m, v in values.items()]
    section = imagenet.section(evidence(made(6), composites=composed, about=about))
    names = [line["of"] for line in part_of(section, "imagenet").table.rows]
    assert list(dict.fromkeys(names)) == ["Mean (ceiled)", "Made.IT-pls"]


# --- the published scores of Conwell et al. 2024, by what the page's sections are made of


@pytest.fixture(scope="module")
def published():
    if not TABLES.is_file() or not FOLDER.is_dir():
        pytest.skip(f"no published files at {SHARED} (set BRAINSCORE_SHARED)")
    from pytest_brainscore import suite
    from pytest_brainscore.data.published import conwell2024
    from pytest_brainscore.report.page.reading import abouts
    from pytest_brainscore.specs.namesakes import load_namesakes

    found = conwell2024.read(FOLDER, load_namesakes("conwell2024").models).rows
    return evidence(found, about=abouts(found, suite.zoo(Path()).models))


@pytest.fixture(scope="module")
def due():
    return {one["id"]: one for one in yaml.safe_load(TABLES.read_text())["items"]}


METRIC = {"crsa": "crsa", "wrsa": "versa", "srpr": "encoding"}


def test_correlations_with_top1_are_those_of_the_published_tables(published, due):
    entry = due["corr.top1"]
    lines = part_of(imagenet.section(published), "imagenet-correlations").rows
    for old, new in METRIC.items():
        (line,) = [one for one in lines if one["of"].endswith(f"OTC-{new}") and one["part"] == "all"]
        assert line["n"] == entry["value"]["n"]
        assert line["rho"] == pytest.approx(entry["value"][old], abs=entry["tolerance"])
    again = by_accuracy(networks(layers.committed(published).rows))
    assert {one.part("all").n for one in again} == {entry["value"]["n"]}


def test_correlations_with_parameters_are_those_of_the_published_tables(published, due):
    entry = due["corr.parameters.trained"]
    found = {
        one.benchmark: one
        for one in tested.tested(layers.committed(published), LARGER).trends[layers.PUBLISHED]
    }
    for old, new in METRIC.items():
        trend = found[f"NSD.Conwell2024.released.OTC-{new}"]
        assert trend.n == entry["value"]["n"]
        assert trend.rho == pytest.approx(entry["value"][old], abs=entry["tolerance"])
