"""The reader `simulated`: what it hands out, and what it keeps on disk."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.data.simulated import brain as brain_module
from pytest_brainscore.data.simulated.brain import brain_of, place
from pytest_brainscore.data.simulated.reading import true_ceiling
from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.datasets import SimulatedDataset
from pytest_brainscore.specs.simulated import SimulatedChoices, SimulatedResponses, SimulatedStimuli

SMALL = SimulatedStimuli(exemplars=4, views=2, width=32, seed=3)
RESPONSES = SimulatedResponses(kind="responses", neuroids=6, subjects=2, repetitions=3)
CHOICES = SimulatedChoices(kind="choices", subjects=2, trials=3)
SHIPPED = Path(__file__).parents[3] / "benchmarks" / "simulated.yaml"


def dataset(recordings=RESPONSES, stimuli=SMALL) -> SimulatedDataset:
    return SimulatedDataset(id="Simulated", reader="simulated", stimuli=stimuli, recordings=recordings)


def opened(cache: Path, recordings=RESPONSES, stimuli=SMALL):
    return open_recordings(dataset(recordings, stimuli), None, cache)


def test_responses_of_four_regions_to_every_stimulus(tmp_path):
    recordings = opened(tmp_path)
    data = recordings.data
    assert recordings.kind == "responses"
    assert data.shape == (3 * 64, 24)
    assert data["neuroid"].values[[0, 23]].tolist() == ["V1-000", "IT-005"]
    assert data["region"].values[::6].tolist() == ["V1", "V2", "V4", "IT"]
    assert data["subject"].values[:4].tolist() == ["simulated1", "simulated2"] * 2
    assert recordings.select(region="V4", subject="simulated1").data.shape == (192, 3)
    assert recordings.responses().shape == (64, 24)
    assert recordings.presentations()[2].tolist() == [0] * 64 + [1] * 64 + [2] * 64


def test_stimuli_are_named_and_described(tmp_path):
    stimuli = opened(tmp_path).stimuli
    assert (stimuli.ids[0], stimuli.ids[-1]) == ("bamu-0-0", "lomi-3-1")
    assert stimuli.open(0).size == (32, 32)
    coords = stimuli.coords
    assert set(coords) == {"object_name", "exemplar", "x", "y", "size", "contrast", "use"}
    assert np.unique(coords["object_name"], return_counts=True)[1].tolist() == [8] * 8
    assert coords["use"][:8].tolist() == ["fit"] * 6 + ["test"] * 2
    assert np.abs(coords["x"]).max() < 0.2


@pytest.mark.parametrize(("exemplars", "test"), [(2, {1}), (4, {3}), (8, {6, 7})])
def test_the_last_quarter_of_the_exemplars_is_for_testing(tmp_path, exemplars, test):
    coords = opened(tmp_path, stimuli=SimulatedStimuli(exemplars=exemplars, views=1, width=32)).stimuli.coords
    assert set(coords["exemplar"][coords["use"] == "test"]) == test


def test_choices_are_of_test_stimuli_and_all_stimuli_are_there(tmp_path):
    recordings = opened(tmp_path, CHOICES)
    data = recordings.data
    assert recordings.kind == "choices"
    assert data.sizes == {"presentation": 16 * 7 * 2 * 3}
    assert len(recordings.stimuli) == 64
    use = dict(zip(recordings.stimuli.ids, recordings.stimuli.coords["use"], strict=True))
    assert {use[stimulus] for stimulus in data["stimulus"].values} == {"test"}
    assert set(data["region"].values) == {"behaviour"}
    assert set(data["subject"].values) == {"simulated1", "simulated2"}
    assert (data["truth"].values == [s.split("-")[0] for s in data["stimulus"].values]).all()
    right = (data.values == data["truth"].values).mean()
    assert right == pytest.approx(data["probability"].values.mean(), abs=0.06)


def test_it_is_said_that_no_brain_was_measured(tmp_path):
    for wanted in (RESPONSES, CHOICES):
        recordings = opened(tmp_path, wanted)
        assert recordings.notes == ("simulated recordings: no brain was measured",)
        assert recordings.select(subject="simulated1").notes == recordings.notes


def test_sizes_are_those_of_what_is_made(tmp_path):
    assert RESPONSES.size(SMALL).count == opened(tmp_path).data.size
    assert CHOICES.size(SMALL).count == opened(tmp_path, CHOICES).data.size
    assert SMALL.sizes()[0].count == brain_of(SMALL, 6, tmp_path).images.size


def test_both_data_sets_show_the_same_stimuli(tmp_path):
    one, other = opened(tmp_path), opened(tmp_path, CHOICES)
    assert one.stimuli.digest == other.stimuli.digest
    cases = load_cases(SHIPPED)
    assert len({case.stimuli_key for case in cases}) == 1
    assert {case.dataset.id for case in cases} == {"Simulated", "Simulated.choices"}
    assert all("simulated" in f"{case.dataset.title} {case.dataset.species}" for case in cases)
    assert all(case.name.startswith("Simulated") for case in cases)


def test_the_truth_is_told_by_region_and_by_what_is_selected(tmp_path):
    recordings = opened(tmp_path)
    reliability = recordings.data["reliability"].values
    assert true_ceiling(recordings, "IT") == np.median(reliability[18:])
    one = recordings.select(subject="simulated1")
    assert true_ceiling(one, "V1") == np.median(reliability[:6:2])


def test_seeds_of_noise_and_of_stimuli_are_apart(tmp_path):
    one = opened(tmp_path)
    noise = opened(tmp_path, RESPONSES.model_copy(update={"seed": 9}))
    scenes = opened(tmp_path, stimuli=SMALL.model_copy(update={"seed": 9}))
    assert one.stimuli.digest == noise.stimuli.digest != scenes.stimuli.digest
    assert len({one.digest, noise.digest, scenes.digest}) == 3
    r = np.corrcoef(one.responses().values[:, 0], noise.responses().values[:, 0])[0, 1]
    assert 0.2 < r < 0.999


def test_what_is_made_is_kept_and_read_back_equal(tmp_path, monkeypatch):
    first = opened(tmp_path)
    monkeypatch.setattr(brain_module, "_made", None)  # a second making would be an error
    second = opened(tmp_path)
    np.testing.assert_array_equal(first.data.values, second.data.values)
    assert first.digest == second.digest
    assert first.stimuli.digest == second.stimuli.digest
    assert [path.name for path in (tmp_path / "simulated").iterdir()] == [place(SMALL, 6, tmp_path).name]


@pytest.mark.parametrize("damage", ["a byte", "half", "nothing", "no digest", "no npz", "other arrays"])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    whole = brain_of(SMALL, 6, tmp_path)
    path = place(SMALL, 6, tmp_path)
    content = path.read_bytes()
    flipped = bytes([content[9999] ^ 1])
    path.write_bytes(
        {
            "a byte": content[:9999] + flipped + content[10000:],
            "half": content[: len(content) // 2],
            "nothing": b"",
            "no digest": content[65:],
            "no npz": _headed(b"PK\x03\x04 is no archive"),
            "other arrays": _headed(_packed(images=np.zeros(1))),
        }[damage]
    )
    again = brain_of(SMALL, 6, tmp_path)
    np.testing.assert_array_equal(again.images, whole.images)
    np.testing.assert_array_equal(again.signals["V2"], whole.signals["V2"])
    assert path.read_bytes()[:65] == content[:65]


def _headed(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def _packed(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_what_a_killed_run_left_is_not_read(tmp_path):
    path = place(SMALL, 6, tmp_path)
    path.parent.mkdir()
    draft = path.with_suffix(".12345")
    draft.write_bytes(b"0" * 65 + b"half a fi")
    assert brain_of(SMALL, 6, tmp_path).images.shape == (64, 32, 32, 3)
    assert path.is_file()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "simulated").write_text("a file is in the way")
    assert opened(tmp_path).data.shape == (192, 24)


def test_two_runs_at_once_do_not_disturb_each_other(processes, tmp_path):
    with processes.Pool(2) as pool:
        found = pool.map(_first_response, [tmp_path] * 4, chunksize=1)
    assert len(set(found)) == 1
    assert len(list((tmp_path / "simulated").iterdir())) == 1


def _first_response(cache: Path) -> float:
    return float(opened(cache).data.values[0, 0])


def test_the_key_follows_all_that_matters(tmp_path, monkeypatch):
    base = place(SMALL, 6, tmp_path)
    others = [
        place(SMALL.model_copy(update={name: 50}), 6, tmp_path) for name in SimulatedStimuli.model_fields
    ]
    others.append(place(SMALL, 7, tmp_path))
    monkeypatch.setattr(brain_module, "GENERATOR_VERSION", 99)
    others.append(place(SMALL, 6, tmp_path))
    assert len({base, *others}) == 7


YAML = """\
dataset:
  id: S
  reader: simulated
  stimuli: {views: 3}
  recordings: {kind: responses, neuroids: 4}
benchmarks:
  - region: IT
    metric: pls
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("views: 3", "veiws: 3", r"mine.yaml:4: .*veiws: no such key; did you mean views"),
        ("views: 3", "views: 0", r"mine.yaml:4: .*views: .*greater than or equal to 1"),
        ("neuroids: 4", "neurons: 4", r"mine.yaml:5: .*neurons: no such key; did you mean neuroids"),
        (
            "kind: responses",
            "kind: response",
            r"mine.yaml:5: .*no such name: response; did you mean responses",
        ),
        ("kind: responses, neuroids: 4", "kind: choices, trials: 0", r"mine.yaml:5: .*trials: "),
        ("reader: simulated", "reader: simulate", r"mine.yaml:3: .*simulate; did you mean simulated"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, old, new, message):
    path = tmp_path / "mine.yaml"
    path.write_text(YAML)
    assert load_cases(path)[0].dataset.recordings.neuroids == 4
    path.write_text(YAML.replace(old, new))
    with pytest.raises(SpecError, match=message):
        load_cases(path)
