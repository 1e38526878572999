"""A network: a module that is ready to be shown images, and what identifies it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn

from ..errors import ModelError, nearest
from ..specs.models import FINAL, Preprocess
from . import fingerprint
from .addresses import Address, parse
from .attention import parts_of
from .described import architecture_of, bytes_of
from .preprocess import Preprocessor, Transform, transform_digest


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

    @cached_property
    def fingerprint(self) -> Mapping[str, int]:
        """Of the weights as they are when it is first asked for, before anything is shown."""
        return fingerprint.fingerprint(self.module)

    def require_unmoved(self, first: Mapping[str, int]) -> None:
        """Raise ModelError where what was shown has changed the weights since the fingerprint `first`."""
        if part := fingerprint.changed(first, self.module):
            raise ModelError(
                f"{self.id}: showing it stimuli changes {part}: what it answers depends on what it saw before"
            )

    @property
    def own_answer(self) -> str:
        """What its own answer is called as a layer: `final`, or nothing where a module has that name."""
        return FINAL if not _is_module(FINAL, self.module) else ""

    def address(self, layer: str) -> Address:
        """What a layer's name says: a module, and which call or part of it."""
        return parse(layer, lambda name: name == self.own_answer or _is_module(name, self.module))

    def part(self, layer: str) -> nn.Module:
        """The module of a layer; the whole network for its own answer."""
        module = self.address(layer).module
        return self.module if module == self.own_answer else self.module.get_submodule(module)

    def require(self, layer: str) -> None:
        """Raise ModelError, with the nearest names, where there is no such layer."""
        address = self.address(layer)
        if address.module != self.own_answer and not _is_module(address.module, self.module):
            hint = (
                nearest(address.module, self.layers)
                or f" (its top level: {', '.join(dict(self.module.named_children()))})"
            )
            raise ModelError(f"{self.id} has no layer {layer}{hint}")
        if address.part and address.part not in (parts := parts_of(self.part(layer))):
            there = f"has {', '.join(parts)}" if parts else "is no attention that is known"
            raise ModelError(f"{self.id} has no layer {layer} ({address.module} {there})")


def _is_module(name: str, of: nn.Module) -> bool:
    """Whether a module, other than the whole, has that dotted name."""
    try:
        return of.get_submodule(name) is not of
    except AttributeError:
        return False


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
        preprocess_digest=_digest_of(transform, id),
        weights_digest=weights_digest(module),
        architecture_digest=architecture_digest(module),
        visual_degrees=visual_degrees,
        batch_size=batch_size,
    )


def _digest_of(transform: Transform, id: str) -> str:
    try:
        return transform_digest(transform)
    except ModelError as why:
        raise ModelError(f"{id}: {why}") from why


def weights_digest(module: nn.Module) -> str:
    """Sha256 over name, dtype, shape and bytes of the state dict and all buffers, in the order of the names.

    Buffers that are in no state dict (``persistent=False``) count like the others.
    """
    digest = hashlib.sha256()
    for name, value in sorted(fingerprint.held(module).items()):
        if not torch.is_tensor(value):
            digest.update(f"{name}={value!r}\n".encode())
            continue
        head, content = bytes_of(value)
        digest.update(f"{name}={head}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def architecture_digest(module: nn.Module) -> str | None:
    """Sha256 of what a module does with its weights: every submodule's type and attributes, and their code.

    Attributes count by content: numbers, arrays, tensors, containers, functions with what they have captured,
    objects with their own attributes. Code is the files of the classes and functions, and, of the user's own,
    all that these import. None where a class or function is in no file, or a value has no content that can be
    compared (a lock, an open file).
    """
    try:
        return architecture_of(module)
    except Exception:  # attributes are anyone's objects, and may raise anything when looked at
        return None
