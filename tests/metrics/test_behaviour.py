"""Behavioural signatures against a plain loop over trials, and against the reference implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import norm

from pytest_brainscore.errors import MetricError
from pytest_brainscore.metrics import behaviour
from pytest_brainscore.metrics.behaviour import Trials, against_each, proportions
from pytest_brainscore.metrics.d_prime import d_prime, object_d_prime

SIGNATURES = ["i1", "i1n", "i2", "i2n", "o2"]


def made(seed=0, n=12, c=4, k=900, wrong=0.3):
    """Trials whose images differ in difficulty, and a model's probabilities."""
    rng = np.random.RandomState(seed)
    truth = np.arange(n) % c
    stimulus = rng.randint(0, n, k)
    distractor = (truth[stimulus] + rng.randint(1, c, k)) % c
    difficulty = rng.uniform(0, 2 * wrong, (n, c))
    erred = rng.rand(k) < difficulty[stimulus, distractor]
    trials = Trials(*(torch.as_tensor(a) for a in (stimulus, distractor, erred, truth)), n_objects=c)
    return torch.from_numpy(rng.dirichlet(np.ones(c), n)), trials


def loop_d_primes(p, truth, signature):
    """d' by image or object (and distractor) from {(image, distractor): proportion}, cell by cell."""
    if signature == "o2":
        return loop_object_d_primes(p, truth)
    n_objects = max(truth) + 1
    d = {}
    for (image, distractor), value in p.items():
        inverse = [q for (i, choice), q in p.items() if truth[i] == distractor and choice == truth[image]]
        if inverse:
            with np.errstate(invalid="ignore"):
                difference = norm.ppf(1 - value) - norm.ppf(np.mean(inverse))
            if not np.isnan(difference):
                d[image, distractor] = float(np.clip(difference, -5, 5))
    if signature.endswith("n"):
        cells = {
            (a, b): [v for (i, choice), v in d.items() if truth[i] == a and choice == b]
            for a in range(n_objects)
            for b in range(n_objects)
        }
        d = {(i, b): v - np.mean(cells[truth[i], b]) for (i, b), v in d.items()}
    if signature.startswith("i2"):
        return d
    return {i: np.mean([v for (j, _), v in d.items() if j == i]) for i in {i for i, _ in d}}


def loop_object_d_primes(p, truth):
    d, false_alarms = {}, {}
    for (image, distractor), value in p.items():
        false_alarms.setdefault((truth[image], distractor), []).append(value)
    for one, other in false_alarms:
        if (other, one) in false_alarms:
            hits = 1 - np.mean(false_alarms[other, one])
            with np.errstate(invalid="ignore"):
                difference = norm.ppf(hits) - norm.ppf(np.mean(false_alarms[one, other]))
            if not np.isnan(difference):
                d[one, other] = float(np.clip(difference, -5, 5))
    return d


def loop_proportions(stimulus, distractor, erred):
    cells = {}
    for image, other, wrong in zip(stimulus, distractor, erred, strict=True):
        cells.setdefault((image, other), []).append(wrong)
    return {cell: np.mean(values) for cell, values in cells.items()}


def loop_halves(trials, halvings=2, seed=0):
    columns = [trials.stimulus.tolist(), trials.distractor.tolist(), trials.erred.tolist()]
    generator = np.random.RandomState(seed)
    for _ in range(halvings):
        rows = list(range(len(columns[0])))
        generator.shuffle(rows)
        middle = len(rows) // 2
        yield [
            loop_proportions(*([column[i] for i in half] for column in columns))
            for half in (rows[:middle], rows[middle:])
        ]


def loop_r(a, b):
    shared = [key for key in b if key in a]
    return np.corrcoef([a[key] for key in shared], [b[key] for key in shared])[0, 1]


def loop_scores(probabilities, trials, signature, **how):
    truth, p = trials.truth.tolist(), probabilities.tolist()
    ours = loop_d_primes(
        {
            (i, b): p[i][b] / (p[i][b] + p[i][truth[i]])
            for i in range(len(p))
            for b in range(trials.n_objects)
            if b != truth[i]
        },
        truth,
        signature,
    )
    return [loop_r(ours, loop_d_primes(half, truth, signature)) for half, _ in loop_halves(trials, **how)]


