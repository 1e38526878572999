"""Known truth: recordings made from a layer are recovered by it, and by nothing that is only noise."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from pytest_brainscore.__main__ import main
from pytest_brainscore.analysis.truth.known import rendered
from pytest_brainscore.analysis.truth.recovery import Recovery, Truth, benchmark_of, recover
from pytest_brainscore.analysis.truth.separation import not_separated
from pytest_brainscore.errors import MetricError, SpecError
from pytest_brainscore.models.kinds import COORDINATES
from pytest_brainscore.models.layers import called_leaves
from pytest_brainscore.models.network import from_module
from pytest_brainscore.models.represent import represent
from pytest_brainscore.specs.metrics import OF_NEUROIDS
from pytest_brainscore.specs.models import Preprocess


def module():
    """Narrow layers, so that a regression takes a fraction of a second; random weights of a fixed seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            *(nn.Conv2d(3, 6, 16, stride=16), nn.ReLU(), nn.Conv2d(6, 24, 3, 2, 1), nn.ReLU()),
            *(nn.Conv2d(24, 40, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(40, 40)),
        )
        for part in net:
            if hasattr(part, "weight"):
                nn.init.kaiming_normal_(part.weight)
    return net


@pytest.fixture(scope="module")
def network():
    return from_module(module(), id="narrow", preprocess=Preprocess(size=64))


@pytest.fixture(scope="module")
def stimuli():
    return rendered(1500)


@pytest.fixture(scope="module")
def activations(network, stimuli):
    shown = represent(network, stimuli, {(leaf,): {COORDINATES} for leaf in called_leaves(network)})
    return {unit[0]: tensor for (unit, _), tensor in shown.tensors.items()}


def test_the_layer_that_recordings_were_made_from_is_recovered(network, stimuli, activations):
    layer = "5"
    found = recover(stimuli, activations, layer, benchmark_of("ridgecv"), tied=not_separated(network, layer))
    assert found.n_stimuli >= 1500
    assert len(found.seeds) == 5
    assert len(found.rivals) >= 5
    assert found.wins(layer) == 5
    assert found.margin > 3 * found.margin_error > 0
    assert found.ceiled == pytest.approx(1, abs=0.03)
    assert np.mean(found.gaussian) == pytest.approx(0, abs=0.05)
    assert np.mean(found.shuffled) == pytest.approx(0, abs=0.05)
    assert found.ceilings == pytest.approx((0.9,) * 5, abs=0.01)
    assert found.recovered


@pytest.fixture(scope="module")
def few(stimuli, activations):
    """Every fifth stimulus, and three layers: enough to see that something is wrong."""
    rows = range(0, len(stimuli), 5)
    return stimuli.take(rows), {name: activations[name][list(rows)] for name in ("1", "3", "5")}


def test_a_metric_that_sees_single_units_does_not_recover_combinations(few):
    found = recover(*few, "3", benchmark_of("neuron_to_neuron"), seeds=(1, 2))
    assert found.ceiled < 0.9
    assert not found.complete
    assert not found.recovered


def test_a_layer_that_is_no_better_than_another_is_not_found(few):
    stimuli, layers = few
    alone = recover(stimuli, layers, "3", benchmark_of(), seeds=(1, 2))
    copied = recover(stimuli, {**layers, "copy": layers["3"]}, "3", benchmark_of(), seeds=(1, 2))
    assert alone.found
    assert copied.scores == {**alone.scores, "copy": alone.scores["3"]}
    assert (copied.closest, copied.margin, copied.margin_error) == ("copy", 0, 0)
    assert copied.wins("3") == copied.wins("copy") == 0
    assert not copied.found


def test_more_noise_takes_nothing_from_the_share_that_can_be_explained(few):
    clear, noisy = (
        recover(*few, "3", benchmark_of(), truth=Truth(reliability=r), seeds=(1, 2)) for r in (0.95, 0.5)
    )
    assert np.mean(noisy.ceilings) == pytest.approx(0.5, abs=0.05)
    assert noisy.ceiled > 0.75
    assert clear.ceiled == pytest.approx(1, abs=0.1)


def test_a_metric_of_whole_populations_is_refused():
    with pytest.raises(SpecError, match="internal_consistency is of single neuroids, and rdm compares none"):
        benchmark_of("rdm")


@pytest.mark.parametrize(
    ("layer", "changed", "message"),
    [
        ("3", {"seeds": (1,)}, "1 seed"),
        ("33", {}, "no activations of 33; did you mean 3"),
        ("3", {"tied": ("1", "5")}, "none competes"),
        ("3", {"truth": Truth(components=1000)}, "1000 principal components are asked for"),
    ],
)
def test_what_cannot_be_recovered_is_an_error(few, layer, changed, message):
    with pytest.raises(MetricError, match=message):
        recover(*few, layer, benchmark_of(), **changed)


RECOVERY = Recovery(
    layer="b",
    metric="ridgecv",
    truth=Truth(),
    n_stimuli=1500,
    seeds=(1, 2, 3),
    scores={"a": (0.90, 0.95, 0.94), "b": (0.98, 0.97, 0.99), "c": (0.99, 0.98, 0.995), "d": (0.2, 0.1, 0.0)},
    tied=("c",),
    gaussian=(0.01, -0.01, 0.0),
    shuffled=(0.0, 0.02, 0.01),
    ceilings=(0.9, 0.9, 0.9),
)


