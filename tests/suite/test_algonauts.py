"""The shipped file of Algonauts 2019 on tiny data of its layout: files as those of Net2Brain's app."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, spearmanr

from pytest_brainscore.__main__ import main
from pytest_brainscore.models.network import from_module
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.workbench import Workbench
from tests.conftest import ROOT

from .conftest import MODEL, PREPROCESS
from .layouts import picture
from .network import LAYERS, tiny
from .raw import answers

SHIPPED = ROOT / "benchmarks" / "algonauts2019.yaml"
SUBJECTS = 15
FOLDER = (
    "https://raw.githubusercontent.com/m7cw5l/Net2Brain-App/959aba890710773a404bc507f24e6d66e778ec6d/Net2Brain"
    "/data_rdm/"
)


def jpeg(name: str) -> bytes:
    """The picture of this name, as the app's images are kept."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture(name))).convert("RGB").save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def rdms(name: str, n: int) -> np.ndarray:
    """(subject, n, n): each subject's is what all share, and noise."""
    random = np.random.default_rng(len(name) + n)
    shared = random.random(n * (n - 1) // 2)
    return np.stack([squareform(shared + random.random(len(shared))) for _ in range(SUBJECTS)])


def content(name: str) -> bytes:
    """What a file of this name holds: RDMs for `92images_fmri_IT_RDMs.gzip`, else an image."""
    if not name.endswith("_RDMs.gzip"):
        return jpeg(name)
    values = rdms(name, int(name[:2]))
    text = json.dumps({"data": values.ravel().tolist(), "shape": list(values.shape)})
    return gzip.compress(text.encode(), 1)


def files(document: dict) -> list[dict]:
    """All files of a document."""
    found = []
    for dataset in document["datasets"]:
        found += [*dataset["stimuli"]["images"], *dataset["recordings"]["files"].values()]
    return found


def test_the_files_are_those_of_the_app_and_no_hash_is_made_up():
    named = files(yaml.safe_load(SHIPPED.read_text()))
    assert all(file.keys() == {"url"} for file in named)
    assert [file["url"].removeprefix(FOLDER) for file in named] == [
        path
        for n in (92, 78)
        for path in (
            *(f"{n}images/images/{n}images_{i:05d}.jpg" for i in range(1, n + 1)),
            *(f"{n}images/{n}images_fmri_{region}_RDMs.gzip" for region in ("EVC", "IT")),
        )
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The shipped file with the places of its files beside it; the cases, and the folder."""
    folder = tmp_path_factory.mktemp("algonauts")
    document = yaml.safe_load(SHIPPED.read_text())
    for file in files(document):
        name = file.pop("url").rpartition("/")[2]
        (folder / name).write_bytes(content(name))
        file["file"] = name
    (folder / "own.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return {case.id: case for case in load_cases(folder / "own.yaml")}, folder


@pytest.fixture(scope="module")
def bench(made):
    cases, _ = made
    torch.manual_seed(0)
    network = from_module(tiny(), id="tiny", preprocess=PREPROCESS)
    asked = [("tiny", case, None) for case in cases.values()]
    bench = Workbench.open(device="cpu", offline=True, registry=Registry(), asked=asked)
    bench.adopt_network(MODEL, network)
    return bench, network


def expected(network, region: str, n: int, rows: slice, compare) -> np.ndarray:
    """Of each layer (rows) the agreement of its RDM with each person's (columns), on some of the images."""
    shown = [jpeg(f"{n}images_{i:05d}.jpg") for i in range(1, n + 1)]
    theirs = [squareform(rdm[rows, rows]) for rdm in rdms(f"{n}images_fmri_{region}_RDMs.gzip", n)]
    found = answers(network, shown, None)
    mine = [pdist(found[layer][rows], "correlation") for layer in LAYERS]
    return np.array([[compare(one, other).statistic for other in theirs] for one in mine])


@pytest.mark.parametrize(("n", "region"), [(92, "EVC"), (78, "IT")])
def test_rdm_is_the_mean_correlation_of_the_best_layer_with_each_of_15_people(made, bench, n, region):
    (cases, folder), (workbench, network) = made, bench
    score = workbench.score(cases[f"{region}-{n}-rdm"], MODEL, folder)
    raw = expected(network, region, n, slice(None), spearmanr).mean(axis=1).max()
    assert (len(score.targets), score.about["stimuli"]) == (SUBJECTS, n)
    assert score.raw == pytest.approx(raw, abs=1e-9)
    assert score.ceiled == pytest.approx(raw * abs(raw) / score.ceiling**2, abs=1e-9)
    assert 0.7 < score.ceiling < 1


def test_crsa_is_of_the_layer_that_the_other_half_of_the_images_chose(made, bench):
    (cases, folder), (workbench, network), region = made, bench, "IT"
    score = workbench.score(cases[f"{region}-92-crsa"], MODEL, folder)
    train = expected(network, region, 92, slice(0, None, 2), pearsonr)
    test = expected(network, region, 92, slice(1, None, 2), pearsonr)
    own = test[train.argmax(axis=0), range(SUBJECTS)]
    assert len(set(train.argmax(axis=0))) > 1  # people do not all choose one layer
    assert score.raw == pytest.approx(own.mean(), abs=1e-9)


def test_pin_writes_the_hash_of_each_file_of_a_list(tmp_path, monkeypatch, capsys):
    """On the shipped text, with the files on a server that is none."""
    asked = []

    def fetched(_, file):
        asked.append(file.url)
        (tmp_path / "file").write_bytes(file.url.encode())
        return tmp_path / "file"

    monkeypatch.setattr("pytest_brainscore.data.fetch.Fetcher.unverified", fetched)
    path = tmp_path / "algonauts2019.yaml"
    path.write_text(SHIPPED.read_text())
    assert main(["pin", str(path)]) == 0
    assert capsys.readouterr().out.count("sha256: ") == len(asked) == 92 + 78 + 4
    pinned = files(yaml.safe_load(path.read_text()))
    assert all(file.keys() == {"url", "sha256"} for file in pinned)
    assert len({file["sha256"] for file in pinned}) == len(pinned)
    for file in pinned:
        del file["sha256"]
    assert pinned == files(yaml.safe_load(SHIPPED.read_text()))
