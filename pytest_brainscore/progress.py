"""Progress: what is being done, told to whoever watches."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str, int, int], None]
"""Takes the stage (fetch, build, forward, coordinates, target, choice, training, metric), how much of it is
done, and of how much: bytes of fetch, stimuli of forward, layers of choice, settings of training; 0 of 0
where that is not known."""


def untold(stage: str, done: int, of: int) -> None:
    """Tell nobody."""
