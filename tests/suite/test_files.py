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

ELSEWHERE = {
    *("algonauts2019.yaml", "simulated.yaml", "nx414.yaml"),
    *("nsd_conwell2024.yaml", "nsd_conwell2024.released.yaml"),
    *(f"{name}{layers}.yaml" for name in ("cowley2023", "kriegeskorte2008") for layers in ("", "_layers")),
}
FILES = sorted(path.name for path in (ROOT / "benchmarks").glob("*.yaml") if path.name not in ELSEWHERE)
WITHIN = {"pls": 1e-5, "temporal_pls": 1e-5, "i2n": 1e-5}
"""Raw and ceiled, of plain NIPALS, whose last components differ in their last digits, and of another
solver's regression."""


@pytest.fixture(scope="module")
def components(bench, imagenet) -> dict[str, PCA]:
    """Of the layers wider than 1,000: 1,000 components of other images, as the method of 2018 has them."""
    others = [path.read_bytes() for path in sorted(imagenet.glob("*/*.png"))]
    seen = answers(bench.network, others, None)
    return {layer: PCA(1000, random_state=0).fit(x) for layer, x in seen.items() if x.shape[1] > 1000}


@pytest.mark.parametrize("name", [name for name in FILES if name != "imagenet.yaml"])
def test_a_file_on_tiny_data_of_its_layout(bench, components, name):
    for id, one in bench.scored(name).items():
        score, expected = one.score, one.expected
        assert score.about["stimuli"] == expected.stimuli(), id
        assert len(score.targets) == expected.targets(), id
        assert score.ceiling == pytest.approx(np.mean(expected.ceiling()), abs=1e-9), id
        raw = Raw(expected, bench.network, _degrees(one))
        values = raw.best(components) if one.case.benchmark.layers else raw.values()
        due = {"raw": expected.raw(values), "ceiled": expected.ceiled(values)}
        within = WITHIN.get(expected.metric, 1e-9)
        assert {"raw": score.raw, "ceiled": score.ceiled} == pytest.approx(due, abs=within), id
        assert np.mean(score.splits) == pytest.approx(score.raw, abs=1e-12), id


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
