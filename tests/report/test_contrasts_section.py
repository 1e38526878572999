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
from pytest_brainscore.report.figures.heatmap import Square, heatmap, ink, palette, png
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


DIFFERENCES = (0.4, 0.3, 0.5, 0.4, 0.6, 0.5)


def test_twins_stand_in_where_no_contrast_has_trained_and_untrained():
    section = contrasts.section(evidence(list(twins(*((0.2 + x, 0.2) for x in DIFFERENCES)))))
    (said,) = part_of(section, "contrasts-twins").says
    t, p = stats.ttest_1samp(DIFFERENCES, 0)
    half = stats.t.ppf(0.975, 5) * 0.45 / t
    assert p < 0.001
    ends = f"[{0.45 - half:.3f}, {0.45 + half:.3f}]"
    assert f"IT-pls: trained − untrained 0.450 {ends}, p < 0.001, 6 pairs: trained scores higher." in said
    assert f"g = {0.45 / np.std(DIFFERENCES, ddof=1) * 0.840753:.2f} [" in said  # J(5)
    assert section.says[-1] == "Of 1 tested difference 1 stand at 5 % after correction."
    (row,) = part_of(section, "contrasts").rows
    assert row["networks"] == "6 pairs"


def test_of_five_pairs_there_is_an_interval_and_no_verdict():
    section = contrasts.section(evidence(list(twins(*((0.2 + x, 0.2) for x in DIFFERENCES[:5])))))
    (said,) = part_of(section, "contrasts-twins").says
    assert "], 5 pairs: too few to tell (p could not fall below 0.062)." in said
    assert len(section.says) == 1


def test_of_four_pairs_there_is_a_difference_and_no_verdict():
    section = contrasts.section(evidence(list(twins(*((0.2 + x, 0.2) for x in DIFFERENCES[:4])))))
    figure = part_of(section, "contrasts-twins")
    assert figure.says == [
        "No interval: too few pairs (4) for a test."
        " IT-pls: difference 0.400 (trained 0.600, untrained 0.200)."
    ]
    assert len(section.says) == 1
    (row,) = part_of(section, "contrasts").rows
    assert (row["low"], row["high"], row["p"], row["p_corrected"], row["g"]) == (None,) * 5
    assert {one["low"] for one in part_of(section, "contrasts-groups").rows} == {None}
    assert len(figure.panels) == 2
    assert list(part_of(section, "contrasts").columns) == [
        *("contrast", "benchmark", "group", "against", "difference")
    ]
    assert part_of(section, "contrasts").says == "All lines: Networks 4 pairs, Unit networks."


def test_groups_are_told_with_both_corrections_and_a_forest():
    rows = [*kinds("cnn", [0.5, 0.6, 0.55, 0.7]), *kinds("transformer", [0.46, 0.5, 0.45, 0.49])]
    section = contrasts.section(evidence(rows))
    figure = part_of(section, "contrasts-architecture")
    (said,) = figure.says
    assert "cnn − transformer 0.113 [" in said
    assert "n = 4 and 4" in said
    assert "p = 0.044, n = 4 and 4: cnn scores higher." in said
    assert said.endswith("By unit: found by networks; open by welch.")
    assert section.says[1] == "Of 1 tested difference 1 stand at 5 % after correction."
    assert len(figure.panels) == 3
    (effect,) = part_of(section, "contrasts").rows
    t = stats.ttest_ind([0.5, 0.6, 0.55, 0.7], [0.46, 0.5, 0.45, 0.49]).statistic
    assert effect["networks"] == "4 cnn, 4 transformer"
    assert effect["g"] == pytest.approx(t * (1 / 4 + 1 / 4) ** 0.5 * 0.868625, abs=1e-5)  # J(6)
    assert len(part_of(section, "contrasts-units").rows) == 7


