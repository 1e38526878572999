"""Choices among many objects: is a model right, and wrong, where the subjects are?

Error consistency: Geirhos, Meding and Wichmann 2020, NeurIPS 33:13890. Accuracy distance: Brain-Score's, for
BMD2024. Shape bias: Geirhos et al. 2019, ICLR. Who chooses several times for one image in one condition
counts there with the mean, so that every image counts once.

There are no splits, so that a score has no `error`: `also["standard_error"]`, (1,), is that of a mean over
subjects, or over images for accuracy and shape bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import MetricError
from .agreement import kappa, nearness
from .measurement import Measurement


@dataclass(frozen=True, eq=False)
class Rates:
    """How often each subject was right on each item: an image in a condition.

    values (s, i): 0 ... 1, NaN where a subject did not see an item. stimulus, condition (i,): of each item.
    """

    values: Tensor
    stimulus: Tensor
    condition: Tensor

    def condition_of(self, each: bool) -> Tensor:
        """The items' conditions, or one and the same."""
        return self.condition if each else torch.zeros_like(self.condition)


@dataclass(frozen=True, eq=False)
class Choices:
    """Subjects' choices among many objects, a row per trial.

    stimulus (k,): row of the image, 0 ... n - 1. right (k,): bool, whether its object was chosen; no answer
    is wrong. subject, condition (k,): codes from 0. truth (n,): code of each image's object.
    Raises MetricError where these do not fit together.
    """

    stimulus: Tensor
    right: Tensor
    subject: Tensor
    condition: Tensor
    truth: Tensor

    def __post_init__(self) -> None:
        codes = (self.stimulus, self.subject, self.condition)
        lengths = {len(column) for column in (self.right, *codes)}
        if len(lengths) != 1 or 0 in lengths:
            raise MetricError(
                f"choices have stimuli, answers, subjects, conditions of {sorted(lengths)} trials"
            )
        lowest, last = min(int(column.min()) for column in codes), int(self.stimulus.max())
        if lowest < 0 or last >= len(self.truth):
            raise MetricError(f"choices: codes {lowest} ... {last}, and there are {len(self.truth)} images")

    def to(self, device: torch.device) -> Choices:
        """The same choices on a device."""
        columns = (self.stimulus, self.right, self.subject, self.condition, self.truth)
        return Choices(*(column.to(device) for column in columns))

    def rates(self) -> Rates:
        """How often each subject was right on each image in each condition."""
        n, n_subjects = len(self.truth), int(self.subject.max()) + 1
        items, item = torch.unique(self.condition * n + self.stimulus, return_inverse=True)
        cell, cells = self.subject * len(items) + item, n_subjects * len(items)
        shown = torch.bincount(cell, minlength=cells)
        right = torch.bincount(cell, weights=self.right.to(torch.float64), minlength=cells)
        return Rates((right / shown).reshape(n_subjects, -1), items % n, items // n)  # 0 / 0: not shown

    def accuracy(self) -> float:
        """The share of trials in which the image's object was chosen."""
        return float(self.right.to(torch.float64).mean())


def error_consistency(choices: Tensor, trials: Choices, *, absolute: bool = False) -> Measurement:
    """Return Cohen's kappa of a model's and each subject's being right, averaged over conditions, (1, s).

    choices: the object that the model names for each image, codes (n,); -1 for none.
    The score is the mean over subjects or, with `absolute`, its absolute value: Brain-Score's way, in which a
    model that errs where people do not scores as one that errs with them. NaN, and left out of means,
    where both are right on everything, or both wrong.
    `also["cells"]`: (1, s * c), subject by condition. Raises MetricError for choices of another shape.
    """
    rates = trials.rates()
    return _of_subjects(kappa(_right(choices, trials, rates), rates.values, rates.condition), absolute)


def accuracy_distance(choices: Tensor, trials: Choices, *, per_condition: bool = False) -> Measurement:
    """Return how near a model's accuracy is to each subject's, (1, s): 1 - |a_m - a_s| / max(a_s, 1 - a_s).

    choices: as `error_consistency` takes them. The model's accuracy is that on the images that the subject
    saw. per_condition: condition by condition, then averaged, so that another course shows in spite of an
    equal mean. `also["cells"]`: (1, s * c), subject by condition; without `per_condition` (1, s).
    """
    rates = trials.rates()
    right, condition = _right(choices, trials, rates), rates.condition_of(per_condition)
    return _of_subjects(nearness(right, rates.values, condition))


def accuracy(choices: Tensor, truth: Tensor) -> Measurement:
    """Return the share of images whose object the model names, (1, 1); choices and truth are codes (n,)."""
    right = (_codes(choices, len(truth)) == truth).to(torch.float64)
    return _of_images(right.mean(), right.std(correction=0) / len(right) ** 0.5)


def shape_bias(choices: Tensor, shape: Tensor, texture: Tensor) -> Measurement:
    """Return shape / (shape + texture), (1, 1): of choices of an image's shape or texture, those of shape.

    Codes (n,) of what the model names, of each image's shape and of its texture. Images whose shape and
    texture agree do not count. NaN where the model names neither of any image.
    `also`: `shape_match` and `texture_match`, the shares of these images. Raises MetricError without any.
    """
    conflict = shape != texture
    if not bool(conflict.any()):
        raise MetricError("shape_bias: shape and texture agree in every image")
    chosen = _codes(choices, len(shape))[conflict]
    by_shape, by_texture = ((chosen == cue[conflict]).to(torch.float64).mean() for cue in (shape, texture))
    either = by_shape + by_texture
    bias = by_shape / either
    error = (bias * (1 - bias) / (either * len(chosen))).sqrt()
    return _of_images(bias, error, {"shape_match": by_shape[None], "texture_match": by_texture[None]})


def _right(choices: Tensor, trials: Choices, rates: Rates) -> Tensor:
    """Whether the model is right on each item, (1, i)."""
    right = _codes(choices, len(trials.truth)) == trials.truth
    return right[rates.stimulus].to(torch.float64)[None]


def _codes(choices: Tensor, n: int) -> Tensor:
    if choices.shape != (n,) or choices.is_floating_point():
        raise MetricError(
            f"choices are {choices.dtype} {tuple(choices.shape)}; a code (a whole number) for each of {n}"
            " images is due"
        )
    return choices


def _of_subjects(cells: Tensor, absolute: bool = False) -> Measurement:
    """The mean over subjects of their means over conditions (1, s, c), and its standard error."""
    values = cells.nanmean(dim=2)
    there = values[~values.isnan()]
    error = there.std(correction=0) / len(there) ** 0.5 if len(there) > 1 else there.new_tensor(torch.nan)
    return Measurement(
        values,
        also={"cells": cells.flatten(1), "standard_error": error[None]},
        over="subject",
        centre="absolute_mean" if absolute else "mean",
    )


def _of_images(value: Tensor, error: Tensor, also: Mapping[str, Tensor] | None = None) -> Measurement:
    figures = {**(also or {}), "standard_error": error[None]}
    return Measurement(value.reshape(1, 1), also=figures, over="all", centre="mean")
