"""YAML that means harm, or is no more than odd, is one line with the file and the place; nothing runs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.cases import is_benchmark_file, load_cases
from pytest_brainscore.specs.document import read
from pytest_brainscore.specs.zoo import load_zoo


def bomb(of: str, levels: int = 12) -> str:
    """Anchors that each hold the last one nine times; `of` is how."""
    names = [chr(97 + i) for i in range(levels)]
    grown = (f"{name}: &{name} {of % ','.join(['*' + last] * 9)}\n" for last, name in pairwise(names))
    return "a: &a {x: 1}\n" + "".join(grown)


ODD = {
    "an object of Python": ("a: !!python/object/apply:os.mkdir [ran]", "1: not YAML: could not determine"),
    "a name of Python": ("a: 1\nb: !!python/name:os.system", "2: not YAML: could not determine"),
    "a module of Python": ("a: !!python/module:antigravity", "1: not YAML: could not determine"),
    "a billion laughs": (bomb("[%s]"), " its aliases unfold to more than 100000 values"),
    "a billion merged keys": (bomb("{<<: [%s]}"), " its aliases unfold to more than 100000 values"),
    "10 MB of brackets": ("a: " + "[" * 10_000_000, "1: is nested too deeply: more than 100 levels"),
    "1 MB of braces": ("a: " + "{a: " * 250_000, "1: is nested too deeply: more than 100 levels"),
    "a deep staircase": ("".join(" " * i + "a:\n" for i in range(500)), "101: is nested too deeply"),
    "itself": ("a: &a [*a]", " is nested too deeply, or holds itself"),
    "a key twice": ("a: 1\n'a': 2", "2: a: this key is there twice"),
    "an anchor twice": ("a: &x 1\nb: &x 2", "2: not YAML: second occurrence"),
    "an alias of nothing": ("a: *b", "1: not YAML: found undefined alias"),
    "two documents": ("a: 1\n---\nb: 2", "2: not YAML: but found another document"),
    "a key that is a list": ("? [a]\n: 1", "1: not YAML: found unhashable key"),
    "a number without end": (
        "a: 1\nb: " + "9" * 5000,
        "2: a value is not what its form or tag says (Exceeds",
    ),
    "a day that is none": ("a: 2024-99-99", "1: a value is not what its form or tag says (month must"),
    "a tag that lies": ("a: !!int one", "1: a value is not what its form or tag says (invalid literal"),
    "another tag that lies": ("a: !!timestamp x", "1: a value is not what its form or tag says"),
    "a control character": ("a: \0", "1: not YAML: "),
    "bytes of UTF-16": ("a: 1".encode("utf-16"), " cannot be read ('utf-8' codec"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_yaml_is_one_line_wherever_it_is_read(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    content, said = ODD[name]
    path = tmp_path / "odd.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for reader in (read, load_cases, load_zoo):
        with pytest.raises(SpecError) as caught:
            reader(path)
        assert str(caught.value).startswith(f"{path}:{said}")
    assert is_benchmark_file(path) in (True, False)
    assert [left.name for left in tmp_path.iterdir()] == ["odd.yaml"]


def test_what_is_as_deep_as_no_spec_is_still_read(tmp_path):
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 60 + "1" + "]" * 60)
    value, depth = read(tmp_path / "deep.yaml").value["a"], 0
    while value != 1:
        (value,), depth = value, depth + 1
    assert depth == 60
