"""Baselines: pixels and a bank of Gabor filters, which nobody trained and nothing could leave random."""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional

ORIENTATIONS = 8
"""Of the gratings' bars, counterclockwise from horizontal in steps of 22.5 degrees."""
LEVELS = 5
"""Preferred frequencies, an octave apart: the side over PERIOD cycles per width, half of that, and so on."""
PERIOD = 3.5
"""Pixels per cycle of the preferred grating: 8 cycles per degree where 224 pixels are 8 degrees."""
GRID = 14
"""Places on a side that cells are pooled at: 0.57 degrees apart."""

_ENVELOPE = 0.5622  # standard deviation in periods: a bandwidth of one octave, 39 degrees of orientation
_REACH = 6  # pixels: three standard deviations
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def pixels() -> nn.Module:
    """The image itself: its layer `pixels` is (n, 3 h w), whole grey levels 0 ... 255.

    Takes images of [0, 1]. Where they are squashed to 256 pixels by PIL's bicubic filter it is Brain-Score's
    model `pixels`, but that the channels come one after the other.
    """
    return nn.Sequential(OrderedDict(pixels=GreyLevels()))


def gabor() -> nn.Module:
    """Simple and complex cells of V1, from images (n, 3, 224, 224) of [0, 1]; nothing in it was trained.

    A quadrature pair of Gabor filters at each pixel, in 8 orientations and 5 frequencies (0.5, 1, 2, 4, 8
    cycles per degree where the image is 8 degrees wide), each an octave and 39 degrees wide. Cells of the
    macaque's V1 prefer such frequencies: De Valois, Albrecht & Thorell 1982, Vision Res. 22:545.
    `simple`: (n, 31,360), its two filters and their negatives, rectified. `complex`: (n, 7,840), the root of
    their energy (Adelson & Bergen 1985, J. Opt. Soc. Am. A 2:284). `cells`: (n, 39,200), both.
    Each is the mean over squares of 1/14 of the image's side.
    """
    return GaborBank()


class GreyLevels(nn.Module):
    """Images of [0, 1] as the whole numbers 0 ... 255 that they were, flattened."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) to (n, c h w)."""
        return (images * 255).round().flatten(1)


class GaborBank(nn.Module):
    """One small bank of filters, on the levels of a Gaussian pyramid (Burt & Adelson 1983, IEEE 31:532)."""

    pairs: torch.Tensor
    halving: torch.Tensor
    gains: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.simple, self.complex, self.cells = nn.Flatten(), nn.Flatten(), nn.Identity()
        binomial = torch.tensor(_BINOMIAL)
        self.register_buffer("pairs", _pairs(), persistent=False)
        self.register_buffer("halving", torch.outer(binomial, binomial)[None, None], persistent=False)
        self.register_buffer("gains", _gains(), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, 224, 224) of [0, 1] to all cells, (n, 39,200)."""
        level, simple, complex_ = _contrast(images), [], []
        for gain in self.gains:
            even, odd = (functional.conv2d(level, self.pairs, padding=_REACH) * gain).chunk(2, dim=1)
            rectified = torch.cat([even, -even, odd, -odd], dim=1).relu()
            simple.append(functional.adaptive_avg_pool2d(rectified, GRID))
            complex_.append(functional.adaptive_avg_pool2d((even.square() + odd.square()).sqrt(), GRID))
            level = self._halved(level)
        both = (self.simple(torch.stack(simple, 1)), self.complex(torch.stack(complex_, 1)))
        answer: torch.Tensor = self.cells(torch.cat(both, dim=1))
        return answer

    def _halved(self, level: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(
            functional.pad(level, (2, 2, 2, 2), mode="replicate"), self.halving, stride=2
        )


def _contrast(images: torch.Tensor) -> torch.Tensor:
    """Luminance (n, 1, h, w) about its mean over the image; a grating of full contrast spans -1 to 1.

    So the zeros that lie beyond the edges are the mean luminance.
    """
    weights = images.new_tensor(_LUMINANCE)[None, :, None, None]
    luminance = 2 * (images * weights).sum(1, keepdim=True)
    return luminance - luminance.mean((2, 3), keepdim=True)


def _pairs() -> torch.Tensor:
    """Even filters, then odd ones, (2 orientations, 1, 13, 13): 1 for a grating of full contrast."""
    place = torch.arange(-_REACH, _REACH + 1, dtype=torch.float64)
    down, right = torch.meshgrid(place, place, indexing="ij")
    envelope = torch.exp(-(down**2 + right**2) / (2 * (_ENVELOPE * PERIOD) ** 2))
    angles = torch.arange(ORIENTATIONS, dtype=torch.float64)[:, None, None] * (math.pi / ORIENTATIONS)
    phase = 2 * math.pi / PERIOD * (down * angles.cos() + right * angles.sin())
    filters = torch.cat([phase.cos(), phase.sin()]) * (2 * envelope / envelope.sum())
    return filters[:, None].float()


def _gains() -> torch.Tensor:
    """What makes good, per level, for what halving takes from its preferred grating, (levels,)."""
    before = PERIOD * 2.0 ** torch.arange(LEVELS, dtype=torch.float64)[:, None] / 2.0 ** torch.arange(LEVELS)
    passed = ((1 + torch.cos(2 * math.pi / before)) / 2) ** 2
    halved = torch.tril(torch.ones(LEVELS, LEVELS), diagonal=-1).bool()
    return torch.where(halved, passed, 1.0).prod(1).reciprocal().float()
