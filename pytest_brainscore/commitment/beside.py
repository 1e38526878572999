"""Beside a network: the baselines that unique variance is measured over, on the benchmark's own stimuli."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import scoring, suite
from ..data.stimuli import Stimuli
from ..errors import MetricError, ModelError, SelectionError, nearest
from ..models.kinds import COORDINATES, Kind
from ..models.layers import resolve_layers
from ..models.looks import looks_of
from ..models.precomputed import AnyNetwork
from ..models.represent import Represented, Unit
from ..opened import Opened
from ..scores import Score
from ..specs.cases import Case
from ..specs.metrics import UniqueVariance
from ..specs.models import SOURCES, Model
from ..specs.views import Trials
from ..suite.selection import Candidate, select

UNTRAINED = "untrained"
Build = Callable[[Model, Path], AnyNetwork]
Show = Callable[[AnyNetwork, Stimuli, Mapping[Unit, Set[Kind]], Trials | None], Represented]
Resolve = Callable[[str], Callable[..., Any]]


@dataclass(frozen=True, eq=False)
class Bands:
    """Baselines of a benchmark by name, (n stimuli of the data set, p) each, and what is said of them."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    note: str = ""

    def given(self, resolve: Resolve, target: scoring.AnyTarget) -> Resolve:
        """How names resolve where the metric sees the baselines, too, on the stimuli of the target."""
        if not self.tensors or not isinstance(target, scoring.Target):
            return resolve
        rows = target.rows
        bands = {name: band[rows] for name, band in self.tensors.items()}
        return lambda dotted: partial(resolve(dotted), beside=bands)

    def told(self, score: Score) -> Score:
        """The score, with what is said of the baselines."""
        return replace(score, notes=(*score.notes, self.note)) if self.note else score


class Beside:
    """Represents baselines, one network at a time, each once for the same stimuli.

    build: a network of a model whose relative paths start in a folder. show: what units of its layers make of
    stimuli. project: where models.yaml is looked for.
    """

    def __init__(self, opened: Opened, build: Build, show: Show, project: Path) -> None:
        self._opened, self._build, self._show, self._project = opened, build, show, project
        self._kept: dict[object, tuple[Tensor, str]] = {}

    def release(self) -> None:
        """Let go of what was represented."""
        self._kept.clear()

    def require(self, case: Case, model: Model) -> None:
        """Look up the names of a case's baselines, before a network is built or a layer asked for.

        Raises SelectionError for a name that is neither a model nor a coord of the stimuli, and ModelError
        where a name is several models', or the model has no twin.
        """
        metric = case.benchmark.metric
        for name in metric.over if isinstance(metric, UniqueVariance) else ():
            if name == UNTRAINED:
                twin_of(model)
            elif name not in self._opened.recordings(case)[0].stimuli.coords:
                self._named(name, case)

    def bands(self, case: Case, model: Model, unit: Unit) -> Bands:
        """The baselines of a case for layers of a model; none where its metric asks for none.

        Raises as `require` does, and ModelError where a network cannot be built or shown.
        """
        metric = case.benchmark.metric
        if not isinstance(metric, UniqueVariance):
            return Bands()
        found = {name: self._band(name, case, model, unit) for name in metric.over}
        said = ", ".join(f"{name} ({what})" for name, (_, what) in found.items())
        return Bands({name: band for name, (band, _) in found.items()}, f"beside {said}")

    def _band(self, name: str, case: Case, model: Model, unit: Unit) -> tuple[Tensor, str]:
        stimuli = self._opened.recordings(case)[0].stimuli
        if name == UNTRAINED:
            return self._of_model(twin_of(model), Path(), case, stimuli, unit)
        if name in stimuli.coords:
            return categories(name, stimuli.coords[name])
        named = self._named(name, case)
        return self._of_model(named.model, named.folder, case, stimuli, None)

    def _named(self, name: str, case: Case) -> Candidate:
        zoo, coords = suite.zoo(self._project), self._opened.recordings(case)[0].stimuli.coords
        try:
            chosen = select(name, zoo, self._project)
        except SelectionError as why:
            hint = nearest(name, [*zoo.models, *coords, UNTRAINED])
            raise SelectionError(
                f"{case.where}: over: {name} is neither a model nor a coord of the stimuli"
                f" (coords: {', '.join(coords) or 'none'}){hint or f': {why}'}"
            ) from None
        if len(chosen) != 1:
            raise ModelError(f"{case.where}: over: {name} names {len(chosen)} models, and one is due")
        return chosen[0]

    def _of_model(
        self, model: Model, folder: Path, case: Case, stimuli: Stimuli, unit: Unit | None
    ) -> tuple[Tensor, str]:
        """Of the layers given, or of those that stand for the region."""
        looks = looks_of(model, case.benchmark.trials)
        key = model.digest(), stimuli.digest, case.region, unit, looks
        if key not in self._kept:
            network = self._build(model, folder)
            layers = unit or _layers(network, model, case.region)
            shown = self._show(network, stimuli, {layers: {COORDINATES}}, looks)
            self._kept[key] = shown.tensor(layers, COORDINATES), f"layer {'+'.join(layers)} of {model.id}"
        return self._kept[key]


def twin_of(model: Model) -> Model:
    """The model with random weights; of one that is untrained itself, those of the next seed.

    Raises ModelError for a model that has none.
    """
    if not model.has_twin:
        raise ModelError(f"over: untrained: {model.id} has no weights that could be random: leave it out")
    if model.trained:
        return model.untrained()
    if model.source not in SOURCES:
        raise ModelError(
            f"over: untrained: the factory of {model.id} makes its weights, so only it can leave them random:"
            " give the model a line in models.yaml with `weights`"
        )
    return model.untrained(model.seed + 1)


def categories(name: str, labels: np.ndarray) -> tuple[Tensor, str]:
    """Labels (n,) as one unit per category, (n, k) float64 of 0 and 1.

    Raises MetricError where every stimulus is a category of its own.
    """
    known, row = np.unique(labels.astype(str), return_inverse=True)
    if len(known) == len(labels):
        raise MetricError(f"over: {name}: all {len(labels)} stimuli differ in it, so it has no categories")
    return torch.eye(len(known), dtype=torch.float64)[torch.from_numpy(row)], f"{len(known)} categories"


def _layers(network: AnyNetwork, model: Model, region: str) -> Unit:
    """What stands for the region; of a model whose layers are the same for every region, these."""
    mapped = model.mapped
    same = region not in mapped and len({str(layers) for layers in mapped.values()}) == 1
    return resolve_layers(network, model, next(iter(mapped)) if same else region)[0]
