"""Looks: how often a network looks at each stimulus, from where, and the mean of what it answers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from itertools import starmap

import torch

from ..errors import ModelError
from ..specs.models import PRECOMPUTED, Model
from ..specs.views import Trials
from .kinds import Reading
from .untouched import seeded

Read = dict[Reading, torch.Tensor | ModelError]
Show = Callable[[torch.Tensor], Read]


def looks_of(model: Model, trials: Trials | None) -> Trials | None:
    """The trials that a model is given; None where each look would be the same as the first.

    That is so where it does not answer at random and the image does not move, and where its answers are
    precomputed.
    """
    moves = trials is not None and trials.microsaccades is not None
    return trials if (moves or model.stochastic) and model.source != PRECOMPUTED else None


def said_of(looks: Trials | None) -> tuple[str, ...]:
    """What readers of a score are told of its trials."""
    if looks is None:
        return ()
    places = f" within {looks.microsaccades:g} degrees" if looks.microsaccades else ""
    return (f"answers are means of {looks.n} looks at each stimulus{places} (seed {looks.seed})",)


def averaged(show: Show, images: torch.Tensor, trials: Trials, degrees: float, first: int) -> Read:
    """What layers answer to images (b, 3, h, w), each layer's mean over all trials, (b, p) float32.

    show: one forward pass. degrees: how wide the images are. first: the number of the first image among all
    that are shown: with the trial and `trials.seed` it says which random numbers the pass draws.
    A layer that cannot be read in one of the trials is a ModelError.
    """
    devices = [images.device] if images.device.type == "cuda" else []
    found: Read = {}
    for trial, (right, down) in enumerate(shifts(trials, images.shape[-1] / degrees)):
        seeded(_seed(trials.seed, trial, first), devices)
        answers = show(moved(images, right, down))
        found = {name: _sum(found.get(name), answer) for name, answer in answers.items()}
    return {name: _mean(total, trials.n) for name, total in found.items()}


def shifts(trials: Trials, pixels_per_degree: float) -> list[tuple[float, float]]:
    """How far to the right and down the image lies in each trial, in pixels of the network's input.

    Trial i of n lies on one turn of a spiral: at the angle a = 2 pi sqrt(i / n) from the right downwards,
    sqrt(i / n) of `trials.microsaccades` away. So the first is not moved, and places are equally dense within
    the circle. The places are those of Brain-Score.
    """
    radius = (trials.microsaccades or 0.0) * pixels_per_degree
    shares = [math.sqrt(i / trials.n) for i in range(trials.n)]
    return list(starmap(_place, ((share * radius, 2 * math.pi * share) for share in shares)))


def moved(images: torch.Tensor, right: float, down: float) -> torch.Tensor:
    """Images (b, 3, h, w) moved by fractions of pixels: interpolated linearly, with their edges repeated."""
    return _slid(_slid(images, down, -2), right, -1)


def _slid(images: torch.Tensor, by: float, axis: int) -> torch.Tensor:
    if not by:
        return images
    last = images.shape[axis] - 1
    at = (torch.arange(last + 1, dtype=torch.float64) - by).clamp(0, last)
    low = at.floor().long()
    part = (at - low).float().reshape((-1, 1) if axis == -2 else (-1,)).to(images.device)
    near, far = (images.index_select(axis, i.to(images.device)) for i in (low, (low + 1).clamp(max=last)))
    return torch.lerp(near, far, part)


def _place(radius: float, angle: float) -> tuple[float, float]:
    return radius * math.cos(angle), radius * math.sin(angle)


def _seed(*parts: int) -> int:
    """A seed of 63 bits that differs wherever one of the parts does."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big") >> 1


def _sum(
    so_far: torch.Tensor | ModelError | None, answer: torch.Tensor | ModelError
) -> torch.Tensor | ModelError:
    if isinstance(so_far, ModelError) or isinstance(answer, ModelError):
        return so_far if isinstance(so_far, ModelError) else answer
    return answer.double() if so_far is None else so_far.add_(answer)


def _mean(total: torch.Tensor | ModelError, n: int) -> torch.Tensor | ModelError:
    return total if isinstance(total, ModelError) else total.div_(n).float()
