"""Settings: what holds for the whole process or thread, how each is read and how it is put back."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFile
from torch.nn.modules import module as modules

Setting = tuple[Callable[[], Any], Callable[[Any], object]]
"""How something is read, and how it is written."""

AUTOCAST = ("cpu", "cuda", "mps")


def _attribute(thing: object, name: str) -> Setting:
    return partial(getattr, thing, name), partial(setattr, thing, name)


def _attributes(thing: object, *names: str) -> list[Setting]:
    return [_attribute(thing, name) for name in names if hasattr(thing, name)]


def _precisions() -> Iterator[Setting]:
    """How exact float32 is, from the whole to its parts, as far as this torch knows them."""
    for path in (
        "",
        "cuda.matmul",
        "cudnn",
        "cudnn.conv",
        "cudnn.rnn",
        "mkldnn",
        "mkldnn.conv",
        "mkldnn.rnn",
        "mkldnn.matmul",
    ):
        part: Any = torch.backends
        for name in path.split(".") if path else ():
            part = getattr(part, name, None)
        yield from _attributes(part, "fp32_precision")


def _autocast(device: str) -> list[Setting]:
    return [
        (partial(torch.is_autocast_enabled, device), partial(torch.set_autocast_enabled, device)),
        (partial(torch.get_autocast_dtype, device), partial(torch.set_autocast_dtype, device)),
    ]


def _attention() -> Iterator[Setting]:
    """Which ways of computing attention torch may choose from; each has its own rounding."""
    cuda = torch.backends.cuda
    for kind in ("flash", "mem_efficient", "math", "cudnn"):
        yield getattr(cuda, f"{kind}_sdp_enabled"), getattr(cuda, f"enable_{kind}_sdp")
    yield cuda.fp16_bf16_reduction_math_sdp_allowed, cuda.allow_fp16_bf16_reduction_math_sdp
    yield torch.backends.mha.get_fastpath_enabled, torch.backends.mha.set_fastpath_enabled


def _hooks() -> Iterator[Setting]:
    """Hooks that torch calls for every module there is."""
    for name, value in vars(modules).items():
        if name.startswith("_global_") and isinstance(value, dict):
            yield partial(dict, value), partial(_set_entries, value)
    yield from _attributes(modules, "_global_is_full_backward_hook")


def _set_entries(there: dict[Any, Any], before: Mapping[Any, Any]) -> None:
    """In the same dictionary: what a hook was registered with knows no other."""
    there.clear()
    there.update(before)


def _cuda_device() -> int | None:
    """The current CUDA device; None before CUDA is started, which takes memory of the device."""
    return torch.cuda.current_device() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]


def _set_cuda_device(before: int | None) -> None:
    if before is not None:
        torch.cuda.set_device(before)


def _set_collected(before: bool) -> None:
    (gc.enable if before else gc.disable)()


def set_default_device(device: torch.device) -> None:
    """Where new tensors are; on the CPU torch needs no default, and is faster without."""
    if torch.get_default_device() != device:
        torch.set_default_device(None if device.type == "cpu" else device)


def _set_environment(before: Mapping[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _set_filters(before: tuple[Any, ...]) -> None:
    warnings.filters[:] = before  # type: ignore[index]


def _handlers() -> dict[int, Any]:
    """The handlers of signals that Python knows; only the main thread may set them."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _set_handlers(before: Mapping[int, Any]) -> None:
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


PRECISIONS = tuple(_precisions())

OF_THIS_THREAD: tuple[Setting, ...] = (
    (torch.get_default_device, set_default_device),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_num_threads, torch.set_num_threads),
    *(setting for device in AUTOCAST for setting in _autocast(device)),
    (torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled),
)
"""What holds for the thread that sets it; of all others another thread may have set them for a moment."""

_OF_TORCH: tuple[Setting, ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.is_warn_always_enabled, torch.set_warn_always),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    _attribute(torch.backends.cudnn, "allow_tf32"),  # which torch may refuse to tell, also to `hasattr`
    *PRECISIONS,
    *_attributes(
        torch.backends.cuda.matmul,
        "allow_fp16_reduced_precision_reduction",
        "allow_bf16_reduced_precision_reduction",
        "allow_fp16_accumulation",
    ),
    *_attributes(torch.backends.cudnn, "enabled", "benchmark", "deterministic"),
    *_attributes(torch.backends.mkldnn, "enabled", "deterministic"),
    *_attributes(torch.backends.opt_einsum, "enabled", "strategy"),
    *_attributes(torch.backends.quantized, "engine"),
    (torch._C._get_nnpack_enabled, torch.backends.nnpack.set_flags),
    *_attention(),
    *_hooks(),
    (_cuda_device, _set_cuda_device),
)

SETTINGS: tuple[Setting, ...] = (
    *OF_THIS_THREAD,
    *_OF_TORCH,
    (np.geterr, lambda before: np.seterr(**before)),
    *_attributes(Image, "MAX_IMAGE_PIXELS"),
    *_attributes(ImageFile, "LOAD_TRUNCATED_IMAGES"),
    *_attributes(sys, "stdin", "stdout", "stderr", "excepthook", "displayhook"),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (gc.isenabled, _set_collected),
    (gc.get_threshold, lambda before: gc.set_threshold(*before)),
    (partial(getattr, logging.root.manager, "disable"), logging.disable),
    (os.getcwd, os.chdir),
    (lambda: dict(os.environ), _set_environment),
    (lambda: tuple(warnings.filters), _set_filters),
    *_attributes(warnings, "showwarning"),
    (_handlers, _set_handlers),
)
