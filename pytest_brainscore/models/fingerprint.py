"""Fingerprint: whether a network is still the one it was, asked in a moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def held(module: nn.Module) -> dict[str, Any]:
    """What a network answers with: its state dict and all buffers, also those in no state dict, by name."""
    return {**dict(module.named_buffers(remove_duplicate=False)), **module.state_dict()}


def fingerprint(module: nn.Module) -> dict[str, int]:
    """The sum of the bits of each tensor that a network holds: one pass over them, on their device.

    It is no digest: values that change places leave it as it is.
    """
    return {name: _sum(value) for name, value in held(module).items() if torch.is_tensor(value)}


def changed(before: Mapping[str, int], module: nn.Module) -> str | None:
    """The first parameter or buffer that is not what it was; None where all are.

    A buffer that was not there and is in no state dict is a cache, of positions for instance.
    """
    now, kept = fingerprint(module), module.state_dict().keys()
    names = [*before, *(name for name in now if name in kept)]
    return next((name for name in names if before.get(name) != now.get(name)), None)


def training(module: nn.Module) -> str | None:
    """The first part that is in training mode, by its dotted name; None where none is."""
    return next((name or type(part).__name__ for name, part in module.named_modules() if part.training), None)


def _sum(value: torch.Tensor) -> int:
    """The sum of a tensor's bits, eight bytes at a time where that comes out even."""
    if value.layout != torch.strided or value.is_quantized or value.is_meta:
        return 0
    flat = value.detach().reshape(-1)
    flat = torch.view_as_real(flat.resolve_conj()).reshape(-1) if flat.is_complex() else flat
    flat = flat.resolve_neg().contiguous()  # of one axis, and with gaps still: a diagonal, an expanded value
    width = flat.element_size()
    even = flat.nbytes % 8 == 0 and flat.storage_offset() * width % 8 == 0
    return int(flat.view(torch.int64 if even else _INTEGERS[width]).sum(dtype=torch.int64))
