"""Images: which are easier for people, which for a model, and which are alike."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from zlib import crc32

import numpy as np
from scipy.special import ndtri

from .statistics.estimates import LEVEL
from .statistics.numbers import counted, percent

Side = Literal["people", "model", "alike"]
SMALL = 0.05
"""Difference of two accuracies that is called none."""
SIDES: tuple[Side, ...] = ("people", "model", "alike")


@dataclass(frozen=True, eq=False)
class Compared:
    """How often people and a model are right on each image: shares (n,); trials (n,): people's."""

    names: tuple[str, ...]
    people: np.ndarray
    model: np.ndarray
    trials: np.ndarray

    @cached_property
    def sides(self) -> np.ndarray:
        """For whom each image is easier (n,): `alike` where the difference is small or could be chance.

        Small is less than 5 percentage points. By chance the model lies within Wilson's 95 % interval of
        people's share; where people have few trials, about 5 % of images lie outside it by chance alone.
        """
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

        Ties are drawn by a checksum of the name: in the order of names they would be of one object.
        """
        gap = np.abs(self.people - self.model)
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


def wilson(share: np.ndarray, n: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of a share of n trials: low and high, as `share`. Wilson 1927, JASA 22:209.

    Of no trials it is from 0 to 1, whatever the share.
    """
    z = float(ndtri((1 + level) / 2))
    centre = (n * share + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(n * share * (1 - share) + z**2 / 4) / (n + z**2)
    return centre - half, centre + half


def told(compared: Compared, model: str, benchmark: str) -> str:
    """The shares as a sentence that can be quoted."""
    people, own, alike = (percent(*compared.share(side)) for side in SIDES)
    return (
        f"{benchmark}: of {counted(len(compared.names), 'image')} {people} are easier for people, {own} for"
        f" {model}, and {alike} are alike."
    )
