"""smallnet: a small convolutional network for rendered objects, trained by scripts/train_smallnet.py."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

CHANNELS = (3, 16, 48, 128, 144)
_GROUPS = 8


def smallnet(classes: int = 12) -> nn.Module:
    """Four stages of strided convolution, a mean over positions, and a linear readout of `classes`.

    Takes (n, 3, 64, 64) and has 231,708 parameters with 12 classes. Normalisation is over groups of channels
    of one image (Wu & He 2018, arXiv:1803.08494), so a twin with random weights normalises as well.
    """
    stages = [
        (f"stage{i + 1}", _stage(CHANNELS[i], CHANNELS[i + 1], kernel=5 if i == 0 else 3))
        for i in range(len(CHANNELS) - 1)
    ]
    head = [("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten())]
    readout = ("readout", nn.Linear(CHANNELS[-1], classes))
    return nn.Sequential(OrderedDict([*stages, *head, readout]))


def _stage(given: int, made: int, kernel: int) -> nn.Sequential:
    """A convolution that halves the sides of the image, normalisation, rectification."""
    convolution = nn.Conv2d(given, made, kernel, stride=2, padding=kernel // 2, bias=False)
    return nn.Sequential(
        OrderedDict(convolution=convolution, norm=nn.GroupNorm(_GROUPS, made), relu=nn.ReLU())
    )
