"""Architectures: pixels in, predicted responses out, and the object where there is a head for it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...specs.data_driven import Cnn
from ...specs.models import Preprocess

Make = Callable[[], nn.Module]
"""Makes a network with its first weights; random ones come from torch's generator."""
_STANDARD = Preprocess()


class Answers(NamedTuple):
    """Predicted responses (n, m) in standard deviations, and scores of the objects (n, c)."""

    responses: Tensor
    objects: Tensor | None = None


class Retina(nn.Module):
    """Pixels (n, 3, s, s) uint8 as float32, with ImageNet's mean taken out, in its standard deviations."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", _STANDARD.mean), ("std", _STANDARD.std)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (n, 3, s, s) float32."""
        return (pixels.to(torch.float32) / 255 - self.mean) / self.std


class Convolutions(nn.Module):
    """Two or three convolutions, and one linear map from a coarse grid of their channels to all neuroids."""

    def __init__(self, spec: Cnn, neuroids: int) -> None:
        super().__init__()
        channels = (3, *([spec.channels] * spec.layers))
        blocks = [_block(channels[i], channels[i + 1], spec.kernel, i == 0) for i in range(spec.layers)]
        self.features = nn.Sequential(Retina(), *blocks, nn.AdaptiveAvgPool2d(spec.grid), nn.Flatten())
        self.dropout = nn.Dropout(spec.dropout)
        self.readout = nn.Linear(spec.channels * spec.grid**2, neuroids)

    def forward(self, pixels: Tensor) -> Answers:
        """Pixels (n, 3, s, s) uint8 to responses (n, m)."""
        return Answers(self.readout(self.dropout(self.features(pixels))))


class TwoHeaded(nn.Module):
    """A backbone, one of whose layers two linear heads read: one of the neuroids, one of the objects.

    What the backbone computes after that layer is left aside. side: pixels of the square input.
    """

    def __init__(self, backbone: nn.Module, layer: str, side: int, neuroids: int, objects: int) -> None:
        super().__init__()
        self.retina, self.backbone = Retina(), backbone
        self._read: list[Tensor] = []
        backbone.get_submodule(layer).register_forward_hook(self._note)
        width = self._width(side)
        self.neuroids, self.objects = nn.Linear(width, neuroids), nn.Linear(width, objects)

    def forward(self, pixels: Tensor) -> Answers:
        """Pixels (n, 3, s, s) uint8 to responses (n, m) and objects (n, c)."""
        features = self._features(self.retina(pixels))
        return Answers(self.neuroids(features), self.objects(features))

    def _note(self, part: nn.Module, seen: object, answer: Tensor) -> None:
        self._read[:] = [answer]

    def _features(self, images: Tensor) -> Tensor:
        self.backbone(images)
        return self._read.pop().flatten(1)

    def _width(self, side: int) -> int:
        self.backbone.eval()
        with torch.no_grad():
            return self._features(torch.zeros(2, 3, side, side)).shape[1]


def two_headed(backbone: nn.Module, layer: str, side: int, neuroids: int, objects: int) -> Make:
    """Makes networks that begin with the backbone's weights, each with a copy of its own."""

    def make() -> nn.Module:
        own = copy.deepcopy(backbone).requires_grad_(True)
        return TwoHeaded(own, layer, side, neuroids, objects)

    return make


def convolutions(spec: Cnn, neuroids: int) -> Make:
    """Makes networks with random weights."""
    return partial(Convolutions, spec, neuroids)


def _block(before: int, after: int, kernel: int, first: bool) -> nn.Sequential:
    """A convolution, with a stride of 2 in the first, normalised, rectified and pooled."""
    convolution = nn.Conv2d(before, after, kernel, stride=2 if first else 1, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2))
