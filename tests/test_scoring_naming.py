"""From trials and activations to a score of choices among many objects."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import nn

from pytest_brainscore import scoring
from pytest_brainscore.api import score as score_in_notebook
from pytest_brainscore.data.opening import from_trials
from pytest_brainscore.errors import BrainScoreError
from pytest_brainscore.metrics import choices, readout
from pytest_brainscore.metrics.choices import Choices
from pytest_brainscore.metrics.subjects import reliability_of_accuracies, subject_pairs
from pytest_brainscore.specs.benchmarks import Benchmark
from pytest_brainscore.specs.classes import IMAGENET16
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated

OBJECTS = np.array(["bear", "cat", "dog"])  # 4, 6 and 113 classes of ImageNet
N, SUBJECTS = 60, 4
TRUTH = np.arange(N) % 3
CONDITION = np.array(["c10", "c50"])[np.arange(N) // 30]
CLASSES = {"readout": {"classes": "imagenet16"}}


def table(seed=0):
    rng = np.random.RandomState(seed)
    hard = np.random.RandomState(5).rand(N)
    rows = np.tile(np.arange(N), SUBJECTS)
    right = rng.rand(len(rows)) > 0.6 * hard[rows]
    wrong = np.where(rng.rand(len(rows)) < 0.5, "na", OBJECTS[(TRUTH[rows] + 1) % 3])
    return {
        "stimulus": rows.astype(str),
        "truth": OBJECTS[TRUTH[rows]],
        "choice": np.where(right, OBJECTS[TRUTH[rows]], wrong),
        "subject": np.repeat([f"subject-{i}" for i in range(1, SUBJECTS + 1)], N),
        "condition": CONDITION[rows],
    }


def recorded(trials=None, **coords):
    images = [np.full((2, 2), i, np.uint8) for i in range(N)]
    return from_trials(images, trials or table(), coords={"object_name": OBJECTS[TRUTH], **coords})


@pytest.fixture(scope="module")
def x():
    """Logits that know the object of most images, and give the most to an object of none of them."""
    rng = np.random.RandomState(3)
    logits = rng.randn(N, 1000).astype(np.float32)
    shown = np.where(rng.rand(N) < 0.7, TRUTH, rng.randint(3, size=N))
    for row, code in enumerate(shown):
        logits[row, IMAGENET16[OBJECTS[code]][0]] += 12
        logits[row, IMAGENET16["oven"][0]] += 20
    return torch.from_numpy(logits)


def named(x):
    """What the network names of the three objects, by a plain loop."""
    each = softmax(x.double().numpy(), axis=1)
    likely = np.stack([each[:, list(IMAGENET16[name])].mean(1) for name in OBJECTS], axis=1)
    return torch.from_numpy(likely.argmax(1))


def coded(trials):
    _, subject = np.unique(trials["subject"], return_inverse=True)
    _, condition = np.unique(trials["condition"], return_inverse=True)
    right = trials["choice"] == trials["truth"]
    columns = (trials["stimulus"].astype(int), right, subject, condition, TRUTH)
    return Choices(*(torch.from_numpy(column) for column in columns))


def score(entry, recordings, x):
    benchmark = validated(Benchmark, {"region": "behaviour", **CLASSES, **entry}, "test")
    target = scoring.target(benchmark, "behaviour", recordings, torch.device("cpu"))
    return scoring.score(benchmark, x, target, Registry())


@pytest.mark.parametrize(
    "metric",
    [{"name": "error_consistency", "absolute": True}, {"name": "accuracy_distance", "per_condition": True}],
)
def test_a_score_is_the_metric_of_what_the_network_names(x, metric):
    found = score({"metric": metric, "ceiling": "subject_pairs"}, recorded(), x)
    how = {key: value for key, value in metric.items() if key != "name"}
    expected = getattr(choices, metric["name"])(named(x), coded(table()), **how)
    ceiling = subject_pairs(coded(table()), metric["name"], **how)
    assert found.raw == pytest.approx(expected.raw(), abs=1e-12)
    assert found.error is None
    assert found.also["standard_error"] == pytest.approx(expected.also["standard_error"].item(), abs=1e-12)
    assert (found.ceiling, found.ceiling_error) == pytest.approx((ceiling.value, ceiling.error))
    assert found.ceiled == pytest.approx(expected.raw() / ceiling.value)
    assert found.splits == pytest.approx((expected.raw(),))
    assert found.values.tolist() == expected.also["cells"].tolist()
    names = tuple(f"subject-{s}, {c}" for s in range(1, 5) for c in ("c10", "c50"))
    assert (found.over, found.targets) == ("subject_condition", names)
    cells = expected.also["cells"].reshape(4, 2).mean(0).tolist()
    assert [found.also[f"condition {c}"] for c in ("c10", "c50")] == pytest.approx(cells)
    assert found.also["accuracy"] == pytest.approx((named(x).numpy() == TRUTH).mean())
    assert found.also["subjects_accuracy"] == pytest.approx((table()["choice"] == table()["truth"]).mean())
    json.dumps(found.to_json(), allow_nan=False)
    assert found.to_xarray().sizes == {"split": 1, "subject_condition": 8}


def test_without_conditions_the_values_are_of_subjects(x):
    trials = {name: values for name, values in table().items() if name != "condition"}
    found = score({"metric": "error_consistency"}, recorded(trials), x)
    assert (found.over, found.targets) == ("subject", tuple(f"subject-{s}" for s in range(1, 5)))
    assert (found.ceiling, found.normalise) == (None, "none")
    by_stimulus = score({"metric": "error_consistency"}, recorded(trials, condition=CONDITION), x)
    whole = score({"metric": "error_consistency"}, recorded(), x)
    assert by_stimulus.values.tolist() == whole.values.tolist()
    alone = {name: values for name, values in trials.items() if name != "subject"}
    one = score({"metric": "accuracy_distance"}, recorded(alone), x)
    assert one.targets == ("all",)
    assert np.isnan(one.also["standard_error"])


def test_the_reliability_of_halves_of_subjects(x):
    found = score(
        {"metric": "error_consistency", "ceiling": {"name": "subject_halves", "n": 7}}, recorded(), x
    )
    assert found.ceiling == pytest.approx(reliability_of_accuracies(coded(table()), n=7, seed=0).value)


def test_a_selected_condition_alone_counts(x):
    whole = score({"metric": "error_consistency"}, recorded(), x)
    found = score({"metric": "error_consistency", "select": {"condition": "c50"}}, recorded(), x)
    assert found.raw == pytest.approx(whole.also["condition c50"], abs=1e-12)
    assert found.targets == tuple(f"subject-{s}" for s in range(1, 5))


def test_a_fitted_readout_names_objects_too(x):
    found = score({"metric": "error_consistency", "readout": {"c": 1.0}}, recorded(), x[:, :40])
    likely = readout.probabilities(x[:, :40], torch.arange(N), torch.from_numpy(TRUTH), c=1.0)
    assert found.raw == pytest.approx(choices.error_consistency(likely.argmax(1), coded(table())).raw())
    assert found.notes == ("the readout is fitted on 60 of the 60 stimuli that it is tested on, too",)


def test_accuracy_and_shape_bias_by_coords_of_the_stimuli(x):
    texture = OBJECTS[(TRUTH + np.arange(N) // 40) % 3]  # the first 40 images show texture and shape of one
    recordings = recorded(texture=texture, shape=OBJECTS[TRUTH])
    chosen = OBJECTS[named(x).numpy()]
    plain = score({"metric": "accuracy"}, recordings, x)
    assert plain.raw == pytest.approx((chosen == OBJECTS[TRUTH]).mean())
    assert set(plain.also) == {"subjects_accuracy", "standard_error"}
    labelled = score({"metric": {"name": "accuracy", "label": "texture"}}, recordings, x)
    assert labelled.raw == pytest.approx((chosen == texture).mean())
    unlike = {"name": "accuracy", "label": "shape", "unlike": "texture"}
    matched = score({"metric": unlike}, recordings, x)
    assert matched.raw == pytest.approx((chosen == OBJECTS[TRUTH])[40:].mean())
    bias = score({"metric": "shape_bias"}, recordings, x)
    assert bias.also["shape_match"] == pytest.approx(matched.raw)
    assert bias.also["texture_match"] == pytest.approx((chosen == texture)[40:].mean())
    assert bias.raw == pytest.approx(matched.raw / (matched.raw + bias.also["texture_match"]))
    assert (bias.over, bias.targets) == ("all", ("all",))


def test_a_thousand_classes_are_named_by_synset():
    synsets = np.array(["n01440764", "n02132136", "n15075141"])[TRUTH]  # the classes 0, 294 and 999
    trials = {"stimulus": np.arange(N).astype(str), "truth": synsets, "choice": synsets}
    logits = torch.zeros(N, 1000)
    logits[torch.arange(N), torch.tensor([0, 294, 999])[torch.from_numpy(TRUTH)]] = 1
    logits[:15] = logits[:15].roll(1, dims=1)
    entry = {"metric": "accuracy", "readout": {"classes": "imagenet"}}
    assert score(entry, recorded(trials), logits).raw == pytest.approx(45 / 60)
    labels = {**trials, "subject": np.full(N, "labels")}
    assert set(score(entry, recorded(labels), logits).also) == {"standard_error"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"metric": "i2n"}, "the trials need a column `distractor`"),
        ({"metric": "ridge", "readout": None}, "cannot use: use error_consistency, accuracy_distance, acc"),
        ({"metric": "shape_bias"}, r"shape_bias: the stimuli have no coord shape \(there are object_name"),
        (
            {"metric": {"name": "accuracy", "label": "objectname"}},
            "no coord objectname; did you mean object_n",
        ),
        (
            {"metric": {"name": "accuracy", "label": "frog"}},
            "classes that it reads have no frog",
        ),
        (
            {"metric": {"name": "accuracy", "unlike": "object_name"}},
            "no image is left: its object_name is always its label",
        ),
        ({"metric": "accuracy", "readout": {"classes": "imagenet"}}, "classes that it reads have no bear"),
        (
            {"metric": "error_consistency", "readout": {"label": "frog"}},
            "frog of stimulus 0 is frog, and its",
        ),
    ],
)
def test_what_cannot_be_scored_says_so(x, entry, message):
    with pytest.raises(BrainScoreError, match=message):
        score(entry, recorded(frog=np.full(N, "frog")), x)


def test_answers_that_are_no_logits_of_imagenet(x):
    with pytest.raises(
        BrainScoreError, match=r"`classes` reads 1000 logits .* 512 numbers per image: take a"
    ):
        score({"metric": "error_consistency"}, recorded(), x[:, :512])
    broken = x.clone()
    broken[7, 3] = torch.nan
    synsets = np.full(N, "n01440764")
    fish = {"stimulus": np.arange(N).astype(str), "truth": synsets, "choice": synsets}
    for classes, trials in (("imagenet16", table()), ("imagenet", fish)):
        with pytest.raises(BrainScoreError, match="logits of 1 of 60 stimuli are NaN or infinite"):
            score({"metric": "accuracy", "readout": {"classes": classes}}, recorded(trials), broken)


def test_subjects_and_a_network_that_are_never_wrong(x):
    trials = {**table(), "choice": table()["truth"]}
    perfect = torch.zeros(N, 1000)
    for row in range(N):
        perfect[row, list(IMAGENET16[OBJECTS[TRUTH[row]]])] = 9
    with pytest.raises(
        BrainScoreError, match="error_consistency gives no number: the model and each subject"
    ):
        score({"metric": "error_consistency"}, recorded(trials), perfect)
    assert score({"metric": "accuracy_distance"}, recorded(trials), perfect).raw == 1


def test_trials_of_two_alternatives_are_compared_in_another_way(x):
    other = OBJECTS[(np.tile(TRUTH, SUBJECTS) + 1) % 3]
    trials = {**table(), "distractor": other}
    trials["choice"] = np.where(trials["choice"] == trials["truth"], trials["truth"], other)
    with pytest.raises(BrainScoreError, match=r"these trials offer two .* use i1, i1n, i2, i2n or o2"):
        score({"metric": "error_consistency"}, recorded(trials), x)
    assert score({"metric": "accuracy"}, recorded(trials), x).also["subjects_accuracy"] > 0.5


def test_a_notebook_scores_a_modules_own_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path))
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 1000))
    images = np.stack([np.full((2, 2, 3), i, np.uint8) for i in range(N)])
    entry = {
        "transform": lambda image: torch.tensor(np.asarray(image).transpose(2, 0, 1) / 255).float(),
        "recordings": from_trials(list(images), table()),
        "metric": "error_consistency",
        "readout": {"classes": "imagenet16"},
    }
    found = score_in_notebook(net, **entry)
    with torch.no_grad():
        answers = net(torch.from_numpy(images.transpose(0, 3, 1, 2) / 255).float())
    expected = choices.error_consistency(named(answers), coded(table()))
    assert found.values == pytest.approx(expected.also["cells"].numpy(), nan_ok=True)
    assert found.about["layer"] == "final"
    with pytest.raises(BrainScoreError, match="reads the network's own answer; leave `layer` out"):
        score_in_notebook(net, layer="1", **entry)
