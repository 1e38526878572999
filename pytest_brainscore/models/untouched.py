"""Untouched: what a user's code sets for the whole process is as before once it has run."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFile

Setting = tuple[Callable[[], Any], Callable[[Any], object]]
"""How something that holds for the whole process is read, and how it is written."""

_UNKNOWN = object()


@contextmanager
def untouched(seed: int, devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Random numbers of torch, numpy and Python from `seed`, and afterwards the user's own again.

    So with all that `settled` knows. Inside, torch's default dtype is float32 and its default device the CPU,
    whatever the model before this one has set, and an image that is cut off cannot be opened.
    """
    states = random.getstate(), np.random.get_state()
    with settled(), torch.random.fork_rng(list(devices)):
        try:
            torch.set_default_dtype(torch.float32)
            _set_default_device(torch.device("cpu"))
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            # Not torch.manual_seed, which also seeds the user's CUDA generators.
            torch.default_generator.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


@contextmanager
def settled() -> Iterator[None]:
    """Afterwards the settings of torch, numpy, Python and the process are what they were.

    Those are the folder, the environment, handlers of signals, filters of warnings, the standard streams,
    and what torch computes with: dtype, device, gradients, threads, precision, determinism, autocast.
    What cannot be put back is code that was replaced. A process that the model forks ends here: it would
    go on with the run a second time.
    """
    process, before = os.getpid(), [(_read(read), read, write) for read, write in SETTINGS]
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(1)
        for value, read, write in before:
            if value is not _UNKNOWN and _read(read) != value:
                with suppress(Exception):  # a folder that is gone, a setting that is for one thread only
                    write(value)


def _read(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception:  # a folder that is gone; precisions that torch cannot tell in one word
        return _UNKNOWN


def _attributes(thing: object, *names: str) -> list[Setting]:
    known = [name for name in names if hasattr(thing, name)]
    return [(partial(getattr, thing, name), partial(setattr, thing, name)) for name in known]


def _precisions() -> Iterator[Setting]:
    """How exact float32 is, from the whole to its parts, as far as this torch knows them."""
    yield torch.get_float32_matmul_precision, torch.set_float32_matmul_precision
    for path in (
        "",
        "cuda.matmul",
        "cudnn",
        "cudnn.conv",
        "cudnn.rnn",
        "mkldnn",
        "mkldnn.conv",
        "mkldnn.rnn",
    ):
        part: Any = torch.backends
        for name in path.split(".") if path else ():
            part = getattr(part, name, None)
        yield from _attributes(part, "fp32_precision")
    yield from _attributes(getattr(torch.backends.mkldnn, "matmul", None), "fp32_precision")


def _autocast(device: str) -> list[Setting]:
    return [
        (partial(torch.is_autocast_enabled, device), partial(torch.set_autocast_enabled, device)),
        (partial(torch.get_autocast_dtype, device), partial(torch.set_autocast_dtype, device)),
    ]


def _set_default_device(device: torch.device) -> None:
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


SETTINGS: tuple[Setting, ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, _set_default_device),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.is_warn_always_enabled, torch.set_warn_always),
    *_autocast("cpu"),
    *_autocast("cuda"),
    *_precisions(),
    *_attributes(torch.backends.cudnn, "enabled", "benchmark", "deterministic"),
    (np.geterr, lambda before: np.seterr(**before)),
    *_attributes(Image, "MAX_IMAGE_PIXELS"),
    *_attributes(ImageFile, "LOAD_TRUNCATED_IMAGES"),
    *_attributes(sys, "stdin", "stdout", "stderr", "excepthook", "displayhook"),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (os.getcwd, os.chdir),
    (lambda: dict(os.environ), _set_environment),
    (lambda: tuple(warnings.filters), _set_filters),
    *_attributes(warnings, "showwarning"),
    (_handlers, _set_handlers),
)
