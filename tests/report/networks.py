"""Rows of made-up networks, and evidence of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pytest_brainscore.report.evidence import Evidence
from pytest_brainscore.report.joining import Found
from pytest_brainscore.report.runs import Part
from pytest_brainscore.specs.results import Row

FAMILIES = ("alexnet", "vgg", "resnet", "densenet", "mobilenet", "efficientnet", "vit", "swin")


def row(model, raw, benchmark="Made.IT-pls", **said):
    about = said.pop("about", {})
    whole = {"dataset": "Made", "region": "IT", "metric": "pls", "status": "scored", **said}
    return Row(benchmark=benchmark, model=model, raw=raw, about={"trained": True, **about}, **whole)


def rows(n, score, seed=0, **said):
    """Networks of all families. score: of year (decades since 2012), log10 of parameters, top-1 and noise."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        year, size, top1 = int(rng.integers(2012, 2023)), rng.uniform(6, 8.5), float(rng.uniform(45, 85))
        about = {"year": year, "parameters": round(10**size), "top1": top1}
        name = f"{FAMILIES[i % len(FAMILIES)]}{i}"
        raw = score((year - 2012) / 10, size, top1, rng.normal())
        made.append(row(name, raw, about={"architecture": name, **about}, **said))
    return made


def evidence(rows, file="run/results.json", **known):
    part = Part(Path(file), tuple(rows), complete=True)
    return Evidence(tuple(Found(one, part) for one in rows), **known)


def part_of(section, id):
    (found,) = [part for part in section.parts if part.id == id]
    return found


def values(chart, layer):
    """The data of a layer, which Altair keeps by name."""
    return chart.to_dict()["datasets"][layer["data"]["name"]]
