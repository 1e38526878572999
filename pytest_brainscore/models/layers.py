"""Layers: which layer of a network stands for which region."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from weakref import WeakKeyDictionary

from PIL import Image
from torch import nn

from ..errors import ModelError, nearest
from ..specs.models import FINAL, Layers, Model
from .network import Network
from .pool import pool
from .precomputed import AnyNetwork, Precomputed
from .showing import shown
from .taps import first_tensor

__all__ = ["called_leaves", "candidates", "pool", "resolve_layers"]

BEHAVIOUR = "behaviour"
DEPTHS = {"V1": 0.2, "V2": 0.35, "V4": 0.55, "IT": 0.8}
"""Relative depth by region, where a model has no layer map."""

DEPTH_RULE = (
    "by depth, for want of a layer map: of the leaf modules that answer per image, other than dropout and"
    " identity, in the order of their last calls, the one at "
    + ", ".join(f"{100 * depth:.0f} % ({region})" for region, depth in DEPTHS.items())
)

READOUT_OF_MODEL = "the readout of models.yaml"
READOUT_RULE = (
    "for want of a readout: of the leaf modules that answer per image, other than dropout and identity, in"
    " the order of their last calls, the last, or the one before it where the last is linear (a classifier)"
)

OWN_ANSWER = "the network's own answer, as models.yaml says"
ONLY_LAYER = "the only one in the file"

_IDENTITIES = (nn.Identity, nn.modules.dropout._DropoutNd)
_IDENTITY_NAMES = ("StochasticDepth", "DropPath")
_SHOWN = 2

_called: WeakKeyDictionary[nn.Module, tuple[str, ...]] = WeakKeyDictionary()


def resolve_layers(network: AnyNetwork, spec: Model, region: str) -> tuple[tuple[str, ...], str]:
    """The layers that stand for a region, mapped together, and who says so.

    For behaviour the model's readout; then the model's own map, or its own answer where `layers` is `final`;
    then, for behaviour, the last layer before the classifier; for a model without a map the rule of depth.
    Raises ModelError where none covers the region, or one names a layer that is not there.
    """
    if region == BEHAVIOUR and spec.readout:
        return _there(network, spec.readout), READOUT_OF_MODEL
    if spec.layers == FINAL:
        return (network.own_answer,), OWN_ANSWER
    if region in spec.mapped:
        return _there(network, spec.mapped[region]), spec.layer_source or "the model's own entry"
    if isinstance(network, Precomputed) and not spec.mapped:
        return (network.only_layer(region),), ONLY_LAYER
    if region == BEHAVIOUR and isinstance(network, Network):
        return (_before_classifier(network),), READOUT_RULE
    return (_at_depth(network, spec, region),), DEPTH_RULE


def called_leaves(network: AnyNetwork) -> tuple[str, ...]:
    """Leaf modules that answer per image, in the order of their last calls, without dropout and identity.

    So a Swin transformer's attention, which answers per window, is none of them. Two grey images are shown to
    the network, once per module. Of precomputed activations all layers in the file, in its order.
    """
    if isinstance(network, Precomputed):
        return network.layers
    if network.module not in _called:
        _called[network.module] = _trace(network)
    return _called[network.module]


def candidates(network: AnyNetwork, patterns: Iterable[str] | None = None) -> tuple[str, ...]:
    """The layers among which scores may choose: those of the names and patterns, in the order of these.

    By default all leaf modules that answer per image. A pattern takes the dots of names as other letters.
    Raises ModelError where one fits no layer.
    """
    if patterns is None:
        return called_leaves(network)
    return tuple(dict.fromkeys(layer for pattern in patterns for layer in _fitting(network, pattern)))


def _fitting(network: AnyNetwork, pattern: str) -> tuple[str, ...]:
    found = tuple(layer for layer in network.layers if fnmatchcase(layer, pattern))
    if not found:
        network.require(pattern)
    return found or (pattern,)


def _there(network: AnyNetwork, mapped: Layers) -> tuple[str, ...]:
    layers = (mapped,) if isinstance(mapped, str) else mapped
    for layer in layers:
        network.require(layer)
    return layers


def _before_classifier(network: Network) -> str:
    leaves = called_leaves(network)
    ends_linear = isinstance(network.module.get_submodule(leaves[-1]), nn.Linear)
    return leaves[-2] if ends_linear and len(leaves) > 1 else leaves[-1]


def _at_depth(network: AnyNetwork, spec: Model, region: str) -> str:
    known = spec.mapped or DEPTHS
    if spec.mapped or region not in DEPTHS:
        raise ModelError(
            f"no layer of {spec.id} is mapped to {region}{nearest(region, known)}"
            f" (mapped: {', '.join(known)}); write `layers: {{{region}: ...}}` in its entry of models.yaml,"
            " or name a layer for this run"
        )
    leaves = called_leaves(network)
    return leaves[round(DEPTHS[region] * (len(leaves) - 1))]


def _trace(network: Network) -> tuple[str, ...]:
    order: dict[str, None] = {}

    def note(name: str, answer: object) -> None:
        order.pop(name, None)
        tensor = first_tensor(answer)
        if tensor is not None and tensor.shape[:1] == (_SHOWN,):
            order[name] = None

    leaves = [
        (name, part)
        for name, part in network.module.named_modules()
        if name and not any(part.children()) and not _does_nothing(part)
    ]
    handles = [
        part.register_forward_hook(lambda _, __, answer, name=name: note(name, answer))
        for name, part in leaves
    ]
    try:
        shown(network, [Image.new("RGB", (256, 256), (128, 128, 128))] * _SHOWN)
    finally:
        for handle in handles:
            handle.remove()
    if not order:
        raise ModelError(
            f"{network.id} calls no module that answers per image, so that no layer can be read from it"
        )
    return tuple(order)


def _does_nothing(part: nn.Module) -> bool:
    return isinstance(part, _IDENTITIES) or type(part).__name__ in _IDENTITY_NAMES