def test_groups_that_are_not_told_apart_are_no_evidence():
    rows = [*kinds("cnn", [0.5, 0.6, 0.55, 0.7]), *kinds("transformer", [0.44, 0.5, 0.45, 0.52])]
    (said,) = part_of(contrasts.section(evidence(rows)), "contrasts-architecture").says
    assert "p = 0.057, n = 4 and 4: no evidence of a difference." in said


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


def test_forests_keep_the_groups_of_a_benchmark_in_one_panel():
    spans = [Span(f"g{i % 2}", f"b{i // 2}", i / 10, None, None) for i in range(18)]
    of = [values(panel, panel.to_dict()["layer"][1]) for panel in forests("Means", "score", spans)]
    assert [[one["name"] for one in lines] for lines in of] == [["g0", "g1"] * 7, ["g0", "g1"] * 2]


def alike(m, noise=0.1, n=8):
    """RDMs of two kinds of networks by turns, like within a kind."""
    rng = np.random.default_rng(0)
    kinds = [np.triu(rng.random((n, n)), 1) for _ in range(2)]
    some = {f"net{i}": kinds[i % 2] + noise * np.triu(rng.random((n, n)), 1) for i in range(m)}
    return {name: rdm + rdm.T for name, rdm in some.items()}


SHORT = {"Own.IT-crsa": "IT-crsa"}


def placed(m):
    families = ("cnn", "transformer")
    return {
        ("Own.IT-crsa", f"net{i}"): row(f"net{i}", 0.5, about={"family": families[i % 2]}) for i in range(m)
    }


def test_likeness_is_told_with_whether_families_hold_together():
    one = likeness_of("Own.IT-crsa", alike(8))
    (said,) = likeness._maps([one], placed(8), SHORT, []).says
    above = np.triu_indices(8, 1)
    assert f"IT-crsa: mean r {one.matrix[above].mean():.3f} of 8 networks" in said
    assert "Pairs of one family: 0.9" in said
    assert said.endswith("]: more alike.")
    plane = likeness._planes([one], placed(8), SHORT).panels[0]
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


def test_likeness_of_four_networks_has_no_verdict():
    one = likeness_of("Own.IT-crsa", alike(4))
    (said,) = likeness._maps([one], placed(4), SHORT, []).says
    assert said.endswith("too few networks (4) for a test.")
    assert "alike." not in said


def scale_of(square):
    layers = heatmap(square, "x").to_dict()["layer"]
    return next(
        layer["encoding"]["color"]["scale"]["domain"] for layer in layers if "color" in layer["encoding"]
    )


def test_maps_of_two_networks_have_the_colours_of_all_others():
    for r, ends in ((0.6, [0.0, 1.0]), (-0.3, [-1.0, 1.0])):
        assert scale_of(Square(("a", "b"), np.array([[1, r], [r, 1]]), ("x", "x"))) == ends


@pytest.mark.parametrize("value", np.linspace(0, 1, 21).tolist())
def test_numbers_can_be_read_on_every_colour_of_the_map(value):
    colour = np.array([247, 251, 255]) * (1 - value) + np.array([8, 48, 107]) * value
    linear = ((colour / 255 + 0.055) / 1.055) ** 2.4
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    with_white, with_black = 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05
    assert (ink(value, (0.0, 1.0)) == "white") == (with_white > with_black)
    assert max(with_white, with_black) >= 4.5


def test_names_of_twins_are_whole_up_to_24_letters():
    names = ("squeezenet1_1", "squeezenet1_1_untrained", "mobilenet_v2_x1_0_abcdef")
    for m in (3, 12):
        square = Square((*names, *(f"n{i}" for i in range(m - 3))), np.eye(m), ("x",) * m)
        panel = heatmap(square, "x")
        lines = [one["name"] for one in values(panel, panel.to_dict()["layer"][-1])]
        assert "squeezenet1_1 untrained" in " ".join(lines)
        assert "mobilenet_v2_x1_0_abcdef" in "".join(lines)
        assert drawn(panel, "x").width <= 340


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
