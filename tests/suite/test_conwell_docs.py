"""docs/conwell2024.md: its examples, on data of their layout, against scikit-learn."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from scipy.spatial.distance import pdist
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from pytest_brainscore.models.network import from_module
from pytest_brainscore.models.projection import Projector
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.views import Projection
from pytest_brainscore.workbench import Workbench
from tests.conftest import ROOT

from .conftest import MODEL, PREPROCESS
from .layouts import Held, make, picture
from .network import tiny
from .raw import answers

OF_ALLEN, OF_TABLES = "## Brain-Score's voxels of NSD", "## Its own tables"
SECOND_HALF = ("units.1", "head")
ALPHAS = 10.0 ** np.arange(-1, 8)
REGION, DEGREES = "IT", 8.4


def example(heading: str) -> dict:
    """The block of the docs under a heading."""
    text = (ROOT / "docs" / "conwell2024.md").read_text("utf-8").split(heading)[1].split("\n## ")[0]
    return yaml.safe_load("\n".join(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The cases of one region by metric, the folder, and what was written."""
    folder = tmp_path_factory.mktemp("allen")
    document = yaml.safe_load((ROOT / "benchmarks" / "allen2022_fmri_4subj.yaml").read_text())
    document, held = make(folder, {**document, **example(OF_ALLEN)})
    (folder / "own.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    cases = {c.benchmark.metric.name: c for c in load_cases(folder / "own.yaml") if c.region == REGION}
    return cases, folder, held[document["dataset"]["id"]]


@pytest.fixture(scope="module")
def bench(made):
    cases, _, _ = made
    torch.manual_seed(0)
    network = from_module(tiny(), id="tiny", preprocess=PREPROCESS)
    asked = [("tiny", case, None) for case in cases.values()]
    bench = Workbench.open(device="cpu", offline=True, registry=Registry(), asked=asked)
    bench.adopt_network(MODEL, network)
    return bench, network


class Expected:
    """Train and test scores of a subject's voxels by one layer, in plain scikit-learn."""

    def __init__(self, held: Held, network) -> None:
        shown = held.presentations
        means = pd.DataFrame(held.values[..., 0]).groupby(shown["stimulus"].to_numpy(), sort=False).mean()
        self.y = means.loc[held.stimuli["stimulus"]].to_numpy(float)
        self.train = (held.stimuli["part"] == "train").to_numpy()
        good = (held.neuroids["region"] == REGION) & (held.neuroids["nc_testset"] > 30)
        self.columns = [np.flatnonzero(good & (held.neuroids["subject"] == s)) for s in ("N", "F")]
        self.x = answers(network, [picture(file) for file in held.stimuli["filename"]], DEGREES)

    def score(self, metric: str) -> float:
        """The mean of the subjects, each with the layer that does best on the training stimuli."""
        found = []
        for columns in self.columns:
            both = [getattr(self, metric)(self.x[layer], self.y[:, columns]) for layer in SECOND_HALF]
            found.append(max(both)[1])
        return float(np.mean(found))

    def crsa(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        return alike(x[self.train], y[self.train]), alike(x[~self.train], y[~self.train])

    def encoding(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        left_out, predicted = self._predictions(x, y)
        return columnwise(left_out, y[self.train]), columnwise(predicted, y[~self.train])

    def versa(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        left_out, predicted = self._predictions(x, y)
        return alike(left_out, y[self.train]), alike(predicted, y[~self.train])

    def _predictions(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the training stimuli, each left out but for the mean of the responses, and of the others."""
        x = Projector(Projection(), len(x)).rows(torch.from_numpy(x)).double().numpy()
        z, seen = StandardScaler().fit(x[self.train]).transform(x), y[self.train]
        ridge = RidgeCV(ALPHAS, alpha_per_target=True).fit(z[self.train], seen)
        left_out = self._left_out(z[self.train], seen, ridge.alpha_)
        return left_out + (seen - seen.mean(axis=0)) / (len(seen) - 1), ridge.predict(z[~self.train])

    @staticmethod
    def _left_out(x: np.ndarray, y: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        """Each row by a fit without it."""
        found = np.empty_like(y)
        for i in range(len(x)):
            rest = np.arange(len(x)) != i
            mx, my = x[rest].mean(axis=0), y[rest].mean(axis=0)
            kernel = (x[rest] - mx) @ (x[rest] - mx).T
            for j, alpha in enumerate(alphas):
                dual = np.linalg.solve(kernel + alpha * np.eye(len(kernel)), y[rest, j] - my[j])
                found[i, j] = (x[i] - mx) @ (x[rest] - mx).T @ dual + my[j]
        return found


def alike(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(pdist(x, "correlation"), pdist(y, "correlation"))[0, 1])


def columnwise(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(x.T, y.T, strict=True)]))


@pytest.mark.parametrize("metric", ["crsa", "encoding", "versa"])
def test_the_example_of_the_docs(made, bench, metric):
    (cases, folder, held), (workbench, network) = made, bench
    score = workbench.score(cases[metric], MODEL, folder)
    assert score.raw == pytest.approx(Expected(held, network).score(metric), abs=1e-6)
    assert score.ceiling is not None


def write_tables(folder, document) -> pd.DataFrame:
    """Images, stimuli, betas and metadata where the document says; the metadata, with a layout of regions."""
    random, names = np.random.default_rng(0), [f"coco_{i}.png" for i in range(40)]
    dataset = document["dataset"]
    (folder / dataset["stimuli"]["images"]).mkdir()
    for name in names:
        (folder / dataset["stimuli"]["images"] / name).write_bytes(picture(name))
    stimuli = pd.DataFrame({"image_id": range(40), "image_name": names})
    stimuli.to_csv(folder / dataset["stimuli"]["table"], index=False)
    voxels = pd.DataFrame({"voxel_id": [f"S{1 + i % 2}-{i}-1-1" for i in range(24)]})
    voxels = voxels.assign(subj_id=[1, 2] * 12, ncsnr=random.uniform(0.2, 1, 24), OTC=1)
    for i, name in enumerate(("FFA-1", "EBA", "PPA")):
        voxels[name] = [int(j // 2 % 3 == i or j < 2) for j in range(24)]
    voxels.to_csv(folder / dataset["recordings"]["metadata"], index=False)
    betas = pd.DataFrame(random.normal(size=(24, 40)), columns=names, index=voxels["voxel_id"])
    betas.to_csv(folder / dataset["recordings"]["betas"])
    return voxels


def test_the_tables_of_the_study_through_the_example(tmp_path):
    """A voxel scores the same in each region that it lies in, and its ceiling is that of its own ncsnr."""
    document = example(OF_TABLES)
    voxels = write_tables(tmp_path, document)
    document["benchmarks"][0]["layers"] = ["units"]  # one: all regions then have the same
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    cases = load_cases(tmp_path / "own.yaml")
    assert [case.region for case in cases] == ["OTC", "FFA-1", "EBA", "PPA"]
    torch.manual_seed(0)
    asked = [("tiny", case, None) for case in cases]
    bench = Workbench.open(device="cpu", offline=True, registry=Registry(), asked=asked)
    bench.adopt_network(MODEL, from_module(tiny(), id="tiny", preprocess=PREPROCESS))
    whole, *parts = (bench.score(case, MODEL, tmp_path) for case in cases)
    r = dict(zip(whole.targets, whole.values[0], strict=True))
    assert set(r) == set(voxels["voxel_id"])
    for case, part in zip(cases[1:], parts, strict=True):
        inside = voxels[voxels[case.region] == 1]
        assert sorted(part.targets) == sorted(inside["voxel_id"])
        assert dict(zip(part.targets, part.values[0], strict=True)) == pytest.approx(
            {voxel: r[voxel] for voxel in part.targets}, abs=1e-6
        )
        shares = inside["ncsnr"] ** 2 / (inside["ncsnr"] ** 2 + 1 / 3)
        roots = shares.pow(0.5).groupby(inside["subj_id"]).mean()
        assert part.ceiling == pytest.approx(roots.pow(2).mean(), abs=1e-12)
