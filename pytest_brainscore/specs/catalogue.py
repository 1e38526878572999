"""The catalogue: the networks that torchvision and timm have, and their weights, by name alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def catalogue() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Names of weights by library and network, the default ones first; neither library is imported.

    ``catalogue()["torchvision"]["alexnet"]`` is ``("IMAGENET1K_V1",)``; a network without published weights
    has an empty tuple. The file is made by scripts/catalogue.py from the installed libraries.
    """
    text = files(__package__).joinpath("catalogue.json").read_text("utf-8")
    return {
        library: {name: tuple(weights) for name, weights in names.items()}
        for library, names in json.loads(text)["names"].items()
    }
