"""models.yaml and the catalogue name what the libraries have."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torchvision
import yaml

from pytest_brainscore.models.layers import DEPTHS, resolve_layers
from pytest_brainscore.models.network import from_module
from pytest_brainscore.specs.catalogue import catalogue
from pytest_brainscore.specs.models import Model

ROOT = Path(__file__).parents[2]
ENTRIES = yaml.safe_load((ROOT / "models.yaml").read_text("utf-8"))
SETS = ENTRIES.pop("sets")
del ENTRIES["smallnet"]  # tests/models/test_smallnet.py


def spec(name: str) -> Model:
    return Model.model_validate({"id": name, **ENTRIES[name]}, strict=False)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_layer_of_the_zoo_exists(name):
    model = spec(name)
    with torch.device("meta"):
        module = torchvision.models.get_model(model.architecture, weights=None)
    known = dict(module.named_modules())
    assert set(model.layers.values()) | ({model.readout} if model.readout else set()) <= set(known)
    assert set(model.layers) in (set(), {"V1", "V2", "V4", "IT"})
    assert bool(model.layers) == bool(model.layer_source) == bool(model.readout)


@pytest.mark.parametrize("name", ENTRIES)
def test_the_weights_exist_and_their_accuracy_is_torchvisions(name):
    model = spec(name)
    weights = torchvision.models.get_model_weights(model.architecture)[model.weights]
    assert model.about.top1 == weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert None not in (model.about.year, model.about.family, model.about.diet, model.about.reference)


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if "layers" not in entry])
def test_where_there_is_no_map_depth_finds_four_layers(name):
    torch.manual_seed(0)
    module = torchvision.models.get_model(spec(name).architecture, weights=None)
    net = from_module(module, id=name)
    found = [resolve_layers(net, spec(name), region)[0] for region in DEPTHS]
    assert len(set(found)) == len(DEPTHS)


def test_sets_hold_models_of_the_zoo():
    assert SETS
    assert all(set(members) <= set(ENTRIES) for members in SETS.values())


def test_the_catalogue_is_what_the_script_makes():
    """With other versions of the libraries: what both have, and most of what either has."""
    where = importlib.util.spec_from_file_location("make_catalogue", ROOT / "scripts" / "catalogue.py")
    script = importlib.util.module_from_spec(where)
    where.loader.exec_module(script)
    made, committed = script.names(), catalogue()
    if script.versions() == script.committed_versions():
        assert {
            library: {n: tuple(w) for n, w in names.items()} for library, names in made.items()
        } == committed
    for library, names in made.items():
        both = names.keys() & committed[library].keys()
        assert len(both) > 0.7 * max(len(names), len(committed[library]))


def test_the_catalogue_has_defaults_first():
    known = catalogue()
    assert known["torchvision"]["resnet50"] == ("IMAGENET1K_V2", "IMAGENET1K_V1")
    assert known["torchvision"]["alexnet"] == ("IMAGENET1K_V1",)
    assert known["timm"]["vit_small_patch16_224"][0] == "augreg_in21k_ft_in1k"


def test_reading_the_catalogue_imports_no_library():
    code = (
        "import sys; from pytest_brainscore.specs.catalogue import catalogue; catalogue();"
        "print(*{'torch', 'torchvision', 'timm', 'numpy'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""
