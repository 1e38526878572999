"""The figures by year and by number of parameters: the layer, the groups, the findings in words."""

from __future__ import annotations

import pytest

from pytest_brainscore.analysis.population.hypotheses import NEWER, told
from pytest_brainscore.report import layers
from pytest_brainscore.report.figures import trends
from pytest_brainscore.report.page.drawing import drawn
from pytest_brainscore.report.sections import parameters, years
from pytest_brainscore.specs.models import About
from pytest_brainscore.specs.results import Interval, LayerScores

from .networks import evidence, part_of, row, rows, values


def planted(n=40, **said):
    return rows(n, lambda year, *rest: 0.3 + 0.2 * year + 0.02 * rest[-1], **said)


def untrained(trained):
    return [
        one.model_copy(
            update={
                "model": f"{one.model}_untrained",
                "raw": 0.1 + 0.001 * (i * 7 % 11),
                "about": {**one.about, "trained": False},
            }
        )
        for i, one in enumerate(trained)
    ]


def test_trained_and_untrained_are_tested_apart_and_told():
    trained = planted()
    section = years.section(evidence([*trained, *untrained(trained)]))
    figure = part_of(section, "year-committed")
    lines = {
        line["set"]: line for line in part_of(section, "year-tests").rows if line["layer"] == "committed"
    }
    assert set(lines) == {"trained", "untrained"}
    assert lines["trained"]["low"] < 0.2 < lines["trained"]["high"]
    assert lines["untrained"]["low"] < 0 < lines["untrained"]["high"]
    (trend,) = trends.tested(layers.committed(evidence(trained)), NEWER).trends["trained"]
    assert figure.says == (told(trend, NEWER),)
    assert "Committed layer, networks untrained. Tested on 1 benchmark" in section.says[1]
    groups = [point["group"] for point in figure.table.rows]
    assert (groups.count("trained"), groups.count("untrained")) == (40, 40)


def test_intervals_lines_and_titles_are_drawn_within_a_panel():
    interval = Interval(low=0.1, high=0.9, over=("stimulus",))
    section = parameters.section(
        evidence([one.model_copy(update={"interval": interval}) for one in planted(12)])
    )
    (panel,) = part_of(section, "parameters-committed").panels
    picture = drawn(panel, "p")
    assert picture.width <= 340
    for text in ("Made.IT-pls", "IT, committed layer", "parameters (number, log scale)", "score (pls, raw)"):
        assert f">{text}<" in picture.svg
    line, bars, _ = panel.to_dict()["layer"]
    assert values(panel, bars)[0]["low"] == 0.1
    assert line["layer"][0]["encoding"]["x2"]["field"] == "x2"


def test_few_networks_stand_under_their_names_in_the_order_of_years():
    section = years.section(evidence(planted(10)))
    (panel,) = part_of(section, "year-committed").panels
    (x,) = {str(layer["encoding"]["x"]["sort"]) for layer in panel.to_dict()["layer"]}
    named = [point["name"] for point in part_of(section, "year-committed").table.rows]
    assert x == str(sorted(named, key=lambda name: name.split()[1]))
    assert ">alexnet0 " in drawn(panel, "p").svg
    (many,) = part_of(years.section(evidence(planted(20))), "year-committed").panels
    assert many.to_dict()["layer"][-1]["encoding"]["x"]["title"] == "year of design"


def test_the_final_layer_is_named_or_the_last_of_a_pool_or_else_its_command_is_told():
    own = planted(10)
    lacking = years.section(evidence([*own, *untrained(own[:1])]))
    assert "--models=alexnet0,untrained:alexnet0,alexnet8," in lacking.says[-1]
    assert "--brainscore-layers=final` scores it" in lacking.says[-1]
    assert "The final layer of 11 network(s)" in lacking.says[-1]
    node = "benchmarks/made.yaml::IT-pls::{0}-final"
    named = [
        one.model_copy(update={"layer": "final", "raw": one.raw / 2, "node": node.format(one.model)})
        for one in own
    ]
    both = years.section(evidence([*own, *named]))
    assert not any("--brainscore-layers" in line for line in both.says)
    points = {kind: part_of(both, f"year-{kind}").table.rows for kind in ("committed", "final")}
    assert [point["y"] for point in points["final"]] == pytest.approx(
        [p["y"] / 2 for p in points["committed"]]
    )


def test_of_a_pool_the_last_layer_is_the_final_one():
    profile = (
        LayerScores(layer="relu", train={}, test={"a": 0.5, "b": 0.6}),
        LayerScores(layer="head", train={}, test={"a": 0.2, "b": 0.4}),
    )
    pooled = row("net", 0.55, layer="relu", profile=profile)
    (last,) = layers.final(evidence([pooled])).rows
    assert (last.raw, last.layer, last.interval) == (pytest.approx(0.3), "head", None)
    (chosen,) = layers.committed(evidence([pooled])).rows
    assert (chosen.raw, chosen.layer) == (0.55, "relu")


def test_few_networks_are_drawn_and_not_tested():
    section = years.section(evidence(planted(3)))
    assert "at most 3 networks have a known year of design, and 5 are needed" in section.says[0]
    assert part_of(section, "year-committed").says == ()
    line = part_of(section, "year-tests").rows[0]
    assert (line["slope"], line["why"]) == (
        None,
        "3 network(s) with a known year of design, and 5 are needed",
    )


def test_without_a_year_there_is_no_section_and_models_yaml_can_tell_it():
    silent = [row(f"m{i}", 0.1 * i) for i in range(6)]
    assert years.section(evidence(silent)) is None
    about = {f"m{i}": About(year=2010 + i, top1=50.0) for i in range(6)}
    (point, *_) = part_of(years.section(evidence(silent, about=about)), "year-committed").table.rows
    assert point["year"] == 2010
    twin = layers.known(row("m1", 0.1, about={"trained": False}), about)
    assert twin.about == {"trained": False, "year": 2011}


def test_a_published_row_keeps_its_own_figures_and_baselines_are_left_out():
    digests = {"published": "0" * 64}
    about = {f"m{i}": About(year=2012, parameters=10) for i in range(3)}
    published = [
        row("m0", 0.1, digests=digests, about={"parameters": 5}),
        row("m1", 0.2, digests=digests),
        row("m2", 0.3, digests=digests, about={"family": "baseline"}),
    ]
    found = layers.committed(evidence(published, about=about)).rows
    assert [(one.about.get("parameters"), one.about["year"]) for one in found] == [
        (5, 2012),
        (None, 2012),
        (None, 2012),
    ]
    assert [one.model for one in layers.trained(found)["trained"]] == ["m0", "m1"]


def test_a_figure_has_at_most_twelve_panels_and_says_so():
    made = [one for i in range(14) for one in planted(6, benchmark=f"Made.IT{i}-pls", seed=i)]
    figure = part_of(years.section(evidence(made)), "year-committed")
    assert len(figure.panels) == 12
    assert figure.says[-1] == "12 of 14 benchmarks are drawn; the table has all."
