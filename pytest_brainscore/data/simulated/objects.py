"""Objects: categories that exist nowhere, and the exemplars of each.

An exemplar is its category's outline, texture and knobs with deviations of its own. Colour belongs to the
exemplar alone and says nothing of the category.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from . import bits

Kind = Literal["plain", "stripes", "checks", "spots", "rings"]
Colour = tuple[float, float, float]

KINDS: tuple[Kind, ...] = ("plain", "stripes", "checks", "spots", "rings")
HARMONICS = 6
REACH = 1.6
"""No point of an object is further from its centre than this, in mean radii."""
_SEED = 20260
_JITTER = 0.035
_KNOB_RADIUS = 0.27


@dataclass(frozen=True)
class Texture:
    """A pattern on the body: `frequency` in cycles per mean radius, along the unit vector `orientation`."""

    kind: Kind
    orientation: tuple[float, float]
    frequency: float


@dataclass(frozen=True)
class Knob:
    """A ball on the outline: centre and radius in mean radii, in the object's own frame."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Shape:
    """One exemplar, in its own frame, where the mean radius is 1.

    The outline is r(theta) = 1 + sum over k = 1..6 of cosines[k-1] cos(k theta) + sines[k-1] sin(k theta).
    `colours` are reflectances from 0 to 1 (red, green, blue): the texture runs from the first to the second,
    and knobs have the second.
    """

    cosines: tuple[float, ...]
    sines: tuple[float, ...]
    texture: Texture
    knobs: tuple[Knob, ...]
    colours: tuple[Colour, Colour]


@dataclass(frozen=True)
class _Prototype:
    """What the exemplars of a category have in common; `knobs` are tangents of half their angles."""

    cosines: tuple[float, ...]
    sines: tuple[float, ...]
    kind: Kind
    orientation: float
    frequency: float
    knobs: tuple[float, ...] = ()


_PROTOTYPES: dict[str, _Prototype] = {
    "bamu": _Prototype((0, 0.26, 0, 0.06), (0, 0, 0, 0), "stripes", 0.0, 1.6, (1.0,)),
    "dorel": _Prototype((0, 0, 0.22), (0, 0.10, 0), "spots", 0.2, 1.5),
    "fipo": _Prototype((0, 0, 0, 0.20), (0, 0, 0, 0), "rings", 0.0, 1.4, (0.4,)),
    "garn": _Prototype((0, 0.16, 0.16), (0, 0, 0), "checks", 0.4, 1.3),
    "helk": _Prototype((0, 0, 0, 0, 0.20), (0, 0, 0, 0, 0), "plain", 0.0, 1.0),
    "jurni": _Prototype((0, 0.10, 0), (0, 0, 0.20), "plain", 0.0, 1.0, (0.0, 1.0)),
    "kesta": _Prototype((0, 0.02, 0), (0, 0.02, 0), "stripes", 0.41, 2.0, (-0.4,)),
    "lomi": _Prototype((0, 0.24, 0), (0, 0, 0.10), "rings", 0.0, 1.8),
    "mavet": _Prototype((0, 0, 0, 0, 0, 0.17), (0, 0, 0, 0, 0, 0), "stripes", 1.0, 1.4),
    "nirp": _Prototype((0, 0.08, 0, 0.15), (0, 0.08, 0, 0.10), "spots", 0.0, 2.0, (1.0, -1.0)),
    "orsu": _Prototype((0, 0, 0.03), (0, 0, 0.03), "checks", 0.0, 1.8, (0.4, -0.4)),
    "plime": _Prototype((0, -0.25, 0), (0, 0, 0), "spots", 0.4, 1.4, (0.0,)),
    "quido": _Prototype((0, 0, 0.14, 0.14), (0, 0, 0, 0), "stripes", 0.6, 2.1),
    "rastu": _Prototype((0, 0, 0, 0, 0.12), (0, 0.18, 0, 0, 0), "rings", 0.0, 2.1, (-1.0,)),
}

CATEGORIES: tuple[str, ...] = tuple(_PROTOTYPES)
BENCHMARK_CATEGORIES = CATEGORIES[:8]
"""What the simulated brain is shown."""
TRAINING_CATEGORIES = CATEGORIES[2:]
"""What smallnet learns; the first two categories of the benchmark are not among them."""
BENCHMARK_EXEMPLARS = range(8)
TRAINING_EXEMPLARS = range(1000, 1048)
HELD_OUT_EXEMPLARS = range(2000, 2016)
"""Of smallnet's categories, to measure what it has learned."""


