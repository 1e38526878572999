"""Every shipped file of Brain-Score's benchmarks, scored end to end on tiny data of the same layout.

Apart from the places of its files each document is as shipped. What comes out is compared with what plain
numpy, pandas and scikit-learn make of the data that were written: the network's raw score, the ceiling, what
the two make together, and how many stimuli and neuroids were to be selected.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from timm.data import ImageNetInfo

from tests.conftest import ROOT

from .conftest import Scored
from .layouts import picture
from .raw import Raw, answers

ELSEWHERE = {"simulated.yaml", "cowley2023.yaml", "kriegeskorte2008.yaml"}
FILES = sorted(path.name for path in (ROOT / "benchmarks").glob("*.yaml") if path.name not in ELSEWHERE)
WITHIN = {"pls": 1e-5, "temporal_pls": 1e-5, "i2n": 1e-3}
"""Of plain NIPALS, whose last components differ in their last digits, and of another solver's regression."""


@pytest.fixture(scope="module")
def components(bench, imagenet) -> dict[str, PCA]:
    """Of the layers wider than 1,000: 1,000 components of other images, as the method of 2018 has them."""
    others = [path.read_bytes() for path in sorted(imagenet.glob("*/*.png"))]
    seen = answers(bench.network, others, None)
    return {layer: PCA(1000, random_state=0).fit(x) for layer, x in seen.items() if x.shape[1] > 1000}


@pytest.mark.parametrize("name", [name for name in FILES if name != "imagenet.yaml"])
def test_a_file_on_tiny_data_of_its_layout(bench, components, name):
    for id, one in bench.scored(name).items():
        assert _found(one) == pytest.approx(_due(one), abs=1e-9), id
        raw = Raw(one.expected, bench.network, _degrees(one))
        due = raw.best(components) if one.case.benchmark.layers else raw.score()
        assert one.score.raw == pytest.approx(due, abs=WITHIN.get(one.expected.metric, 1e-9)), id


def _found(one: Scored) -> dict[str, float]:
    score = one.score
    return {
        "stimuli": score.about["stimuli"],
        "targets": len(score.targets),
        "ceiling": score.ceiling,
        "ceiled": score.ceiled,
        "raw of the splits": np.mean(score.splits),
    }


def _due(one: Scored) -> dict[str, float]:
    values, splits = np.asarray(one.score.values), np.array(one.score.splits)
    raw = abs(splits.mean()) if one.expected.metric == "error_consistency" else splits.mean()
    return {
        "stimuli": one.expected.stimuli(),
        "targets": one.expected.targets(),
        "ceiling": float(np.mean(one.expected.ceiling())),
        "ceiled": one.expected.ceiled(values, splits),
        "raw of the splits": raw,
    }


def _degrees(one: Scored) -> float | None:
    dataset = one.case.dataset
    return next(iter(dataset.parts.values()), dataset).stimuli.visual_degrees


def test_imagenet_in_a_folder_per_class(bench, imagenet):
    """A thousand images, one per class: how many the network names rightly, counted by hand."""
    synsets = list(ImageNetInfo("imagenet-1k").label_names())
    logits = answers(bench.network, [picture(synset) for synset in synsets], None)["head"]
    hits = np.mean(logits.argmax(axis=1) == np.arange(1000))
    score = bench.scored("imagenet.yaml")["top1"].score
    assert (score.raw, score.ceiled, score.about["stimuli"]) == (
        pytest.approx(hits),
        pytest.approx(hits),
        1000,
    )
