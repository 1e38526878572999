"""`power:` of a benchmark, and `recover --benchmark`: on a small simulated brain and smallnet's layers."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from pytest_brainscore import suite
from pytest_brainscore.__main__ import main
from pytest_brainscore.analysis.truth import demanded
from pytest_brainscore.commands.recovery.benchmark import case_named
from pytest_brainscore.commands.recovery.metrics import metrics_named
from pytest_brainscore.errors import MetricError
from pytest_brainscore.harness.records.rows import scored
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.recoveries import read_recoveries
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.suite.selection import select
from pytest_brainscore.workbench import Workbench

SMALL = """
dataset:
  id: Small
  reader: simulated
  stimuli: {exemplars: 2, views: 3, width: 32}
  recordings: {kind: responses, neuroids: 8, subjects: 2, repetitions: 4}
benchmarks:
  - id: IT
    region: IT
    metric: ridge
    splits: {n: 2, train: 0.8}
    ceiling: internal_consistency
    power: POWER
  - {id: twice, region: IT, metric: rdm, ceiling: rsa_bounds}
"""


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    return Workbench.open(device="cpu", offline=True, registry=Registry(tmp_path))


def case_of(tmp_path, minimum, simulations=20):
    power = f"{{minimum: {minimum}, simulations: {simulations}}}"
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.replace("POWER", power))
    return load_cases(file)[0]


def score(bench, case):
    (candidate,) = select("smallnet", suite.zoo(), case.path.parent)
    return candidate.model, bench.score(case, candidate.model, candidate.folder)


def test_too_little_power_is_an_error_that_says_what_would_help(bench, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(demanded.Demanded, "_found", lambda self, design, n, network: found(design, n))

    def found(design, simulations):
        asked.append((len(design.stimuli), simulations))
        return demanded.Found(len(design.stimuli), 13 if len(design.stimuli) < 100 else 18, 20)

    case = case_of(tmp_path, 0.8)
    with pytest.raises(MetricError) as caught:
        score(bench, case)
    said = str(caught.value)
    assert f"{case.path}:{case.line}: power: " in said
    assert "ridge finds the true layer in 65 % (13 of 20 simulations) with 48 stimuli, and 80 % is" in said
    assert "with 192 stimuli (rendered images) it is 90 % (18 of 20 simulations)" in said
    assert asked == [(48, 20), (96, 20), (192, 20)]
    with pytest.raises(MetricError, match="65 %"):
        score(bench, case)
    assert len(asked) == 3
    assert len(list((tmp_path / "cache" / "power").iterdir())) == 1


def test_power_is_simulated_once_and_stands_in_the_row(bench, tmp_path, monkeypatch):
    case = case_of(tmp_path, 0.05)
    model, first = score(bench, case)
    (kept,) = (tmp_path / "cache" / "power").iterdir()
    known = json.loads(kept.read_text())["own"]
    assert known["simulations"] == 20
    assert known["stimuli"] == 48
    assert first.about["power"] == known["found"] / 20 >= 0.05
    assert scored(case, model, "node", first).power == first.about["power"]

    def never(*_, **__):
        raise AssertionError("simulated twice")

    monkeypatch.setattr(demanded, "matrices", never)
    again = Workbench.open(device="cpu", offline=True, registry=Registry(tmp_path))
    assert score(again, case)[1].about["power"] == first.about["power"]
    assert score(again, case_of(tmp_path, 0.04))[1].about["power"] == first.about["power"]
    with pytest.raises(AssertionError, match="simulated twice"):
        score(again, case_of(tmp_path, 0.05, simulations=24))


def test_a_benchmark_that_demands_nothing_has_no_power(bench, tmp_path):
    case_of(tmp_path, 0.5)
    other = load_cases(tmp_path / "small.yaml")[1]
    assert "power" not in score(bench, other)[1].about
    assert not (tmp_path / "cache" / "power").exists()


def test_the_command_writes_what_it_prints(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    case = case_of(tmp_path, 0.5)
    like = ["--benchmark", f"{case.path}::IT", "--layers", "2", "--seeds", "2"]
    file = tmp_path / "made" / "recovery.json"
    metrics = ["--metric", "ridge, {name: cka, debiased: false}"]
    status = main(["recover", "smallnet,untrained:smallnet", *like, *metrics, "--json", str(file)])
    out, found = capsys.readouterr().out, read_recoveries(file)
    assert (found.benchmark, found.images, found.stimuli, found.neuroids) == ("Small.IT", "own", 48, 8)
    assert (found.repetitions, found.components, found.seeds) == (4, 20, 2)
    assert 0 < found.reliability < 1
    assert found.models == ("smallnet", "smallnet_untrained")
    ridge, cka = found.matrices
    assert (ridge.metric, ridge.settings, cka.settings) == ("ridge", {}, {"debiased": False})
    assert [len(one.layers) for one in found.matrices] == [4, 4]
    assert "\nridge: mean score" in out
    assert "\ncka (debiased: false): mean score" in out
    for i, (model, layer) in enumerate(ridge.layers):
        (line,) = [ln for ln in out.split("\ncka")[0].splitlines() if ln.startswith(f"{i + 1} ")]
        assert f"{model} {layer} " in line
        assert f"{ridge.scores[i][i]:.2f}" in line
    assert status == 1
    assert re.search(r"\ncka \(debiased: false\) .* scores 0.\d\d where nothing is shared: its scores", out)
    assert f"{sum(ridge.found)} of 8 simulations" in out


def test_the_command_ends_well_where_the_layer_is_surely_recovered(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    like = ["--benchmark", f"{case_of(tmp_path, 0.5).path}::IT", "--layers", "2", "--neuroids", "16"]
    asked = ["recover", "smallnet", *like, "--splits", "4"]
    assert main([*asked, "--seeds", "8"]) == 0
    assert "\nridge recovers the layer: 16 of 16 simulations (100 %" in capsys.readouterr().out
    assert main([*asked, "--seeds", "2"]) == 1
    assert "\nridge has too few simulations to say whether it finds the layer" in capsys.readouterr().out


def test_the_command_shows_power_over_neuroids(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    case = case_of(tmp_path, 0.5)
    like = ["--benchmark", f"{case.path}::IT", "--layers", "3", "--seeds", "2", "--splits", "1"]
    file = tmp_path / "recovery.json"
    main(["recover", "smallnet", *like, "--power", "neuroids", "--sizes", "16,2", "--json", str(file)])
    found = read_recoveries(file)
    (curve,) = found.curves
    assert found.matrices == ()
    assert [(p.size, p.simulations, p.models) for p in curve.points] == [(2, 6, None), (16, 6, None)]
    assert re.search(rf"\n16 +{curve.points[1].layers}/6 +-\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--benchmark", "nowhere.yaml::IT"], "--benchmark nowhere.yaml::IT: there is no file"),
        (["--benchmark", "small.yaml::ITT"], "no ITT in small.yaml; did you mean IT"),
        (["--benchmark", "Simulated.V5-pls"], "no benchmark Simulated.V5-pls; did you mean"),
        (
            ["--benchmark", "small.yaml::IT", "--metric", "plz"],
            "--metric plz: no such metric: plz; did you mean pls",
        ),
        (["--benchmark", "small.yaml::IT", "--metric", "zzz"], "no such metric: zzz (there are pls, ridge, "),
        (["--benchmark", "small.yaml::IT", "--metric", "{name: "], "this is not YAML"),
        (["--benchmark", "small.yaml::IT", "--metric", "i2n"], "i2n compares choices"),
        (["--benchmark", "small.yaml::IT", "--layers", "0"], "--layers 0: from 1 to 100"),
        (["--power", "noise"], "--power noise: is of recordings like a benchmark's"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, monkeypatch, capsys, options, said):
    monkeypatch.chdir(tmp_path)
    case_of(tmp_path, 0.5)
    assert main(["recover", "smallnet", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_metrics_are_written_as_in_a_benchmark_file(tmp_path):
    case = case_named("Simulated.V4-rdm", tmp_path)
    assert [one.name for one in metrics_named(None, case)] == ["rdm"]
    pls, cka = metrics_named("{name: pls, components: 3}, cka", case)
    assert (pls.components, cka.debiased) == (3, True)


def test_recordings_that_are_no_responses_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    written = yaml.safe_load(SMALL.replace("POWER", "{minimum: 0.5}"))
    written["dataset"]["recordings"] = {"kind": "choices", "subjects": 2, "trials": 2}
    written["benchmarks"] = [{"region": "behaviour", "metric": "i2n", "readout": {"label": "object_name"}}]
    (tmp_path / "choices.yaml").write_text(yaml.safe_dump(written))
    assert main(["recover", "smallnet", "--benchmark", f"{tmp_path / 'choices.yaml'}::behaviour-i2n"]) == 2
    assert "i2n compares choices, which are not made from a layer here" in capsys.readouterr().err
