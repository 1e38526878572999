"""Choosing: of several layers the one whose scores are best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..data.recordings import Recordings
from ..models.represent import Unit
from ..opened import Opened
from ..specs.base import digest_of
from ..specs.cases import Case
from ..specs.results import OTHER_HALF
from ..specs.selections import Selection
from ..specs.views import Components
from .views import View, view_of

_TOLD = 3


@dataclass(frozen=True)
class Commitment:
    """What stands for a region: its view, who says so, and on which case it is scored.

    The case is the one that was asked for, or that one on half of its stimuli. choice: digest of what chose,
    where something did. among: where the view is the best on this very case, all that have a score.
    """

    view: View
    source: str
    case: Case
    notes: tuple[str, ...] = ()
    choice: str | None = None
    among: tuple[View, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Layers of which the one that scores best on a case will stand for the region.

    by: the case that chooses. data: what its data are, in words. seed: of its halves, where one half chooses
    and the other is scored. pca: for the choice alone.
    """

    units: tuple[Unit, ...]
    by: Case
    data: str
    seed: int | None = None
    pca: Components | None = None

    def views(self, opened: Opened) -> tuple[View, ...]:
        """What the benchmark that chooses sees of each."""
        return tuple(view_of(self.by, unit, opened, self.pca) for unit in self.units)

    @property
    def key(self) -> tuple[str, str, int | None, Components | None]:
        """The same for two choices of a network exactly where they come out alike."""
        return self.by.name, self.by.digest, self.seed, self.pca

    def parts(self, case: Case, recordings: Callable[[Case], Recordings]) -> tuple[Case, Case]:
        """The case that chooses, and the one that is scored."""
        return (self.by, case) if self.seed is None else halved(case, recordings(case), self.seed)

    def digest(self, data: Mapping[str, str]) -> str:
        """Sha256 of what chooses, among what. data: the digests of its stimuli, recordings and spec."""
        pca = self.pca and self.pca.model_dump(mode="json", exclude_none=True)
        return digest_of([self.units, pca, dict(data)])

    def committed(self, raw: Mapping[Unit, float], case: Case, digest: str, opened: Opened) -> Commitment:
        """The best by raw score; of equals the first. case: what is scored. digest: of the choice."""
        ranked = sorted(raw, key=lambda unit: -raw[unit])
        source = f"best of {len(self.units)} layers on {self.data}"
        rest = "" if self.seed is None else OTHER_HALF
        told = ", ".join(f"{'+'.join(unit)} {raw[unit]:.4f}" for unit in ranked[:_TOLD])
        more = f", {len(ranked) - _TOLD} lower" if len(ranked) > _TOLD else ""
        failed = len(self.units) - len(ranked)
        none = f"; {failed} without a score" if failed else ""
        note = f"raw scores of layers on {self.data}: {told}{more}{none}"
        among = tuple(view_of(case, unit, opened) for unit in raw) if self.by is case else ()
        return Commitment(view_of(case, ranked[0], opened), source + rest, case, (note,), digest, among)


def halved(case: Case, recordings: Recordings, seed: int) -> tuple[Case, Case]:
    """The case on one half of its stimuli, drawn at random, and on the other.

    A coord that the splits keep in proportion, or that gives them, is halved in proportion.
    """
    stimuli = recordings.select(region=case.region, **case.benchmark.select).stimuli
    order = np.random.RandomState(seed).permutation(len(stimuli))
    coord = case.benchmark.splits.given or case.benchmark.splits.stratify
    if coord is not None and coord in stimuli.coords:
        order = order[np.argsort(stimuli.coords[coord][order].astype(str), kind="stable")]
    first, second = (tuple(stimuli.ids[i] for i in np.sort(half)) for half in (order[::2], order[1::2]))
    return _only(case, first), _only(case, second)


def _only(case: Case, ids: tuple[str, ...]) -> Case:
    select: Selection = {**case.benchmark.select, "stimulus": ids}
    return replace(case, benchmark=case.benchmark.model_copy(update={"select": select}))
