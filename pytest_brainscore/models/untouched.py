"""Untouched: what a user's model sets for the whole process is as before once it has run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def untouched(seed: int, devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Random numbers of torch, numpy and Python from `seed`, and afterwards the user's own again.

    So with torch's default dtype, which is float32 inside, whatever the model before this one has set.
    """
    dtype, states = torch.get_default_dtype(), (random.getstate(), np.random.get_state())
    try:
        with torch.random.fork_rng(list(devices)):
            torch.set_default_dtype(torch.float32)
            # Not torch.manual_seed, which also seeds the user's CUDA generators.
            torch.default_generator.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
    finally:
        torch.set_default_dtype(dtype)
        random.setstate(states[0])
        np.random.set_state(states[1])
