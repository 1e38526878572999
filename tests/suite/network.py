"""A tiny network of images 32 pixels wide: 144 units, of which nine are far more active, and 1,000 logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

UNITS = 144
LAYERS = ("conv", "units.0", "units.1", "units", "head")


class Tiny(nn.Module):
    """A convolution, and a classifier with random weights."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 5, stride=3)
        self.units = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(3), nn.Flatten())
        self.head = nn.Linear(UNITS, 1000)
        with torch.no_grad():
            self.conv.bias[0] = 20.0  # for `rsm`, which takes the most active units
            self.head.weight[:, :9] = 0  # else they would decide for every image

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, 32, 32) to logits (n, 1000)."""
        return self.head(self.units(self.conv(x)))


def tiny() -> Tiny:
    """The network."""
    return Tiny()
