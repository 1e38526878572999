"""Contrasts and likeness in the report: words, forests, maps and planes."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from pytest_brainscore.analysis.population.likeness import likeness as likeness_of
from pytest_brainscore.report.figures.forests import Span, forests
from pytest_brainscore.report.figures.heatmap import Square, heatmap, palette, png
from pytest_brainscore.report.page.drawing import drawn
from pytest_brainscore.report.sections import contrasts, likeness

from .networks import evidence, part_of, row, values


def twins(*pairs):
    for i, (trained, untrained) in enumerate(pairs):
        about = {"architecture": f"net{i}"}
        yield row(f"net{i}", trained, about=about)
        yield row(f"net{i}_untrained", untrained, about={**about, "trained": False})


def kinds(name, scores):
    about = {"family": name, "objective": "supervised", "diet": "imagenet-1k"}
    return [row(f"{name}{i}", x, about={**about, "architecture": f"{name}{i}"}) for i, x in enumerate(scores)]


def test_twins_stand_in_where_no_contrast_has_trained_and_untrained():
    section = contrasts.section(evidence(list(twins((0.6, 0.2), (0.5, 0.2), (0.7, 0.2)))))
    figure = part_of(section, "contrasts-twins")
    half = 4.302653 * 0.1 / 3**0.5
    (said,) = figure.says
    ends = f"+{0.4 - half:.3f} to +{0.4 + half:.3f}"
    assert f"trained minus untrained +0.400 (95 % interval {ends} with networks as units, n = 3 pairs" in said
    assert "trained scores higher" in said
    assert "Hedges' g +2.26" in said  # J(2) = 0.5642, d = 4


def test_groups_are_told_with_both_corrections_and_a_forest():
    rows = [*kinds("cnn", [0.5, 0.6, 0.55, 0.7]), *kinds("transformer", [0.4, 0.5, 0.45])]
    section = contrasts.section(evidence(rows))
    figure = part_of(section, "contrasts-architecture")
    (said,) = figure.says
    assert "cnn minus transformer +0.138" in said
    assert "n = 4 and 3 networks" in said
    assert "no evidence of a difference" in said
    assert "Of 1 difference with a p value 0 stand at 5 %" in section.says[1]
    assert len(figure.panels) == 3
    (effect,) = part_of(section, "contrasts").rows
    t = stats.ttest_ind([0.5, 0.6, 0.55, 0.7], [0.4, 0.5, 0.45]).statistic
    assert effect["g"] == pytest.approx(t * (1 / 4 + 1 / 3) ** 0.5 * 0.840753, abs=1e-5)  # J(5)
    assert len(part_of(section, "contrasts-units").rows) == 7


def test_without_groups_there_is_no_section():
    assert contrasts.section(evidence([row("alone", 0.5)])) is None
    assert likeness.section(evidence([row("alone", 0.5)])) is None


def test_forests_name_a_benchmark_once_and_leave_out_no_text():
    spans = [
        Span(f"g{i}", "A.very.long.name_of.a.benchmark-that.is-broken", i / 10, None, None) for i in range(20)
    ]
    first, second = forests("Means", "score", spans, zero=True)
    _, bars, points, headings, names = first.to_dict()["layer"]
    assert [one["name"] for one in values(first, headings)] == [
        "A.very.long.name_of.a.benchmark-",
        "that.is-broken",
    ]
    assert [one["name"] for one in values(first, names)] == [f"g{i}" for i in range(15)]
    assert values(first, bars) == []
    assert len(values(second, second.to_dict()["layer"][2])) == 5
    assert len(values(first, points)) == 15
    assert drawn(first, "x").width <= 340


def alike(m, noise=0.1, n=8):
    """RDMs of two kinds of networks by turns, like within a kind."""
    rng = np.random.default_rng(0)
    kinds = [np.triu(rng.random((n, n)), 1) for _ in range(2)]
    some = {f"net{i}": kinds[i % 2] + noise * np.triu(rng.random((n, n)), 1) for i in range(m)}
    return {name: rdm + rdm.T for name, rdm in some.items()}


def placed(m):
    families = ("cnn", "transformer")
    return {
        ("Own.IT-crsa", f"net{i}"): row(f"net{i}", 0.5, about={"family": families[i % 2]}) for i in range(m)
    }


def test_likeness_is_told_with_whether_families_hold_together():
    one = likeness_of("Own.IT-crsa", alike(8))
    (said,) = likeness._maps([one], placed(8), []).says
    above = np.triu_indices(8, 1)
    assert f"mean r {one.matrix[above].mean():.3f} over 28 pairs of 8 networks" in said
    assert "Networks of one family: mean r 0.9" in said
    assert "8 networks: more alike." in said
    plane = likeness._planes([one], placed(8)).panels[0]
    points = values(plane, plane.to_dict()["layer"][0])
    sides = {point["family"]: point["x"] > 0 for point in points}
    assert sides["cnn"] != sides["transformer"]
    assert all((point["x"] > 0) == sides[point["family"]] for point in points)


def test_few_networks_are_fields_with_numbers_and_many_one_small_picture():
    few = Square(("a", "b", "c"), np.array([[1, 0.5, 0.1], [0.5, 1, 0.2], [0.1, 0.2, 1]]), ("x", "y", "y"))
    fields = values(heatmap(few, "few"), heatmap(few, "few").to_dict()["layer"][1])
    assert [one["said"] for one in fields][:3] == ["1.00", "0.50", "0.10"]
    names = tuple(f"net{i}" for i in range(224))
    matrix = np.random.default_rng(0).random((224, 224))
    panel = drawn(heatmap(Square(names, (matrix + matrix.T) / 2, ("x",) * 112 + ("y",) * 112), "many"), "x")
    assert panel.svg.count("<image") == 1
    assert len(panel.svg) < 200_000
    assert panel.width <= 340


def test_a_picture_has_white_for_what_is_not_known_and_dark_for_what_is_high():
    matrix = np.array([[1.0, 0.2, np.nan], [0.2, 1.0, 0.6], [np.nan, 0.6, 1.0]])
    image = Image.open(BytesIO(png(matrix, (0.2, 0.6)))).convert("RGB")
    step = image.width // 3
    at = {(i, j): image.getpixel((j * step + 2, i * step + 2)) for i in range(3) for j in range(3)}
    assert at[0, 2] == (255, 255, 255)
    assert at[0, 1] == (247, 251, 255)
    assert at[1, 2] == at[0, 0] == (8, 48, 107)
    assert base64.b64encode(png(matrix, (0.2, 0.6))).startswith(b"iVBOR")


def test_seven_kinds_have_colours_and_the_rest_are_grey():
    found = palette([*"aab", *"cdefghi", "family not known"])
    assert list(found)[:2] == ["a", "b"]
    assert len(set(found.values())) == 8
    assert found["family not known"] == found["i"]
