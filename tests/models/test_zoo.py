"""models.yaml, docs/zoo.md and the catalogue name what the libraries have, and what is built."""

from __future__ import annotations

import importlib.util
import math
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import nn

from pytest_brainscore.errors import SelectionError, SpecError
from pytest_brainscore.models.layers import BEHAVIOUR, DEPTH_RULE, DEPTHS, resolve_layers
from pytest_brainscore.models.network import Network
from pytest_brainscore.models.preprocess import Preprocessor
from pytest_brainscore.specs.catalogue import Size, catalogue, place_of, size
from pytest_brainscore.specs.models import Model, Preprocess
from pytest_brainscore.specs.zoo import load_zoo
from pytest_brainscore.suite.selection import select

ROOT = Path(__file__).parents[2]
ZOO = load_zoo(ROOT / "models.yaml")
MODELS = [model for model in ZOO.models.values() if model.training is None]
PUBLISHED = [model for model in MODELS if model.source in ("torchvision", "timm")]
SAMPLE = ("hardcorenas_a", "resmlp_12_224", "xcit_nano_12_p16_224")
_, _, OF_CONWELL = (
    (ROOT / "models.yaml").read_text("utf-8").partition("# What else Conwell et al. 2024 compared")
)
OWN = [m for m in MODELS if f"\n{m.id}:\n" not in OF_CONWELL]
BUILT = [m for m in MODELS if m.id in SAMPLE or m.layers] + [m for m in OWN if not m.layers][::3]
"""All that say their layers, and of the others a sample: scripts/catalogue.py builds all of them."""
BRAIN_SCORES_MAP = (
    "Brain-Score's committed map, selected on MajajHong2015.public and FreemanZiemba2013.public"
)


def load_script():
    where = importlib.util.spec_from_file_location("make_catalogue", ROOT / "scripts" / "catalogue.py")
    script = importlib.util.module_from_spec(where)
    where.loader.exec_module(script)
    return script


SCRIPT = load_script()


@dataclass(frozen=True)
class Entry:
    """A model of the zoo, built on the meta device: shapes without numbers."""

    model: Model
    module: nn.Module
    side: int

    def network(self) -> Network:
        eyes = Preprocessor(Preprocess(size=self.side))
        return Network(self.model.id, self.module, eyes, "", "", None)


@pytest.fixture(scope="module", params=BUILT, ids=lambda model: model.id)
def entry(request):
    model = request.param
    return Entry(model, SCRIPT.built(model), SCRIPT.side(model))


def named_layers(model: Model) -> set[str]:
    mapped = [(layers,) if isinstance(layers, str) else layers for layers in model.layers.values()]
    return {layer for layers in mapped for layer in layers} | ({model.readout} if model.readout else set())


def test_an_entry_builds_and_its_layers_exist_and_answer_per_image(entry):
    network, shapes = entry.network(), {}
    found = {region: resolve_layers(network, entry.model, region) for region in (*DEPTHS, BEHAVIOUR)}
    assert found["IT"][1] == (entry.model.layer_source or DEPTH_RULE)
    layers = named_layers(entry.model) | {layer for layers, _ in found.values() for layer in layers}
    assert entry.model.layers or len({found[region][0] for region in DEPTHS}) == len(DEPTHS)
    handles = [
        entry.module.get_submodule(layer).register_forward_hook(
            lambda _, __, answer, layer=layer: shapes.update({layer: answer.shape})
        )
        for layer in layers
    ]
    with torch.no_grad():
        entry.module(torch.empty(3, 3, entry.side, entry.side, device="meta"))
    for handle in handles:
        handle.remove()
    assert {layer: shape[0] for layer, shape in shapes.items()} == dict.fromkeys(layers, 3)
    _, width, *places = shapes[found[BEHAVIOUR][0][0]]
    assert said_of_readout(entry.model.id) == (width == 1000, math.prod(places) > 1)
    for _, region, leaf, _ in (row for row in table("Layers") if row[0] == f"`{entry.model.id}`"):
        assert found[region][0] == (leaf.strip("`"),)


