"""The register: what stands for each region in one network, and all that it will be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from ..errors import BrainScoreError
from ..models.precomputed import AnyNetwork
from ..models.represent import Unit
from ..opened import Opened
from ..specs.cases import Case
from ..specs.models import Model
from .choosing import Choice, Commitment
from .settling import settle
from .views import View, images_of, view_of

Task = tuple[Case, str | None]
Raw = Callable[[Case, Sequence[View]], Mapping[Unit, float]]


class Register:
    """Commitments of one network: each choice is made at most once, and before its passes are planned.

    tasks: the benchmarks that it will be scored on, with the layers that are named. raw: the raw scores of
    views on a case, without those that have none; an error where none has one.
    """

    def __init__(
        self,
        network: AnyNetwork,
        model: Model,
        tasks: Sequence[Task],
        opened: Opened,
        raw: Raw,
    ) -> None:
        self.network, self.model, self.tasks = network, model, tuple(tasks)
        self._opened, self._raw = opened, raw
        self._chosen: dict[object, Mapping[Unit, float] | BrainScoreError] = {}
        self._is_ahead = False

    def commitment(self, case: Case, layer: str | None) -> Commitment:
        """What stands for the region. Raises BrainScoreError where nothing does, or nothing can be chosen."""
        self._choose_ahead()
        return self._commitment(case, layer)

    def wanted(self, case: Case, views: Sequence[View]) -> Iterator[View]:
        """These views, and all others of the network that the same pass over the images does for."""
        yield from views
        images = images_of(case, views[0], self.model)
        for task in self.tasks:
            with suppress(BrainScoreError):  # that item's own setup will say so
                for other, view in self._views(*task):
                    if images_of(other, view, self.model) == images:
                        yield view

    def _commitment(self, case: Case, layer: str | None) -> Commitment:
        settled = self._settled(case, layer)
        return settled if isinstance(settled, Commitment) else self._made(settled, case)

    def _settled(self, case: Case, layer: str | None) -> Commitment | Choice:
        return settle(self.network, self.model, case, layer, self._opened)

    def _made(self, choice: Choice, case: Case) -> Commitment:
        by, scored = choice.parts(case, lambda of: self._opened.recordings(of)[0])
        if choice.key not in self._chosen:
            self._chosen[choice.key] = self._scores(by, choice)
        raw = self._chosen[choice.key]
        if isinstance(raw, BrainScoreError):
            raise type(raw)(str(raw))
        return choice.committed(raw, scored, choice.digest(self._opened.digests(by, choice.pca)))

    def _scores(self, by: Case, choice: Choice) -> Mapping[Unit, float] | BrainScoreError:
        try:
            return self._raw(by, choice.views)
        except BrainScoreError as why:
            return why.with_traceback(None)

    def _choose_ahead(self) -> None:
        """Choose first what other benchmarks choose: the passes over the stimuli are planned by it."""
        if self._is_ahead:
            return
        self._is_ahead = True
        for case, layer in self.tasks:
            with suppress(Exception):  # that item's own setup will say so
                settled = self._settled(case, layer)
                if isinstance(settled, Choice) and settled.by is not case:
                    self._made(settled, case)

    def _views(self, case: Case, layer: str | None) -> Iterator[tuple[Case, View]]:
        """All that a benchmark may be shown of the network: what stands for the region, or may come to."""
        settled = self._settled(case, layer)
        if isinstance(settled, Commitment):
            yield case, settled.view
            return
        if settled.key not in self._chosen:
            yield from ((settled.by, view) for view in settled.views)
        if settled.by is case:
            yield from ((case, view_of(case, unit)) for unit in settled.units)
        elif settled.key in self._chosen:
            yield case, self._made(settled, case).view
