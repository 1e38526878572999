"""Weights: a file of tensors, put into a module, all of them and no others."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..errors import ModelError

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_PARALLEL = "module."


def load_weights(module: nn.Module, path: Path, model: str) -> None:
    """Put a state dict from `path` into `module`: safetensors, or what torch.save wrote.

    A dict that holds it under ``state_dict`` or ``model`` is opened, and DataParallel's prefix ``module.``
    is taken off. Raises ModelError where the file cannot be read without running code, or where names or
    shapes do not match.
    """
    state = _without_prefix(_unwrapped(read_weights(path), path), module)
    own = module.state_dict()
    missing, unexpected = own.keys() - state.keys(), state.keys() - own.keys()
    if missing or unexpected:
        raise ModelError(
            f"{model}: {path.name} is of another architecture: missing {_some(missing)};"
            f" unexpected {_some(unexpected)}"
        )
    wrong = [name for name, value in own.items() if getattr(state[name], "shape", None) != value.shape]
    if wrong:
        found, needed = getattr(state[wrong[0]], "shape", ()), own[wrong[0]].shape
        raise ModelError(
            f"{model}: {path.name} has other shapes: {wrong[0]} is {tuple(found)}, not {tuple(needed)}"
            + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else "")
        )
    module.load_state_dict(state, strict=True)


def read_weights(path: Path) -> Any:
    """What a weights file holds, on the CPU, read without running any code that may be in it.

    Raises ModelError.
    """
    try:
        if path.suffix == ".safetensors" or _is_safetensors(path):
            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as why:
        raise ModelError(
            f"{path}: refused: reading it would run code that the file brings ({_reason(why)});"
            " save the network's state_dict() instead, best as safetensors"
        ) from None
    except (SafetensorError, RuntimeError, OSError, EOFError, ValueError, KeyError, AttributeError) as why:
        raise ModelError(f"{path}: no weights can be read from it ({_reason(why)})") from why


def _is_safetensors(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(9)
    return head[8:9] == b"{"


def _reason(why: Exception) -> str:
    """What torch objects to, without its advice on how to run the code all the same."""
    lines = [line.strip() for line in str(why).splitlines() if "GLOBAL" in line or "WeightsUnpickler" in line]
    return (lines or str(why).strip().splitlines() or [type(why).__name__])[0][:200]


def _unwrapped(found: Any, path: Path) -> dict[str, torch.Tensor]:
    for key in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not any(torch.is_tensor(value) for value in found.values()):
        raise ModelError(f"{path}: holds no state dict, but {type(found).__name__}")
    return dict(found)


def _without_prefix(state: dict[str, torch.Tensor], module: nn.Module) -> dict[str, torch.Tensor]:
    own = module.state_dict().keys()
    if not all(name.startswith(_PARALLEL) for name in state) or all(
        name.startswith(_PARALLEL) for name in own
    ):
        return state
    return {name.removeprefix(_PARALLEL): value for name, value in state.items()}


def _some(names: Iterable[str], n: int = 4) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - n} more" if len(ordered) > n else ""
    return ", ".join(ordered[:n]) + more if ordered else "none"
