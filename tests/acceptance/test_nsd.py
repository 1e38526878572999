"""NSD from a user's folder to results: prepared, though killed once, and scored as the shipped files say."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from scipy.stats import ttest_1samp
from sklearn.linear_model import RidgeCV
from sklearn.random_projection import johnson_lindenstrauss_min_dim
from torch import nn

from pytest_brainscore import contrasts
from pytest_brainscore.__main__ import main
from pytest_brainscore.models.field import in_field
from pytest_brainscore.models.network import from_module
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.models import Preprocess
from tests.conftest import ROOT
from tests.nsd_folder import BETAS, SUBJECTS, Written, write

SHIPPED = [ROOT / "benchmarks" / f"nsd_conwell2024{which}.yaml" for which in ("", ".released")]
CATEGORIES = ("FFA-1", "FFA-2", "OFA", "EBA", "FBA-1", "FBA-2", "OPA", "PPA", "VWFA-1", "VWFA-2", "OWFA")
REGIONS = ("OTC", "EVC", *CATEGORIES)
METRICS = ("encoding", "crsa", "versa")
TAKEN, UNBOUND = ("OTC", "FBA-1"), "EVC-encoding-unbounded"
MODELS = """
one: {source: "nets:small", preprocess: {size: 32}, about: {family: cnn}}
other: {source: "nets:small", arguments: {seed: 2}, preprocess: {size: 32}, about: {family: hybrid}}
"""
CONTRASTS = """
contrasts:
  - {id: families, title: one and other, by: family, groups: [cnn, hybrid], against: cnn - hybrid}
"""
KILLED = """
import os, signal, sys
from pytest_brainscore.__main__ import main
from pytest_brainscore.commands import prepare

def live(what, done, of):
    if (what, done) == ("S2: session", 2):
        os.kill(os.getpid(), signal.SIGKILL)

prepare._live = live
main(sys.argv[1:])
"""


def test_the_shipped_files_have_their_benchmarks():
    ours, released = ([case.name for case in load_cases(path)] for path in SHIPPED)
    bound = [f"NSD.Conwell2024.{region}-{metric}" for metric in METRICS for region in REGIONS]
    unbound = [f"NSD.Conwell2024.EVC-{metric}-unbounded" for metric in METRICS]
    assert ours == bound + unbound
    assert released == [f"NSD.Conwell2024.released.{r}-{m}" for m in METRICS for r in ("OTC", "EVC")]


@pytest.fixture
def nsd(project) -> Written:
    """The folder of NSD, prepared by a command that was killed and run again; shipped files, shortened."""
    written = write(project.root / "nsd", size=32)
    words = ["prepare", "nsd", "--folder", str(written.root), "--to", str(project.root / "prepared")]
    killed = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert len(list((project.root / "prepared").glob("S*.npz"))) == 1
    assert main(words) == 0
    assert len(list((project.root / "prepared").glob("S*.npz"))) == len(SUBJECTS)
    for path in SHIPPED:
        project.write(f"benchmarks/{path.name}", yaml.safe_dump(shortened(path), sort_keys=False))
    (project.root / "benchmarks" / "own.yaml").unlink()
    project.write("models.yaml", MODELS)
    return written


def shortened(path: Path) -> dict:
    """A shipped file with fewer regions, and GSN on fewer draws and neuroids; encoding of OTC exactly."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in document["benchmarks"]:
        if "regions" in entry:
            entry["regions"] = [region for region in entry["regions"] if region in TAKEN]
        if "regions" in entry and entry["metric"] == "encoding":
            entry["metric"] = {"name": "encoding", "features": "exact"}
        if entry["ceiling"] == "gsn":
            entry["ceiling"] = {"name": "gsn", "n": 2, "neuroids": 50}
        entry.pop("published", None)
    kept = [e for e in document["benchmarks"] if e.get("region", "OTC") == "OTC" or e.get("id") == UNBOUND]
    return {**document, "benchmarks": kept}


def test_from_the_folder_to_results(project, nsd, monkeypatch):
    monkeypatch.setenv("BRAINSCORE_NSD_PREPARED", str(project.root / "prepared"))
    result = project.run("--models", "one,other", "--brainscore-offline", "--brainscore-json=out.json")
    result.assert_outcomes(passed=2 * (2 * 3 + 1 + 3))
    rows = json.loads((project.root / "out.json").read_text())["results"]
    rows = {(row["benchmark"].removeprefix("NSD.Conwell2024."), row["model"]): row for row in rows}
    assert {row["status"] for row in rows.values()} == {"scored"}
    assert all(0.3 < row["ceiling"] < 1 for row in rows.values())
    assert set(rows["FBA-1-versa", "one"]["layers"]) == {"S1", "S2"}
    bound, unbound = rows["OTC-encoding", "one"], rows[UNBOUND, "one"]
    assert bound["targets"] == sum(len(responses(project, s, "OTC")[0]) for s in SUBJECTS)
    assert unbound["targets"] == sum(len(responses(project, s, "EVC", None)[0]) for s in SUBJECTS)
    layers = answers(project, nsd)
    for subject in SUBJECTS:
        check_crsa(rows["OTC-crsa", "one"], f"S{subject}", responses(project, subject, "OTC"), layers)
        check_encoding(bound, f"S{subject}", responses(project, subject, "OTC"), layers)
    check_contrasts(project, rows)


