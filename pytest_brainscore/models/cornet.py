"""CORnet: areas V1, V2, V4 and IT in a row; Z feeds forward, S recurs within areas, RT is unrolled in time.

Kubilius, Schrimpf et al. 2018 (doi:10.1101/408385) and 2019 (arXiv:1909.06161). Written from the published
description; the weights have the names and shapes of the authors' checkpoints. Weights start as torch's own.

A layer that is named for an area, such as `V4`, answers after its last time step; `V4.steps.2` answers at the
third. Brain-Score gives the steps of CORnet-S these times after the onset of the stimulus, in ms:

====  ======================================
V1    `V1` 50-150
V2    `V2.steps.0` 70-170, `.1` 170-270
V4    `V4.steps.0` 90-140, `.1` 140-190, `.2` 190-240, `.3` 240-290
IT    `IT.steps.0` 100-200, `.1` 200-300
====  ======================================
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional as F

AREAS = ("V1", "V2", "V4", "IT")
CHANNELS = (64, 128, 256, 512)
STEPS_S = {"V2": 2, "V4": 4, "IT": 2}
STEPS_RT = 5
_EXPANSION = 4
_GROUPS = 32


def cornet_z(classes: int = 1000) -> nn.Module:
    """CORnet-Z: one convolution, rectification and pooling for each area. Takes (n, 3, h, w)."""
    areas = [
        (name, _feedforward(given, made, kernel=7 if name == "V1" else 3))
        for name, given, made in zip(AREAS, (3, *CHANNELS), CHANNELS, strict=False)
    ]
    return nn.Sequential(OrderedDict([*areas, ("decoder", _decoder(classes))]))


def cornet_s(classes: int = 1000) -> nn.Module:
    """CORnet-S: V2, V4 and IT are gone through 2, 4 and 2 times, with a skip. Takes (n, 3, h, w)."""
    areas = [
        (name, _Recurrent(given, made, STEPS_S[name]))
        for name, given, made in zip(AREAS[1:], CHANNELS, CHANNELS[1:], strict=False)
    ]
    return nn.Sequential(OrderedDict([("V1", _entrance()), *areas, ("decoder", _decoder(classes))]))


def cornet_rt(classes: int = 1000) -> nn.Module:
    """CORnet-RT: five steps, in each of which an area hears what the one below answered in the step before.

    Takes (n, 3, h, w). What the image changes reaches V1 in `V1.steps.0`, V2 in `V2.steps.1`, V4 in
    `V4.steps.2` and IT in `IT.steps.3`; earlier steps answer the same to all images.
    """
    return _Unrolled(classes)


class _Recurrent(nn.Module):
    """An area of CORnet-S: a bottleneck whose convolutions all time steps share; each has its own norms."""

    def __init__(self, given: int, made: int, steps: int) -> None:
        super().__init__()
        inner = _EXPANSION * made
        self.conv_input = nn.Conv2d(given, made, 1, bias=False)
        self.skip = nn.Conv2d(made, made, 1, stride=2, bias=False)
        self.norm_skip = nn.BatchNorm2d(made)
        self.conv1 = nn.Conv2d(made, inner, 1, bias=False)
        self.relu1 = nn.ReLU()
        self.conv2 = _Strided(inner, inner, 3, padding=1, bias=False)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(inner, made, 1, bias=False)
        self.relu3 = nn.ReLU()
        for t in range(steps):
            for i, width in enumerate((inner, inner, made), start=1):
                self.add_module(f"norm{i}_{t}", nn.BatchNorm2d(width))
        self.steps = nn.ModuleList(nn.Identity() for _ in range(steps))

    def forward(self, below: Tensor) -> Tensor:
        """(n, given, h, w) to (n, made, h / 2, w / 2), after the last step."""
        state: Tensor = self.conv_input(below)
        for t, step in enumerate(self.steps):
            skip = self.norm_skip(self.skip(state)) if t == 0 else state
            state = step(self.relu3(self._bottleneck(state, t) + skip))
        return state

    def _bottleneck(self, state: Tensor, t: int) -> Tensor:
        norm1, norm2, norm3 = (self.get_submodule(f"norm{i}_{t}") for i in (1, 2, 3))
        wide = self.relu1(norm1(self.conv1(state)))
        wide = self.relu2(norm2(self.conv2(wide, stride=2 if t == 0 else 1)))
        answer: Tensor = norm3(self.conv3(wide))
        return answer


class _Strided(nn.Conv2d):
    """A convolution without bias whose stride is said at the call."""

    def forward(self, input: Tensor, stride: int = 1) -> Tensor:
        return F.conv2d(input, self.weight, None, stride, self.padding)


class _Unrolled(nn.Module):
    """CORnet-RT: at each step every area is called once, from V1 to IT."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        for name, given, made in zip(AREAS, (3, *CHANNELS), CHANNELS, strict=False):
            kernel, stride = (7, 4) if name == "V1" else (3, 2)
            self.add_module(name, _Timed(given, made, kernel, stride))
        self.decoder = _decoder(classes)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, h, w) to (n, classes)."""
        areas: list[_Timed] = [getattr(self, name) for name in AREAS]
        states = _at_rest(images, areas)
        for t in range(STEPS_RT):
            heard = (images, *(states[:-1] if t else [None] * (len(areas) - 1)))
            states = [area(*of, t) for area, *of in zip(areas, heard, states, strict=True)]
        logits: Tensor = self.decoder(states[-1])
        return logits


class _Timed(nn.Module):
    """An area of CORnet-RT, for one time step: input and state added, convolved, normalised over groups."""

    def __init__(self, given: int, made: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.stride, self.made = stride, made
        self.conv_input = nn.Conv2d(given, made, kernel, stride, padding=kernel // 2)
        self.norm_input = nn.GroupNorm(_GROUPS, made)
        self.relu_input = nn.ReLU()
        self.conv1 = nn.Conv2d(made, made, 3, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(_GROUPS, made)
        self.relu1 = nn.ReLU()
        self.steps = nn.ModuleList(nn.Identity() for _ in range(STEPS_RT))

    def forward(self, below: Tensor | None, state: Tensor, t: int) -> Tensor:
        """The area's next state, (n, made, h, w); `below` is None where nothing has arrived yet."""
        drive = state if below is None else state + self.relu_input(self.norm_input(self.conv_input(below)))
        answer: Tensor = self.steps[t](self.relu1(self.norm1(self.conv1(drive))))
        return answer


