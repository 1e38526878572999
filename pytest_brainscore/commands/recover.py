"""Test the scoring itself: are recordings that were made from a layer recovered by that layer?

Shows rendered objects to the model, simulates neuroids that read one of its layers, and scores all its layers
on them, through the code that scores models on brains. Two controls must score nothing: independent normal
features, and the layer itself with its stimuli shuffled. The exit status is 0 only where each layer is
recovered: 1 says that one is not, or that simulations are too few to say, and 2 that nothing was found out.

With --benchmark the recordings have the size and the noise of that benchmark's, every layer of all models
given is the truth in turn, and each metric scores all of them (docs/known_truth.md).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from .. import suite
from ..analysis.truth.known import rendered
from ..analysis.truth.recovery import Recovery, Truth, benchmark_of, recover
from ..analysis.truth.separation import not_separated
from ..commitment.views import sees
from ..data.fetch import Fetcher
from ..data.stimuli import Stimuli
from ..errors import SelectionError, nearest
from ..machine import Device, keep_freed_memory
from ..models.build import build
from ..models.layers import called_leaves
from ..models.network import Network
from ..models.precomputed import Precomputed
from ..models.represent import represent
from ..models.store import Store
from ..specs.metrics import OF_NEUROIDS, Metric
from ..specs.registry import Registry
from ..suite import selection
from .recovery.table import table
from .recovery.writing import make_room, write

_TRUTH = {
    "components": "principal components of the layer that neuroids combine",
    "neuroids": "simulated neuroids",
    "reliability": "of their responses averaged over repetitions",
    "repetitions": "of each stimulus",
}
_BOUNDS = {
    "stimuli": (1, 100_000),
    "seeds": (2, 1000),
    "layers": (1, 100),
    "splits": (1, 1000),
    "components": (1, 10_000),
    "neuroids": (1, 10_000),
    "repetitions": (2, 1000),
}
_DEFAULTS: dict[str, Any] = {"metric": "ridgecv", "stimuli": 1500, "splits": 1, **vars(Truth())}
_MOST_NUMBERS = 100_000_000  # of one simulation, 0.8 GB


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the layers that recordings are made from, and how these are made."""
    option = parser.add_argument
    option("model", help="one model, as pytest's --models takes it; with --benchmark also several: A,B,C")
    _add_arguments_of_benchmarks(parser)
    option(
        "--layer", action="append", help="make recordings from it (default: a middle leaf); may be repeated"
    )
    option(
        "--metric",
        help="any that predicts single neuroids (default: ridgecv); with --benchmark any of responses, or"
        " several, as a benchmark file writes them: 'pls, {name: cka, debiased: false}' (default: its own)",
    )
    option("--stimuli", type=int, help=f"at least so many images (default: {_DEFAULTS['stimuli']})")
    option("--seeds", type=int, default=5, help="simulations per layer (default: 5)")
    option("--splits", type=int, help=f"splits per simulation (default: {_DEFAULTS['splits']})")
    for name, value in vars(Truth()).items():
        option(f"--{name}", type=type(value), help=f"{_TRUTH[name]} (default: {value})")
    option("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto)")
    option("--json", type=Path, metavar="FILE", help="write all scores there")
    option("--root", type=Path, default=Path(), help="the project's folder (default: this one)")