def said_of_readout(id: str) -> tuple[bool, bool]:
    """Whether docs/zoo.md says that the readout is of class scores, and that it is not pooled."""
    said = [what for what, ids in table("Readouts") if f"`{id}`" in ids.split(", ")]
    return any("class scores" in what for what in said), any("class scores" not in what for what in said)


def test_the_catalogue_has_the_size_of_what_is_built(entry):
    weights = entry.model.weights if isinstance(entry.model.weights, str) else ""
    built = Size(*SCRIPT.size_of(entry.module, entry.side))
    assert size(entry.model.source, entry.model.architecture, weights) == built


def test_maps_are_whole_and_say_who_made_them():
    for model in MODELS:
        assert set(model.layers) in (set(), set(DEPTHS)), model.id
        assert bool(model.layers) == bool(model.layer_source), model.id
    mapped = [model.id for model in MODELS if (model.layer_source or "").startswith(BRAIN_SCORES_MAP)]
    assert sorted(ZOO.sets["mapped"]) == sorted(mapped)


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda model: model.id)
def test_the_weights_exist(model):
    assert model.weights in catalogue()[model.source][model.architecture]
    if model.source == "timm":
        known = timm.models.get_pretrained_cfg(f"{model.architecture}.{model.weights}")
        assert known.tag == model.weights
        assert (known.hf_hub_id or known.url.rsplit("/", 1)[-1]) == place_of(
            "timm", model.architecture, model.weights
        )


@pytest.mark.parametrize(
    "model", [model for model in PUBLISHED if model.source == "torchvision"], ids=lambda model: model.id
)
def test_torchvision_says_the_same_of_accuracy_parameters_and_operations(model):
    meta = torchvision.models.get_model_weights(model.architecture)[model.weights].meta
    assert model.about.top1 == meta["_metrics"]["ImageNet-1K"]["acc@1"]
    found = size("torchvision", model.architecture)
    assert found.parameters == meta["num_params"]
    assert found.macs / 1e9 == pytest.approx(meta["_ops"], rel=0.02, abs=0.002)


def test_what_is_said_of_a_network_is_whole():
    others = {"smallnet", *ZOO.sets["baselines"]}
    for about in (model.about for model in MODELS if model.id not in others):
        assert None not in (about.year, about.family, about.objective, about.diet)
        arxiv = re.fullmatch(r"arxiv:(\d\d)\d\d\.\d{4,5}|doi:10\.\S+", about.reference)
        assert arxiv[1] is None or about.year == 2000 + int(arxiv[1])


def test_networks_of_one_architecture_are_told_apart():
    """By their weights; and they share what else the factory is told, so that they have one size."""
    seen = Counter((model.source, model.architecture, str(model.weights)) for model in MODELS)
    assert max(seen.values()) == 1
    told = {(model.source, model.architecture): model.arguments for model in MODELS}
    assert all(told[model.source, model.architecture] == model.arguments for model in MODELS)


def test_sets_are_whole():
    assert set(ZOO.sets) == {
        "baselines",
        "small",
        "mapped",
        "brainscore2018",
        "imagebraindl",
        "nx414",
        "timeline",
        "conwell2024",
        "conwell2024_untrained",
    }
    for name, members in ZOO.sets.items():
        assert len(set(members)) == len(members)
        ids = [f"{m.partition(':')[2]}_untrained" if ":" in m else m for m in members]
        assert [chosen.id for chosen in select(f"@{name}", ZOO, ROOT)] == ids
    sizes = [size(ZOO.models[name].source, ZOO.models[name].architecture) for name in ZOO.sets["small"]]
    assert all(found.macs < 2e9 for found in sizes)


@pytest.mark.parametrize("member", ["@small", "@nowhere", "small"])
def test_a_set_in_a_set_is_refused(tmp_path, member):
    (tmp_path / "models.yaml").write_text(f"sets:\n  small: [alexnet]\n  all: ['{member}']\n")
    with pytest.raises(
        SpecError, match=rf"models.yaml:3: sets.all: no model {member} here: a set holds no sets"
    ):
        load_zoo(tmp_path / "models.yaml")


def test_an_id_that_is_nearly_right_is_answered_with_those_of_the_zoo_that_it_may_mean():
    with pytest.raises(SelectionError, match=r"resnet50_v2; did you mean resnet50_v2weights, resnetv2_50\? "):
        select("resnet50_v2", ZOO, ROOT)


