"""Separation: between which layers of a network there is a nonlinearity.

A layer is an affine function of its sources: of the image, or of the answers of nonlinear operations. Layers
with only affine operations between them share their sources, and a linear mapping may read from the one what
it reads from the other. The operations are those that torch records for a gradient, so that also those count
which are no modules (a sum, a concatenation, ``F.relu``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from PIL import Image

from ...errors import ModelError, first_line
from ...models.layers import called_leaves
from ...models.network import Network

Sources = frozenset[Any]

_SUMS = {
    *("Add", "Sub", "Rsub", "Neg", "Sum", "Mean", "Cat", "Stack"),
    *("AvgPool1D", "AvgPool2D", "AvgPool3D", "MkldnnAvgPool2D"),
    *("AdaptiveAvgPool2D", "AdaptiveAvgPool3D", "MkldnnAdaptiveAvgPool2D"),
    *("UpsampleNearest1D", "UpsampleNearest2D", "UpsampleBilinear2D", "UpsampleBicubic2D"),
}
_MOVES = {
    *("Clone", "ToCopy", "Alias", "View", "UnsafeView", "ReshapeAlias", "AsStrided", "Expand", "Repeat"),
    *("Permute", "Transpose", "T", "Squeeze", "Unsqueeze", "Unbind", "Split", "SplitWithSizes", "Select"),
    *("Slice", "Index", "IndexSelect", "Gather", "Roll", "Flip", "Im2Col", "Col2Im", "Unfold"),
    *("PixelShuffle", "PixelUnshuffle", "ConstantPadNd", "ReflectionPad2D", "ReplicationPad2D"),
}
_PRODUCTS = {"Convolution", "Addmm", "Mm", "Bmm", "Baddbmm", "Mv", "Dot", "Linear", "Mul"}
_NORMS = {"NativeBatchNorm", "CudnnBatchNorm", "MiopenBatchNorm"}


def not_separated(network: Network, layer: str) -> tuple[str, ...]:
    """The other leaf modules that no nonlinearity separates from `layer`, in the order of their calls.

    These are the layers that are affine functions of everything that `layer` is an affine function of; they
    may be so of more, as the sum of a residual block is. An operation counts as nonlinear unless it is known
    to be affine in its one argument that depends on the image: convolution, linear, batch normalisation in
    eval mode, average pooling, sum, concatenation, reshaping.
    Raises ModelError where the network has no such layer, the layer is no leaf or is not called, or the
    forward pass fails.
    """
    network.require(layer)
    found = sources(network)
    if layer not in found:
        raise ModelError(
            f"{network.id}: {layer} is no leaf module that an image passes; there are {', '.join(found)}"
        )
    return tuple(name for name in found if name != layer and found[layer] <= found[name])


def sources(network: Network) -> Mapping[str, Sources]:
    """What each leaf module is an affine function of, in the order of their last calls."""
    known: dict[Any, Sources] = {}
    return {
        layer: _sources(node, known) if node is not None else frozenset([layer])
        for layer, node in _recorded(network).items()
    }


def _recorded(network: Network) -> dict[str, Any]:
    """The operation that made each leaf module's last answer to a grey image; None where torch has none."""
    answered: dict[str, Any] = {}

    def note(name: str, output: Any) -> None:
        output = output[0] if isinstance(output, (tuple, list)) else output
        answered[name] = getattr(output, "grad_fn", None)

    leaves = called_leaves(network)
    handles = [
        network.module.get_submodule(name).register_forward_hook(lambda *call, name=name: note(name, call[2]))
        for name in leaves
    ]
    try:
        with _weights_fixed(network.module), torch.enable_grad():
            network.module(_image(network))
    except Exception as why:
        reason = first_line(why, "no message")
        raise ModelError(
            f"{network.id}: the forward pass of an image fails where its operations are recorded:"
            f" {type(why).__name__}: {reason}"
        ) from why
    finally:
        for handle in handles:
            handle.remove()
    return {name: answered[name] for name in leaves}


def _image(network: Network) -> torch.Tensor:
    grey = torch.as_tensor(network.preprocess(Image.new("RGB", (256, 256), (128, 128, 128)))).float()
    device = next((p.device for p in network.module.parameters()), torch.device("cpu"))
    return grey[None].to(device).requires_grad_().clone()  # a copy, since a network may write into it


@contextmanager
def _weights_fixed(module: torch.nn.Module) -> Iterator[None]:
    """Only what depends on the image is recorded; afterwards the parameters are as they were."""
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    try:
        for parameter in trained:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)


def _sources(node: Any, known: dict[Any, Sources]) -> Sources:
    """The nonlinear operations, and the image, that affine operations lead back to from `node`."""
    pending = [node]
    while pending:
        inputs = [previous for previous, _ in pending[-1].next_functions if previous is not None]
        waiting = [previous for previous in inputs if previous not in known]
        if waiting and _is_affine(pending[-1]):
            pending += waiting
            continue
        last = pending.pop()
        known[last] = (
            frozenset[Any]().union(*(known[previous] for previous in inputs))
            if inputs and _is_affine(last)
            else frozenset([last])
        )
    return known[node]


def _is_affine(node: Any) -> bool:
    name = re.sub(r"Backward\d*$", "", node.name())
    arguments = [previous is not None for previous, _ in node.next_functions]
    if name in _PRODUCTS:
        return sum(arguments) == 1
    if name == "Div":
        return arguments == [True, False]
    if name in _NORMS:
        return not node._saved_training
    return name in _SUMS or name in _MOVES
