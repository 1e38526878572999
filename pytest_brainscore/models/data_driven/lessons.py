"""Lessons: what a network may learn from in one split, and what it is to predict."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...data.stimuli import Stimuli
from ...errors import ModelError, nearest
from ...metrics.splits import Split
from ...specs.data_driven import AnyTraining, TwoHeads
from ...specs.models import Preprocess
from ..preprocess import Preprocessor
from .training import Material


@dataclass(frozen=True, eq=False)
class Lesson:
    """One split: what may be learnt from, and what is to be predicted.

    test: images (k, 3, s, s) uint8. mean, std: of the training responses, (m,). objects: how many there are.
    digests: of the images, of the training responses and objects.
    """

    material: Material
    test: Tensor
    mean: Tensor
    std: Tensor
    objects: int
    digests: Mapping[str, Any]

    def put_back(self, answers: Tensor) -> Tensor:
        """Predictions (k, m) in standard deviations as responses, float64."""
        return answers.to(torch.float64) * self.std + self.mean


def lesson_of(
    stimuli: Stimuli, images: Tensor, y: Tensor, labels: np.ndarray | None, split: Split, plan: AnyTraining
) -> Lesson:
    """The lesson of one split of images (n, 3, s, s) uint8, responses (n, m) and labels (n,) or None.

    Raises ModelError for fewer than 4 training stimuli.
    """
    train, test = split.train.cpu(), split.test.cpu()
    if len(train) < 4:
        raise ModelError(f"{len(train)} stimuli to train a network on: a split needs at least 4")
    responses = y[split.train].cpu().to(torch.float64)
    mean, std = responses.mean(dim=0), responses.std(dim=0, correction=0)
    std = torch.where(std > 0, std, 1.0)
    names, objects = (None, None) if labels is None else np.unique(labels[train], return_inverse=True)
    material = Material(
        images[train],
        ((responses - mean) / std).to(torch.float32),
        *_halves(len(train), plan),
        objects=None if objects is None else torch.as_tensor(objects, dtype=torch.int64),
        object_weight=plan.object_weight if isinstance(plan, TwoHeads) else 0.0,
    )
    shown = [[stimuli.digests[i] for i in rows.tolist()] for rows in (train, test)]
    said = hashlib.sha256(responses.numpy().tobytes()).hexdigest()
    named = None if labels is None else labels[train].tolist()
    digests = {"images": shown, "shape": list(responses.shape), "responses": said, "objects": named}
    return Lesson(material, images[test], mean, std, 0 if names is None else len(names), digests)


def _halves(n: int, plan: AnyTraining) -> tuple[Tensor, Tensor]:
    """Rows to fit and rows to hold out, of n training stimuli, drawn by the seed; 2 of each at least."""
    order = torch.as_tensor(np.random.RandomState(plan.seed).permutation(n))
    held_out = min(max(2, round(plan.held_out * n)), n - 2)
    return order[held_out:].sort().values, order[:held_out].sort().values


def pixels_of(stimuli: Stimuli, side: int) -> Tensor:
    """The images (n, 3, side, side) uint8, squashed to a square."""
    eyes = Preprocessor(Preprocess(size=side, mean=(0, 0, 0), std=(1, 1, 1)))
    pixels = torch.empty(len(stimuli), 3, side, side, dtype=torch.uint8)
    for i in range(len(stimuli)):
        pixels[i] = (eyes(stimuli.open(i)) * 255).round().to(torch.uint8)
    return pixels


def labels_of(stimuli: Stimuli, plan: AnyTraining) -> np.ndarray | None:
    """What each image shows (n,), where there is a head for it."""
    if not isinstance(plan, TwoHeads):
        return None
    if plan.objects not in stimuli.coords:
        known = ", ".join(stimuli.coords) or "none"
        raise ModelError(
            f"training: objects: the stimuli have no coord {plan.objects}"
            f"{nearest(plan.objects, stimuli.coords)} (there are {known}): name another, or take `kind: cnn`"
        )
    return stimuli.coords[plan.objects].astype(str)
