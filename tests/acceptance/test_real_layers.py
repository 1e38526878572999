"""Layers chosen on one half of real stimuli and scored on the other: trained networks and untrained twins."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT

from .test_real import project, score

__all__ = ["project"]
FILE = "kriegeskorte2008_layers.yaml"
BENCHMARKS = [f"Kriegeskorte2008_layers.{species}.IT-{species}-crsa" for species in ("human", "monkey")]


@pytest.mark.timeout(300)
def test_trained_beats_untrained_in_every_region(project):
    """The shipped benchmarks of all layers, on the second half of them."""
    (project.path / "benchmarks").mkdir()
    said = (ROOT / "benchmarks" / FILE).read_text().replace("layers: all", "layers: second_half")
    (project.path / "benchmarks" / FILE).write_text(said)
    found = score(project, "--models", "squeezenet1_1,untrained:squeezenet1_1").values()
    rows = {(row["model"], row["benchmark"]): row for row in found}
    assert len(rows) == 4
    for benchmark in BENCHMARKS:
        trained, twin = (rows[model, benchmark] for model in ("squeezenet1_1", "squeezenet1_1_untrained"))
        assert trained["raw"] > twin["raw"] + 0.05, benchmark
        assert trained["also"]["train"] > twin["also"]["train"] + 0.05
        for row in (trained, twin):
            profile = {one["layer"]: one for one in row["profile"]}
            assert len(profile) == 32
            subjects = list(row["layers"])
            assert len(subjects) == row["targets"]
            for subject in subjects:
                best = max(profile, key=lambda layer: profile[layer]["train"][subject])
                assert row["layers"][subject] == best
            test = [profile[row["layers"][subject]]["test"][subject] for subject in subjects]
            assert row["raw"] == pytest.approx(sum(test) / len(test), abs=1e-6)  # of six digits
