"""Behavioural signatures: how hard each image is to tell from each other object, for subjects and models.

Rajalingham et al. 2018, J. Neurosci. 38:7255. `i2` compares images x distractors, `i1` their means over
distractors; an `n` takes the mean of each pair of objects away first, so that only differences between images
of one object count; `o2` compares objects x distractors. Subjects make two-alternative choices; a model gives
probabilities of all objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError
from .ceilings import Ceiling
from .d_prime import by_object, d_prime, object_d_prime
from .measurement import Measurement, standard_error
from .rounding import constant

Signature = Literal["i1", "i1n", "i2", "i2n", "o2"]


@dataclass(frozen=True, eq=False)
class Trials:
    """Two-alternative choices: in each trial an image's object, or one distractor.

    stimulus (k,): row of the image, 0 ... n - 1. distractor (k,): column of the object, 0 ... c - 1.
    erred (k,): bool, whether the distractor was chosen. truth (n,): column of each image's own object.
    Raises MetricError where these do not fit together.
    """

    stimulus: Tensor
    distractor: Tensor
    erred: Tensor
    truth: Tensor
    n_objects: int

    def __post_init__(self) -> None:
        lengths = {len(self.stimulus), len(self.distractor), len(self.erred)}
        if len(lengths) != 1 or 0 in lengths:
            raise MetricError(f"trials have stimuli, distractors and choices of {sorted(lengths)} trials")
        for name, codes, n in (
            ("stimulus", self.stimulus, len(self.truth)),
            ("distractor", self.distractor, self.n_objects),
            ("truth", self.truth, self.n_objects),
        ):
            if int(codes.min()) < 0 or int(codes.max()) >= n:
                raise MetricError(f"{name}: {int(codes.min())} ... {int(codes.max())}, and there are {n}")
        if bool((self.truth[self.stimulus] == self.distractor).any()):
            raise MetricError("the distractor of a trial is the object of its image")

    def take(self, rows: Tensor) -> Trials:
        """The trials at `rows`."""
        return replace(
            self, stimulus=self.stimulus[rows], distractor=self.distractor[rows], erred=self.erred[rows]
        )

    def to(self, device: torch.device) -> Trials:
        """The same trials on a device."""
        codes = {
            name: getattr(self, name).to(device) for name in ("stimulus", "distractor", "erred", "truth")
        }
        return replace(self, **codes)

    def accuracy(self) -> float:
        """The share of trials in which the image's own object was chosen."""
        return 1 - float(self.erred.to(torch.float64).mean())


def i1(probabilities: Tensor, trials: Trials, *, halvings: int = 2, seed: int = 0) -> Measurement:
    """`i2n` per image: d' averaged over distractors, and no mean taken away."""
    return _consistency(probabilities, trials, "i1", halvings, seed)


def i1n(probabilities: Tensor, trials: Trials, *, halvings: int = 2, seed: int = 0) -> Measurement:
    """`i2n` per image: d' averaged over distractors."""
    return _consistency(probabilities, trials, "i1n", halvings, seed)


def i2(probabilities: Tensor, trials: Trials, *, halvings: int = 2, seed: int = 0) -> Measurement:
    """`i2n` without taking means away."""
    return _consistency(probabilities, trials, "i2", halvings, seed)


def i2n(probabilities: Tensor, trials: Trials, *, halvings: int = 2, seed: int = 0) -> Measurement:
    """Return Pearson's r of a model's and the subjects' d', (halvings, 1).

    probabilities: of each object given each image, (n, c), on the device of the trials.
    The trials are halved at random `halvings` times, and the first half is compared with the model; images
    and distractors without a trial in it are left out. NaN where either side does not vary.
    Raises MetricError for another shape, and where the model has no d' for what the subjects have one for.
    """
    return _consistency(probabilities, trials, "i2n", halvings, seed)


def o2(probabilities: Tensor, trials: Trials, *, halvings: int = 2, seed: int = 0) -> Measurement:
    """`i2` of objects: d' of telling each object from each other one, over all of their images."""
    return _consistency(probabilities, trials, "o2", halvings, seed)


def on_images(
    probabilities: Tensor, trials: Trials, signature: Signature, *, halvings: int = 2, seed: int = 0
) -> Callable[[Tensor], float]:
    """Return what gives the score on images as drawn (k,), of which some may be there more than once.

    The halves are those of all trials, so that only the images make a difference; of all images in their
    order it is the score. What has no d' on either side is left out.
    """
    model = against_each(probabilities.to(torch.float64), trials.truth)
    subjects = [proportions(half) for half, _ in _halves(trials, halvings, seed)]

    def score(rows: Tensor) -> float:
        at = rows.to(model.device)
        ours, *theirs = (_signature(p[at], trials.truth[at], signature) for p in (model, *subjects))
        r = [_pearson(ours, one, ~(ours.isnan() | one.isnan())) for one in theirs]
        return float(torch.stack(r).mean())

    return score


