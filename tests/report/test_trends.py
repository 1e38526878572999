"""The figures by year and by number of parameters: the layer, the groups, the findings in words."""

from __future__ import annotations

import pytest

from pytest_brainscore.analysis.population.hypotheses import NEWER, briefly
from pytest_brainscore.analysis.statistics import numbers
from pytest_brainscore.report import layers
from pytest_brainscore.report.figures import charts, tested
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
    (trend,) = tested.tested(layers.committed(evidence(trained)), NEWER).trends["trained"]
    assert figure.says == (briefly(trend, NEWER, "IT-pls"),)
    assert section.says[1] == (
        "Committed layer, trained: Of 1 benchmark tested (Holm), newer networks are more brain-like on 1,"
        " less on 0; open on 0."
    )
    assert section.says[2].startswith("Committed layer, untrained: Of 1 benchmark tested (Holm)")
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
    for text in ("IT-pls", "Made, IT, committed layer", "parameters (number, log scale)", "score (pls, raw)"):
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
    assert "Of 11 networks the final layer was not scored" in lacking.says[-1]
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


@pytest.mark.parametrize(("n", "known"), [(1, "1 network has"), (4, "4 networks have")])
def test_of_fewer_than_five_networks_there_is_one_sentence(n, known):
    many = [one for b in ("Made.IT-pls", "Made.V4-pls") for one in planted(n, benchmark=b)]
    section = years.section(evidence([*many, *untrained(many[:n])]))
    assert section.parts == []
    assert section.says == [
        f"Neither tested nor drawn: at most {known} a known year of design, and 5 are needed."
    ]


def test_a_set_that_is_too_small_is_told_once_and_its_benchmarks_are_not_drawn():
    few = planted(3, benchmark="Other.V4-pls", region="V4")
    section = years.section(evidence([*planted(12), *few, *untrained(few)]))
    (panel,) = part_of(section, "year-committed").panels
    title = panel.to_dict()["title"]
    assert (title["text"], title["subtitle"]) == (["IT-pls"], ["Made, IT, committed layer"])
    (line,) = [line for line in section.says if line.startswith("Not tested")]
    assert line == (
        "Not tested: committed layer, untrained (at most 3 networks have a known year of design, and 5 are"
        " needed)."
    )
    table = part_of(section, "year-findings")
    assert [line["name"] for line in table.rows] == ["IT-pls"]
    assert table.says.endswith("No test of V4-pls: 3 networks with a known year of design, 5 needed.")


def test_the_table_shows_what_differs_with_intervals_and_the_files_have_all_numbers():
    noise = rows(12, lambda *all: 0.3 + 0.05 * all[-1], benchmark="Made.V4-pls", region="V4")
    two = [*planted(12), *noise]
    section = years.section(evidence(two))
    shown, whole = part_of(section, "year-findings"), part_of(section, "year-tests")
    assert list(shown.columns) == ["name", "rho", "slope", "p", "p_corrected"]
    assert (
        shown.says == "All lines: layer committed, networks trained, n 12, families 8, fitted by mixed model."
    )
    first = whole.rows[0]
    assert shown.rows[0]["rho"] == numbers.estimate(first["rho"], first["rho_low"], first["rho_high"])
    assert not whole.shown
    assert {"low", "high", "p_corrected", "intercept", "why"} < first.keys()


def test_a_final_layer_that_is_the_committed_one_is_not_told_again():
    own = [one.model_copy(update={"layer": "final"}) for one in planted(12)]
    section = years.section(evidence(own))
    assert [part.id for part in section.parts] == ["year-committed", "year-findings", "year-tests"]
    assert {line["layer"] for line in part_of(section, "year-tests").rows} == {"committed"}


def test_untrained_networks_look_the_same_alone_and_beside_trained_ones():
    trained = planted(20)
    sides = {
        name: part_of(parameters.section(evidence(made)), "parameters-committed").panels[0]
        for name, made in (("both", [*trained, *untrained(trained)]), ("alone", untrained(trained)))
    }
    looks = {}
    for name, panel in sides.items():
        marks = panel.to_dict()["layer"][-1]["encoding"]
        assert marks["color"]["legend"] == {"title": None}
        colours, shapes = (marks[key]["scale"] for key in ("color", "shape"))
        place = colours["domain"].index("untrained")
        looks[name] = colours["range"][place], shapes["range"][place]
    assert looks["both"] == looks["alone"] == (charts.COLOURS[1], charts.SHAPES[1])
    alone = part_of(parameters.section(evidence(untrained(trained))), "parameters-committed")
    assert alone.says[0].startswith("IT-pls (untrained): ")


def test_other_groups_get_looks_that_are_free():
    found = charts.looks(["vgg", "untrained", "vit"])
    assert len(set(found.values())) == 3
    assert found["vgg"] == (charts.COLOURS[0], charts.SHAPES[0])
    assert len({look[0] for look in charts.looks([f"family {i}" for i in range(9)]).values()}) == 8


def test_numbers_of_parameters_have_three_digits_at_the_axis():
    made = [
        one.model_copy(update={"about": {**one.about, "parameters": 231_708}})
        for one in untrained(planted(6))
    ]
    made[0] = made[0].model_copy(update={"about": {**made[0].about, "parameters": 2_000_000_000}})
    (panel,) = part_of(parameters.section(evidence(made)), "parameters-committed").panels
    svg = drawn(panel, "p").svg
    assert "231.708k" not in svg
    assert ">1B<" in svg


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


def test_a_studys_own_count_is_told_where_it_differs_alone():
    def counted(twins):
        said = [
            one.model_copy(update={"about": {**one.about, "train_task": "objects"}})
            for one in [*planted(8), *twins]
        ]
        return part_of(years.section(evidence(said)), "year-tests").rows

    yearless = untrained(planted(1))
    yearless = [one.model_copy(update={"about": {"trained": False}}) for one in yearless]
    assert {line["set"] for line in counted(yearless)} == {"trained", "untrained"}
    assert {line["set"] for line in counted(untrained(planted(1)))} == {
        "trained",
        "untrained",
        layers.PUBLISHED,
    }
