"""The catalogue: the networks that torchvision and timm have, their weights, and the sizes of the zoo's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .models import Model


@dataclass(frozen=True)
class Size:
    """How large a network is.

    parameters: numbers that training sets, shared ones once; buffers do not count.
    macs: multiply-accumulates of its convolutions, matrix products and attention, for one image of the size
        that it takes.
    """

    parameters: int
    macs: int


@cache
def catalogue() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Names of weights by library and network, the default ones first; neither library is imported.

    ``catalogue()["torchvision"]["alexnet"]`` is ``("IMAGENET1K_V1",)``; a network without published weights
    has an empty tuple. The file is made by scripts/catalogue.py from the installed libraries.
    """
    return {
        library: {name: tuple(weights) for name, weights in names.items()}
        for library, names in _file()["names"].items()
    }


def size(source: str, name: str, weights: str = "") -> Size | None:
    """The size of an architecture (`Model.source`, `Model.architecture`) that the shipped models.yaml names.

    weights: a tag of timm, which may say how large images are and what stands in place of the classifier.
    None for all others. Computed from the built network by scripts/catalogue.py.
    """
    known = _file()["sizes"].get(source, {})
    found = known.get(f"{name}.{weights}") or known.get(name)
    return Size(*found) if found else None


def size_of(model: Model) -> Size | None:
    """The size of a model's network as its weights have it; None where the catalogue does not know it."""
    return size(model.source, model.architecture, model.weights if isinstance(model.weights, str) else "")


def place_of(source: str, name: str, weights: str) -> str | None:
    """Where published weights lie: the name of a file, or of a repository on the Hugging Face hub ("a/b").

    None where the catalogue does not know them.
    """
    if weights not in catalogue().get(source, {}).get(name, ()):
        return None
    full = f"{name}.{weights}"
    usual = f"timm/{full}" if source == "timm" else None
    place: str | None = _file()["files"][source].get(full, usual)
    return place


@cache
def _file() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(files(__package__).joinpath("catalogue.json").read_text("utf-8"))
    return read
