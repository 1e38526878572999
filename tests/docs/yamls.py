"""YAML of the docs is read by the loaders that a run uses; what is only a part is put where it belongs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.composites import load_composites
from pytest_brainscore.specs.contrasts import load_contrasts
from pytest_brainscore.specs.zoo import load_zoo

ARRAYS = {"id": "Of", "reader": "arrays", "stimuli": {"images": "images"}}
RECORDINGS = {"file": "responses.npy", "dims": ["stimulus", "neuroid"], "region": "IT"}
BENCHMARKS = [{"region": "IT", "metric": "ridge"}]
CHOICES = {"region": "behaviour", "metric": "accuracy", "readout": {"classes": "imagenet"}}
FILE = {"file": "one"}
READERS = {
    "arrays": {"stimuli": {"images": "images"}, "recordings": RECORDINGS},
    "rdms": {"stimuli": {"images": "images"}},
    "brainio": {"stimuli": {"csv": FILE, "zip": FILE}, "recordings": {"netcdf": FILE}},
    "collection": {"stimuli": {"images": FILE}},
}
"""Readers whose parts stand alone in the docs, and what is put beside these."""
METRICS = ("pls", "encoding", "versa", "rdm", "i2n", "unique_variance")
_LEFT_OPEN = {
    r"\burl: (https://)?\.\.\.": "url: https://example.org/file.csv",
    r"\bsha1: \.\.\.": f'sha1: "{"0" * 40}"',
    r"\bsha256: \.\.\.": f'sha256: "{"0" * 64}"',
}


def fault(text: str, folder: Path) -> str | None:
    """What the loaders say against a block, or None where they take it."""
    for form, value in _LEFT_OPEN.items():
        text = re.sub(form, value, text)
    for part in _alternatives(text):
        said = _fault(yaml.safe_load(part), folder)
        if said is not None:
            return said
    return None


def _alternatives(text: str) -> Iterator[str]:
    """The block itself; where a key stands there twice, each of the lines by itself."""
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    if len(keys) == len(set(keys)):
        yield text
    else:
        yield from re.findall(r"^\w+:.*\n(?:[ -].*\n)*", text, re.MULTILINE)


def _fault(root: object, folder: Path) -> str | None:
    faults = []
    for load, document in _readings(root):
        path = folder / "block.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        try:
            load(path)
            return None
        except SpecError as why:
            faults.append(str(why))
    return "; ".join(faults) or "nothing reads this"


def _readings(root: object) -> Iterator[tuple[Callable[[Path], object], object]]:
    """What a block may be: a file, or a part of one with the rest put beside it."""
    if isinstance(root, list):
        yield load_cases, {"dataset": {**ARRAYS, "recordings": RECORDINGS}, "benchmarks": root}
        return
    assert isinstance(root, dict), f"neither keys nor a list: {root}"
    if "composites" in root:
        yield load_composites, root
    elif "contrasts" in root:
        yield load_contrasts, root
    elif {"dataset", "datasets", "benchmarks"} & set(root):
        given = (
            {} if {"dataset", "datasets"} & set(root) else {"dataset": {**ARRAYS, "recordings": RECORDINGS}}
        )
        yield load_cases, {**given, **({} if "benchmarks" in root else {"benchmarks": BENCHMARKS}), **root}
    elif {"stimuli", "recordings"} & set(root):
        for reader, rest in READERS.items():
            entries = [CHOICES] if reader == "collection" else BENCHMARKS
            yield (
                load_cases,
                {"dataset": {"id": "Of", "reader": reader, **rest, **root}, "benchmarks": entries},
            )
    elif set(root) <= set(Benchmark.model_fields):
        yield from _parts_of_entries(root)
    else:
        yield load_zoo, root


def _parts_of_entries(root: dict) -> Iterator[tuple[Callable[[Path], object], object]]:
    """Keys of a benchmark, or of a model."""
    for metric in METRICS:
        entry = {"region": "behaviour" if metric == "i2n" else "IT", "metric": metric, **root}
        dataset = {**ARRAYS, "recordings": RECORDINGS}
        yield load_cases, {"dataset": dataset, "benchmarks": [entry]}
    yield load_zoo, {"mine": {"source": "nets:mine", **root}}
