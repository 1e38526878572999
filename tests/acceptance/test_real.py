"""Pretrained networks on macaque V4 and on human and monkey IT: the figures of the reference."""

from __future__ import annotations

import json
import os

import pytest
import yaml

from .conftest import run

MODELS = """
squeezenet1_1:
  source: torchvision
  weights: {file: squeezenet1_1.pth, sha256: d75adbd60cc138df4acf0d654f361f502c4f0cd87c1b8f190dc9df5a5d1bbc7a}
  layers: {V4: features.10, IT: features.11}
mobilenet_v2:
  source: torchvision
  weights: {file: mobilenet_v2.pth, sha256: 1b6c23158d536984230948ef4c55b1fafee95c58f4d9563bcfa75eba634731eb}
  layers: {V4: features.7, IT: features.14}
  preprocess: {mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}
"""
FIGURES = {"pls": "pls_exact", "ridge": "ridge_alpha_1"}


@pytest.fixture(scope="module")
def expected(parity):
    return yaml.safe_load((parity / "real.yaml").read_text())


@pytest.fixture
def project(pytester, shared, monkeypatch, tmp_path):
    """An empty project with a models file of two networks, the shipped suite, and the mirror."""
    for name in [n for n in os.environ if n.startswith("BRAINSCORE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BRAINSCORE_MIRROR", str(shared / "data"))
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    (pytester.path / "models.yaml").write_text(MODELS)
    return pytester


def score(project, *arguments):
    """Rows of results.json by model, layer and benchmark."""
    result = run("-p", "no:cacheprovider", "--brainscore-offline", *arguments)
    (path,) = (project.path / "reports").glob("*/results.json")
    rows = json.loads(path.read_text())["results"]
    assert result.parseoutcomes() == {"passed": len(rows)} | {
        k: v for k, v in result.parseoutcomes().items() if k == "deselected"
    }, result.stdout.str()
    return {(row["model"], row["layer"], row["benchmark"]): row for row in rows}


@pytest.mark.timeout(300)
def test_squeezenet_and_its_untrained_twin_on_macaque_v4(project, expected):
    figures = expected["cowley2023_V4"]
    layers = ["features.10", "features.12"]
    rows = score(
        project,
        "--models",
        "squeezenet1_1,untrained:squeezenet1_1",
        "-k",
        "Cowley2023 and (pls or ridge)",
        "--brainscore-layers",
        ",".join(layers),
    )
    assert len(rows) == 8
    for (model, layer, benchmark), row in rows.items():
        which = "untrained" if model.endswith("_untrained") else "trained"
        metric = benchmark.split("-")[1]
        figure = figures["models"][f"squeezenet1_1 {which}"][layer][FIGURES[metric]]
        assert row["raw"] == pytest.approx(figure["score"], abs=1e-3), (model, layer, benchmark)
        assert row["error"] == pytest.approx(figure["error"], abs=1e-3)
        assert row["ceiling"] == pytest.approx(figures["ceiling"]["value"], abs=1e-6)
        assert row["ceiling_error"] == pytest.approx(figures["ceiling"]["error"], abs=1e-5)
        assert row["targets"] == 50


def test_networks_on_human_and_monkey_it(project, expected):
    figures = expected["kriegeskorte2008_IT"]
    models = "squeezenet1_1,untrained:squeezenet1_1,mobilenet_v2"
    rows = score(project, "--models", models, "-k", "Kriegeskorte2008")
    others = {key: row["raw"] for key, row in rows.items() if key[0] == "mobilenet_v2"}
    assert len(others) == 2
    assert all(0.1 < raw < 0.5 for raw in others.values())
    assert len(rows) == 6
    for (model, layer, benchmark), row in ((key, row) for key, row in rows.items() if key not in others):
        which = "untrained" if model.endswith("_untrained") else "trained"
        figure = figures["models"][f"squeezenet1_1 {which}"][layer]
        species = "human_IT" if "human" in benchmark else "monkey_IT"
        assert row["raw"] == pytest.approx(figure[species], abs=1e-4), (model, benchmark)
        if species == "human_IT":
            assert row["ceiling"] == pytest.approx(figures["ceiling"]["upper"], abs=1e-6)
            assert row["also"]["ceiling_lower"] == pytest.approx(figures["ceiling"]["lower"], abs=1e-6)
            assert row["targets"] == 4