def test_the_timeline_has_one_network_for_a_year():
    years = [ZOO.models[name].about.year for name in ZOO.sets["timeline"]]
    assert years == [2012, *range(2014, 2026)]


def table(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table under a heading of docs/zoo.md."""
    text = (ROOT / "docs" / "zoo.md").read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")]
    return [tuple(cell.strip() for cell in row) for row in rows[1:]]


@pytest.mark.parametrize(
    ("heading", "name", "missing"),
    [("Brain-Score 2018", "brainscore2018", 12), ("ImageBrainDL", "imagebraindl", 0), ("NX-414", "nx414", 2)],
)
def test_the_tables_of_the_docs_are_the_sets(heading, name, missing):
    ids = [row[1] for row in table(heading)]
    assert ids.count("missing") == missing
    assert sorted(id.strip("`") for id in ids if id != "missing") == sorted(ZOO.sets[name])


def test_the_table_of_2018_has_both_accuracies_and_a_remark_where_they_differ():
    for _, id, there, here, remark in table("Brain-Score 2018"):
        known = ZOO.models.get(id.strip("`"))
        assert here == (f"{known.about.top1:.2f}" if known and known.about.top1 else ""), id
        assert remark or abs(float(there) - float(here)) < 0.05, id


def test_the_docs_say_which_accuracies_are_those_of_a_larger_image():
    larger = [
        (f"`{model.id}`", str(SCRIPT.side(model)), str(known.test_input_size[-1]))
        for model in MODELS
        if model.source == "timm" and model.about.top1
        for known in [timm.models.get_pretrained_cfg(f"{model.architecture}.{model.weights}")]
        if known.test_input_size and known.test_input_size[-1] > SCRIPT.side(model)
    ]
    assert sorted(larger) == sorted(table("Accuracy and size"))


def test_what_the_docs_call_missing_is_missing():
    """Rows say why; where a library has the network without weights, it still has none."""
    rows = [row for heading in ("Brain-Score 2018", "NX-414") for row in table(heading)]
    remarks = [row[-1] for row in rows if row[1] == "missing"]
    assert all(remarks)
    named = [found for remark in remarks for found in re.findall(r"`timm:(\w+)`", remark)]
    assert {name: catalogue()["timm"][name] for name in named} == dict.fromkeys(named, ())
    assert len(set(named)) == 3
    all_names = [name for names in catalogue().values() for name in names]
    assert not [
        name for name in all_names if re.match(r"bagnet|nasnet_?mobile|nasnetamobile|inception_v2", name)
    ]
    assert not [name for name in all_names if re.match(r"mobilenet_?v1_(0?75|0?50|0?25)$", name)]


def test_the_docs_name_networks_of_the_zoo():
    text = (ROOT / "docs" / "zoo.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z]+\w*\d\w*(?:\.\w+)?)`", text)) - {"top1"}
    assert len(named) > 30
    assert named <= {*ZOO.models, *ZOO.sets}


def test_all_rows_of_brain_scores_table_are_collected(pytester):
    wanted = ("--models=@brainscore2018", "-k", "Simulated and IT-rdm")
    run = pytester.inline_run(*wanted, "--collect-only", "-q")
    (finished,) = run.getcalls("pytest_collection_finish")
    assert [item.name for item in finished.session.items] == list(ZOO.sets["brainscore2018"])


def test_the_catalogue_is_what_the_script_makes():
    """With other versions of the libraries: what both have, and most of what either has."""
    made, committed = SCRIPT.names(), catalogue()
    if SCRIPT.versions() == SCRIPT.committed_versions():
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


def test_the_catalogue_knows_no_size_of_what_the_zoo_does_not_name():
    assert size("torchvision", "vgg11") is None
    assert size("nets:small", "alexnet") is None


def test_reading_the_catalogue_and_listing_import_no_library():
    code = (
        "import sys; from pytest_brainscore.__main__ import main; main(['list']);"
        "print(*{'torch', 'torchvision', 'timm', 'pandas'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == ""
    assert any(
        line.startswith("alexnet ") and " 61.1 M  2012   56.5  V1, V2, V4, IT " in line
        for line in told.stdout.splitlines()
    )
