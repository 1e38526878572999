"""Untouched: what a user's code sets for the whole process is as before once it has run."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import torch
from PIL import ImageFile

from .settings import AUTOCAST, PRECISIONS, SETTINGS, Setting, set_default_device

_UNKNOWN = object()


@contextmanager
def untouched(seed: int, devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Random numbers of torch, numpy and Python from `seed`, and afterwards the user's own again.

    So with all that `settled` knows. Inside, torch's default dtype is float32, its default device the CPU and
    autocast off, whatever the caller or the model before this one has set, and an image that is cut off
    cannot be opened. Of `devices` the generators of CUDA devices are seeded and put back, too.
    """
    cuda = [device for device in devices if device.type == "cuda"]
    states = random.getstate(), np.random.get_state()
    with settled(), torch.random.fork_rng(cuda):
        try:
            plain()
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            seeded(seed, cuda)
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


def plain() -> None:
    """What a new tensor is, and what is computed with it: float32, on the CPU, without autocast."""
    torch.set_default_dtype(torch.float32)
    set_default_device(torch.device("cpu"))
    for device in AUTOCAST:
        torch.set_autocast_enabled(device, False)


def exact() -> None:
    """Float32 in full: of what torch knows to take less, everything is off, said in its old way and its new.

    In both, since torch refuses to read a precision that the two tell differently.
    """
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    for _, write in PRECISIONS:
        write("ieee")


def seeded(seed: int, cuda: Sequence[torch.device]) -> None:
    """Let torch's, numpy's and Python's random numbers begin anew at `seed`, those of CUDA devices too."""
    # Not torch.manual_seed, which also seeds the user's CUDA generators.
    torch.default_generator.manual_seed(seed)
    for device in cuda:
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


@contextmanager
def settled(settings: Sequence[Setting] = SETTINGS) -> Iterator[None]:
    """Afterwards the settings of torch, numpy, Python and the process are what they were.

    settings: those that are put back (default: all that are known). Those are the folder, the environment,
        handlers of signals, filters of warnings, logging, the standard streams, and what torch computes with:
        dtype, device, gradients, threads, precision, determinism, autocast, attention, hooks of all modules.

    What cannot be put back is code that was replaced. A process that the model forks ends here: it would
    go on with the run a second time.
    """
    process, before = os.getpid(), [(_read(read), read, write) for read, write in settings]
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
