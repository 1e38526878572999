"""Views: what a benchmark sees of a network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .. import scoring
from ..errors import MetricError
from ..metrics.temporal import align
from ..models.components import projected
from ..models.kinds import COORDINATES, Kind
from ..models.looks import looks_of
from ..models.represent import Unit
from ..opened import Opened
from ..specs.cases import Case
from ..specs.metrics import CustomMetric, Encoded, Metric
from ..specs.models import Model, Window
from ..specs.views import Components, Projection, Trials


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


def view_of(case: Case, unit: Unit, opened: Opened, pca: Components | None = None) -> View:
    """What a benchmark sees of layers, by its own `pca` unless one is given.

    Raises MetricError where that depends on the split, and there are several.
    """
    pca, metric = pca or case.benchmark.pca, case.benchmark.metric
    if pca is None and isinstance(metric, Encoded) and metric.features == "units":
        return View(unit, Kind("coordinates", standardised=_trained_on(case, opened)))
    return View(unit, COORDINATES if pca else sees(metric), pca)


def sees(metric: Metric) -> Kind:
    """What the metric must be shown, where that does not depend on the split."""
    if isinstance(metric, Encoded) and isinstance(metric.features, Projection):
        return Kind("projection", projection=metric.features)
    return Kind(metric.representation if isinstance(metric, CustomMetric) else metric.sees)


def _trained_on(case: Case, opened: Opened) -> tuple[int, ...]:
    """Rows of the training stimuli in the data set's list: units are z-scored on them."""
    target, _ = opened.target(case)
    splits = target.splits if isinstance(target, scoring.Target) else ()
    if not isinstance(target, scoring.Target) or len(splits) != 1:
        raise MetricError(
            f"{case.where}: {case.benchmark.metric.name} z-scores all units on the training stimuli, which"
            f" {len(splits)} splits have each their own of: write `features: exact`, or"
            " `splits: {halves: alternate}`"
        )
    return tuple(sorted(target.rows[splits[0].train.cpu()].tolist()))


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
