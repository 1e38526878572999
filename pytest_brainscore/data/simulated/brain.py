"""The brain before a set of stimuli: images and noiseless signals, made once and kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...specs.base import digest_of
from ...specs.simulated import SimulatedStimuli
from ..disk import write_whole
from . import regions, scenes
from .objects import BENCHMARK_CATEGORIES
from .scenes import Scene

GENERATOR_VERSION = 1
"""Raise it whenever a seed would give other images, signals, trials or choices than before."""

_UNREADABLE = (OSError, EOFError, TypeError, ValueError, zipfile.BadZipFile)
_HEAD = 65  # a sha256 in hex digits and the end of the line


@dataclass(frozen=True, eq=False)
class Brain:
    """Scenes, images uint8 (n, width, width, 3), and by region the signals (n, neuroids), float64."""

    scenes: tuple[Scene, ...]
    images: np.ndarray
    signals: Mapping[str, np.ndarray]


def brain_of(stimuli: SimulatedStimuli, neuroids: int, cache: Path) -> Brain:
    """The brain with `neuroids` in each region, shown the stimuli.

    It is read from the cache where it lies there undamaged, and else made and kept there. Where the cache
    cannot be written it is made each time.
    """
    shown = scenes.draw(BENCHMARK_CATEGORIES, range(stimuli.exemplars), stimuli.views, stimuli.seed)
    path = place(stimuli, neuroids, cache)
    arrays = _kept(path)
    if arrays is None:
        arrays = _made(shown, stimuli.width, neuroids)
        _keep(arrays, path)
    return Brain(shown, arrays["images"], {region: arrays[region] for region in regions.REGIONS})


def place(stimuli: SimulatedStimuli, neuroids: int, cache: Path) -> Path:
    """Where the cache keeps it."""
    key = digest_of([GENERATOR_VERSION, stimuli.model_dump(mode="json"), neuroids])
    return cache / "simulated" / f"{key}.npz"


def _made(shown: tuple[Scene, ...], width: int, neuroids: int) -> dict[str, np.ndarray]:
    images = np.stack([scenes.render(scene, width) for scene in shown])
    sight = regions.Sight(shown, images)
    return {"images": images} | {r: regions.signals(r, sight, neuroids) for r in regions.REGIONS}


def _kept(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays in a file that begins with the sha256 of what follows; None where they are not all there."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if content[:_HEAD] != _head(content[_HEAD:]):
        return None
    try:
        with np.load(io.BytesIO(content[_HEAD:]), allow_pickle=False) as arrays:
            kept = dict(arrays)
    except _UNREADABLE:
        return None
    return kept if kept.keys() == {"images", *regions.REGIONS} else None


def _keep(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    with contextlib.suppress(OSError):
        write_whole(path, _head(packed.getvalue()) + packed.getvalue())


def _head(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n"