def test_what_scores_say_of_a_recovery():
    assert RECOVERY.rivals == ("a", "d")
    assert RECOVERY.closest == "a"
    assert [RECOVERY.wins(layer) for layer in "abd"] == [0, 3, 0]
    assert RECOVERY.ceiled == pytest.approx(0.98)
    differences = [0.08, 0.02, 0.05]
    assert RECOVERY.margin == pytest.approx(0.05)
    assert RECOVERY.margin_error == pytest.approx(np.std(differences, ddof=1) / np.sqrt(3))
    assert RECOVERY.recovered


@pytest.mark.parametrize(
    ("changed", "fails"),
    [
        ({"tied": ()}, "found"),
        ({"scores": {**RECOVERY.scores, "b": (0.94, 0.96, 0.95)}, "tied": ("a", "c")}, "complete"),
        ({"scores": {**RECOVERY.scores, "b": (1.1, 1.0, 1.0)}}, "complete"),
        ({"gaussian": (0.06, 0.06, 0.06)}, "controlled"),
        ({"shuffled": (-0.06, -0.06, -0.06)}, "controlled"),
    ],
)
def test_a_recovery_needs_each_of_its_parts(changed, fails):
    changed = replace(RECOVERY, **changed)
    assert {part for part in ("found", "complete", "controlled") if not getattr(changed, part)} == {fails}
    assert not changed.recovered


FACTORY = """\
from tests.analysis.test_recovery import module
from pytest_brainscore.models.preprocess import Preprocessor
from pytest_brainscore.specs.models import Preprocess

def make():
    return module(), Preprocessor(Preprocess(size=64))
"""


def test_the_command_prints_every_layer_and_writes_the_scores(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "narrow_net.py").write_text(FACTORY)
    monkeypatch.syspath_prepend(tmp_path)
    options = ["--stimuli", "128", "--seeds", "2", "--neuroids", "10", "--reliability", "0.95"]
    written = tmp_path / "made" / "for" / "scores.json"
    status = main(["recover", "narrow_net:make", "--layer", "3", *options, "--json", str(written)])
    (found,) = json.loads(written.read_text())
    assert status == (0 if found["recovered"] else 1)
    assert found["model"] == "narrow_net.make"
    assert found["simulated"] is True
    assert found["truth"] == {"components": 20, "neuroids": 10, "reliability": 0.95, "repetitions": 10}
    assert len(found["scores"]) == 8
    out = capsys.readouterr().out
    assert out.startswith("simulated from narrow_net.make 3: 128 stimuli, 10 neuroids, 20 components")
    for layer, scores in found["scores"].items():
        assert f"\n{layer:20}  {f'{np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}':>22}" in out
    assert "\n4 " in out
    assert found["tied"] == ["4"]
    assert out.count(" tied\n") == 1
    assert f"{found['margin']:.4f} ± {found['margin_error']:.4f}" in out
    assert ("NOT RECOVERED: 3: " in out) == (status == 1)


def test_the_command_refuses_what_is_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    assert main(["recover", "smallnet", "--layer", "stage3.nor"]) == 2
    assert "has no layer stage3.nor; did you mean stage3.norm" in capsys.readouterr().err
    assert main(["recover", "alexnet,vgg16"]) == 2
    assert "recover: alexnet,vgg16 names 2 models; name one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--stimuli", "0"], "--stimuli 0: from 1 to 100,000"),
        (["--stimuli", "-5"], "--stimuli -5: from 1 to 100,000"),
        (["--seeds", "1"], "--seeds 1: from 2 to 1,000"),
        (["--splits", "0"], "--splits 0: from 1 to 1,000"),
        (["--components", "0"], "--components 0: from 1 to 10,000"),
        (["--neuroids", "0"], "--neuroids 0: from 1 to 10,000"),
        (["--repetitions", "1"], "--repetitions 1: from 2 to 1,000"),
        (["--reliability", "nan"], "--reliability nan: above 0 and at most 1"),
        (["--neuroids", "10000"], "150,000,000 numbers, and 100,000,000 is the most"),
        (["--root", "nowhere"], "--root nowhere: there is no such folder"),
        (["--metric", "i2n"], "--metric i2n: recover takes a metric of single neuroids (pls, ridge, "),
        (["--metric", "rdm"], "--metric rdm: recover takes a metric of single neuroids"),
        (["--metric", "rigde"], "did you mean ridge"),
        (["--json", "file/scores.json"], "--json file/scores.json: its folder cannot be made"),
        (["--json", "folder"], "--json folder: cannot be written there"),
    ],
)
def test_options_that_cannot_be_are_one_line_at_the_start(tmp_path, monkeypatch, capsys, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert main(["recover", "there_is_no_such_model", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.parametrize("metric", OF_NEUROIDS)
def test_every_metric_of_neuroids_can_be_asked_for(metric):
    assert benchmark_of(metric).metric.name == metric
