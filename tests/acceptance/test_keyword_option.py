"""``-k`` and ``-m`` take our names whole."""

from __future__ import annotations

import pytest

from .conftest import on_own, run

TWO_REGIONS = on_own("""
  - {regions: [V4, IT], metric: ridge}
  - {id: IT-other, region: IT, metric: {name: rdm}}
""")


@pytest.fixture
def two(project):
    project.write("benchmarks/own.yaml", TWO_REGIONS)
    return project


def picked(project, *arguments):
    lines = project.collect("--models", "small,wide_vit", *arguments)
    return sorted({line.split("::", 1)[1] for line in lines})


BOTH_IT = ["IT-other::small", "IT-other::wide_vit", "IT-ridge::small", "IT-ridge::wide_vit"]


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("IT", BOTH_IT),
        ("V4", ["V4-ridge::small", "V4-ridge::wide_vit"]),
        ("IT and small", ["IT-other::small", "IT-ridge::small"]),
        ("not IT", ["V4-ridge::small", "V4-ridge::wide_vit"]),
        ("(IT or V4) and not wide_vit", ["IT-other::small", "IT-ridge::small", "V4-ridge::small"]),
        ("IT-ridge", ["IT-ridge::small", "IT-ridge::wide_vit"]),
        ("Own.IT-other", ["IT-other::small", "IT-other::wide_vit"]),
        ("rdm", ["IT-other::small", "IT-other::wide_vit"]),
        ("vit", ["IT-other::wide_vit", "IT-ridge::wide_vit", "V4-ridge::wide_vit"]),
    ],
)
def test_keyword(two, keyword, expected):
    assert picked(two, "-k", keyword) == expected


def test_keyword_says_how_it_was_read(two):
    result = two.run("--models", "small", "-k", "IT", "--collect-only")
    result.stdout.fnmatch_lines(["brainscore: -k 'IT' takes IT as whole names"])


def test_a_name_that_is_nearly_ours_is_answered(two):
    result = two.run("--models", "small", "-k", "IT-ridgee or (xyz and small)", "--collect-only")
    (line,) = [line for line in result.outlines if "nothing is called" in line]
    assert line.startswith("brainscore: -k: nothing is called IT-ridgee; did you mean IT-ridge, ")
    two.write("test_numbers.py", "def test_ridgee(): pass\n")
    result = two.run("--models", "small", "-k", "ridgee", "--collect-only", "benchmarks", "test_numbers.py")
    result.stdout.no_fnmatch_line("*nothing is called*")


def test_a_region_that_no_item_has_takes_none(two):
    two.write(
        "benchmarks/own.yaml",
        TWO_REGIONS.replace("[V4, IT]", "[V4]").replace("region: IT, m", "region: V1, m"),
    )
    assert two.collect("--models", "small,wide_vit", "-k", "IT") == []


def test_other_tests_are_matched_as_ever(two):
    two.write("test_numbers.py", "def test_digits(): pass\ndef test_other(): pass\n")
    lines = two.collect("--models", "small", "-k", "IT", "benchmarks", "test_numbers.py")
    assert [line for line in lines if "test_numbers.py" in line] == ["test_numbers.py::test_digits"]


@pytest.mark.parametrize("mark", ["IT", "brainscore(region='IT')"])
def test_marks(two, mark):
    assert picked(two, "-m", mark) == BOTH_IT


def test_node_id_and_deselect(two):
    node = "benchmarks/own.yaml::IT-ridge::small"
    assert two.collect("--models", "small,wide_vit", node) == [node]
    assert node not in two.collect("--models", "small,wide_vit", "--deselect", node)


def test_last_failed_reruns_the_one_that_failed(two):
    arguments = ["--models", "small,wide_vit", "-k", "V4 or IT-ridge"]
    first = run(*arguments)
    assert first.parseoutcomes() == {"passed": 2, "errors": 2, "deselected": 2}
    again = run(*arguments, "--lf")
    assert again.parseoutcomes()["errors"] == 2
    assert "passed" not in again.parseoutcomes()
