"""Addresses: what a layer is called that is not simply a module's answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_FORM = re.compile(
    r"(?P<module>.+?)(?:\.(?P<part>q|k|v|head\d+))?(?:@(?P<call>[1-9]\d*))?"
    r"(?:\[(?P<tensor>[1-9]\d*)\])?(?:\.axis(?P<axis>[1-9]\d*))?"
)


@dataclass(frozen=True)
class Address:
    """What is read of a network: `relu`, `relu@2`, `lstm[1]`, `encoder.axis1`, `attn.q`, `attn.head3`.

    module: its dotted name, or what the network's own answer is called.
    part: of an attention, the queries, keys, values or one head.
    call: the module's first, second ... call in the forward pass; None is the last.
    tensor: which of the tensors in a tuple, list or dict, from 0.
    axis: the axis that holds the stimuli.
    """

    module: str
    part: str = ""
    call: int | None = None
    tensor: int = 0
    axis: int = 0

    def __str__(self) -> str:
        """The layer's name; what is usual is left out."""
        return (
            self.module
            + (f".{self.part}" if self.part else "")
            + (f"@{self.call}" if self.call else "")
            + (f"[{self.tensor}]" if self.tensor else "")
            + (f".axis{self.axis}" if self.axis else "")
        )


def parse(layer: str, is_module: Callable[[str], bool]) -> Address:
    """The address that a layer's name is; what a module is called stands for it, whatever it looks like."""
    found = None if is_module(layer) else _FORM.fullmatch(layer)
    if found is None:
        return Address(layer)
    numbers = {name: int(found[name]) for name in ("call", "tensor", "axis") if found[name]}
    return Address(found["module"], found["part"] or "", **numbers)
