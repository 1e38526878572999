"""Classes: which of the 1,000 classes of ImageNet (ILSVRC 2012, counted from 0) make up an object."""

from __future__ import annotations

IMAGENET = 1000
"""How many logits a network trained on ImageNet answers with."""

_RANGES = {
    "airplane": "404",
    "bear": "294-297",
    "bicycle": "444 671",
    "bird": "8 10-16 18-20 22-24 80-83 87-96 98-100 127-133 135-145",
    "boat": "472 554 625 814 914",
    "bottle": "440 720 737 898-899 901 907",
    "car": "436 511 817",
    "cat": "281-286",
    "chair": "423 559 765 857",
    "clock": "409 530 892",
    "dog": "152-191 193-203 205-226 228-241 243-250 252-257 259 261-263 265-268",
    "elephant": "385-386",
    "keyboard": "508 878",
    "knife": "499",
    "oven": "766",
    "truck": "555 569 656 675 717 734 864 867",
}


def _listed(ranges: str) -> tuple[int, ...]:
    bounds = (part.partition("-") for part in ranges.split())
    return tuple(i for first, _, last in bounds for i in range(int(first), int(last or first) + 1))


IMAGENET16 = {name: _listed(ranges) for name, ranges in _RANGES.items()}
"""The 16 entry-level classes of Geirhos et al. 2018 (NeurIPS 31), 207 classes of ImageNet in all."""
