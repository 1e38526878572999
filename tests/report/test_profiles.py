"""Layer profiles: panels of few and of many networks, and what is said of twins."""

from __future__ import annotations

import numpy as np

from pytest_brainscore.report.page.drawing import drawn
from pytest_brainscore.report.sections import dimensionality, profiles
from pytest_brainscore.specs.results import LayerScores, Row

from .networks import evidence, part_of, values


def pool(name, trained, height, family="cnn", layers=10, benchmark="Own.IT-crsa"):
    """A network that is best in its layer 8 of 10 (trained) or 3 (untrained); training is 0.02 above test."""
    peak = 0.8 if trained else 0.3
    depth = np.arange(1, layers + 1) / layers
    test = height - np.abs(depth - peak)
    profile = tuple(
        LayerScores(layer=f"l{i}", train={"1": y + 0.02}, test={"1": y}, dimensionality=5.0 + i)
        for i, y in enumerate(test.tolist(), 1)
    )
    about = {"trained": trained, "architecture": name, "family": family}
    names = {"benchmark": benchmark, "dataset": "Own", "region": "IT", "metric": "crsa", "status": "scored"}
    model = name if trained else f"{name}_untrained"
    layer = f"l{int(test.argmax()) + 1}"
    said = {"layer": layer, "profile": profile, "about": about, "also": {"train": height + 0.02}}
    return Row(**names, model=model, raw=height, **said)


FEW = [pool("p", True, 0.6), pool("p", False, 0.3), pool("q", True, 0.7), pool("q", False, 0.3)]


def many(n=20):
    families = ("cnn", "transformer")
    return [
        pool(f"n{i}", trained, 0.5 + i / 100, families[i % 2]) for i in range(n) for trained in (True, False)
    ]


def test_few_networks_have_a_panel_each_with_chosen_layers_marked():
    figure = profiles.section(evidence(FEW)).parts[0]
    assert (figure.id, len(figure.panels)) == ("profiles-IT", 2)
    lines, marks = figure.panels[0].to_dict()["layer"]
    points = values(figure.panels[0], lines)
    assert {(one["model"], one["kind"]) for one in points} == {
        (model, kind) for model in ("p", "p_untrained") for kind in ("test", "training")
    }
    assert [(one["depth"], one["value"]) for one in values(figure.panels[0], marks)] == [
        (0.8, 0.6),
        (0.3, 0.3),
    ]
    assert all(drawn(panel, "x").width <= 340 for panel in figure.panels)


def test_two_architectures_are_told_and_not_tested():
    (said,) = profiles.section(evidence(FEW)).parts[0].says
    assert said == (
        "IT-crsa: depth 0.80 (2 trained), 0.30 (2 untrained), difference 0.50; score 0.495 on training,"
        " 0.475 on test stimuli, difference 0.020; too few architectures (2) for a test."
    )
    (untwinned,) = profiles.section(evidence(FEW[:1])).parts[0].says
    assert untwinned.startswith("IT-crsa: depth 0.80 (1 trained); score")


def test_of_five_architectures_differences_have_intervals_over_architectures():
    rows = many(5)
    rows[0] = rows[0].model_copy(update={"also": {"train": rows[0].raw + 0.12}})
    (said,) = profiles.section(evidence(rows)).parts[0].says
    mean, half = 0.03, 2.776445 * 0.01  # 0.07 and four times 0.02: standard error 0.05 / 5
    assert f"difference {mean:.3f} [{mean - half:.3f}, {mean + half:.3f}]." in said
    assert "difference 0.50 [0.50, 0.50]" in said
    assert "too few" not in said
    (row,) = part_of(profiles.section(evidence(rows)), "profiles-depths").rows
    assert (row["pairs"], round(row["apart"], 6)) == (5, 0.5)


