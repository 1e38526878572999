"""Objects as classes of ImageNet."""

from __future__ import annotations

from pathlib import Path

import yaml

from pytest_brainscore.specs.classes import IMAGENET, IMAGENET16


def test_sixteen_objects_share_no_class():
    classes = [i for members in IMAGENET16.values() for i in members]
    assert (len(IMAGENET16), len(classes), len(set(classes))) == (16, 207, 207)
    assert all(list(members) == sorted(members) for members in IMAGENET16.values())
    assert min(classes) >= 0
    assert max(classes) < IMAGENET
    assert IMAGENET16["bear"] == (294, 295, 296, 297)
    assert IMAGENET16["keyboard"] == (508, 878)


def test_they_are_those_of_the_reference(shared: Path):
    known = yaml.safe_load((shared / "facts" / "imagenet_16_classes.yaml").read_text())["classes"]
    assert {name: list(members) for name, members in IMAGENET16.items()} == known
