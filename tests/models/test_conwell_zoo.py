"""The networks of Conwell et al. 2024: ours and theirs, the sets, what is said of them, the table."""

from __future__ import annotations

import csv
import importlib.util
import sys

import pytest
from PIL import Image

from pytest_brainscore.errors import SpecError
from pytest_brainscore.models.build import build
from pytest_brainscore.models.showing import shown
from pytest_brainscore.specs.catalogue import catalogue, size_of
from pytest_brainscore.specs.document import read
from pytest_brainscore.specs.namesakes import Namesakes, load_namesakes
from pytest_brainscore.specs.validation import validate
from pytest_brainscore.specs.zoo import load_zoo
from pytest_brainscore.suite.selection import select

from ..conftest import ROOT

ZOO = load_zoo(ROOT / "models.yaml")
NAMESAKES = load_namesakes("conwell2024")
DOCS = ROOT / "docs" / "conwell2024.md"
TWINS = [member.removeprefix("untrained:") for member in ZOO.sets["conwell2024_untrained"]]
NEEDED = [name for need in NAMESAKES.needs.values() for name in need.models]


def load_script():
    where = importlib.util.spec_from_file_location("conwell_zoo", ROOT / "scripts" / "conwell_zoo.py")
    script = importlib.util.module_from_spec(where)
    where.loader.exec_module(script)
    return script


SCRIPT = load_script()
NEED = "{what: w, factory: f, checkpoint: c, licence: l, why: y, models: [a]}"


def all_names() -> list[str]:
    """Every name of the study, by ours alone."""
    theirs = {ours: name for name, ours in NAMESAKES.models.items()}
    return [
        *NAMESAKES.models,
        *(theirs[twin].replace("_classification", "_random") for twin in TWINS),
        *NEEDED,
    ]


def test_the_sets_are_the_names_and_each_resolves_in_a_library():
    assert sorted(NAMESAKES.models.values()) == sorted(ZOO.sets["conwell2024"])
    assert (len(ZOO.sets["conwell2024"]), len(TWINS), len(NEEDED)) == (89, 64, 71)
    assert set(TWINS) <= set(ZOO.sets["conwell2024"])
    for chosen in select("@conwell2024,@conwell2024_untrained", ZOO, ROOT):
        known = catalogue()[chosen.model.source][chosen.model.architecture]
        assert chosen.model.weights in (*known, "none")
        assert chosen.model.trained != chosen.id.endswith("_untrained")
        assert size_of(chosen.model).parameters > 1e6
    assert NAMESAKES.ours("convnext_large_random") == "untrained:convnext_large.fb_in1k"
    assert NAMESAKES.ours("ViT-S-CLIP_slip") is None


def test_every_name_of_the_study_is_known(shared):
    with (shared / "data" / "conwell2024" / "results_summary.csv").open(newline="") as file:
        names = {row["model_string"] for row in csv.DictReader(file)}
    assert NAMESAKES.lacking(names) == ()
    assert sorted(names) == sorted(all_names())


def test_what_is_said_of_them_has_the_words_of_contrasts():
    for name in ZOO.sets["conwell2024"]:
        about = ZOO.models[name].about
        assert about.family in ("cnn", "transformer", "mlp_mixer", "hybrid"), name
        assert about.task in ("classification", "clip", "seer", "dino"), name
        assert about.architecture == ZOO.models[name].architecture, name
    pairs = [ZOO.models[name].about for name in ZOO.sets["conwell2024"]]
    of_21k = {about.architecture for about in pairs if about.diet == "imagenet-21k"}
    assert len(of_21k) == 12
    twice = {about.architecture for about in pairs if (about.diet or "").endswith("imagenet-1k")} & of_21k
    assert of_21k - twice == {"vit_base_r50_s16_224"}


def test_convit_is_the_same_before_and_after_its_first_image():
    """timm's makes its table of places then, which would count as a network that remembers."""
    (chosen,) = select("untrained:convit_tiny", ZOO, ROOT)
    network = build(chosen.model, lambda file: ROOT, lambda name: dict, offline=True)
    first, images = network.fingerprint, [Image.new("RGB", (8, 8), (90, 90, 90))] * 2
    shown(network, images)
    assert network.fingerprint == first
    assert network.module.blocks[0].attn.rel_indices.shape == (1, 196, 196, 3)


def test_the_table_of_the_docs_is_what_the_script_makes(tmp_path, monkeypatch, capsys):
    path = tmp_path / "results_summary.csv"
    path.write_text("model_string,score\n" + "".join(f"{name},0\n{name},1\n" for name in all_names()))
    monkeypatch.setattr(sys, "argv", ["conwell_zoo.py", str(path)])
    SCRIPT.main()
    made = capsys.readouterr().out
    assert made.startswith("Of 224 networks 89 are entries of models.yaml (`@conwell2024`), 64 ")
    assert f"{SCRIPT.BEGIN}\n{made}{SCRIPT.END}" in DOCS.read_text("utf-8")
    (tmp_path / "a.md").write_text(f"before\n{SCRIPT.BEGIN}\nold\n{SCRIPT.END}\nafter\n")
    monkeypatch.setattr(sys, "argv", ["conwell_zoo.py", str(path), "--write", str(tmp_path / "a.md")])
    SCRIPT.main()
    assert (tmp_path / "a.md").read_text() == f"before\n{SCRIPT.BEGIN}\n{made}{SCRIPT.END}\nafter\n"


def test_a_name_that_nobody_knows_stops_the_script(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("model_string\nalexnet_classification\nresnet19_classification\n")
    monkeypatch.setattr(sys, "argv", ["conwell_zoo.py", str(tmp_path / "a.csv")])
    with pytest.raises(SystemExit, match=r"neither ours nor among the needs: resnet19_classification$"):
        SCRIPT.main()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models: {a: x, b: x}", "the id x is there twice"),
        (f"models: {{a: x}}\nneeds: {{n: {NEED}}}", "the name a is there twice"),
        ("models: {a: 'untrained:x'}", "a.yaml:2: models.a"),
    ],
)
def test_names_that_are_there_twice_are_refused(tmp_path, text, message):
    (tmp_path / "a.yaml").write_text(f"study: s\n{text}\n")
    with pytest.raises(SpecError, match=message):
        validate(Namesakes, read(tmp_path / "a.yaml"))
