"""By image: how often people and a model are right on each image, kept beside a score of choices."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...scores import Table

PEOPLE, MODEL, TRIALS = "people_right", "model_right", "people_trials"
"""Shares of right choices, and of how many trials that of people is; all of dim `stimulus`."""


def by_image(names: Sequence[str], stimulus: Tensor, people: Tensor, model: Tensor) -> dict[str, Table]:
    """Mean over the trials of each image.

    names: of the images (n,). stimulus: the image of each trial (k,), 0 ... n - 1; each image has a trial.
    people, model: in each trial 1 where it was right, else 0; or the probability of being right (k,).
    """
    trials = torch.bincount(stimulus, minlength=len(names))

    def mean(right: Tensor) -> Table:
        total = torch.bincount(stimulus, weights=right.to(torch.float64), minlength=len(names))
        return _table(total / trials, names)

    return {PEOPLE: mean(people), MODEL: mean(model), TRIALS: _table(trials, names)}


def _table(values: Tensor, names: Sequence[str]) -> Table:
    return Table(values.cpu().numpy(), ("stimulus",), {"stimulus": tuple(names)})
