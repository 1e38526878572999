"""Layers: which layer of a network stands for which region."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import torch
from PIL import Image
from torch import nn

from ..errors import ModelError, nearest
from ..specs.models import Model
from .network import Network

BEHAVIOUR = "behaviour"
DEPTHS = {"V1": 0.2, "V2": 0.35, "V4": 0.55, "IT": 0.8, BEHAVIOUR: 1.0}
"""Relative depth by region, where a model has no layer map."""

DEPTH_RULE = (
    "by depth, for want of a layer map: of the leaf modules other than dropout and identity, in the order of"
    " their last calls, the one at "
    + ", ".join(f"{100 * depth:.0f} % ({region})" for region, depth in DEPTHS.items())
)

_IDENTITIES = (nn.Identity, nn.modules.dropout._DropoutNd)
_IDENTITY_NAMES = ("StochasticDepth", "DropPath")

_called: WeakKeyDictionary[nn.Module, tuple[str, ...]] = WeakKeyDictionary()


def resolve_layers(network: Network, spec: Model, region: str) -> tuple[tuple[str, ...], str]:
    """The layers that stand for a region, mapped together, and who says so.

    The model's own map; for behaviour, which a map may leave out, its readout; for a model without a
    map and a readout, the rule of depth.
    Raises ModelError where neither covers the region, or names a layer that is not there.
    """
    source = spec.layer_source or "the model's own entry"
    mapped = spec.layers.get(region, spec.readout if region == BEHAVIOUR else None)
    if mapped is None:
        return (_at_depth(network, spec, region),), DEPTH_RULE
    layers = (mapped,) if isinstance(mapped, str) else mapped
    for layer in layers:
        network.require(layer)
    return layers, source


def called_leaves(network: Network) -> tuple[str, ...]:
    """Leaf modules that an image passes, in the order of their last calls, without dropout and identity.

    One grey image is shown to the network, once per module.
    """
    if network.module not in _called:
        _called[network.module] = _trace(network)
    return _called[network.module]


def _at_depth(network: Network, spec: Model, region: str) -> str:
    known = spec.layers or DEPTHS
    if spec.layers or region not in DEPTHS:
        raise ModelError(
            f"no layer of {spec.id} is mapped to {region}{nearest(region, known)}"
            f" (mapped: {', '.join(known)}); write `layers: {{{region}: ...}}` in its entry of models.yaml,"
            " or name a layer for this run"
        )
    leaves = called_leaves(network)
    return leaves[round(DEPTHS[region] * (len(leaves) - 1))]


def _trace(network: Network) -> tuple[str, ...]:
    order: dict[str, None] = {}

    def note(name: str) -> None:
        order.pop(name, None)
        order[name] = None

    leaves = [
        (name, part)
        for name, part in network.module.named_modules()
        if name and not any(part.children()) and not _does_nothing(part)
    ]
    handles = [part.register_forward_hook(lambda *_, name=name: note(name)) for name, part in leaves]
    try:
        _look(network)
    finally:
        for handle in handles:
            handle.remove()
    if not order:
        raise ModelError(f"{network.id} calls no module of its own, so that no layer can be read from it")
    return tuple(order)


def _does_nothing(part: nn.Module) -> bool:
    return isinstance(part, _IDENTITIES) or type(part).__name__ in _IDENTITY_NAMES


def _look(network: Network) -> None:
    """Show one grey image, wherever the network is."""
    grey = Image.new("RGB", (256, 256), (128, 128, 128))
    image = torch.as_tensor(network.preprocess(grey)).float()
    device = next((p.device for p in network.module.parameters()), torch.device("cpu"))
    try:
        with torch.no_grad(), torch.random.fork_rng([device] if device.type == "cuda" else []):
            network.module(image[None].to(device))
    except Exception as why:
        reason = (str(why).strip() or "no message").splitlines()[0]
        raise ModelError(
            f"{network.id}: the forward pass of an image fails: {type(why).__name__}: {reason}"
        ) from why
