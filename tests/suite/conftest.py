"""All shipped benchmark files on tiny data, scored by one tiny network in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from pytest_brainscore.models.network import from_module
from pytest_brainscore.scores import Score
from pytest_brainscore.specs.cases import Case, load_cases
from pytest_brainscore.specs.models import Model, Preprocess
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.workbench import Workbench
from tests.conftest import ROOT

from .expected import Expected
from .layouts import make, picture
from .network import tiny

PREPROCESS = Preprocess(size=32)
MODEL = Model(
    id="tiny",
    source="tests.suite.network:tiny",
    layers=dict.fromkeys(("V1", "V2", "V4", "IT"), "units"),
    readout="units",
    preprocess=PREPROCESS,
)


@dataclass(frozen=True, eq=False)
class Scored:
    """One case of a shipped file on tiny data: what was expected of it, and its score."""

    case: Case
    expected: Expected | None
    score: Score


class Bench:
    """Makes the data of a file once, and scores its cases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[str, dict[str, Scored]] = {}
        torch.manual_seed(0)
        self.network = from_module(tiny(), id="tiny", preprocess=PREPROCESS)

    def scored(self, name: str) -> dict[str, Scored]:
        """The scores of all cases of benchmarks/`name`, by id."""
        if name not in self.made:
            self.made[name] = self._score_all(name)
        return self.made[name]

    def _score_all(self, name: str) -> dict[str, Scored]:
        shipped = yaml.safe_load((ROOT / "benchmarks" / name).read_text())
        document, held = make(self.folder / name.removesuffix(".yaml"), shipped)
        path = self.folder / name
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        cases = load_cases(path)
        bench = Workbench.open(
            device="cpu", offline=True, registry=Registry(), asked=[("tiny", c, None) for c in cases]
        )
        bench.adopt_network(MODEL, self.network)
        entries = [
            (entry, r)
            for entry in document["benchmarks"]
            for r in entry.get("regions", [entry.get("region")])
        ]
        datasets = {one["id"]: one for one in document.get("datasets") or [document["dataset"]]}
        found = {}
        for case, (entry, region) in zip(cases, entries, strict=True):
            dataset, data = datasets[case.dataset.id], held.get(case.dataset.id)
            expected = Expected(dataset, entry, region, data) if data else None
            found[case.id] = Scored(case, expected, bench.score(case, MODEL, self.folder))
        return found


@pytest.fixture(scope="session")
def imagenet(tmp_path_factory) -> Path:
    """A thousand tiny images, one in the folder of each class of ImageNet."""
    from timm.data import ImageNetInfo

    folder = tmp_path_factory.mktemp("imagenet")
    for synset in ImageNetInfo("imagenet-1k").label_names():
        (folder / synset).mkdir()
        (folder / synset / f"{synset}.png").write_bytes(picture(synset))
    return folder


@pytest.fixture(scope="session")
def bench(tmp_path_factory, imagenet) -> Any:
    folder = tmp_path_factory.mktemp("suite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAINSCORE_CACHE", str(folder / "cache"))
        patch.setenv("BRAINSCORE_IMAGENET", str(imagenet))
        for name in ("things", "things_500"):
            patch.setenv(f"BRAINSCORE_{name.upper()}", str(folder / "collections" / name))
        yield Bench(folder)
