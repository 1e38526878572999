"""Baseline files: what is written comes back, and what is none is named with its line."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.commands.schema import text as schema
from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.baselines import Baseline, Entry, Side, load

SIDE = Side(spec="a" * 64, stimuli="b" * 64, recordings="c" * 64, ceiling=0.8123456)


def entry(*splits: float) -> Entry:
    raw = sum(splits) / len(splits)
    return Entry(raw=raw, n=len(splits), splits=splits, side=SIDE, layer="features.8", date="2026-10-02")


BASELINE = Baseline(benchmark="Own.IT-ridge", models={"vgg16": entry(0.5, 0.25), "alexnet": entry(0.1, 0.3)})


def written(tmp_path, text=None):
    path = tmp_path / "Own.IT-ridge.json"
    path.write_text(BASELINE.text() if text is None else text, encoding="utf-8")
    return path


def test_a_line_per_model_sorted_with_a_fixed_number_of_decimals():
    lines = BASELINE.text().splitlines()
    assert [line.split(":")[0] for line in lines[4:6]] == ['"alexnet"', '"vgg16"']
    assert '"splits": [0.1000000, 0.3000000]' in lines[4]
    assert BASELINE.text().endswith("\n}\n}\n")
    jsonschema.validate(json.loads(BASELINE.text()), json.loads(schema("baseline")))


def test_another_score_changes_one_line():
    other = BASELINE.model_copy(update={"models": {**BASELINE.models, "alexnet": entry(0.1, 0.31)}})
    pairs = zip(BASELINE.text().splitlines(), other.text().splitlines(), strict=True)
    assert sum(a != b for a, b in pairs) == 1


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12))
def test_law_numbers_come_back_to_seven_decimals_and_the_text_is_stable(tmp_path_factory, splits):
    path = tmp_path_factory.mktemp("law") / "b.json"
    first = Baseline(benchmark="b", models={"m": entry(*splits)})
    path.write_text(first.text(), encoding="utf-8")
    again = load(path, "b")
    assert again.models["m"].splits == pytest.approx(splits, abs=5.1e-8)
    assert again.text() == first.text()
    assert "-0.0000000" not in first.text()


def test_no_file_is_no_baseline(tmp_path):
    assert load(tmp_path / "none.json", "none") is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"alexnet"', '<<<<<<< HEAD\n"alexnet"', r":5: a merge conflict"),
        ('"vgg16"', '>>>>>>> theirs\n"vgg16"', r":6: a merge conflict"),
        ('"vgg16"', '"alexnet"', r":6: alexnet is there twice"),
        ('"format": 1', '"format": 2', r":2: is of format 2, and this version reads 1"),
        ('"format": 1', '"format": "1"', r":2: format: "),
        ("Own.IT-ridge", "Own.IT-pls", r":3: is the baseline of Own.IT-pls, not Own.IT-ridge"),
        ("0.3000000]", '"0.3"]', r":5: models.alexnet.splits.1: "),
        ("0.3000000]", "NaN]", r":5: NaN is no score"),
        ("0.3000000]", "1e999]", r":5: models.alexnet.splits.1: "),
        (", 0.3000000]", "]", r":5: models.alexnet: n is 2, and there are 1 splits"),
        ('"layer"', '"lair"', r":5: models.alexnet.lair: no such key; did you mean layer"),
        ("}\n}\n", "", r":7: not JSON, perhaps cut off"),
    ],
)
def test_what_is_no_baseline_is_named_with_its_line(tmp_path, old, new, message):
    text = BASELINE.text()
    assert old in text
    path = written(tmp_path, text.replace(old, new, 1))
    before = path.read_bytes()
    with pytest.raises(SpecError, match=r"Own.IT-ridge.json" + message):
        load(path, "Own.IT-ridge")
    assert path.read_bytes() == before


@pytest.mark.parametrize("end", [0, 1, 60, 400, -1, -3])
def test_a_file_that_is_cut_off(tmp_path, end):
    path = written(tmp_path, BASELINE.text().rstrip()[:end])
    with pytest.raises(
        SpecError, match=r"Own.IT-ridge.json:\d+: not JSON, perhaps cut off .* version control"
    ):
        load(path, "Own.IT-ridge")


@pytest.mark.parametrize("text", ["[]", "3", "[" * 100_000, '"x"'])
def test_other_json(tmp_path, text):
    with pytest.raises(SpecError, match=r"Own.IT-ridge.json"):
        load(written(tmp_path, text), "Own.IT-ridge")


@given(st.data())
def test_law_a_flipped_bit_is_seen_or_changes_nothing(tmp_path_factory, data):
    path, content = tmp_path_factory.mktemp("law") / "b.json", bytearray(BASELINE.text().encode())
    place = data.draw(st.integers(0, 8 * len(content) - 1))
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)
    with suppress(SpecError):
        assert load(path, "Own.IT-ridge") == load(written(tmp_path_factory.mktemp("whole")), "Own.IT-ridge")


def test_a_line_that_was_changed_is_named_and_one_without_a_check_is_taken(tmp_path):
    changed = BASELINE.text().replace("0.5000000", "0.6000000")
    with pytest.raises(SpecError, match=r"IT-ridge\.json:6: vgg16: the line is not as it was written"):
        load(written(tmp_path, changed), "Own.IT-ridge")
    bare = re.sub(r', "check": "\w{8}"', "", changed)
    with pytest.raises(SpecError) as refused:
        load(written(tmp_path, bare), "Own.IT-ridge")
    assert str(refused.value).endswith(
        "Own.IT-ridge.json:6: vgg16: raw is 0.3750000 and the mean of splits 0.4250000: change raw and each"
        " of splits, or delete the line and run with --brainscore-update new"
    )
    for raw in ("0.4250000", "0.4250009"):
        meant = written(tmp_path, bare.replace("0.3750000", raw))
        assert load(meant, "Own.IT-ridge").models["vgg16"].splits == (0.6, 0.25)


def test_a_large_score_agrees_with_its_splits_by_part(tmp_path):
    text = re.sub(r', "check": "\w{8}"', "", Baseline(benchmark="b", models={"m": entry(4e6, 6e6)}).text())
    load(written(tmp_path, text.replace('"raw": 5000000.0', '"raw": 5000004.0')), "b")
    with pytest.raises(SpecError, match=r":5: m: raw is 5000006\.0000000 and the mean of splits 5000000"):
        load(written(tmp_path, text.replace('"raw": 5000000.0', '"raw": 5000006.0')), "b")