def _add_arguments_of_benchmarks(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option(
        "--benchmark",
        metavar="NAME",
        help="Simulated.V4-pls, or FILE::ID: whose stimuli, neuroids, repetitions, splits and reliability the"
        " recordings have, unless options say otherwise",
    )
    option("--layers", type=int, default=6, help="of each model, spread along depth (default: 6)")
    option("--power", choices=("stimuli", "neuroids", "noise"), help="recover at several sizes")
    option("--sizes", help="50,100,200: which sizes; of noise the reliability (default: a range)")


def run(options: argparse.Namespace) -> int:
    """Print one table per layer; 1 where one is not recovered.

    Raises SelectionError for options that cannot be, before anything is shown to the network.
    """
    if options.benchmark is not None:
        from .recovery import benchmark

        refuse_impossible(options)
        make_room(options.json)
        return benchmark.run(options)
    _refuse_what_needs_benchmark(options)
    for name, value in _DEFAULTS.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    refuse_impossible(options)
    _refuse_other_metrics(options.metric)
    make_room(options.json)
    keep_freed_memory()
    registry = Registry(options.root.resolve(), selection.packages(options.model))
    fetcher = Fetcher.from_environment()
    network = _network(options, fetcher, registry)
    found = []
    for recovery in _recoveries(options, network, fetcher, registry):
        print("\n".join(table(network.id, recovery)), flush=True)
        found.append(recovery)
    if options.json:
        written = [{"model": network.id, **recovery.to_json()} for recovery in found]
        write(json.dumps(written, indent=1, allow_nan=False) + "\n", options.json)
    return 0 if all(recovery.recovered for recovery in found) else 1


def _refuse_what_needs_benchmark(options: argparse.Namespace) -> None:
    for name in ("power", "sizes"):
        if getattr(options, name) is not None:
            raise SelectionError(
                f"--{name} {getattr(options, name)}: is of recordings like a benchmark's: name"
                " it (`--benchmark Simulated.V4-pls`)"
            )


def refuse_impossible(options: argparse.Namespace) -> None:
    """Raise SelectionError for numbers that cannot be; those that were not given are a benchmark's."""
    for name, (least, most) in _BOUNDS.items():
        value = getattr(options, name)
        fewest = 0 if name == "components" and options.benchmark is not None else least
        if value is not None and not fewest <= value <= most:
            raise SelectionError(f"--{name} {value}: from {fewest} to {most:,}")
    if options.reliability is not None and not 0 < options.reliability <= 1:
        raise SelectionError(f"--reliability {options.reliability}: above 0 and at most 1")
    count = (options.stimuli or 1) * (options.neuroids or 1) * (options.repetitions or 1)
    if count > _MOST_NUMBERS:
        raise SelectionError(
            f"--stimuli x --neuroids x --repetitions: {count:,} numbers, and {_MOST_NUMBERS:,} is the most"
        )
    if not options.root.is_dir():
        raise SelectionError(f"--root {options.root}: there is no such folder")


def _refuse_other_metrics(metric: str) -> None:
    if metric not in OF_NEUROIDS and ":" not in metric:
        raise SelectionError(
            f"--metric {metric}: recover takes a metric of single neuroids ({', '.join(OF_NEUROIDS)}, or"
            f" package.module:function){nearest(metric, OF_NEUROIDS)}; others need --benchmark"
        )


def _recoveries(
    options: argparse.Namespace, network: Network, fetcher: Fetcher, registry: Registry
) -> Iterator[Recovery]:
    benchmark = benchmark_of(options.metric, splits=options.splits)
    layers = options.layer or [_middle(network)]
    tied = {layer: not_separated(network, layer) for layer in layers}
    truth = Truth(**{name: getattr(options, name) for name in _TRUTH})
    seeds = range(1, options.seeds + 1)
    stimuli = rendered(options.stimuli)
    activations = _shown(network, stimuli, benchmark.metric, Device.named(options.device), fetcher)
    for layer in layers:
        asked = (stimuli, activations, layer, benchmark)
        yield recover(*asked, tied=tied[layer], truth=truth, seeds=seeds, resolve=registry)


def _network(options: argparse.Namespace, fetcher: Fetcher, registry: Registry) -> Network:
    candidate, *more = selection.select(options.model, suite.zoo(options.root), options.root)
    if more:
        raise SelectionError(
            f"recover: {options.model} names {1 + len(more)} models; name one, or a --benchmark"
        )
    fetch = partial(fetcher, folder=candidate.folder)
    network = build(candidate.model, fetch, registry, offline=fetcher.offline, cache=fetcher.cache)
    if isinstance(network, Precomputed):
        raise SelectionError(f"recover: {options.model} is a file, which knows nothing of rendered stimuli")
    return network


def _middle(network: Network) -> str:
    leaves = called_leaves(network)
    return leaves[len(leaves) // 2]


def _shown(
    network: Network, stimuli: Stimuli, metric: Metric, device: Device, fetcher: Fetcher
) -> dict[str, Tensor]:
    """What the metric must see of every leaf module that an image passes."""
    leaves, need = called_leaves(network), sees(metric)
    shown = represent(
        network,
        stimuli,
        {(leaf,): {need} for leaf in leaves},
        store=Store.in_cache(fetcher.cache),
        device=device.network,
        spill=fetcher.cache / "spill",
    )
    return {leaf: shown.tensor((leaf,), need).to(device.metrics) for leaf in leaves}
