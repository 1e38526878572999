"""benchmarks/nx414.yaml on a small file of the course's layout, beside scikit-learn."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from pytest_brainscore.models.network import from_module
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.models import Model, Preprocess
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.workbench import Workbench
from tests.conftest import ROOT

from .network import tiny

DUE = {f"NX414.IT-{metric}" for metric in ("pca_ridge", "linear", "ridgecv", "pls")}
SIZES = {"train": 40, "val": 16, "test": 5}
PREPROCESS = Preprocess(size=32)
MODEL = Model(id="tiny", source="tests.suite.network:tiny", layers={"IT": "units"}, preprocess=PREPROCESS)


@pytest.fixture
def held(tmp_path, monkeypatch):
    """The arrays of a file of the course's layout: normalised images (n, 3, 32, 32), spikes (n, 12)."""
    random = np.random.RandomState(0)
    held = {}
    for part, n in SIZES.items():
        pixels = random.randint(0, 256, (n, 3, 32, 32)) / 255
        mean, std = (np.array(v)[:, None, None] for v in (PREPROCESS.mean, PREPROCESS.std))
        held[f"stimulus_{part}"] = ((pixels - mean) / std).astype(np.float32)
        held[f"object_{part}"] = np.array([f"chair{i % 3}".encode() for i in range(n)])
        if part != "test":
            held[f"spikes_{part}"] = random.standard_normal((n, 12)) + pixels.mean((1, 2, 3))[:, None] * 30
    with h5py.File(tmp_path / "IT_data.h5", "w") as file:
        for name, values in held.items():
            file[name] = values
    monkeypatch.setenv("BRAINSCORE_NX414", str(tmp_path))
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    return held


def test_the_course_s_file(held, tmp_path):
    cases = {case.name: case for case in load_cases(ROOT / "benchmarks" / "nx414.yaml")}
    assert set(cases) == DUE
    torch.manual_seed(0)
    network = from_module(tiny(), id="tiny", preprocess=PREPROCESS)
    bench = Workbench.open(device="cpu", offline=True, registry=Registry())
    bench.adopt_network(MODEL, network)
    scores = {name: bench.score(case, MODEL, tmp_path) for name, case in cases.items()}
    assert {len(score.targets) for score in scores.values()} == {12}
    assert {score.about["stimuli"] for score in scores.values()} == {40 + 16}
    with torch.no_grad():
        part = torch.nn.Sequential(network.module.conv, network.module.units)
        x, x_val = (part(torch.from_numpy(held[f"stimulus_{p}"])).double().numpy() for p in ("train", "val"))
    pca = PCA(39).fit(x)
    fit = Ridge(1.0).fit(pca.transform(x), held["spikes_train"])
    predicted, truth = fit.predict(pca.transform(x_val)), held["spikes_val"]
    r = [np.corrcoef(predicted[:, i], truth[:, i])[0, 1] for i in range(12)]
    explained = 1 - (truth - predicted).var(0) / truth.var(0)
    score = scores["NX414.IT-pca_ridge"]
    assert score.raw == pytest.approx(np.median(r), abs=1e-5)
    assert score.also["explained_variance"] == pytest.approx(np.median(explained), abs=1e-5)
    assert score.splits == (score.raw,)


def test_a_network_of_its_own(held, tmp_path):
    """What is trained on the course's training part predicts its validation part, the objects beside it."""
    (case,) = (c for c in load_cases(ROOT / "benchmarks" / "nx414.yaml") if c.metric == "pca_ridge")
    search = {"learning_rate": (0.001,), "weight_decay": (0.0,), "batch_size": (8,)}
    heads = {"kind": "two_heads", "backbone": "squeezenet1_1", "size": 32, "epochs": 1, "search": search}
    model = Model.model_validate({"id": "heads", "source": "data_driven", "training": heads})
    bench = Workbench.open(device="cpu", offline=True, registry=Registry())
    score = bench.score(case, model, tmp_path)
    assert np.isfinite(score.raw)
    assert score.values.shape == (1, 12)
    assert score.also["epochs"] == 1
    assert score.about["layer"] == "data_driven"
