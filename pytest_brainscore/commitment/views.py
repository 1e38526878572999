"""Views: what a benchmark sees of a network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .. import scoring
from ..metrics.temporal import align
from ..models.components import projected
from ..models.kinds import COORDINATES, Kind
from ..models.looks import looks_of
from ..models.represent import Unit
from ..specs.cases import Case
from ..specs.metrics import CustomMetric, Metric
from ..specs.models import Model, Window
from ..specs.views import Components, Trials


@dataclass(frozen=True)
class View:
    """Layers together, in a representation, on principal components.

    windows: where the layers are time steps, when each answers, ms.
    """

    unit: Unit
    kind: Kind
    pca: Components | None = None
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Images:
    """What a network is shown: equal for two views exactly where one forward pass does for both.

    stimuli: the case's key. fit: by name, how many images of a collection are shown beside them. looks: how
    often, and from where.
    """

    stimuli: str
    fit: tuple[str, int] | None
    looks: Trials | None


def view_of(case: Case, unit: Unit, pca: Components | None = None) -> View:
    """What a benchmark sees of layers, by its own `pca` unless one is given."""
    pca = pca or case.benchmark.pca
    return View(unit, COORDINATES if pca else sees(case.benchmark.metric), pca)


def sees(metric: Metric) -> Kind:
    """What the metric must be shown."""
    return Kind(metric.representation if isinstance(metric, CustomMetric) else metric.sees)


def images_of(case: Case, view: View, model: Model) -> Images:
    """What a model is shown for that view."""
    fit = view.pca.fit if view.pca else None
    beside = (fit.name, view.pca.images) if view.pca and fit else None
    return Images(case.stimuli_key, beside, looks_of(model, case.benchmark.trials))


def seen(x: Tensor, view: View, n: int, target: scoring.AnyTarget) -> Tensor:
    """What the metric is shown: the n stimuli, projected and aligned in time where the view says so.

    x: (n, p), or (n, steps, p); with further rows for the images that principal components are fitted on.
    Components are of these, or else of the stimuli of the benchmark; of all, where it compares choices.
    Returns (n, p), or (n, time bins, p).
    """
    if view.pca is not None:
        own = target.rows if isinstance(target, scoring.Target) else torch.arange(n)
        x = projected(x, torch.arange(n, len(x)) if view.pca.fit else own, view.pca.n)[:n]
    if view.windows and isinstance(target, scoring.Target):
        x = align(x, view.windows, target.time_bins)
    return x
