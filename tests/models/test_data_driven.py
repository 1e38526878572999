"""Networks trained on recordings: what they learn, from which rows, and that a kill changes nothing."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import ModelError
from pytest_brainscore.metrics.correlation import pearson
from pytest_brainscore.metrics.splits import Split
from pytest_brainscore.models.data_driven import Trainer, training
from pytest_brainscore.models.data_driven.architecture import convolutions
from pytest_brainscore.models.data_driven.keeping import Shelf
from pytest_brainscore.models.data_driven.lessons import lesson_of, pixels_of
from pytest_brainscore.models.data_driven.search import settings
from pytest_brainscore.models.data_driven.training import Course, Setting, held_out_loss, train
from pytest_brainscore.specs.data_driven import Search, TwoHeads
from pytest_brainscore.specs.models import Model

CPU = torch.device("cpu")
N, NEUROIDS = 160, 6
CNN = {"kind": "cnn", "layers": 2, "channels": 8, "kernel": 3, "grid": 2, "dropout": 0.0, "size": 16}
SEARCH = {"learning_rate": (0.01,), "weight_decay": (0.01,), "batch_size": (16,)}
SPLIT = Split(train=torch.arange(0, 120), test=torch.arange(120, N))


class Killed(BaseException):
    """What ends a training where it stands."""


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def stimuli() -> Stimuli:
    """Bars of a place and a brightness of their own; the object is the side that they are on."""
    random = np.random.default_rng(0)
    images, sides = np.full((N, 16, 16, 3), 90, np.uint8), []
    for image in images:
        row, column = random.integers(0, 12, 2)
        image[row : row + 4, column : column + 4] = random.integers(0, 256)
        sides.append("left" if column < 6 else "right")
    return Stimuli(tuple(f"s{i}" for i in range(N)), tuple(images), {"side": np.array(sides)})


@pytest.fixture(scope="module")
def y(stimuli) -> torch.Tensor:
    """Linear-nonlinear neuroids: rectified sums of pixels under smooth weights, in unlike units."""
    random = np.random.default_rng(1)
    pixels = np.stack(stimuli.images)[..., 0].astype(float) / 255 - 90 / 255
    weights = np.kron(random.standard_normal((NEUROIDS, 4, 4)), np.ones((1, 4, 4)))
    drive = np.einsum("nhw,mhw->nm", pixels, weights)
    return torch.from_numpy(np.maximum(drive, 0) * 10.0 ** np.arange(NEUROIDS) + 3)


def model(**changes) -> Model:
    spec = {**CNN, "search": SEARCH, "epochs": 12, "patience": 12, **changes}
    return Model.model_validate({"id": "net", "source": "data_driven", "training": spec})


@pytest.fixture
def trainer(tmp_path):
    def trainer(cache=None, **changes) -> Trainer:
        return Trainer(model(**changes), None, None, cache or tmp_path / "cache", CPU)

    return trainer


@pytest.fixture
def lesson(stimuli, y):
    plan = model().training
    return lesson_of(stimuli, pixels_of(stimuli, 16), y, None, SPLIT, plan)


def shelf(tmp_path, name="a"):
    return Shelf(tmp_path / name, "ab" * 32)


def test_it_learns_neuroids_whose_truth_is_known(trainer, stimuli, y):
    (prediction,), _ = trainer(epochs=25, patience=25).predictions(stimuli, y, [SPLIT])
    r = pearson(prediction.values, y[SPLIT.test])
    assert float(r.median()) > 0.7
    truth = y[SPLIT.test]
    explained = 1 - (truth - prediction.values).var(0) / truth.var(0)
    assert float(explained.median()) > 0.5  # put back: of responses that differ by powers of ten


def test_responses_to_test_stimuli_change_nothing(trainer, stimuli, y, tmp_path):
    other = y.clone()
    other[SPLIT.test] = torch.randn(40, NEUROIDS, dtype=torch.float64)
    first, key = trainer(tmp_path / "a", epochs=3).predictions(stimuli, y, [SPLIT])
    second, same = trainer(tmp_path / "b", epochs=3).predictions(stimuli, other, [SPLIT])
    assert key == same
    assert torch.equal(first[0].values, second[0].values)
    other[SPLIT.train[0], 0] += 1
    third, changed = trainer(tmp_path / "b", epochs=3).predictions(stimuli, other, [SPLIT])
    assert changed != key
    assert not torch.equal(first[0].values, third[0].values)


def test_lessons_hold_the_training_rows_alone(stimuli, y, lesson):
    responses = y[SPLIT.train]
    mean, std = responses.mean(0), responses.std(0, correction=0)
    assert lesson.material.responses.double().numpy() == pytest.approx(
        ((responses - mean) / std).numpy(), abs=1e-5
    )
    rows = torch.cat([lesson.material.fitted, lesson.material.held_out]).sort().values
    assert torch.equal(rows, torch.arange(120))
    assert len(lesson.material.held_out) == 24
    assert torch.equal(lesson.material.images[7], torch.from_numpy(stimuli.images[7]).permute(2, 0, 1))
    assert torch.equal(lesson.test[1], torch.from_numpy(stimuli.images[121]).permute(2, 0, 1))
    flat = y.clone()
    flat[SPLIT.train, 2] = 4.0
    constant = lesson_of(stimuli, pixels_of(stimuli, 16), flat, None, SPLIT, model().training)
    assert constant.put_back(torch.ones(1, NEUROIDS))[0, 2] == 5.0


def test_a_seed_says_it_all(trainer, stimuli, y, tmp_path):
    torch.manual_seed(7)
    first = trainer(tmp_path / "a", epochs=2).predictions(stimuli, y, [SPLIT])
    drawn = torch.rand(1)
    torch.manual_seed(7)
    assert torch.equal(drawn, torch.rand(1))  # the caller's random numbers are as they were
    torch.manual_seed(8)
    second = trainer(tmp_path / "b", epochs=2).predictions(stimuli, y, [SPLIT])
    other = trainer(tmp_path / "b", epochs=2, seed=1).predictions(stimuli, y, [SPLIT])
    assert torch.equal(first[0][0].values, second[0][0].values)
    assert first[1] == second[1] != other[1]
    assert not torch.equal(first[0][0].values, other[0][0].values)


def test_a_training_that_is_killed_ends_as_one_that_was_not(trainer, stimuli, y, tmp_path, monkeypatch):
    search = {**SEARCH, "learning_rate": (0.003, 0.01)}
    net = {"epochs": 4, "search": search, "dropout": 0.3}
    whole, _ = trainer(tmp_path / "a", **net).predictions(stimuli, y, [SPLIT])
    epoch, left = training._epoch, iter([True] * 5 + [False])

    def kill(*arguments):
        if not next(left, True):
            raise Killed
        epoch(*arguments)

    monkeypatch.setattr(training, "_epoch", kill)
    with pytest.raises(Killed):
        trainer(tmp_path / "b", **net).predictions(stimuli, y, [SPLIT])
    files = {path.stem for path in (tmp_path / "b").rglob("*.pt")}
    assert files == {"setting1", "setting2"}
    trained = []
    monkeypatch.setattr(training, "_epoch", lambda *a: (trained.append(1), epoch(*a)))
    resumed, _ = trainer(tmp_path / "b", **net).predictions(stimuli, y, [SPLIT])
    assert len(trained) == 3  # 8 epochs in all, 5 of them before the kill
    assert torch.equal(whole[0].values, resumed[0].values)
    assert whole[0].chose == resumed[0].chose
    again, _ = trainer(tmp_path / "b", **net).predictions(stimuli, y, [SPLIT])
    assert len(trained) == 3
    assert torch.equal(again[0].values, whole[0].values)
    assert {path.stem for path in (tmp_path / "b").rglob("*.pt")} == {"result"}


def test_a_damaged_file_is_set_aside_and_made_anew(trainer, stimuli, y, tmp_path):
    first, _ = trainer(epochs=2).predictions(stimuli, y, [SPLIT])
    (path,) = (tmp_path / "cache").rglob("*.pt")
    content = bytearray(path.read_bytes())
    content[-40] ^= 1
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="is damaged, and was set aside"):
        second, _ = trainer(epochs=2).predictions(stimuli, y, [SPLIT])
    assert torch.equal(first[0].values, second[0].values)
    assert len(list((tmp_path / "cache" / "rejected").iterdir())) == 1


def test_a_disk_that_refuses_costs_a_warning(trainer, stimuli, y, tmp_path, monkeypatch):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, where a folder is due")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        first, _ = trainer(blocked, epochs=1).predictions(stimuli, y, [SPLIT])
    assert any("the training cannot be kept" in str(one.message) for one in told)
    second, _ = trainer(epochs=1).predictions(stimuli, y, [SPLIT])
    assert torch.equal(first[0].values, second[0].values)


def test_the_best_epoch_s_weights_are_kept_and_patience_ends_it(lesson, tmp_path):
    plan = model(epochs=40, patience=3).training
    make, setting = convolutions(plan, NEUROIDS), Setting(0.2, 0.0, 8)
    course = train(make, lesson.material, setting, plan, CPU, shelf(tmp_path), "one")
    assert course.best_epoch == int(np.argmin(course.losses)) + 1
    assert len(course.losses) == course.best_epoch + 3 < 40
    network = make()
    network.load_state_dict(course.best)
    assert held_out_loss(network, lesson.material, CPU) == pytest.approx(course.loss, rel=1e-6)
    assert course.losses[-1] > course.loss


def test_held_out_stimuli_are_not_fitted(lesson, tmp_path):
    plan, material = model(epochs=1).training, lesson.material
    responses = material.responses.clone()
    responses[material.held_out] += 5
    args = convolutions(plan, NEUROIDS), Setting(0.01, 0.0, 16), plan, CPU
    first, other = (
        train(args[0], one, *args[1:], shelf(tmp_path, name), "x")
        for name, one in (("a", material), ("b", replace(material, responses=responses)))
    )
    assert first.loss < other.loss
    assert all(torch.equal(first.best[name], other.best[name]) for name in first.best)


def test_a_course_counts_from_its_first_lowest_loss():
    network, plan = torch.nn.Linear(1, 1), model(patience=2, epochs=9).training
    course = Course()
    for loss, over in ((3.0, False), (2.0, False), (2.0, False), (2.5, True)):
        course = course.after(loss, network)
        assert course.is_over(plan) is over
    assert (course.loss, course.best_epoch) == (2.0, 2)
    diverged = Course((1.0,), {"a": torch.ones(1)}).after(float("nan"), network)
    assert diverged.is_over(plan)
    assert (diverged.loss, diverged.best_epoch) == (1.0, 1)


def test_the_setting_of_the_lowest_held_out_loss_wins(trainer, stimuli, y, lesson, tmp_path):
    search = {**SEARCH, "learning_rate": (1e-5, 0.01, 1e-4)}
    net = {"epochs": 3, "search": search}
    (prediction,), _ = trainer(**net).predictions(stimuli, y, [SPLIT])
    plan = model(**net).training
    losses = [
        train(
            convolutions(plan, NEUROIDS), lesson.material, one, plan, CPU, shelf(tmp_path, str(i)), "x"
        ).loss
        for i, one in enumerate(settings(plan.search, 0))
    ]
    assert int(np.argmin(losses)) == 1
    assert float(prediction.chose["learning_rate"]) == 0.01
    assert float(prediction.chose["held_out_loss"]) == pytest.approx(min(losses), rel=1e-6)


def test_settings_are_all_or_some_that_the_seed_draws():
    search = Search(learning_rate=(0.1, 0.2), weight_decay=(0.0, 1.0), batch_size=(4, 8))
    every = settings(search, 0)
    assert len(every) == len(set(every)) == 8
    assert every[:3] == (Setting(0.1, 0.0, 4), Setting(0.1, 0.0, 8), Setting(0.1, 1.0, 4))
    some = search.model_copy(update={"n": 3})
    assert len(settings(some, 0)) == 3
    assert settings(some, 0) == settings(some, 0)
    assert len({settings(some, seed) for seed in range(20)}) > 5
    assert set(settings(some, 4)) < set(every)


def test_two_heads_on_a_backbone(trainer, stimuli, y, tmp_path):
    heads = {"kind": "two_heads", "backbone": "squeezenet1_1", "objects": "side", "size": 32}
    plan = {**heads, "search": {**SEARCH, "learning_rate": (0.001,)}, "epochs": 1, "patience": 1}
    net = Model.model_validate({"id": "net", "source": "data_driven", "training": plan})
    split = Split(train=torch.arange(0, 24), test=torch.arange(24, 32))
    made = Trainer(net, None, None, tmp_path / "heads", CPU)
    (prediction,), key = made.predictions(stimuli, y, [split])
    assert prediction.values.shape == (8, NEUROIDS)
    few = stimuli.take(range(32))
    named = {"side": np.where(few.coords["side"] == "left", "right", "left")}
    _, other = made.predictions(replace(few, coords=named), y[:32], [split])
    assert key != other
    with pytest.raises(ModelError, match=r"objects: the stimuli have no coord side \(there are none\)"):
        made.predictions(replace(few, coords={}), y[:32], [split])


def test_the_objects_head_is_trained_with_the_neuroids(stimuli, y):
    labels = stimuli.coords["side"]
    heads = TwoHeads(kind="two_heads", objects="side", object_weight=0.5, size=16)
    lesson = lesson_of(stimuli, pixels_of(stimuli, 16), y, labels, SPLIT, heads)
    assert lesson.objects == 2
    expected = (labels[:120] == "right").astype(int)
    assert lesson.material.objects.tolist() == expected.tolist()
    answers = training.Answers(lesson.material.responses + 2, torch.zeros(120, 2))
    args = (answers, lesson.material.responses, lesson.material.objects)
    assert float(training.loss(*args, 0.5)) == pytest.approx(4 + 0.5 * np.log(2), rel=1e-5)
    assert float(training.loss(*args[:2], None, 0.5)) == pytest.approx(4, rel=1e-5)


def test_what_cannot_be_trained(trainer, stimuli, y):
    few = Split(train=torch.arange(3), test=torch.arange(10, 20))
    with pytest.raises(ModelError, match="3 stimuli to train a network on: a split needs at least 4"):
        trainer().predictions(stimuli, y, [few])
    wild = {**SEARCH, "learning_rate": (1e30,)}
    with pytest.raises(ModelError, match=r"net: its training diverges at all of 1 settings: lower `learn"):
        trainer(search=wild).predictions(stimuli, y, [SPLIT])