def internal_consistency(
    trials: Trials, signature: Signature = "i2n", *, halvings: int = 2, seed: int = 0
) -> Ceiling:
    """Return r between the subjects' signatures in the two halves of the trials, values (halvings, 1).

    The halves are those that the metric draws with the same seed. What has a d' in only one half is left out.
    NaN where a half does not vary. Raises MetricError for a single trial.
    """
    pairs = (
        tuple(_signature(proportions(half), trials.truth, signature) for half in halves)
        for halves in _halves(trials, halvings, seed)
    )
    r = torch.stack([_pearson(a, b, ~(a.isnan() | b.isnan())) for a, b in pairs])
    return Ceiling(float(r.mean()), standard_error(r), values=r[:, None])


def proportions(trials: Trials) -> Tensor:
    """Return how often each distractor was chosen of the times it was offered, (n, c); NaN where never."""
    shape = len(trials.truth), trials.n_objects
    cell = trials.stimulus * trials.n_objects + trials.distractor
    offered = torch.bincount(cell, minlength=shape[0] * shape[1])
    chosen = torch.bincount(cell, weights=trials.erred.to(torch.float64), minlength=shape[0] * shape[1])
    return (chosen / offered).reshape(shape)  # 0 / 0 is the NaN that is wanted


def against_each(probabilities: Tensor, truth: Tensor) -> Tensor:
    """Return the probability (n, c) of choosing each distractor where it and the image's object are offered.

    P(distractor) / (P(distractor) + P(truth)), Luce's choice rule; NaN for the image's own object.
    """
    own = probabilities.gather(1, truth[:, None])
    return (probabilities / (probabilities + own)).scatter(1, truth[:, None], torch.nan)


def _consistency(
    probabilities: Tensor, trials: Trials, signature: Signature, halvings: int, seed: int
) -> Measurement:
    due = len(trials.truth), trials.n_objects
    if tuple(probabilities.shape) != due:
        raise MetricError(f"probabilities are {tuple(probabilities.shape)}; (images, objects) {due} is due")
    model = against_each(probabilities.to(torch.float64), trials.truth)
    ours = _signature(model, trials.truth, signature)
    r = []
    for half, _ in _halves(trials, halvings, seed):
        theirs = _signature(proportions(half), trials.truth, signature)
        valid = ~theirs.isnan()
        _refuse_gaps(ours, valid, "object" if signature == "o2" else "image")
        r.append(_pearson(ours, theirs, valid))
    return Measurement(torch.stack(r)[:, None], over="all", centre="mean")


def _halves(trials: Trials, halvings: int, seed: int) -> Iterator[tuple[Trials, Trials]]:
    """The trials shuffled and cut in two, one generator for all halvings."""
    generator, n = np.random.RandomState(seed), len(trials.stimulus)
    if n < 2:
        raise MetricError("one trial cannot be halved")
    for _ in range(halvings):
        rows = torch.from_numpy(generator.permutation(n)).to(trials.stimulus.device)
        yield trials.take(rows[: n // 2]), trials.take(rows[n // 2 :])


def _signature(p: Tensor, truth: Tensor, signature: Signature) -> Tensor:
    """d' by image and distractor (n, c), by image (n, 1), or by object and distractor (c, c)."""
    if signature == "o2":
        return object_d_prime(p, truth)
    d = d_prime(p, truth)
    if signature.endswith("n"):
        d = d - by_object(d, truth)[truth]
    return d.nanmean(dim=1, keepdim=True) if signature.startswith("i1") else d


def _refuse_gaps(ours: Tensor, valid: Tensor, row: str) -> None:
    gaps = (ours.isnan() & valid).nonzero()
    if len(gaps):
        raise MetricError(
            f"the model has no d' in {len(gaps)} of {int(valid.sum())} places where the subjects have one,"
            f" the first for {row} {int(gaps[0, 0])}: its probabilities are 0 for both alternatives, or"
            " NaN, or it is sure of all images of two objects"
        )


def _pearson(a: Tensor, b: Tensor, valid: Tensor) -> Tensor:
    """r over the valid places; NaN where there are fewer than 2, or one side is constant."""
    if int(valid.sum()) < 2:
        return a.new_tensor(torch.nan)
    return (_unit(a[valid]) * _unit(b[valid])).sum().clamp(-1, 1)


def _unit(values: Tensor) -> Tensor:
    centred = values - values.mean()
    norm = torch.linalg.vector_norm(centred)
    scaled: Tensor = centred / norm.masked_fill(constant(values), torch.nan)
    return scaled
