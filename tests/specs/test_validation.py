"""Messages of mistakes in YAML: what is due, in the words of YAML."""

from __future__ import annotations

import pytest

from pytest_brainscore.data.simulated.gabor import CYCLES, GRID, ORIENTATIONS
from pytest_brainscore.data.simulated.objects import BENCHMARK_CATEGORIES
from pytest_brainscore.data.simulated.regions import REGIONS
from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs import simulated
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.zoo import load_zoo

RESPONSES = "recordings: {kind: responses}"


def mistake(path, dataset: str, entry: str = "{region: IT, metric: pls}") -> str:
    """What is said of a file; the first line of `dataset` is its line 4."""
    lines = "".join(f"  {line}\n" for line in dataset.splitlines())
    path.write_text(f"dataset:\n  id: Own\n  reader: simulated\n{lines}benchmarks:\n  - {entry}\n")
    with pytest.raises(SpecError) as caught:
        load_cases(path)
    return str(caught.value).removeprefix(str(path))


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        ("recordings: {subjects: 3}", ":4: dataset.recordings: needs `kind: responses | choices`"),
        ("recordings: 5", ":4: dataset.recordings: a mapping is due, not 5"),
        (f"stimuli: [a, b]\n{RESPONSES}", ":4: dataset.stimuli: a mapping is due, not ['a', 'b']"),
        (f"title: 3\n{RESPONSES}", ":4: dataset.title: input should be a valid string, not 3"
         " (a number: put it in quotes if it is a name)"),
        ("recordings: {kind: responses, neuroids: -1}",
         ":4: dataset.recordings.neuroids: input should be greater than or equal to 1, not -1"),
        ("recordings: {kind: responses, neuroids: yes}",
         ":4: dataset.recordings.neuroids: input should be a valid integer, not True"),
        ("recordings: {kind: responses, subjects: 1000000000000}",
         ":4: dataset.recordings.subjects: input should be less than or equal to 1000, not 1000000000000"),
        ("recordings: {kind: choices, trials: 1000000000000}",
         ":4: dataset.recordings.trials: input should be less than or equal to 1000, not 1000000000000"),
        ("recordings: {kind: choices, subjects: 1001}",
         ":4: dataset.recordings.subjects: input should be less than or equal to 1000, not 1001"),
        ("recordings: {kind: responses, neuroids: 1000, repetitions: 100}",
         ":1: dataset: 960 stimuli x 1000 neuroids x 4 regions x 100 repetitions would be 384,000,000"
         " numbers, and 100,000,000 is the most"),
        ("recordings: {kind: choices, subjects: 100, trials: 100}",
         ":1: dataset: 100 trials x 100 subjects x 240 test stimuli x 7 distractors would be 16,800,000"
         " trials, and 5,000,000 is the most"),
        (f"stimuli: {{width: 512}}\n{RESPONSES}",
         ":1: dataset: images: 960 stimuli x 512 x 512 pixels x 3 colours would be 754,974,720"
         " numbers, and 100,000,000 is the most"),
        (f"stimuli: {{views: 300, width: 32}}\n{RESPONSES}",
         ":1: dataset: V1: 19200 stimuli x 6144 channels would be 117,964,800"
         " numbers, and 100,000,000 is the most"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_simulated_data_set(tmp_path, dataset, said):
    assert mistake(tmp_path / "own.yaml", dataset) == said


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{region: IT, metric: {}}", ":6: benchmarks.0.metric: needs `name: pls | ridge | ridgecv |"),
        ("{region: IT, metric: [a]}", ":6: benchmarks.0.metric: a mapping with `name: pls |"),
        ("{region: IT, metric: pls, ceiling: 3}", ":6: benchmarks.0.ceiling: a mapping or a name is due"),
        ("{region: behaviour, metric: i2n,\n     splits: {n: 3}}", ":7: benchmarks.0.splits: `splits` is of"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_benchmark(tmp_path, entry, said):
    assert mistake(tmp_path / "own.yaml", RESPONSES, entry).startswith(said)


IN_A_FILE = (
    "dataset:\n  id: Own\n  reader: hdf5\n  recordings:\n    region: IT\n    parts: {train: {stimuli: s}}\n"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dataset:\n  id: Own\n  raeder: simulated", ":3: dataset.raeder: no such key; did you mean reader?"),
        ("dataset:\n  idd: Own\n  reader: simulated\n  recordings: {kind: responses}",
         ":2: dataset.idd: no such key; did you mean id?"),
        ("dataset:\n  id: Own\n  reader: simulated\n  recordings:\n    knid: responses",
         ":5: dataset.recordings.knid: no such key; did you mean kind?"),
        (IN_A_FILE + "    file:\n      collection: nx\n      ptah: a.h5",
         ":9: dataset.recordings.file.ptah: no such key; did you mean path?"),
        (IN_A_FILE + "    file:\n      clolection: nx\n      path: a.h5",
         ":8: dataset.recordings.file.clolection: no such key; did you mean collection?"),
    ],
)  # fmt: skip
def test_a_misspelt_key_is_said_once_with_the_right_one(tmp_path, text, said):
    path = tmp_path / "own.yaml"
    path.write_text(f"{text}\nbenchmarks:\n  - {{region: IT, metric: pls}}\n")
    with pytest.raises(SpecError) as caught:
        load_cases(path)
    assert str(caught.value).removeprefix(str(path)) == said


def test_a_misspelt_metric_name_or_required_key(tmp_path):
    said = mistake(tmp_path / "own.yaml", RESPONSES, "{region: IT, metric: {nmae: pls}}")
    assert said == ":6: benchmarks.0.metric.nmae: no such key; did you mean name?"
    said = mistake(tmp_path / "own.yaml", RESPONSES, "{region: IT, mteric: pls}")
    assert said == ":6: benchmarks.0.mteric: no such key; did you mean metric?"


def test_misspelt_sets_of_models_are_no_model(tmp_path):
    path = tmp_path / "models.yaml"
    path.write_text("small: {source: torchvision}\nstes:\n  few: [small]\n")
    with pytest.raises(SpecError, match=r":2: stes: a model needs `source`; did you mean sets\?"):
        load_zoo(path)


ENCODING = "{region: IT, metric: encoding, layers: %s}"
FEATURES = "{region: IT, metric: {name: versa, features: %s}}"
POOLS = ":6: benchmarks.0.layers: all, second_half, best or a list of names is due, not "
DUE = ":6: benchmarks.0.metric.features: projection, exact or units is due, not "
OVER = ":6: benchmarks.0.metric.over: name a baseline in a list, such as [pixels, gabor, untrained]"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (ENCODING % "al", POOLS + "'al'; did you mean all?"),
        (ENCODING % "second-half", POOLS + "'second-half'; did you mean second_half?"),
        (ENCODING % "[]", POOLS + "[]"),
        (ENCODING % "{of: best}",
         ":6: benchmarks.0.layers.of: all, second_half or a list of names is due, not 'best'"),
        (FEATURES % "project", DUE + "'project'; did you mean projection?"),
        (FEATURES % "3", DUE + "3"),
        ("{region: IT, metric: {name: unique_variance, over: []}}", OVER),
        ("{region: IT, metric: {name: unique_variance, over: pixels}}", OVER),
    ],
)  # fmt: skip
def test_a_misspelt_pool_feature_or_baseline(tmp_path, entry, said):
    assert mistake(tmp_path / "own.yaml", RESPONSES, entry) == said


def test_sizes_are_those_of_the_simulated_brain():
    assert len(BENCHMARK_CATEGORIES) == simulated.CATEGORIES
    assert len(REGIONS) == simulated.REGIONS
    assert len(CYCLES) * ORIENTATIONS * GRID**2 == simulated.V1_CHANNELS
