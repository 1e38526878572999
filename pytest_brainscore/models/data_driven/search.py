"""Search: the setting whose network predicts the held-out stimuli best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import ModelError
from ...specs.data_driven import Search, Trained
from .architecture import Make
from .keeping import Shelf
from .training import Course, Material, Setting, train

Heard = Callable[[int, int], None]
"""Is told how many of how many settings are done."""


@dataclass(frozen=True, eq=False)
class Found:
    """The network of the best setting, on the CPU, and what its training came to."""

    network: nn.Module
    setting: Setting
    course: Course

    def figures(self) -> dict[str, float]:
        """What was chosen, and by which loss, after which epoch."""
        chosen = {name: float(value) for name, value in asdict(self.setting).items()}
        return {**chosen, "epochs": float(self.course.best_epoch), "held_out_loss": self.course.loss}


def settings(search: Search, seed: int) -> tuple[Setting, ...]:
    """All combinations, the last list fastest; or `n` of them, drawn by the seed, in the same order."""
    every = [
        Setting(*values) for values in product(search.learning_rate, search.weight_decay, search.batch_size)
    ]
    if search.n is None or search.n >= len(every):
        return tuple(every)
    drawn = np.random.RandomState(seed).permutation(len(every))[: search.n]
    return tuple(every[i] for i in sorted(drawn.tolist()))


def find(
    make: Make, material: Material, plan: Trained, device: torch.device, shelf: Shelf, heard: Heard
) -> Found:
    """Train at each setting, all from the same first weights: the lowest held-out loss wins.

    Raises ModelError where no training gives a number.
    """
    every = settings(plan.search, plan.seed)
    best: tuple[Setting, Course] | None = None
    for i, setting in enumerate(every):
        heard(i, len(every))
        course = train(make, material, setting, plan, device, shelf, name_of(i))
        if best is None or course.loss < best[1].loss:
            best = setting, course
    assert best is not None  # there is a setting at least
    if not best[1].best:
        raise ModelError(f"its training diverges at all of {len(every)} settings: lower `learning_rate`")
    return Found(_with(make, best[1].best), *best)


def name_of(i: int) -> str:
    """What the shelf calls the training of setting `i`, from 0."""
    return f"setting{i + 1}"


def _with(make: Make, weights: Mapping[str, Tensor]) -> nn.Module:
    network = make()
    network.load_state_dict(dict(weights))
    return network