def _at_rest(images: Tensor, areas: list[_Timed]) -> list[Tensor]:
    """States before the first step: zeros, each as large as its area's answer."""
    n, _, height, width = images.shape
    states = []
    for area in areas:
        height, width = -(-height // area.stride), -(-width // area.stride)
        states.append(images.new_zeros(n, area.made, height, width))
    return states


def _feedforward(given: int, made: int, kernel: int) -> nn.Sequential:
    stride = 2 if kernel == 7 else 1
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(given, made, kernel, stride, padding=kernel // 2),
            relu=nn.ReLU(),
            pool=nn.MaxPool2d(3, stride=2, padding=1),
        )
    )


def _entrance() -> nn.Sequential:
    """V1 of CORnet-S, which does not recur."""
    made = CHANNELS[0]
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(3, made, 7, stride=2, padding=3, bias=False),
            norm1=nn.BatchNorm2d(made),
            relu1=nn.ReLU(),
            pool=nn.MaxPool2d(3, stride=2, padding=1),
            conv2=nn.Conv2d(made, made, 3, padding=1, bias=False),
            norm2=nn.BatchNorm2d(made),
            relu2=nn.ReLU(),
        )
    )


def _decoder(classes: int) -> nn.Sequential:
    """Mean over positions, and a linear readout."""
    return nn.Sequential(
        OrderedDict(
            avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), linear=nn.Linear(CHANNELS[-1], classes)
        )
    )
