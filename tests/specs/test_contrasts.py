"""Contrast files: what they may say, and where their mistakes are."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pytest_brainscore import suite
from pytest_brainscore.commands.schema import FOLDER, text
from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.contrasts import OtherThan, load_contrasts
from pytest_brainscore.specs.results import Row
from pytest_brainscore.suite.contrasts import contrasts, contrasts_of

SHIPPED = sorted((suite.benchmarks() / "contrasts").glob("*.yaml"))
GOOD = """\
contrasts:
  - id: kinds
    title: one kind and another
    where: {trained: true, diet: [imagenet-1k, yfcc-15m]}
    by: family
    groups: [cnn, transformer, hybrid]
    against: cnn - transformer
  - id: sizes
    title: pairs of sizes
    groups:
      large: {parameters: 10, diet: {other_than: none}}
      small: {parameters: 5}
    against: small
    pairs: architecture
    interval: released
"""
FAMILIES = (
    "[cnn, transformer, hybrid]\n    against: cnn - transformer",
    "[cnn, tarnsformer]\n    against: cnn",
)
TRAINED = "{trained:", "{trainned:"
WRONG = {
    "key": ("where:", "were:", 4, "were: no such key; did you mean where?"),
    "unit": ("released", "releesed", 15, "'releesed' is none of networks, welch, released"),
    "group": ("cnn - transformer", "cnn - transfomer", 7, "no group transfomer; did you mean transformer?"),
    "reference": ("against: small", "against: smal", 13, "no group smal; did you mean small?"),
    "difference": (
        "cnn - transformer",
        "[cnn, transformer]",
        7,
        "cnn is no difference: write `cnn - hybrid`",
    ),
    "form": (
        "    groups: [cnn, transformer, hybrid]\n    against: cnn -",
        "    against: [cnn, hybrid]  #",
        6,
        "cnn is no difference: write `one group - another`",
    ),
    "both": (
        "    groups:\n      large",
        "    by: family\n    groups:\n      large",
        8,
        "give `groups` as a list, or",
    ),
    "neither": ("    by: family\n", "", 2, "give `by: word`, or `groups: {name: {word: value}}`"),
    "empty": ("[cnn, transformer, hybrid]", "[]", 6, "groups: names no group: leave it out"),
    "twins": ("id: sizes", "id: kinds", 8, "kinds is already a contrast of this file"),
    "nothing": ("[imagenet-1k, yfcc-15m]", "[]", 4, "where.diet"),
    "missing": ("    against: small\n", "", 8, "against: is missing"),
}


def write(folder, text, name="ours.yaml"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def row(**about):
    names = {"dataset": "d", "region": "IT", "metric": "pls", "status": "scored"}
    return Row(benchmark="d.IT-pls", model=about.pop("model", "a"), about=about, **names)


def test_both_forms_of_groups_are_read(tmp_path):
    kinds, sizes = load_contrasts(write(tmp_path, GOOD)).values()
    assert (kinds.by, kinds.groups, kinds.interval) == (
        "family",
        ("cnn", "transformer", "hybrid"),
        "networks",
    )
    assert kinds.where == {"trained": True, "diet": ("imagenet-1k", "yfcc-15m")}
    assert kinds.differences(kinds.groups) == (("cnn", "transformer"),)
    assert sizes.groups["large"] == {"parameters": 10, "diet": OtherThan(other_than="none")}
    assert sizes.differences(tuple(sizes.groups)) == (("large", "small"),)
    assert (sizes.pairs, sizes.interval) == ("architecture", "released")


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_have_file_and_line(tmp_path, mistake):
    old, new, line, said = WRONG[mistake]
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(SpecError) as why:
        load_contrasts(path)
    assert f"{path}:{line}: " in str(why.value)
    assert said in str(why.value)


def test_names_with_a_dash_are_told_from_differences(tmp_path):
    new = GOOD.replace("[cnn, transformer, hybrid]", "[imagenet-1k, imagenet-21k]")
    (found, _) = load_contrasts(
        write(tmp_path, new.replace("cnn - transformer", "imagenet-21k - imagenet-1k"))
    ).values()
    assert found.differences(found.groups) == (("imagenet-21k", "imagenet-1k"),)


def test_what_would_match_nothing_is_an_error_with_the_nearest(tmp_path):
    lines = [
        ("where.diet: no network has the diet zzz (there are ", 4, "[imagenet-1k", "[zzz"),
        ("where.diet: no network has the diet yfcc15m; did you mean yfcc-15m?", 4, "yfcc-15m", "yfcc15m"),
        ("where.trainned: of no network is said what its trainned is; did you mean trained?", 4, *TRAINED),
        ("by: no network has the family tarnsformer; did you mean transformer?", 5, *FAMILIES),
        ("groups.small.parametres: of no network is said", 12, "{parameters: 5", "{parametres: 5"),
        ("pairs: of no network is said what its arhcitecture is; did", 14, "pairs: arch", "pairs: arhc"),
    ]
    text = GOOD
    for _, _, old, new in lines:
        assert old in text
        text = text.replace(old, new)
    path = write(tmp_path, text)
    with pytest.raises(SpecError) as why:
        contrasts_of(path, [row(family="cnn"), row(family="hybrid")])
    told = str(why.value).splitlines()
    for said, line, _, _ in lines:
        assert any(one.startswith(f"{path}:{line}: contrasts.{line // 8}.{said}") for one in told), said
    assert len(told) == len(lines)


def test_a_group_that_only_against_names_is_one_that_something_has(tmp_path):
    alone = GOOD.replace("    groups: [cnn, transformer, hybrid]\n", "")
    assert len(contrasts_of(write(tmp_path, alone), [])) == 2
    path = write(tmp_path, alone.replace("cnn - tr", "cnnn - tr"))
    with pytest.raises(SpecError) as why:
        contrasts_of(path, [])
    assert (
        str(why.value) == f"{path}:6: contrasts.0.against: no network has the family cnnn; did you mean cnn?"
    )
    years = write(tmp_path, alone.replace("by: family", "by: year").replace("cnn - transformer", '"2012"'))
    assert contrasts_of(years, [])[0].compared == ("2012",)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("trained: yess", "where.trained: trained is true or false, not 'yess'"),
        ("year: many", "where.year: year is a number, not 'many'"),
        ('diet: "imagenet-21k,imagenet-1k"', 'did you mean "imagenet-21k, imagenet-1k", imagenet-21k'),
        ("task: zzz", "there are autoencoding, class_object, classification, clip, dino, dinov2, dinov3"),
        ("cluster: zzz", "no network has the cluster zzz (there are 2d, 3d, geometric, semantic)"),
    ],
)
def test_hints_are_what_may_be_written(tmp_path, condition, said):
    path = write(tmp_path, GOOD.replace("trained: true, diet: [imagenet-1k, yfcc-15m]", condition))
    with pytest.raises(SpecError) as why:
        contrasts_of(path, [])
    assert str(why.value).startswith(f"{path}:4: contrasts.0.where.")
    assert said in str(why.value)
    assert str(why.value).endswith(", ...)") == ("task" in condition)


def test_groups_of_true_and_false_are_named_as_written(tmp_path):
    old = "by: family\n    groups: [cnn, transformer, hybrid]\n    against: cnn - transformer"
    new = "by: trained\n    groups: [true, false]\n    against: true - false"
    assert old in GOOD
    (found, _) = contrasts_of(write(tmp_path, GOOD.replace(old, new)), [])
    assert (found.groups, found.compared) == ((True, False), ("true", "false"))


def test_what_the_results_say_may_be_asked_for_and_so_may_what_only_the_zoo_has(tmp_path):
    path = write(tmp_path, GOOD.replace("yfcc-15m", "made-up"))
    with pytest.raises(SpecError, match="made-up"):
        contrasts_of(path, [])
    assert len(contrasts_of(path, [row(diet="made-up")])) == 2


def test_the_project_s_contrasts_come_first_and_replace_those_of_the_same_id(tmp_path):
    write(tmp_path / "benchmarks" / "contrasts", GOOD.replace("id: kinds", "id: architecture"))
    found = contrasts(tmp_path)
    assert [one.id for one in found[:2]] == ["architecture", "sizes"]
    assert found[0].title == "one kind and another"
    assert len({one.id for one in found}) == len(found) > 5
    write(tmp_path / "benchmarks" / "contrasts", GOOD, "second.yaml")
    with pytest.raises(SpecError, match=r"second.yaml: the contrast sizes is also in another file"):
        contrasts(tmp_path)


def test_the_project_s_contrasts_are_checked_as_a_named_file_is(tmp_path):
    write(tmp_path / "benchmarks" / "contrasts", GOOD.replace("yfcc-15m", "made-up"))
    with pytest.raises(
        SpecError, match=r"ours.yaml:4: contrasts.0.where.diet: no network has the diet made-up"
    ):
        contrasts(tmp_path)
    assert contrasts(tmp_path, [row(diet="made-up")])[0].id == "kinds"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_files_keep_to_the_schema_and_point_to_it(path):
    content = path.read_text(encoding="utf-8")
    schema = json.loads(text("contrast"))
    jsonschema.validators.validator_for(schema)(schema).validate(yaml.safe_load(content))
    line = content.splitlines()[0]
    assert (path.parent / line.split("$schema=")[1]).resolve() == (FOLDER / "contrast.json").resolve()


def test_shipped_contrasts_use_words_that_rows_have():
    known = {"trained", "model", *suite.zoo(Path()).models["alexnet"].about.model_dump()}
    for one in contrasts(Path("nowhere")):
        groups = one.groups.values() if isinstance(one.groups, dict) else [{one.by: 0}]
        asked = {*one.where, *(word for where in groups for word in where), *filter(None, [one.pairs])}
        assert asked <= known, one.id