def unit(tangent: float) -> tuple[float, float]:
    """The unit vector at the angle whose half has this tangent, by division alone."""
    square = tangent * tangent
    return (1 - square) / (1 + square), 2 * tangent / (1 + square)


@cache
def exemplar(category: str, number: int) -> Shape:
    """Exemplar `number` of a category: the category's prototype and deviations that are its own.

    Raises KeyError where there is no such category.
    """
    prototype = _PROTOTYPES[category]
    deviations = bits.between(-1, 1, 2 * HARMONICS + 5, _SEED, category, number, "shape").tolist()
    cosines = _deviating(prototype.cosines, deviations[:HARMONICS])
    sines = _deviating(prototype.sines, deviations[HARMONICS : 2 * HARMONICS])
    turn, pitch, *slips = deviations[2 * HARMONICS :]
    texture = Texture(
        prototype.kind,
        unit(prototype.orientation + 0.12 * turn),
        prototype.frequency * (1 + 0.12 * pitch),
    )
    knobs = tuple(
        _knob(cosines, sines, tangent + 0.1 * slip, _KNOB_RADIUS * (1 + 0.2 * slips[-1]))
        for tangent, slip in zip(prototype.knobs, slips, strict=False)
    )
    return Shape(cosines, sines, texture, knobs, _colours(_SEED, category, number))


def distractor(seed: int, number: int) -> Shape:
    """A shape of no category: harmonics 2 to 5 alike, any texture, no knobs."""
    draws = bits.between(-1, 1, 10, seed, "distractor", number).tolist()
    cosines, sines = ((0.0, *(0.1 * draw for draw in half), 0.0) for half in (draws[:4], draws[4:8]))
    kind = KINDS[int(bits.integers(len(KINDS), 1, seed, "kind", number)[0])]
    texture = Texture(kind, unit(draws[8]), 1.3 + 0.6 * draws[9])
    return Shape(cosines, sines, texture, (), _colours(seed, "distractor", number))


def radius(shape: Shape, cosine: bits.Floats, sine: bits.Floats) -> bits.Floats:
    """r(theta) of the outline where cos(theta) and sin(theta) are given, by Chebyshev's recurrence."""
    return _radius(shape.cosines, shape.sines, cosine, sine)


def _radius(
    cosines: tuple[float, ...], sines: tuple[float, ...], cosine: bits.Floats, sine: bits.Floats
) -> bits.Floats:
    c_before, s_before = np.ones_like(cosine), np.zeros_like(cosine)
    c, s = cosine, sine
    total = 1 + (cosines[0] * c + sines[0] * s)
    for a, b in zip(cosines[1:], sines[1:], strict=True):
        c_before, c = c, 2 * cosine * c - c_before
        s_before, s = s, 2 * cosine * s - s_before
        total = total + (a * c + b * s)
    return total


def _deviating(amplitudes: tuple[float, ...], deviations: list[float]) -> tuple[float, ...]:
    """Amplitudes of harmonics 1 to 6, each with its deviation."""
    padded = amplitudes + (0.0,) * (HARMONICS - len(amplitudes))
    return tuple(a + _JITTER * d for a, d in zip(padded, deviations, strict=True))


def _knob(cosines: tuple[float, ...], sines: tuple[float, ...], tangent: float, size: float) -> Knob:
    cosine, sine = unit(tangent)
    r = float(_radius(cosines, sines, np.array([cosine]), np.array([sine]))[0])
    return Knob(r * cosine, r * sine, size)


def _colours(seed: int, *labels: bits.Label) -> tuple[Colour, Colour]:
    """Two colours of one hue; one is dark and one is light."""
    base, step, *hue = bits.uniforms(5, seed, *labels, "colours").tolist()
    dark, light = 0.12 + 0.22 * base, 0.6 + 0.25 * step
    first, second = (dark, light) if base * 2 < 1 else (light, dark)
    return _tinted(first, hue), _tinted(second, hue)


def _tinted(grey: float, hue: list[float]) -> Colour:
    red, green, blue = (grey + 0.24 * (part - 0.5) for part in hue)
    return red, green, blue
