"""Devices: the names that they go by, before anything knows whether they are there."""

from __future__ import annotations

import re

_NAME = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def fault(name: str) -> str | None:
    """Why `name` is the name of no device; None where it is one.

    >>> fault("cuda:1"), fault("tpu")
    (None, 'tpu is none of auto, cpu, cuda, cuda:1, mps')
    """
    return None if _NAME.fullmatch(name) else f"{name} is none of auto, cpu, cuda, cuda:1, mps"
