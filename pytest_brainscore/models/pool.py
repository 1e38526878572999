"""Pool: all layers of a network, without naming them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.hooks import RemovableHandle

from ..errors import ModelError
from ..specs.views import Pool
from .addresses import Address
from .attention import listen, parts_of
from .network import Network
from .precomputed import AnyNetwork, Precomputed
from .showing import shown
from .taps import missing, tensors_in

_IMAGES, _SIDE, _SAMPLED = 3, 256, 500
_FAILED = (
    f"a pool of layers is found by showing noise of {_SIDE} x {_SIDE} pixels through the network's own"
    " preprocessing: let that resize what it is given, or name layers for the run (--brainscore-layers)"
)


@dataclass(frozen=True)
class Layer:
    """A layer. digest: of what it answers to some images of noise, each answer flattened."""

    address: Address
    digest: str
    is_container: bool = False


@dataclass(frozen=True)
class Trace:
    """What a few images show of a network's layers, in the order of calls.

    layers: those that answer per image. shapes: of all that was answered. calls: how often each module, or
    part of an attention, was called. unsteady: layers that are called, or answer to the same images, in one
    pass otherwise than in the next.
    """

    layers: tuple[Layer, ...]
    shapes: Mapping[Address, tuple[int, ...]]
    calls: Mapping[tuple[str, str], int]
    unsteady: tuple[str, ...]


_traced: WeakKeyDictionary[nn.Module, dict[bool, Trace]] = WeakKeyDictionary()


def pool(network: AnyNetwork, wanted: Pool) -> tuple[str, ...]:
    """The layers of a pool, in the order of calls.

    All are the outputs of all modules, and the network's own, with real numbers for each image; of a module
    that is called several times each call (`relu@1`, `relu@2` ...); of a tuple, list or dict each tensor
    (`lstm`, `lstm[1]` ...). Where another axis than the first holds the images, the name says so
    (`encoder.axis1`). Of layers that answer the same, to the bit, the first is kept, and none that is a
    container. `attention` adds queries, keys, values and heads (models/attention.py). A name stands for
    itself, also where another layer answers the same; a pattern for those of all that fit it. Of precomputed
    activations all are the layers in the file.
    Raises ModelError where a name or pattern fits none, and where there is none.
    """
    if isinstance(network, Precomputed):
        layers = tuple(Layer(Address(name), name) for name in network.layers)
    else:
        layers = trace(network, wanted.attention).layers
    every = _distinct(layers)
    if not every:
        raise ModelError(f"{network.id} calls no module that answers per image: its pool has no layers")
    if isinstance(wanted.of, str):
        return every if wanted.of == "all" else every[len(every) // 2 :]
    order = _order(layers)
    found = {name for pattern in wanted.of for name in _fitting(network, pattern, wanted, every, order)}
    return tuple(sorted(found, key=order.__getitem__))


def trace(network: Network, attention: bool = False) -> Trace:
    """All layers that answer per image, those that answer the same as another, too.

    Two images of noise are shown to the network, and then three, so that it shows which axis holds the
    images; once per module.
    Raises ModelError where the network fails with them.
    """
    known = _traced.setdefault(network.module, {})
    if attention not in known:
        noise = np.random.RandomState(0).randint(0, 256, (_IMAGES, _SIDE, _SIDE, 3), np.uint8)
        images = [Image.fromarray(pixels) for pixels in noise]
        try:
            two, three = (_Seen.of(network, some, attention) for some in (images[:-1], images))
        except ModelError as why:
            raise ModelError(f"{why}; {_FAILED}") from why
        layers = tuple(_layers(network, two, three))
        known[attention] = Trace(layers, three.shapes, three.calls, tuple(_unsteady(two, three)))
    return known[attention]


@dataclass
class _Seen:
    """What all modules answer to some images: shapes, in the order of calls, and content by axis.

    samples: some of what is answered to the first two.
    """

    images: int
    shapes: dict[Address, tuple[int, ...]] = field(default_factory=dict)
    digests: dict[tuple[Address, int], str] = field(default_factory=dict)
    samples: dict[tuple[Address, int], torch.Tensor] = field(default_factory=dict)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, network: Network, images: list[Image.Image], attention: bool) -> _Seen:
        seen = cls(len(images))
        handles = list(seen._listen(network, attention))
        try:
            with torch.random.fork_rng([]):
                torch.default_generator.manual_seed(seen.images)  # what is drawn differs between the passes
                shown(network, images)
        finally:
            for handle in handles:
                handle.remove()
        return seen

    def _listen(self, network: Network, attention: bool) -> Iterator[RemovableHandle]:
        for name, module in network.module.named_modules():
            for part in parts_of(module) if attention else ():
                yield listen(module, part, partial(self._note, name, part))
            if name := name or network.own_answer:
                note = partial(self._note, name, "")
                yield module.register_forward_hook(lambda _, __, answer, note=note: note(answer))

    def named(self, address: Address) -> Address:
        """A call is named where there is more than one."""
        often = self.calls[address.module, address.part] > 1
        return replace(address, call=address.call if often else None)

    def _note(self, name: str, part: str, answer: Any) -> None:
        self.calls[name, part] += 1
        for i, tensor in enumerate(tensors_in(answer)):
            address = Address(name, part, self.calls[name, part], i)
            self.shapes[address] = tuple(tensor.shape)
            if tensor.is_floating_point() and tensor.numel():
                axes = [axis for axis, size in enumerate(tensor.shape) if size == self.images]
                self.digests |= {(address, axis): _digest(tensor, axis) for axis in axes}
                self.samples |= {(address, axis): _sample(tensor, axis) for axis in axes}


def _layers(network: Network, two: _Seen, three: _Seen) -> Iterator[Layer]:
    """What answers per image both times."""
    for address, shape in three.shapes.items():
        axis = _axis(two.shapes.get(address), shape)
        digest = three.digests.get((address, axis))
        if digest:
            named = replace(three.named(address), axis=axis)
            yield Layer(named, digest, _is_container(network.part(address.module)))


def _unsteady(two: _Seen, three: _Seen) -> Iterator[str]:
    """Layers of one pass alone; then those whose answers to the first two images differ."""
    for seen, other in ((two, three), (three, two)):
        yield from (str(seen.named(address)) for address in seen.shapes if address not in other.shapes)
    for at, sample in three.samples.items():
        address, axis = at
        same = _axis(two.shapes.get(address), three.shapes[address]) == axis
        if same and at in two.samples and not _alike(two.samples[at], sample):
            yield str(replace(three.named(address), axis=axis))


def _sample(answer: torch.Tensor, axis: int) -> torch.Tensor:
    rows = answer.detach().movedim(axis, 0)[:2].flatten(1)
    return rows[:, :: max(1, rows.shape[1] // _SAMPLED)].float().cpu()


def _alike(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether rounding can explain how they differ: that of TF32 is the largest."""
    within = 1e-2 * float(a.abs().max()) + 1e-6
    return torch.allclose(a, b, rtol=0, atol=within, equal_nan=True)


