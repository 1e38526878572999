"""Candidates: layers of several networks that were shown the same stimuli, each of which may be the truth."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from ...commitment.views import sees
from ...data.stimuli import Stimuli
from ...errors import ModelError, nearest
from ...models.coordinates import coordinates_of
from ...models.kinds import COORDINATES, Kind
from ...models.layers import called_leaves
from ...models.network import Network
from ...models.represent import Represented, Unit, represent
from ...specs.metrics import Metric
from .separation import Sources, sources

Show = Callable[[Network, Stimuli, Mapping[Unit, Set[Kind]]], Represented]


class Place(NamedTuple):
    """A layer of a model."""

    model: str
    layer: str

    def __str__(self) -> str:
        return f"{self.model} {self.layer}"


@dataclass(frozen=True, eq=False)
class Candidates:
    """What each place answers to the stimuli, in every representation that some metric must see.

    tensors: (n_stimuli, p) each; `COORDINATES` are always there, of which recordings are made.
    tied: of each place those that no nonlinearity separates from it, which may do as well and do not compete;
    those that are affine in the image alone are so of all models.
    """

    stimuli: Stimuli
    tensors: Mapping[Place, Mapping[Kind, Tensor]]
    tied: Mapping[Place, frozenset[Place]] = field(default_factory=dict)

    @property
    def places(self) -> tuple[Place, ...]:
        """All layers, model by model, in the order of their calls."""
        return tuple(self.tensors)

    @property
    def models(self) -> tuple[str, ...]:
        """The models, in order."""
        return tuple(dict.fromkeys(place.model for place in self.tensors))

    def rivals(self, truth: Place) -> tuple[Place, ...]:
        """The places that compete with a truth."""
        out = {truth, *self.tied.get(truth, ())}
        return tuple(place for place in self.tensors if place not in out)

    def take(self, rows: Sequence[int]) -> Candidates:
        """The same for some of the stimuli; coordinates are turned into as few dimensions as these span."""
        index = torch.as_tensor(list(rows))
        tensors = {
            place: {kind: _fewer(x[index], kind) for kind, x in kinds.items()}
            for place, kinds in self.tensors.items()
        }
        return replace(self, stimuli=self.stimuli.take(list(rows)), tensors=tensors)


def shown(
    networks: Sequence[Network],
    layers: Mapping[str, Sequence[str]],
    stimuli: Stimuli,
    metrics: Collection[Metric],
    show: Show = represent,
) -> Candidates:
    """Show stimuli to networks, and keep what the metrics must see of the layers named, by model.

    show: what units of a network's layers make of stimuli.
    Raises ModelError where a network cannot be shown them, or a layer cannot be read or is not there.
    """
    kinds = {COORDINATES, *(sees(metric) for metric in metrics)}
    tensors: dict[Place, Mapping[Kind, Tensor]] = {}
    known: dict[Place, Sources] = {}
    for network in networks:
        named = layers[network.id]
        wanted: dict[Unit, set[Kind]] = {(layer,): kinds for layer in named}
        seen = show(network, stimuli, wanted)
        for layer in named:
            tensors[Place(network.id, layer)] = {kind: seen.tensor((layer,), kind) for kind in kinds}
        known |= _sources_of(network, named)
    return Candidates(stimuli, tensors, {place: _tied(place, known) for place in known})


def spread(network: Network, count: int) -> tuple[str, ...]:
    """`count` leaf modules spread evenly along depth, or all there are; no two of the same sources.

    Of layers that no nonlinearity separates from each other the first is taken: a linear mapping could not
    tell one from the other.
    """
    first: dict[object, str] = {}
    for layer, known in sources(network).items():
        first.setdefault(known, layer)
    found = list(first.values())
    if len(found) <= count:
        return tuple(found)
    steps = [round(i * (len(found) - 1) / max(count - 1, 1)) for i in range(count)]
    return tuple(found[i] for i in dict.fromkeys(steps))


def _sources_of(network: Network, layers: Sequence[str]) -> dict[Place, Sources]:
    known, leaves = sources(network), called_leaves(network)
    for layer in layers:
        if layer not in known:
            raise ModelError(
                f"{network.id} has no leaf module {layer} that an image passes{nearest(layer, leaves)}"
            )
    return {Place(network.id, layer): known[layer] for layer in layers}


def _tied(place: Place, known: Mapping[Place, Sources]) -> frozenset[Place]:
    return frozenset(
        other
        for other in known
        if other != place
        and (
            _is_linear(known[place]) and _is_linear(known[other])
            if other.model != place.model
            else known[place] <= known[other]
        )
    )


def _is_linear(sources: Sources) -> bool:
    """Whether a layer is affine in the image alone."""
    return all(getattr(node, "name", str)().endswith("AccumulateGrad") for node in sources)


def _fewer(x: Tensor, kind: Kind) -> Tensor:
    return coordinates_of(x) if kind == COORDINATES else x
