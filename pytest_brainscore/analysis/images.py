"""Images: which are easier for people, which for a model, and which are alike."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from zlib import crc32

import numpy as np

from .statistics.estimates import LEVEL
from .statistics.numbers import counted, percent
from .statistics.proportions import wilson

Side = Literal["people", "model", "alike"]
SMALL = 0.05
"""Difference of two accuracies that is called none."""
SURPRISING = 1 - LEVEL
"""Probability, for one more observer, up to which an answer is a surprise."""
FEWEST_TRIALS = 18
"""People's trials of an image, all alike, from which another answer is a surprise."""
SIDES: tuple[Side, ...] = ("people", "model", "alike")


@dataclass(frozen=True, eq=False)
class Compared:
    """How often people and a model are right on each image: shares (n,); trials (n,): people's.

    Of many alternatives the model answers once, and its share is 1 or 0 on each image; of two alternatives
    its share is a probability.
    """

    names: tuple[str, ...]
    people: np.ndarray
    model: np.ndarray
    trials: np.ndarray

    @cached_property
    def sides(self) -> np.ndarray:
        """For whom each image is easier (n,): `alike` where the difference is small or could be chance.

        A model that answers once differs where its answer is a surprise: where one more observer of people's
        share gives it with a probability of at most 0.05 (`expected`). A probability differs where it is
        outside Wilson's 95 % interval of people's share and at least 5 percentage points from it.
        """
        return self._surprises() if self.once else self._outside()

    @cached_property
    def once(self) -> bool:
        """Whether the model answers once: right or wrong on each image."""
        return bool(np.isin(self.model, (0, 1)).all())

    @cached_property
    def expected(self) -> np.ndarray:
        """The probability (n,) that one more observer is right: (k + 1) / (m + 2) of k right in m trials.

        The posterior predictive of a uniform prior of people's share: Laplace's rule of succession.
        """
        found: np.ndarray = (np.rint(self.people * self.trials) + 1) / (self.trials + 2)
        return found

    def _surprises(self) -> np.ndarray:
        wrong, right = self.expected >= 1 - SURPRISING, self.expected <= SURPRISING
        found: np.ndarray = np.where(
            wrong & (self.model == 0), "people", np.where(right & (self.model == 1), "model", "alike")
        )
        return found

    def _outside(self) -> np.ndarray:
        low, high = wilson(self.people, self.trials)
        large = np.abs(self.model - self.people) >= SMALL
        above = np.where((self.model > high) & large, "model", "alike")
        found: np.ndarray = np.where((self.model < low) & large, "people", above)
        return found

    def share(self, side: Side) -> tuple[float, float, float]:
        """The share of images of that side, and its 95 % interval over images."""
        n = len(self.names)
        share = float((self.sides == side).mean())
        low, high = wilson(np.array([share]), np.array([n]))
        return share, float(low[0]), float(high[0])

    def most(self, side: Side, count: int) -> tuple[int, ...]:
        """Places of the images of a side where the two differ most, at most `count`.

        By how surprising the answer is, where the model answers once; else by the difference of the shares.

        Ties are drawn by a checksum of the name: in the order of names they would be of one object.
        """
        gap = np.abs((self.expected if self.once else self.people) - self.model)
        places = np.flatnonzero(self.sides == side).tolist()
        return tuple(sorted(places, key=lambda i: (-gap[i], crc32(self.names[i].encode())))[:count])


@dataclass(frozen=True, eq=False)
class Sided:
    """A network on a benchmark of choices. score: raw; None where there is none."""

    benchmark: str
    model: str
    score: float | None
    compared: Compared

    @property
    def shares(self) -> dict[Side, tuple[float, float, float]]:
        """The share of images of each side, and its 95 % interval."""
        return {side: self.compared.share(side) for side in SIDES}


def ranked(every: Iterable[Sided]) -> dict[str, tuple[Sided, ...]]:
    """Each benchmark's networks, the one with the highest score first; without a score last."""
    found: dict[str, list[Sided]] = {}
    for one in every:
        found.setdefault(one.benchmark, []).append(one)
    return {name: tuple(sorted(among, key=_worse)) for name, among in found.items()}


def _worse(one: Sided) -> float:
    return math.inf if one.score is None else -one.score


def told(compared: Compared, model: str, benchmark: str) -> str:
    """The shares as a sentence that can be quoted."""
    people, own, alike = (percent(*compared.share(side)) for side in SIDES)
    return (
        f"{benchmark}: of {counted(len(compared.names), 'image')} {people} are easier for people, {own} for"
        f" {model}, and {alike} are alike.{_too_few(compared)}"
    )


def _too_few(compared: Compared) -> str:
    few = int((compared.trials < FEWEST_TRIALS).sum()) if compared.once else 0
    trials = f"people made fewer than {FEWEST_TRIALS} trials, too few for any answer to be a surprise"
    return f" Of {counted(few, 'image')} {trials}." if few else ""
