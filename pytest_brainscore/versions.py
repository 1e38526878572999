"""Versions of Python and of the libraries that make the numbers."""

from __future__ import annotations

import functools
import platform
from importlib.metadata import PackageNotFoundError, version

LIBRARIES = ("pytest-brainscore", "pytest", "torch", "torchvision", "timm", "numpy", "scikit-learn")
OF_NUMBERS = tuple(name for name in LIBRARIES if name != "pytest")
"""Those that scores depend on: scores stand side by side only where their releases are the same."""


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that are installed, by name."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def release(version: str) -> str:
    """The release without what says for which device it was built: that may differ, as devices may.

    >>> release("2.6.0+cu124")
    '2.6.0'
    """
    return version.partition("+")[0]