def _axis(two: tuple[int, ...] | None, three: tuple[int, ...]) -> int:
    """The axis that is as long as there were images, where all others stay as they are; else -1."""
    shorter = [(*three[:axis], size - 1, *three[axis + 1 :]) for axis, size in enumerate(three)]
    return shorter.index(two) if two in shorter else -1


def _digest(answer: torch.Tensor, axis: int) -> str:
    rows = answer.detach().movedim(axis, 0).flatten().float() + 0.0  # minus zero is zero
    return hashlib.blake2b(rows.cpu().numpy().data, digest_size=16).hexdigest()


def _is_container(module: nn.Module) -> bool:
    """Whether a module's answer is the last of its parts': a Sequential that does nothing else."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _distinct(layers: Iterable[Layer]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for layer in layers:
        if not layer.is_container:
            first.setdefault(layer.digest, str(layer.address))
    return tuple(first.values())


def _order(layers: Iterable[Layer]) -> dict[str, int]:
    """The place of each name among the calls; of a module called several times its own name is the last."""
    order: dict[str, int] = {}
    for place, layer in enumerate(layers):
        order |= {str(layer.address): place, str(replace(layer.address, call=None)): place}
    return order


def _fitting(
    network: AnyNetwork, pattern: str, wanted: Pool, every: Iterable[str], order: dict[str, int]
) -> tuple[str, ...]:
    if pattern in order:
        return (pattern,)
    found = tuple(name for name in every if fnmatchcase(name, pattern))
    if not found:
        network.require(pattern)
        why = _why_not(network, pattern, wanted.attention) if isinstance(network, Network) else "is not there"
        raise ModelError(f"{network.id}: layer {pattern} can be in no pool: it {why}")
    return found


def _why_not(network: Network, layer: str, attention: bool) -> str:
    """Why a layer that the network has is not among those of its trace."""
    address, found = network.address(layer), trace(network, attention)
    if address.part and not attention:
        return "is a part of an attention, which needs `attention: true`"
    calls = found.calls.get((address.module, address.part), 0)
    shape = found.shapes.get(replace(address, call=address.call or calls, axis=0))
    if shape is None:
        return missing(address, calls)
    return f"does not answer per image with real numbers: {_IMAGES} images have the shape {shape}"
