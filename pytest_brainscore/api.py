"""The door for notebooks and scripts: `score` without pytest, and without YAML where arrays are at hand."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from PIL import Image
from torch import nn

from . import suite
from .data.opening import from_arrays
from .data.recordings import Recordings
from .errors import SelectionError, SpecError, nearest
from .models.network import Network, from_module
from .scores import Score
from .specs.benchmarks import Benchmark
from .specs.cases import Case, load_cases, metric_label
from .specs.datasets import CustomDataset
from .specs.models import FINAL, Layers, Model
from .specs.registry import Registry
from .specs.validation import validated
from .specs.views import Pool
from .suite import selection
from .workbench import Workbench

Transform = Callable[[Image.Image], torch.Tensor]
_OF_RESPONSES = {"region": "brain", "metric": "ridgecv"}
_OF_CHOICES = {"region": "behaviour", "metric": "i2n"}


def score(
    model: str | nn.Module,
    benchmark: str | None = None,
    *,
    layer: str | Sequence[str] | None = None,
    transform: Transform | None = None,
    name: str | None = None,
    visual_degrees: float = 8.0,
    batch_size: int = 64,
    stochastic: bool = False,
    stimuli: Path | str | Sequence[Path | str | Image.Image | np.ndarray] | None = None,
    recordings: np.ndarray | xr.DataArray | Recordings | None = None,
    region: str | None = None,
    metric: str | Mapping[str, Any] | None = None,
    root: Path | str = ".",
    device: str = "auto",
    offline: bool = False,
    **entry: Any,
) -> Score:
    """Score a model on a benchmark, or on stimuli and recordings given as arrays.

    model: what ``--models`` takes (one name), or an nn.Module with `layer` and, unless a squash to 224 pixels
        and ImageNet's mean and standard deviation suit it, a `transform` (PIL image to tensor (3, h, w));
        `stochastic` where it answers differently each time, so that `trials` show it each stimulus often.
    benchmark: a name as ``Cowley2023.V4-pls``, of the benchmarks/ under `root` or of the shipped ones; or
        ``path/to/file.yaml::V4-pls``.
    layer: module name, or several that are mapped together; default: the model's own map. None where
        `readout: {"classes": ...}` reads the network's own answer, or `layers` names a pool to choose from.
    stimuli, recordings: n images (a folder, paths, PIL images, or uint8 arrays) and responses (n stimuli,
        neuroids[, repetitions]), NaN where one is missing; or a DataArray with these dims; or, without
        stimuli, Recordings, which have their own (``from_trials`` of data/opening.py makes them of choices).
    region ("brain"; of choices "behaviour"), metric ("ridgecv"; of choices "i2n"), and what else a YAML entry
        says (splits, ceiling, normalise, clip, trials, layers): not for a benchmark, which says these itself.

    A module is copied, so that yours stays in its mode, on its device and in its precision.

    Returns the Score; ``score.to_xarray()`` has the values per split and neuroid.
    Raises BrainScoreError with the cause.
    """
    root, given = Path(root), {"region": region, "metric": metric, **entry}
    given = {key: value for key, value in given.items() if value is not None}
    _refuse_unclear(model, benchmark, stimuli, recordings, given)
    bench = Workbench.open(device=device, offline=offline, registry=_registry(model, root))
    if recordings is None:
        case = find(str(benchmark), root)
    else:
        of_choices = isinstance(recordings, Recordings) and recordings.kind == "choices"
        case = _case({**(_OF_CHOICES if of_choices else _OF_RESPONSES), **given})
        bench.adopt_recordings(case, _in_memory(stimuli, recordings, case.region))
    pooled = isinstance(case.benchmark.layers, Pool)
    spec, folder = _model(model, root, name, _layer(model, layer, case), case.region, pooled)
    if isinstance(model, nn.Module):
        spec = spec.model_copy(update={"stochastic": stochastic})
        bench.adopt_network(spec, _network(model, transform, spec, visual_degrees, batch_size))
    named = layer if pooled and isinstance(layer, str) else None
    result = bench.score(case, spec, folder, named)
    return replace(result, about={"benchmark": case.name, "model": spec.id, **result.about})


def find(benchmark: str, root: Path) -> Case:
    """The case that a name or ``file.yaml::id`` means.

    Raises SelectionError with the nearest names where there is none.
    """
    path, _, wanted = benchmark.partition("::")
    files = [Path(path)] if wanted else suite.benchmark_files(root)
    cases = [case for file in files for case in load_cases(file)]
    for case in cases:
        if (wanted or benchmark) in (case.name, case.id if wanted else case.name):
            return case
    known = [case.id if wanted else case.name for case in cases]
    hint = nearest(wanted or benchmark, known) or f" (there are {', '.join(known) or 'none'})"
    raise SelectionError(f"no benchmark {benchmark}{hint}")


def _layer(
    model: str | nn.Module, layer: str | Sequence[str] | None, case: Case
) -> str | Sequence[str] | None:
    """The layer that is given; for a module whose own answer is read, that answer."""
    readout = case.benchmark.readout
    if readout is None or readout.classes is None:
        return layer
    if layer is not None:
        raise SelectionError(
            "score: `classes` of `readout` reads the network's own answer; leave `layer` out"
        )
    return FINAL if isinstance(model, nn.Module) else None


def _model(
    model: str | nn.Module,
    root: Path,
    name: str | None,
    layer: str | Sequence[str] | None,
    region: str,
    pooled: bool,
) -> tuple[Model, Path]:
    layers: dict[str, Layers] = (
        {} if layer is None else {region: layer if isinstance(layer, str) else tuple(layer)}
    )
    if isinstance(model, nn.Module):
        if layer is None and not pooled:
            raise SpecError(
                "score: a module needs `layer`: the name of the layer that the region is read from"
            )
        label = name or re.sub(r"[^A-Za-z0-9_.]", "_", type(model).__name__)
        entry = {"id": label, "source": "notebook:module", "layers": layers}
        return validated(Model, {**entry, "layer_source": "named for this call"}, "score(name, layer)"), root
    (candidate, *more) = selection.select(model, suite.zoo(root), root)
    if more:
        raise SelectionError(f"score: {model} names {1 + len(more)} models; name one")
    named = {"layers": layers, "layer_source": "named for this call", "readout": None}
    update = named if layers else {}
    return candidate.model.model_copy(update=update), candidate.folder


def _network(
    module: nn.Module, transform: Transform | None, spec: Model, visual_degrees: float, batch_size: int
) -> Network:
    copied = copy.deepcopy(module)
    return from_module(copied, transform, id=spec.id, visual_degrees=visual_degrees, batch_size=batch_size)


def _refuse_unclear(model: Any, benchmark: Any, stimuli: Any, recordings: Any, given: dict[str, Any]) -> None:
    """Raise SelectionError where the arguments do not say one thing: what is given is never ignored."""
    if not isinstance(model, str | nn.Module):
        raise SelectionError(f"score: a model is a name or an nn.Module, not {type(model).__name__}")
    if benchmark is not None and (stimuli is not None or recordings is not None or given):
        extra = ", ".join([*given, *(["stimuli, recordings"] if stimuli is not None else [])]) or "recordings"
        raise SelectionError(
            f"score: the benchmark {benchmark} says itself what {extra} would; leave one out"
        )
    if isinstance(recordings, Recordings):
        if stimuli is not None:
            raise SelectionError("score: Recordings have their own stimuli; leave `stimuli` out")
    elif benchmark is None and (stimuli is None or recordings is None):
        raise SelectionError("score needs a benchmark, or else both stimuli and recordings")


def _in_memory(stimuli: Any, recordings: Any, region: str) -> Recordings:
    return (
        recordings if isinstance(recordings, Recordings) else from_arrays(stimuli, recordings, region=region)
    )


def _case(entry: dict[str, Any]) -> Case:
    benchmark, region = validated(Benchmark, entry, "score(...)"), entry["region"]
    dataset = CustomDataset(id="arrays", reader="notebook:arrays", stimuli={}, recordings={})
    case_id = f"{region}-{metric_label(benchmark)}"
    return Case(case_id, region, dataset, benchmark, Path("score(...)"), 1)


def _registry(model: str | nn.Module, root: Path) -> Registry:
    trusted = selection.packages(model) if isinstance(model, str) else ()
    return Registry(root.resolve(), trusted)
