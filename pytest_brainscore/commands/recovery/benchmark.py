"""Recover on recordings like a benchmark's: every layer of all models is the truth in turn."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ... import suite
from ...analysis.truth.candidates import Candidates, shown, spread
from ...analysis.truth.design import Design, design_of
from ...analysis.truth.known import rendered
from ...analysis.truth.matrix import matrices
from ...analysis.truth.power import SIZES, Terms, curves
from ...analysis.truth.verdicts import recovers
from ...data.fetch import Fetcher
from ...data.opening import open_recordings
from ...data.stimuli import Stimuli
from ...errors import SelectionError, nearest
from ...machine import Device, keep_freed_memory
from ...models.build import build
from ...models.layers import called_leaves
from ...models.network import Network
from ...models.precomputed import Precomputed
from ...models.represent import represent
from ...models.store import Store
from ...specs.cases import Case, load_cases
from ...specs.metrics import AnyMetric
from ...specs.recoveries import Recoveries
from ...specs.registry import Registry
from ...specs.splits import Splits
from ...suite import selection
from .metrics import metrics_named
from .text import lines
from .writing import write


@dataclass(frozen=True)
class Place:
    """Where things are found: files, code, models, and the device that computes."""

    fetcher: Fetcher
    registry: Registry
    device: torch.device
    root: Path


def run(options: argparse.Namespace) -> int:
    """Print a matrix per metric, and curves where asked; 0 only where each metric surely recovers each truth.

    Raises SelectionError for what is not there, and BrainScoreError as scoring does.
    """
    keep_freed_memory()
    registry = Registry(options.root.resolve(), selection.packages(options.model))
    device = Device.named(options.device).network
    place = Place(Fetcher.from_environment(), registry, device, options.root)
    case = case_named(options.benchmark, options.root)
    metrics = metrics_named(options.metric, case)
    document = _recovered(options, place, case, metrics)
    print("\n".join(lines(document)), flush=True)
    if options.json:
        write(document.text(), options.json)
    every = all(recovers(m) and m.recovered == len(m.layers) for m in document.matrices)
    return 0 if every and all(curve.enough is not None for curve in document.curves) else 1


def case_named(name: str, root: Path) -> Case:
    """The benchmark of a full name, or of ``FILE::ID``. Raises SpecError or SelectionError for none such."""
    file, separator, id = name.rpartition("::")
    if not separator:
        return suite.find(name, root)
    if not Path(file).is_file():
        raise SelectionError(f"--benchmark {name}: there is no file {file}")
    cases = {case.id: case for case in load_cases(Path(file))}
    if id not in cases:
        raise SelectionError(
            f"--benchmark {name}: no {id} in {file}{nearest(id, cases)} ({', '.join(cases)})"
        )
    return cases[id]


def _recovered(
    options: argparse.Namespace, place: Place, case: Case, metrics: Sequence[AnyMetric]
) -> Recoveries:
    fetch = partial(place.fetcher, folder=case.path.parent, access=case.dataset.access)
    recordings = open_recordings(case.dataset, fetch, place.fetcher.cache, place.registry)
    whole = design_of(case, recordings, reliability=options.reliability)
    design, networks = sized(whole, options), _networks(options, place)
    if options.power is not None:
        design = _large_enough(design, whole, options)
    candidates = _candidates(options, place, networks, design.stimuli, metrics)
    terms = Terms(_components(options), tuple(range(1, options.seeds + 1)), place.registry)
    return Recoveries(
        benchmark=case.name,
        images="own" if set(design.stimuli.ids) <= set(whole.stimuli.ids) else "rendered",
        stimuli=len(design.stimuli),
        neuroids=len(design.reliability),
        repetitions=design.repetitions,
        reliability=design.median_reliability,
        components=terms.components,
        seeds=options.seeds,
        models=candidates.models,
        **_found(options, candidates, design, metrics, terms),
    )


def _found(
    options: argparse.Namespace,
    candidates: Candidates,
    design: Design,
    metrics: Sequence[AnyMetric],
    terms: Terms,
) -> dict[str, Any]:
    """Curves where they are asked for, else matrices."""
    if options.power is not None:
        return {"curves": curves(candidates, design, metrics, options.power, sizes_of(options), terms=terms)}
    given: dict[str, Any] = {"components": terms.components, "seeds": terms.seeds, "resolve": terms.resolve}
    return {"matrices": tuple(one.document() for one in matrices(candidates, design, metrics, **given))}


def _large_enough(design: Design, whole: Design, options: argparse.Namespace) -> Design:
    """On as many stimuli as the largest size needs: the benchmark's own, or else rendered ones."""
    most = int(max(sizes_of(options))) if options.power == "stimuli" else len(design.stimuli)
    if most <= len(design.stimuli):
        return design
    if most <= len(whole.stimuli):
        return replace(design, stimuli=whole.stimuli)
    return design.on(rendered(most).take(range(most)))


