"""A network: a module that is ready to be shown images, and what identifies it."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from ..errors import ModelError, nearest
from ..specs.models import Preprocess
from .preprocess import Preprocessor, Transform, source_of, transform_digest

_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_HOOKS = ("_forward_hooks", "_forward_pre_hooks")


@dataclass(frozen=True)
class Network:
    """A network in eval mode and float32, with its eyes.

    `module` stays on the CPU until something is shown to it; `preprocess` takes an RGB image and gives
    (3, h, w) float32. The digests say what may be taken from the store: `architecture_digest` is None
    where a module's code is in no file (a notebook's), and then nothing is stored.
    """

    id: str
    module: nn.Module
    preprocess: Transform
    preprocess_digest: str
    weights_digest: str
    architecture_digest: str | None
    visual_degrees: float = 8.0
    batch_size: int = 64

    @property
    def layers(self) -> tuple[str, ...]:
        """The dotted names of all modules, in the order of registration."""
        return tuple(name for name, _ in self.module.named_modules(remove_duplicate=False) if name)

    def require(self, layer: str) -> None:
        """Raise ModelError, with the nearest names, where there is no such layer."""
        known = self.layers
        if layer not in known:
            hint = (
                nearest(layer, known) or f" (its top level: {', '.join(dict(self.module.named_children()))})"
            )
            raise ModelError(f"{self.id} has no layer {layer}{hint}")


def from_module(
    module: nn.Module,
    transform: Transform | None = None,
    *,
    id: str,
    preprocess: Preprocess | None = None,
    visual_degrees: float = 8.0,
    batch_size: int = 64,
) -> Network:
    """A network from a module in memory, which is put into eval mode and float32.

    Its images go through `transform` (PIL image in RGB to (3, h, w) float32; called from several threads)
    or, without one, through what `preprocess` says: by default a squash to 224 pixels and ImageNet's
    mean and standard deviation.
    """
    module = module.eval().float()
    transform = transform or Preprocessor(preprocess or Preprocess())
    return Network(
        id=id,
        module=module,
        preprocess=transform,
        preprocess_digest=transform_digest(transform),
        weights_digest=weights_digest(module),
        architecture_digest=architecture_digest(module),
        visual_degrees=visual_degrees,
        batch_size=batch_size,
    )


def weights_digest(module: nn.Module) -> str:
    """Sha256 over name, dtype, shape and bytes of the state dict, in the order of the names."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        _update(digest, name, value if torch.is_tensor(value) else repr(value))
    return digest.hexdigest()


def architecture_digest(module: nn.Module) -> str | None:
    """Sha256 of what a module does with its weights: every submodule's type and attributes, and their source.

    Attributes count where they are numbers, text, booleans, None, tensors, callables, or lists, tuples,
    sets and dicts of these. None where a class or function is in no file.
    """
    digest, things = hashlib.sha256(), set[Any]()
    for name, part in module.named_modules(remove_duplicate=False):
        kinds = [kind for kind in type(part).__mro__ if kind not in (nn.Module, object)]
        things.update(kinds)
        _update(digest, name, _name(type(part)))
        own = {k: v for k, v in vars(part).items() if k not in _OF_EVERY_MODULE or k in _HOOKS}
        for key, value in sorted(own.items()):
            _update(digest, key, list(_described(value, things)))
    sources = {_name(thing): source_of(thing) for thing in things}
    if None in sources.values() or isinstance(module, torch.jit.ScriptModule):
        return None
    for _, source in sorted(sources.items()):
        digest.update(hashlib.sha256(source or b"").digest())
    return digest.hexdigest()


def _described(value: Any, things: set[Any]) -> Iterator[Any]:
    """The parts of an attribute that can be compared; functions and classes are added to `things`."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, torch.dtype, torch.Tensor)):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (_name(type(value)), repr(key) if isinstance(key, str) else "")
            yield from _described(item, things)
    elif isinstance(value, (list, tuple)):
        yield (_name(type(value)), len(value))
        for item in value:
            yield from _described(item, things)
    elif isinstance(value, (set, frozenset)):
        yield sorted(map(repr, value))
    elif isinstance(value, partial):
        yield from _described([value.func, value.args, value.keywords], things)
    elif inspect.isclass(value) or inspect.isroutine(value):
        yield _name(value)
        if inspect.isfunction(getattr(value, "__func__", value)) or inspect.isclass(value):
            things.add(getattr(value, "__func__", value))
    else:
        yield _name(type(value))


def _name(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', repr(type(thing)))}"


def _update(digest: hashlib._Hash, name: str, value: Any) -> None:
    """Add a named value; a tensor with dtype, shape and bytes."""
    for part in value if isinstance(value, list) else [value]:
        if not torch.is_tensor(part):
            digest.update(f"{name}={part!r}\n".encode())
            continue
        digest.update(f"{name}={part.dtype} {tuple(part.shape)}\n".encode())
        flat = part.detach().to("cpu").contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().data if flat.numel() else b"")
