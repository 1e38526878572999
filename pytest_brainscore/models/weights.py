"""Weights: a file of tensors, put into a module, all of them and no others."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from ..data.pointers import POINTER
from ..errors import ModelError

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.")


def load_weights(module: nn.Module, path: Path, model: str) -> None:
    """Put a state dict from `path` into `module`: safetensors, or what torch.save wrote.

    A dict that holds it under ``state_dict`` or ``model`` is opened, and the prefixes of DataParallel and
    torch.compile, ``module.`` and ``_orig_mod.``, are taken off. Raises ModelError where the file cannot be
    read without running code, or where names, shapes or kinds of numbers do not match.
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
    odd = [name for name, value in own.items() if not _same_kind(value.dtype, state[name].dtype)]
    if odd:
        raise ModelError(
            f"{model}: {path.name} has other numbers:"
            f" {odd[0]} is {state[odd[0]].dtype}, not {own[odd[0]].dtype}"
        )
    module.load_state_dict(state, strict=True)


def _same_kind(own: torch.dtype, given: torch.dtype) -> bool:
    """Whether both are floating point, both complex, or both neither; with any number of bits."""
    return (own.is_floating_point, own.is_complex) == (given.is_floating_point, given.is_complex)


def read_weights(path: Path) -> Any:
    """What a weights file holds, on the CPU, read without running any code that may be in it.

    Raises ModelError.
    """
    _require_no_text(path)
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
    except Exception as why:  # of a damaged file libraries raise anything
        raise ModelError(f"{path}: no weights can be read from it ({_reason(why)})") from why


def _require_no_text(path: Path) -> None:
    """Raise ModelError for a web page, a git-lfs pointer, or other text that a download may have left."""
    with suppress(OSError, UnicodeDecodeError):
        with path.open("rb") as file:
            head = file.read(512)
        words = head[: head.rfind(b" ") + 1 or None].decode().strip()
        if words and all(letter.isprintable() or letter.isspace() for letter in words):
            found = POINTER if "git-lfs" in words else "text: "
            first = "" if "git-lfs" in words else words.splitlines()[0][:60]
            raise ModelError(f"{path}: is not a weights file, but {found}{first}")


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
    strange = next((name for name in found if not isinstance(name, str)), None)
    if strange is not None:
        raise ModelError(f"{path}: holds no state dict: its names are {type(strange).__name__}, not text")
    return dict(found)


def _without_prefix(state: dict[str, torch.Tensor], module: nn.Module) -> dict[str, torch.Tensor]:
    """Names without what wrappers put before all of them, except what the module itself puts there."""
    own = module.state_dict().keys()
    while prefix := next((p for p in _PREFIXES if state and all(name.startswith(p) for name in state)), None):
        if all(name.startswith(prefix) for name in own):
            break
        state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def _some(names: Iterable[str], n: int = 4) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - n} more" if len(ordered) > n else ""
    return ", ".join(ordered[:n]) + more if ordered else "none"
