"""Settling: who names the layers that stand for a region, or what is to choose them.

They are settled where they are named for a run, mapped in models.yaml, its time steps, the network's own
answer, or at a stated depth. Else scores choose: on another benchmark (a model's `layers: {by: ...}`), on one
half of the stimuli while the other half is scored (`layers: auto`), or on the very stimuli that are scored (a
benchmark's `layers: best`). Or a benchmark names a pool, of which each subject has the layer that is best on
the training stimuli (pooling.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..data.recordings import Recordings
from ..errors import ModelError, nearest
from ..models.layers import BEHAVIOUR, candidates, resolve_layers
from ..models.precomputed import AnyNetwork
from ..models.represent import Unit
from ..models.steps import nearest_step, span, written
from ..opened import Opened
from ..specs.cases import Case
from ..specs.models import Model, Window
from ..specs.views import AutoLayers, Pool
from .choosing import Choice, Commitment
from .pooling import Pooling, pooling_of
from .views import view_of

_CLASSES = "the network's own answer, which `readout.classes` reads"


def settle(
    network: AnyNetwork, model: Model, case: Case, layer: str | None, opened: Opened
) -> Commitment | Choice | Pooling:
    """What stands for the case's region in a model, or how that is to be chosen.

    layer: the one that is named for this run. opened: where data and benchmarks are found.
    Raises ModelError where nothing covers the region, or a layer is not there; SpecError where the benchmark
    that chooses is not known.
    """
    if layer is not None:
        network.require(layer)
        return _settled(case, (layer,), "named for this run", opened)
    if case.benchmark.readout is not None and case.benchmark.readout.classes:
        return _settled(case, (network.own_answer,), _CLASSES, opened)
    if isinstance(case.benchmark.layers, Pool):
        return pooling_of(network, case, case.benchmark.layers, model.stochastic)
    auto = model.layers if isinstance(model.layers, AutoLayers) else AutoLayers()
    if case.benchmark.layers == "best":
        return Choice(_units(network, auto), case, "these same data (optimistic)")
    if auto is model.layers and case.region != BEHAVIOUR:
        return _automatic(network, model, auto, case, opened)
    mapped = _by_step(network, model, case, opened)
    return mapped or _settled(case, *resolve_layers(network, model, case.region), opened)


def recorded_window(recordings: Recordings) -> Window | None:
    """From when to when after the onset of a stimulus responses were recorded, ms, where the data say so."""
    coords = recordings.data.coords
    if not {"time_bin_start", "time_bin_end"} <= set(coords):
        return None
    return float(coords["time_bin_start"].min()), float(coords["time_bin_end"].max())


def _settled(case: Case, unit: Unit, source: str, opened: Opened) -> Commitment:
    return Commitment(view_of(case, unit, opened), source, case)


def _units(network: AnyNetwork, auto: AutoLayers) -> tuple[Unit, ...]:
    return tuple((layer,) for layer in candidates(network, auto.candidates))


def _automatic(network: AnyNetwork, model: Model, auto: AutoLayers, case: Case, opened: Opened) -> Choice:
    units = _units(network, auto)
    if auto.by == "half":
        data = f"one half of the stimuli (seed {auto.seed})"
        return Choice(units, case, data, auto.seed, auto.pca)
    if case.region not in auto.by:
        raise ModelError(
            f"no benchmark chooses the layer of {model.id} for {case.region}{nearest(case.region, auto.by)}"
            f" (`by` names {', '.join(auto.by)}); write `{case.region}: <benchmark>` there, or `by: half`"
        )
    by = opened.find(auto.by[case.region])
    same = ", whose data are these same (optimistic)" if by.dataset.id == case.dataset.id else ""
    return Choice(units, by, by.name + same, pca=auto.pca)


def _by_step(network: AnyNetwork, model: Model, case: Case, opened: Opened) -> Commitment | None:
    """All time steps, for metrics of responses over time; for others the one nearest to what was recorded.

    None where the model names no steps for the region, or it is not known when responses were recorded.
    """
    steps = model.steps.get(case.region)
    if not steps:
        return None
    for layer in steps:
        network.require(layer)
    if case.benchmark.metric.over_time:
        return _all_steps(case, steps, opened)
    recorded = recorded_window(opened.recordings(case)[0])
    if recorded is None:
        return None
    layer = nearest_step(steps, recorded)
    source = (
        f"of its time steps the one that starts nearest to the recorded {span(recorded)}, as in Brain-Score;"
        f" the others are not compared: {written(steps)}"
    )
    return _settled(case, (layer,), source, opened)


def _all_steps(case: Case, steps: Mapping[str, Window], opened: Opened) -> Commitment:
    whole = view_of(case, tuple(steps), opened)
    kind = replace(whole.kind, by_step=True)
    view = replace(whole, kind=kind, windows=tuple(steps.values()))
    source = f"its time steps, for each time bin the one that starts nearest: {written(steps)}"
    return Commitment(view, source, case)
