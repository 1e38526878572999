"""Real images through real weights give the reference's numbers (shared/parity/real.yaml)."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.io
import yaml
from scipy.stats import spearmanr

from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.models.build import build
from pytest_brainscore.models.kinds import ACTIVATIONS, COORDINATES
from pytest_brainscore.models.network import Network
from pytest_brainscore.models.represent import represent
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.models import Model


def squeezenet(shared, trained: bool) -> Network:
    weights = File(file="squeezenet1_1.pth") if trained else "none"
    spec = Model(id="squeezenet", name="squeezenet1_1", source="torchvision", weights=weights)
    return build(spec, lambda file: shared / "data/weights" / file.name, {}.get, offline=True)


@pytest.fixture(scope="module")
def numbers(parity) -> dict:
    return yaml.safe_load((parity / "real.yaml").read_text("utf-8"))


@pytest.mark.parametrize("state", ["trained", "untrained"])
def test_rsa_on_92_objects(shared, numbers, state):
    folder = shared / "data" / "kriegeskorte2008"
    objects = scipy.io.loadmat(folder / "Kriegeskorte_Neuron2008_supplementalData.mat")
    pictures = tuple(objects["stimuli_92objs"][0, i]["image"] for i in range(92))
    unit = ("features.11",)
    stimuli = Stimuli(tuple(map(str, range(92))), pictures)
    kinds = (COORDINATES, ACTIVATIONS)
    tensors = represent(squeezenet(shared, state == "trained"), stimuli, {unit: set(kinds)}).tensors

    pairs = np.triu_indices(92, 1)
    sessions = scipy.io.loadmat(folder / "92_brainRDMs.mat")["RDMs"]["RDM"][0]
    expected = numbers["kriegeskorte2008_IT"]["models"][f"squeezenet1_1 {state}"]["features.11"]
    for kind in kinds:
        rdm = 1 - np.corrcoef(tensors[unit, kind].double().numpy())[pairs]
        human = np.mean([spearmanr(rdm, sum(subject)[pairs])[0] for subject in sessions])
        monkey = spearmanr(rdm, objects["RDMs_mIT_hIT_fig1"][0, 0]["RDM"].ravel())[0]
        assert human == pytest.approx(expected["human_IT"], abs=1e-4)
        assert monkey == pytest.approx(expected["monkey_IT"], abs=1e-4)