def test_many_networks_are_medians_and_quartiles_by_family():
    figure = profiles.section(evidence(many())).parts[0]
    titles = [panel.to_dict()["title"]["text"] for panel in figure.panels]
    assert titles == [["cnn (20 networks)"], ["transformer (20 networks)"]]
    area, lines, marks = figure.panels[0].to_dict()["layer"]
    at = [one for one in values(figure.panels[0], lines) if one["depth"] == 0.8 and one["kind"] == "test"]
    assert [(one["training"], round(one["value"], 6)) for one in at] == [
        ("trained", 0.59),
        ("untrained", 0.09),
    ]
    assert [round(one["depth"], 6) for one in values(figure.panels[0], marks)] == [0.8, 0.3]
    assert {one["kind"] for one in values(figure.panels[0], area)} == {"test"}
    assert "trained networks score" not in figure.says[0]


def test_of_very_many_benchmarks_twelve_are_drawn_and_the_rest_are_counted():
    rows = [pool(f"n{i}", True, 0.5, benchmark=f"Own.IT{j}-crsa") for i in range(9) for j in range(14)]
    figure = profiles.section(evidence(rows)).parts[0]
    assert len(figure.panels) == 12
    assert figure.says[-1] == "6 further benchmarks: see the table."


def test_tables_hold_every_layer():
    section = profiles.section(evidence(FEW))
    layers = part_of(section, "profiles").rows
    assert len(layers) == 40
    assert [one["layer"] for one in layers if one["chosen"]] == ["l8", "l3", "l8", "l3"]
    (row,) = part_of(section, "profiles-depths").rows
    assert (row["trained"], row["untrained"], row["pairs"]) == (0.8, 0.3, 2)


def test_without_layers_there_is_no_section():
    bare = [row.model_copy(update={"profile": ()}) for row in FEW]
    assert profiles.section(evidence(bare)) is None
    assert dimensionality.section(evidence(bare)) is None


def test_layers_that_were_named_are_drawn_and_none_is_said_to_be_chosen():
    rows = [
        FEW[0].model_copy(
            update={"profile": (), "layer": f"l{i}", "raw": i / 10, "also": {}, "node": f"f::b::p::l{i}"}
        )
        for i in range(1, 4)
    ]
    figure = profiles.section(evidence(rows)).parts[0]
    lines, marks = figure.panels[0].to_dict()["layer"]
    assert [one["value"] for one in values(figure.panels[0], lines)] == [0.1, 0.2, 0.3]
    assert values(figure.panels[0], marks) == []
    assert "none was chosen" in figure.says[0]


def test_dimensionality_is_told_along_depth_and_against_scores():
    section = dimensionality.section(evidence(many(6)))
    depth, scores = section.parts[:2]
    assert depth.says[1:] == [
        "Own: 6 trained networks 6.0, 15.0, 15.0; 6 untrained networks 6.0, 15.0, 15.0."
    ]
    (points,) = scores.panels[0].to_dict()["datasets"].values()
    assert sorted({one["x"] for one in points}) == [8.0, 13.0]
    assert len(points) == 12
    (_, said) = scores.says
    assert said.startswith(
        "IT-crsa: trained networks (n = 6), plain: no rank correlation; all networks (n = 12)"
    )
    assert {(one["set"], one["n"]) for one in scores.table.rows} == {
        ("all", 12),
        ("trained", 6),
        ("untrained", 6),
    }


def test_networks_on_the_same_stimuli_are_told_once():
    shown = {"digests": {"stimuli": "abc"}}
    rows = [
        one.model_copy(update={**shown, "dataset": dataset, "benchmark": f"{dataset}.IT-crsa"})
        for dataset in ("Human", "Monkey")
        for one in FEW[:2]
    ]
    depth, scores = dimensionality.section(evidence(rows)).parts[:2]
    (_, said) = depth.says
    assert said.startswith("Human and Monkey: 1 trained network 6.0")
    assert scores.says[1:] == ["Too few networks (2) for a test: Human.IT-crsa, Monkey.IT-crsa."]
