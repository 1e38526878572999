"""Small networks and stimuli whose answers are known."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.models.network import Network, from_module
from pytest_brainscore.specs.models import Preprocess

SIDE = 16


def images(n: int, seed: int = 0, side: int = SIDE, **more) -> Stimuli:
    pixels = np.random.RandomState(seed).randint(0, 256, (n, side, side, 3), dtype=np.uint8)
    return Stimuli(tuple(f"s{i}" for i in range(n)), tuple(pixels), **more)


class Small(nn.Module):
    """Two convolutions with a ReLU in place between them, and a readout."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(8, 16, 3, padding=1)
        self.readout = nn.Linear(16, 4)
        self.rows = 0
        self.batches: list[int] = []
        self.finished = 0

    def forward(self, x):
        self.rows += len(x)
        self.batches.append(len(x))
        x = self.relu(self.first(x))
        x = self.relu(self.second(x))
        self.finished += 1
        return self.readout(x.mean((2, 3)))


def network(module: nn.Module | None = None, seed: int = 0, **more) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = module or Small()
    return from_module(module, id="small", preprocess=Preprocess(size=SIDE), **{"batch_size": 4, **more})


def inputs(net: Network, stimuli: Stimuli) -> torch.Tensor:
    return torch.stack([net.preprocess(stimuli.open(i)) for i in range(len(stimuli))])
