"""An accelerator that is not there: tensors that say they lie on `cuda:0`, and that the CPU computes.

`accelerator()` is the real device where there is one. Where there is none, what happens within it is held
to CUDA's rules of where tensors lie: the operands of an operation lie on one device, but for numbers
(tensors without a dimension) in pointwise operations, indices, and what is copied; numpy reads nothing
there. What breaks a rule raises `MixedDevices`, which is no RuntimeError, so that nothing takes it for a
solver that failed.

The CPU's kernels compute. So it knows nothing of CUDA's: their rounding, the dtypes that they lack, their
memory, streams and speed; nor of a second device; random numbers are the CPU's. Sparse tensors (the
projection of a network's answers) and operations that give their operand another shape are refused, though
CUDA knows them. It was never held against a real device.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NoReturn
from unittest import mock

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

aten = torch.ops.aten
THERE, HERE = torch.device("cuda:0"), torch.device("cpu")
COPIES = {aten.copy_, aten._to_copy}
INDEXED = {aten.index, aten.index_put, aten.index_put_}
TAKE_NUMBERS = {aten.masked_fill, aten.masked_fill_}
NO_DRIVER = {
    "_lazy_init": lambda: None,
    "device": lambda device: nullcontext(),
    "get_rng_state": lambda device: torch.get_rng_state(),
    "set_rng_state": lambda state, device: None,
    "manual_seed": lambda seed: None,
}


class MixedDevices(AssertionError):
    """What CUDA refuses, since the operands lie on two devices."""


class There(Tensor):
    """A tensor on the simulated device; `held` has its numbers."""

    held: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: Tensor) -> There:
        layout = {"strides": held.stride(), "storage_offset": held.storage_offset(), "dtype": held.dtype}
        made = Tensor._make_wrapper_subclass(cls, held.size(), device=THERE, **layout)
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(operation, args, kwargs or {})

    def numpy(self, **_: Any) -> NoReturn:
        raise MixedDevices("numpy cannot read what lies on cuda:0")

    def tolist(self) -> Any:
        return self.held.tolist()

    def __repr__(self) -> str:
        return f"There({self.held})"


class Rules(TorchDispatchMode):
    """Sees what has no operand there, too: tensors that are made, or moved, there."""

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(operation, args, kwargs or {})


def compute(operation: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What an operation gives, where CUDA would leave it."""
    operands = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    check(operation, args, operands)
    there = any(isinstance(operand, There) for operand in operands)
    if kwargs.get("device") is not None:
        there, kwargs = torch.device(kwargs["device"]).type == THERE.type, {**kwargs, "device": HERE}
    elif operation.overloadpacket is aten.copy_:
        there = isinstance(args[0], There)
    known = {id(operand.held): operand for operand in operands if isinstance(operand, There)}
    result = operation(*tree_map(_held, args), **tree_map(_held, kwargs))
    return tree_map(lambda leaf: _placed(leaf, known) if there else leaf, result)


def check(operation: Any, args: Sequence[Any], operands: Sequence[Tensor]) -> None:
    """Raise MixedDevices where CUDA would raise."""
    kind, here = operation.overloadpacket, [operand for operand in operands if not isinstance(operand, There)]
    if not here or len(here) == len(operands) or kind in COPIES:
        return
    if kind in INDEXED:  # its indices may lie anywhere, but for those of what lies here
        here = [leaf for leaf in (args[0], *args[2:3]) if not isinstance(leaf, There)]
    numbers_may = kind in INDEXED or kind in TAKE_NUMBERS or torch.Tag.pointwise in operation.tags
    into = args[0] if operation._schema.is_mutable or kind in INDEXED else None
    if any(operand.ndim or operand is into or not numbers_may for operand in here):
        lie = ", ".join(f"{tuple(operand.shape)} on {operand.device}" for operand in operands)
        raise MixedDevices(f"{operation}: {lie}")


def _held(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, There) else leaf


def _placed(leaf: Any, known: dict[int, There]) -> Any:
    """A result there: the operand itself, where the operation wrote into it."""
    if not isinstance(leaf, Tensor):
        return leaf
    found = known[id(leaf)] if id(leaf) in known else There(leaf)
    assert found.shape == leaf.shape, "an operand was given another shape, which is not simulated"
    return found


@contextmanager
def accelerator() -> Iterator[torch.device]:
    """The CUDA device, simulated where there is none."""
    if torch.cuda.is_available():
        yield torch.device("cuda")
        return
    torch._C._ensureCUDADeviceGuardSet()
    lifted, renewed = (
        torch._C._only_lift_cpu_tensors(),
        torch.__future__.get_overwrite_module_params_on_conversion(),
    )
    torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor makes its tensor here, and then moves it
    torch.__future__.set_overwrite_module_params_on_conversion(True)  # a parameter there is another object
    try:
        with mock.patch.multiple(torch.cuda, **NO_DRIVER), Rules():
            yield THERE
    finally:
        torch._C._set_only_lift_cpu_tensors(lifted)
        torch.__future__.set_overwrite_module_params_on_conversion(renewed)
