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
from ..specs.views import AutoLayers
from .choosing import Choice, Commitment
from .pooling import Pooling
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

    def commitment(self, case: Case, layer: str | None) -> Commitment | Pooling:
        """What stands for the region, or the layers of which each of its subjects takes the best.

        Raises BrainScoreError where nothing does, or nothing can be chosen.
        """
        self._choose_ahead()
        settled = self._settled(case, layer)
        return self._made(settled, case) if isinstance(settled, Choice) else settled

    def alike(self, pooling: Pooling) -> list[Pooling]:
        """All of the tasks that take the best of the same layers on the same images, and this one."""
        found = [pooling]
        for case, layer in self.tasks:
            same = case.benchmark.layers == pooling.pool and case.stimuli_key == pooling.case.stimuli_key
            if layer is None and same and case is not pooling.case:
                with suppress(BrainScoreError):  # that item's own setup will say so
                    settled = self._settled(case, layer)
                    found += [settled] if isinstance(settled, Pooling) else []
        return found

    def wanted(self, case: Case, views: Sequence[View]) -> Iterator[View]:
        """These views, and all others of the network that the same pass over the images does for."""
        yield from views
        images = images_of(case, views[0], self.model)
        for task in self.tasks:
            if task[0].stimuli_key != images.stimuli and not self._may_choose_elsewhere:
                continue  # what it is shown may depend on its data, which are not needed yet
            with suppress(BrainScoreError):  # that item's own setup will say so
                for other, view in self._views(*task):
                    if images_of(other, view, self.model) == images:
                        yield view

    @property
    def _may_choose_elsewhere(self) -> bool:
        return isinstance(self.model.layers, AutoLayers) and self.model.layers.by != "half"

    def _settled(self, case: Case, layer: str | None) -> Commitment | Choice | Pooling:
        return settle(self.network, self.model, case, layer, self._opened)

    def _made(self, choice: Choice, case: Case) -> Commitment:
        by, scored = choice.parts(case, lambda of: self._opened.recordings(of)[0])
        if choice.key not in self._chosen:
            self._chosen[choice.key] = self._scores(by, choice)
        raw = self._chosen[choice.key]
        if isinstance(raw, BrainScoreError):
            raise type(raw)(str(raw))
        digest = choice.digest(self._opened.digests(by, choice.pca))
        return choice.committed(raw, scored, digest, self._opened)

    def _scores(self, by: Case, choice: Choice) -> Mapping[Unit, float] | BrainScoreError:
        try:
            return self._raw(by, choice.views(self._opened))
        except BrainScoreError as why:
            return why.with_traceback(None)

    def _choose_ahead(self) -> None:
        """Choose first what other benchmarks choose: the passes over the stimuli are planned by it."""
        if self._is_ahead:
            return
        self._is_ahead = True
        for case, layer in self.tasks if self._may_choose_elsewhere else ():
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
        if isinstance(settled, Pooling):
            yield from ((case, view) for view in settled.views(self._opened))
            return
        if settled.key not in self._chosen:
            yield from ((settled.by, view) for view in settled.views(self._opened))
        if settled.by is case:
            yield from ((case, view_of(case, unit, self._opened)) for unit in settled.units)
        elif settled.key in self._chosen:
            yield case, self._made(settled, case).view