def loop_ceilings(trials, signature, **how):
    truth = trials.truth.tolist()
    return [
        loop_r(*(loop_d_primes(half, truth, signature) for half in halves))
        for halves in loop_halves(trials, **how)
    ]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize(
    ("seed", "k", "how"), [(0, 900, {}), (1, 901, {"halvings": 4, "seed": 7}), (2, 150, {}), (3, 100, {})]
)
def test_a_plain_loop(signature, seed, k, how):
    probabilities, trials = made(seed, k=k)
    measured = getattr(behaviour, signature)(probabilities, trials, **how)
    assert measured.values[:, 0].numpy() == pytest.approx(
        loop_scores(probabilities, trials, signature, **how), abs=1e-10
    )
    ceiling = behaviour.internal_consistency(trials, signature, **how)
    expected = loop_ceilings(trials, signature, **how)
    assert ceiling.values[:, 0].numpy() == pytest.approx(expected, abs=1e-10)
    assert ceiling.value == pytest.approx(np.mean(expected), abs=1e-10)
    assert ceiling.error == pytest.approx(np.std(expected) / np.sqrt(len(expected)), abs=1e-10)


@pytest.fixture(scope="module")
def reference(parity: Path) -> dict[str, np.ndarray]:
    return dict(np.load(parity / "brainscore_behaviour.npz"))


def reference_trials(reference) -> Trials:
    objects = {name: i for i, name in enumerate(reference["model_choices"])}
    images = {name: i for i, name in enumerate(reference["model_stimulus"])}
    choice, distractor = reference["trial_choice"], reference["trial_distractor_object"]
    return Trials(
        stimulus=torch.tensor([images[name] for name in reference["trial_stimulus"]]),
        distractor=torch.tensor([objects[name] for name in distractor]),
        erred=torch.from_numpy(choice == distractor),
        truth=torch.tensor([objects[name] for name in reference["model_truth"]]),
        n_objects=len(objects),
    )


def test_the_references_figures_of_which_no_file_is_kept(reference):
    """brainscore_vision 2.4.2 run on the same trials; `I1n`, `I2` and `O2` are in it, and not registered."""
    trials, probabilities = reference_trials(reference), torch.from_numpy(reference["model_probabilities"])
    figures = {
        "i1n": ([-0.14137779, -0.19162007], [0.2955815, 0.42416749]),
        "i2": ([-0.19366452, -0.2243944], [0.39093462, 0.43725554]),
        "o2": ([-0.53739659, -0.48306339], [0.3546951, 0.49326267]),
    }
    for signature, (scores, ceilings) in figures.items():
        measured = getattr(behaviour, signature)(probabilities, trials)
        assert measured.values[:, 0].numpy() == pytest.approx(scores, abs=1e-8)
        ceiling = behaviour.internal_consistency(trials, signature)
        assert ceiling.values[:, 0].numpy() == pytest.approx(ceilings, abs=1e-8)


@pytest.mark.parametrize("signature", ["i1", "i2n"])
def test_the_reference(reference, signature):
    trials = reference_trials(reference)
    expected = {
        key.split(".")[2]: v for key, v in reference.items() if key.startswith(f"expected.{signature}.")
    }
    measured = getattr(behaviour, signature)(torch.from_numpy(reference["model_probabilities"]), trials)
    assert measured.values[:, 0].numpy() == pytest.approx(expected["splits"], abs=1e-10)
    assert measured.raw() == pytest.approx(float(expected["score"]), abs=1e-10)
    assert measured.error() == pytest.approx(float(expected["error"]) / np.sqrt(2), abs=1e-10)
    ceiling = behaviour.internal_consistency(trials, signature)
    assert ceiling.value == pytest.approx(float(expected["ceiling"]), abs=1e-10)
    assert ceiling.values[:, 0].numpy() == pytest.approx(expected["ceiling_splits"], abs=1e-10)


