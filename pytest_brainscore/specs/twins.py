"""Twins: what a network with random weights is called, beside the one that it has the architecture of.

``alexnet_untrained`` is drawn from seed 0, ``alexnet_untrained2`` from seed 2; ``--models`` calls them
``untrained:alexnet`` and ``untrained2:alexnet``.
"""

from __future__ import annotations

import re

_SUFFIX = "_untrained"
_TWIN = re.compile(rf"(?P<of>.+){_SUFFIX}(?P<seed>\d*)")


def twin_of(id: str, seed: int = 0) -> str:
    """The id of a network's untrained twin."""
    return f"{id}{_SUFFIX}{seed or ''}"


def is_twin(id: str) -> bool:
    """Whether an id is that of an untrained twin, whatever its seed."""
    return _TWIN.fullmatch(id) is not None


def architecture_of(id: str) -> str:
    """The id of the network that a twin has the architecture of; any other id as it is."""
    found = _TWIN.fullmatch(id)
    return found["of"] if found else id


def asked_for(id: str) -> str:
    """What ``--models`` calls a network."""
    found = _TWIN.fullmatch(id)
    return f"untrained{found['seed']}:{found['of']}" if found else id
