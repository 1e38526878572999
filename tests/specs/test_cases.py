"""Benchmark files become cases."""

from __future__ import annotations

import pytest

from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.cases import load_cases

ONE = """\
dataset:
  id: Own
  reader: arrays
  stimuli: {images: images}
  recordings: {file: responses.npy, region: IT}
benchmarks:
  - regions: [V4, IT]
    metric: {name: pls, components: 5}
    select: {subject: [Chabo, Tito]}
  - {id: IT-human, region: IT, metric: rdm, ceiling: rsa_bounds}
"""
TWO = """\
datasets:
  - {id: Human, reader: arrays, stimuli: {images: i}, recordings: {file: h.npy}}
  - {id: Monkey, reader: arrays, stimuli: {images: i}, recordings: {file: m.npy}}
benchmarks:
  - {dataset: Human, region: IT, metric: rdm}
  - {id: IT-monkey, dataset: Monkey, region: IT, metric: rdm}
"""


def load(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return load_cases(path)


def test_regions_make_a_case_each(tmp_path):
    cases = load(tmp_path, ONE)
    assert [case.id for case in cases] == ["V4-pls", "IT-pls", "IT-human"]
    assert [case.name for case in cases] == ["Own.V4-pls", "Own.IT-pls", "Own.IT-human"]
    assert [case.line for case in cases] == [7, 7, 10]
    assert cases[0].benchmark.select == {"subject": ("Chabo", "Tito")}
    assert [case.benchmark.normalisation() for case in cases] == ["none", "none", "r_over_ceiling"]


def test_several_datasets(tmp_path):
    human, monkey = load(tmp_path, TWO)
    assert (human.name, monkey.name) == ("Human.IT-rdm", "Monkey.IT-monkey")
    assert human.stimuli_key == monkey.stimuli_key
    assert human.digest != monkey.digest


def test_the_stem_of_a_data_set_names_all_of_its_parts(tmp_path):
    text = TWO.replace("Human", "Both2026.human").replace("Monkey", "Both2026.monkey")
    human, monkey = load(tmp_path, text)
    assert human.names & monkey.names == {"Both2026", "IT", "rdm"}


def test_the_digest_follows_what_is_written_and_not_how(tmp_path):
    first = load(tmp_path, ONE)
    same = load(tmp_path, ONE.replace("  - regions: [V4, IT]\n", "\n  - regions: [V4, IT] # both\n"))
    other = load(tmp_path, ONE.replace("components: 5", "components: 6"))
    assert [case.digest for case in first] == [case.digest for case in same]
    assert first[0].digest != other[0].digest
    assert first[2].digest == other[2].digest
    assert first[0].digest != first[1].digest


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (ONE, "id: IT-human", "id: IT-pls", "own.yaml:10: id: IT-pls is already the benchmark of line 7"),
        (TWO, "dataset: Human,", "dataset: Humen,", "own.yaml:5: dataset: .*Humen here; did you mean Human?"),
        (TWO, "dataset: Human, ", "", "own.yaml:5: dataset: is missing; this file has Human, Monkey"),
        (ONE, "id: IT-human", "id: IT human", "own.yaml:10: .*IT human"),
        (ONE, "regions: [V4, IT]", "regions: []", "own.yaml:7: "),
        (ONE, "benchmarks:", "benchmark:", "own.yaml:.*benchmark: no such key"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path, text, old, new, message):
    assert old in text
    with pytest.raises(SpecError, match=message):
        load(tmp_path, text.replace(old, new))


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ("{n: 10, folds: 5}", "only one of the four"),
        ("{given: half, stratify: object}", "cannot be stratified"),
        ("{train: 1.5}", "less than 1"),
    ],
)
def test_mistakes_in_splits(tmp_path, splits, message):
    with pytest.raises(SpecError, match=message):
        load(tmp_path, ONE.replace("    select:", f"    splits: {splits}\n    select:"))


def test_intervals_and_power_are_no_part_of_the_digest(tmp_path):
    (plain, *_) = load(tmp_path, ONE)
    keys = "    inference: {intervals: refit, permutations: 100}\n    power: {minimum: 0.8}\n"
    (asked, *_) = load(tmp_path, ONE.replace("    select:", f"{keys}    select:"))
    assert asked.benchmark.inference.permutations == 100
    assert asked.benchmark.power.minimum == 0.8
    assert asked.digest == plain.digest