def sized(design: Design, options: argparse.Namespace) -> Design:
    """The benchmark's design, but for what options say."""
    if options.stimuli is not None and options.stimuli > len(design.stimuli):
        design = design.on(rendered(options.stimuli).take(range(options.stimuli)))
    elif options.stimuli is not None and options.stimuli < len(design.stimuli):
        design = design.on(design.stimuli.take(_even(len(design.stimuli), options.stimuli)))
    if options.neuroids is not None:
        design = design.of_neuroids(options.neuroids)
    if options.repetitions is not None:
        design = replace(design, repetitions=options.repetitions)
    if options.splits is not None:
        design = replace(
            design, benchmark=design.benchmark.model_copy(update={"splits": _splits(design, options)})
        )
    return design


def _splits(design: Design, options: argparse.Namespace) -> Splits:
    """So many shuffled splits, of the benchmark's own shares where it has some."""
    written = design.benchmark.splits.model_dump(exclude_unset=True)
    kept = {key: value for key, value in written.items() if key in ("train", "test", "stratify", "seed")}
    return Splits.model_validate({**kept, "n": options.splits})


def _even(n: int, count: int) -> list[int]:
    """Rows spread evenly over n."""
    return [i * n // count for i in range(count)]


def _components(options: argparse.Namespace) -> int | None:
    """How many components neuroids combine; 0 says: the units as they are."""
    return 20 if options.components is None else options.components or None


def _networks(options: argparse.Namespace, place: Place) -> list[Network]:
    chosen = selection.select(options.model, suite.zoo(options.root), options.root)
    made = []
    for candidate in chosen:
        fetch = partial(place.fetcher, folder=candidate.folder)
        network = build(candidate.model, fetch, place.registry, cache=place.fetcher.cache)
        if isinstance(network, Precomputed):
            raise SelectionError(f"recover: {candidate.id} is a file of answers, and has no layers to read")
        made.append(network)
    return made


def _candidates(
    options: argparse.Namespace,
    place: Place,
    networks: Sequence[Network],
    stimuli: Stimuli,
    metrics: Sequence[AnyMetric],
) -> Candidates:
    cache = place.fetcher.cache
    show = partial(represent, store=Store.in_cache(cache), device=place.device, spill=cache / "spill")
    return shown(networks, _layers(options, networks), stimuli, metrics, show)


def _layers(options: argparse.Namespace, networks: Sequence[Network]) -> Mapping[str, tuple[str, ...]]:
    """Of each model the layers that are named, or some that are spread along depth."""
    if not options.layer:
        return {network.id: spread(network, options.layers) for network in networks}
    known = {network.id: called_leaves(network) for network in networks}
    for layer in options.layer:
        if not any(layer in leaves for leaves in known.values()):
            every = [leaf for leaves in known.values() for leaf in leaves]
            raise SelectionError(f"--layer {layer}: no model given has it{nearest(layer, every)}")
    return {id: tuple(layer for layer in options.layer if layer in leaves) for id, leaves in known.items()}


def sizes_of(options: argparse.Namespace) -> tuple[float, ...]:
    """The sizes that are named, or else the usual range. Raises SelectionError for what is no size."""
    if options.sizes is None:
        return SIZES[options.power]
    try:
        sizes = tuple(sorted({float(word) for word in options.sizes.split(",")}))
    except ValueError:
        raise SelectionError(f"--sizes {options.sizes}: numbers with commas between are due") from None
    is_share = options.power == "noise"
    if not all(0 < size < 1 if is_share else size >= 1 and size.is_integer() for size in sizes):
        due = "reliabilities above 0 and below 1" if is_share else "whole numbers above 0"
        raise SelectionError(f"--sizes {options.sizes}: {due} are due")
    return sizes
