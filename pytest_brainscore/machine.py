"""The machine: which device to compute on, memory that is kept, threads that are worth their while."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch

from .errors import ModelError
from .specs import devices

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library
LARGEST_KEPT = 2**28
KEPT = 2**29
WORTH_THREADS = 1_000_000


@dataclass(frozen=True)
class Device:
    """Where networks run, and where metrics run: they need float64."""

    network: torch.device
    metrics: torch.device

    @classmethod
    def named(cls, name: str) -> Device:
        """The device that `name` means: auto takes CUDA where there is one, else the CPU.

        Raises ModelError where the named device is not there.
        """
        if fault := devices.fault(name):
            raise ModelError(f"device {fault}")
        if name == "auto":
            name = "cuda" if torch.cuda.is_available() else "cpu"
        if name.startswith("cuda") and not torch.cuda.is_available():
            raise ModelError(f"device {name}: torch sees no CUDA device here; use cpu or auto")
        if name == "mps" and not torch.backends.mps.is_available():
            raise ModelError("device mps: torch sees no Apple GPU here; use cpu or auto")
        network = torch.device(name)
        if network.type == "cuda" and (network.index or 0) >= torch.cuda.device_count():
            raise ModelError(f"device {name}: torch sees {torch.cuda.device_count()} CUDA device(s) here")
        return cls(network, torch.device("cpu") if network.type == "mps" else network)


def cuda_devices() -> int:
    """How many CUDA devices torch sees. Makes no CUDA context."""
    return torch.cuda.device_count()


def cores() -> int:
    """How many processor cores this process may use."""
    if sys.platform.startswith("linux"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def take_share(device: str, worker: int, workers: int) -> str:
    """Take the share that number `worker` of `workers` processes has of this machine; returns its device.

    Of several CUDA devices `auto` and `cuda` mean number `worker` modulo their count, which becomes torch's
    own default, too. torch computes with an equal part of the cores, at least one, unless OMP_NUM_THREADS
    says with how many. Without other workers nothing changes.
    """
    if workers > 1 and not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(max(1, cores() // workers))
    if workers == 1 or device not in ("auto", "cuda") or cuda_devices() < 2:
        return device
    chosen = worker % cuda_devices()
    torch.cuda.set_device(chosen)
    return f"cuda:{chosen}"


@cache
def keep_freed_memory() -> bool:
    """Keep up to half a GiB of freed memory in this process, in arrays of up to a quarter GiB; once.

    A forward pass frees and takes the same large arrays with every batch. By default each goes back to the
    system and comes back page by page, cleared.
    Returns whether the allocator has taken the advice: only the GNU C library's does.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT) and mallopt(M_TRIM_THRESHOLD, KEPT))


@contextmanager
def threads_for(*tensors: torch.Tensor) -> Iterator[None]:
    """Compute with one thread where no tensor has a million entries.

    Metrics on such matrices are thousands of short operations. More threads gain little there, and where
    another process wants one of the cores each operation waits for it (docs/speed.md).
    """
    before = torch.get_num_threads()
    if max(tensor.numel() for tensor in tensors) < WORTH_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