def check_contrasts(project, rows: dict) -> None:
    """The two networks in groups of their own: the subjects' differences, and how alike their RDMs are."""
    (run,) = (project.root / "reports").iterdir()
    found = contrasts(run, file=project.write("families.yaml", CONTRASTS)).tables()
    for metric in METRICS:
        one, other = (rows[f"OTC-{metric}", model]["also"] for model in ("one", "other"))
        name = f"NSD.Conwell2024.OTC-{metric}"
        effects = {e["unit"]: e for e in found["effects"] if e["benchmark"] == name}
        differences = [one[f"raw.S{subject}"] - other[f"raw.S{subject}"] for subject in SUBJECTS]
        low, high = ttest_1samp(differences, 0).confidence_interval()
        effect = effects["subjects"]
        assert [effect[key] for key in ("difference", "low", "high")] == pytest.approx(
            [np.mean(differences), low, high]
        )
        pairs = [pair for pair in found["likeness"] if pair["benchmark"] == name]
        assert len(pairs) == (metric != "encoding")


def responses(project, subject: int, region: str, above: float | None = 0.2) -> np.ndarray:
    """(stimuli, voxels): means of what was measured, of a region's voxels above the bound."""
    with np.load(project.root / "prepared" / f"S{subject}.{BETAS}.npz") as file:
        members = file["members"][file["region"].tolist().index(region)]
        kept = members if above is None else members & (file["ncsnr"] > above)
        means = np.nanmean(file["betas"][:, :, kept].astype(float), axis=1)
    assert not np.isnan(means).any()
    return means


def answers(project, nsd: Written) -> dict[str, np.ndarray]:
    """What each layer of `one` makes of the shared images in NSD's own file, (stimuli, units)."""
    with h5py.File(nsd.root / "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5") as file:
        images = [Image.fromarray(file["imgBrick"][number - 1]) for number in nsd.shared]
    namespace: dict = {}
    exec((project.root / "nets.py").read_text(), namespace)
    network = from_module(namespace["small"](), id="one", preprocess=Preprocess(size=32))
    x = torch.stack([network.preprocess(in_field(image, 8.0, 8.4)) for image in images])
    found = {}
    assert isinstance(network.module, nn.Sequential)
    for name, layer in network.module.named_children():
        with torch.no_grad():
            x = layer(x)
        found[name] = x.flatten(1).numpy().astype(float)
    return found


def check_crsa(row: dict, subject: str, y: np.ndarray, layers: dict[str, np.ndarray]) -> None:
    """Every layer's scores on both halves, and the choice that they make."""
    profile = {one["layer"]: one for one in row["profile"]}
    assert list(profile) == list(layers)
    for name, x in layers.items():
        assert profile[name]["train"][subject] == pytest.approx(likeness(x[::2], y[::2]), abs=1e-5)
        assert profile[name]["test"][subject] == pytest.approx(likeness(x[1::2], y[1::2]), abs=1e-5)
    best = max(layers, key=lambda name: likeness(layers[name][::2], y[::2]))
    assert row["layers"][subject] == best
    assert row["also"][f"raw.{subject}"] == pytest.approx(profile[best]["test"][subject], rel=1e-5)


def likeness(x: np.ndarray, y: np.ndarray) -> float:
    upper = np.triu_indices(len(x), 1)
    return float(np.corrcoef(np.corrcoef(x)[upper], np.corrcoef(y)[upper])[0, 1])


def check_encoding(row: dict, subject: str, y: np.ndarray, layers: dict[str, np.ndarray]) -> None:
    """The chosen layer's score on the test half, by scikit-learn: all units, scaled as projections are."""
    x = layers[row["layers"][subject]]
    x = x * np.sqrt(johnson_lindenstrauss_min_dim(len(x), eps=0.1) / x[::2].var(axis=0).sum())
    ridge = RidgeCV(alphas=10.0 ** np.arange(-1, 8), alpha_per_target=True).fit(x[::2], y[::2])
    predicted = ridge.predict(x[1::2])
    r = [np.corrcoef(predicted[:, i], y[1::2, i])[0, 1] for i in range(y.shape[1])]
    assert row["also"][f"raw.{subject}"] == pytest.approx(np.mean(r), abs=1e-5)