def test_proportions_count_trials():
    trials = Trials(
        stimulus=torch.tensor([0, 0, 0, 1, 1]),
        distractor=torch.tensor([1, 1, 2, 0, 0]),
        erred=torch.tensor([True, False, True, False, False]),
        truth=torch.tensor([0, 1]),
        n_objects=3,
    )
    expected = [[np.nan, 0.5, 1.0], [0.0, np.nan, np.nan]]
    assert proportions(trials).numpy() == pytest.approx(np.array(expected), nan_ok=True)
    assert trials.accuracy() == pytest.approx(3 / 5)


def test_choices_of_a_model_are_between_two():
    p = against_each(torch.tensor([[0.6, 0.2, 0.2], [0.1, 0.3, 0.6]]), torch.tensor([0, 1]))
    expected = [[np.nan, 0.25, 0.25], [0.25, np.nan, 2 / 3]]
    assert p.numpy() == pytest.approx(np.array(expected), nan_ok=True)


def test_d_prime_sets_hits_against_false_alarms_within_its_bounds():
    p = torch.tensor([[np.nan, 0.1], [np.nan, 0.3], [0.2, np.nan], [0.0, np.nan]], dtype=torch.float64)
    d = d_prime(p, torch.tensor([0, 0, 1, 1]))
    assert d[0, 1] == pytest.approx(
        norm.ppf(0.9) - norm.ppf(0.1)
    )  # images of 1 are called 0 in 0.1 of trials
    assert d[2, 0] == pytest.approx(norm.ppf(0.8) - norm.ppf(0.2))
    assert d[3, 0] == 5
    assert d[0, 0].isnan()


def test_a_distractor_that_no_image_shows_is_left_out():
    probabilities, trials = made()
    wider = torch.cat([probabilities, probabilities[:, :1]], dim=1)
    more = Trials(trials.stimulus, trials.distractor, trials.erred, trials.truth, n_objects=5)
    for signature in SIGNATURES:
        metric = getattr(behaviour, signature)
        assert torch.equal(metric(wider, more).values, metric(probabilities, trials).values)


def test_objects_are_told_apart_by_the_false_alarms_of_both():
    p = torch.tensor([[np.nan, 0.1], [np.nan, 0.3], [0.2, np.nan], [0.0, np.nan]], dtype=torch.float64)
    d = object_d_prime(p, torch.tensor([0, 0, 1, 1]))
    assert d[0, 1] == d[1, 0] == pytest.approx(-norm.ppf(0.1) - norm.ppf(0.2))
    assert d.diagonal().isnan().all()
    never = object_d_prime(p.nan_to_num(0.0) * 0, torch.tensor([0, 0, 1, 1]))
    assert never[0, 1] == 5


def test_what_has_no_number_is_nan_or_an_error():
    probabilities, trials = made()
    flat = torch.full_like(probabilities, 0.25)
    assert behaviour.i2(flat, trials).values.isnan().all()
    with pytest.raises(MetricError, match=r"probabilities are \(12, 3\)"):
        behaviour.i2n(probabilities[:, :3], trials)
    with pytest.raises(MetricError, match="places where the subjects have one"):
        behaviour.i2n(torch.eye(4, dtype=torch.float64)[(trials.truth + 1) % 4], trials)
    with pytest.raises(MetricError, match="the first for object 0"):
        behaviour.o2(torch.full((12, 4), torch.nan), trials)
    with pytest.raises(MetricError, match="one trial cannot be halved"):
        behaviour.i2n(probabilities, trials.take(torch.tensor([0])))


def test_trials_that_do_not_fit_together():
    _, trials = made()
    codes = (trials.stimulus, trials.distractor, trials.erred, trials.truth)
    with pytest.raises(MetricError, match="and there are 3"):
        Trials(*codes, n_objects=3)
    with pytest.raises(MetricError, match="the distractor of a trial is the object of its image"):
        Trials(trials.stimulus, trials.truth[trials.stimulus], *codes[2:], n_objects=4)
    with pytest.raises(MetricError, match="trials have stimuli"):
        Trials(trials.stimulus[1:], *codes[1:], n_objects=4)
