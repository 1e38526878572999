"""Painting: pixels from shapes and noise, byte-equal on every machine.

Only operations that IEEE 754 rounds correctly touch a pixel: + - * /, square root, comparison and floor, in
float64 and element by element. Sums of arrays, powers, sines and matrix products differ between machines.
Coordinates are in image widths from the middle: x to the right, y downwards. A canvas is (3, width, width).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import bits
from .bits import Floats
from .objects import REACH, Colour, Kind, Shape, Texture, radius

Vector = tuple[float, float]
_AMBIENT = 0.35


@dataclass(frozen=True)
class Placement:
    """Where a shape is: centre and mean radius (image widths), rotation, foreshortening of its x axis."""

    x: float
    y: float
    size: float
    rotation: Vector
    pose: float = 1.0

    def into(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Image coordinates in the frame of the shape."""
        cosine, sine = self.rotation
        dx, dy = (x - self.x) / self.size, (y - self.y) / self.size
        return (cosine * dx + sine * dy) / self.pose, cosine * dy - sine * dx

    def out_of(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Coordinates in the frame of the shape in the image."""
        cosine, sine = self.rotation
        du, dv = self.pose * u, v
        return self.x + self.size * (cosine * du - sine * dv), self.y + self.size * (sine * du + cosine * dv)


def centres(start: int, stop: int, width: int) -> Floats:
    """Coordinates of the centres of pixels `start` to `stop` - 1 of a row."""
    return (np.arange(start, stop, dtype=np.float64) + 0.5) / width - 0.5


def clipped(values: Floats, low: float, high: float) -> Floats:
    """Values below `low` as `low`, above `high` as `high`."""
    within: Floats = np.minimum(np.maximum(values, low), high)
    return within


def paint(canvas: Floats, shape: Shape, place: Placement, light: tuple[float, float, float]) -> None:
    """Put a shape on the canvas, lit from the direction `light` (a unit vector; z is towards the eye)."""
    width = canvas.shape[-1]
    rows, columns = (_span(centre, place.size * REACH, width) for centre in (place.y, place.x))
    u, v = place.into(centres(columns[0], columns[1], width)[None], centres(rows[0], rows[1], width)[:, None])
    window = canvas[:, rows[0] : rows[1], columns[0] : columns[1]]
    lamp = _turned(light, place.rotation)
    for knob in shape.knobs:
        a, b = (u - knob.x) / knob.radius, (v - knob.y) / knob.radius
        reach = np.sqrt(a * a + b * b)
        over = _coverage((1 - reach) * (knob.radius * place.size * width))
        _blend(
            window, over, _coloured((shape.colours[1],) * 2, np.zeros_like(u)), _shading(a, b, reach, lamp)
        )
    over, depth = _body(shape, u, v, place.size * width)
    pattern = texture(shape.texture, u, v)
    _blend(window, over, _coloured(shape.colours, pattern), _shading(u, v, depth, lamp))


def body(shape: Shape, place: Placement, width: int) -> Floats:
    """How much of each pixel the body covers, (width, width) from 0 to 1."""
    line = centres(0, width, width)
    u, v = place.into(line[None], line[:, None])
    return _body(shape, u, v, place.size * width)[0]


def _body(shape: Shape, u: Floats, v: Floats, pixels: float) -> tuple[Floats, Floats]:
    """Coverage, and the distance from the centre where the outline is 1; `pixels` to the mean radius."""
    r = np.sqrt(u * u + v * v)
    away = np.maximum(r, 1e-12)
    outline = radius(shape, u / away, v / away)
    return _coverage((outline - r) * pixels), r / outline


def _coverage(inside: Floats) -> Floats:
    """Part of a pixel that is covered, where its centre lies `inside` pixels within the edge."""
    return clipped(inside + 0.5, 0.0, 1.0)


def _shading(a: Floats, b: Floats, reach: Floats, lamp: tuple[float, float, float]) -> Floats:
    """Lambert's law on a ball: `a`, `b` towards the edge, `reach` is 1 at the edge."""
    far = np.maximum(np.sqrt(a * a + b * b), 1e-12)
    edge = np.minimum(reach, 1.0)
    up = np.sqrt(1 - edge * edge)
    facing = edge * (a / far * lamp[0] + b / far * lamp[1]) + up * lamp[2]
    lit: Floats = np.maximum(facing, 0.0)
    return _AMBIENT + (1 - _AMBIENT) * lit


def _turned(light: tuple[float, float, float], rotation: Vector) -> tuple[float, float, float]:
    (x, y, z), (cosine, sine) = light, rotation
    return cosine * x + sine * y, cosine * y - sine * x, z


def _coloured(colours: tuple[Colour, Colour], pattern: Floats) -> Floats:
    """(3, h, w): from the first colour where the pattern is 0 to the second where it is 1."""
    first, second = np.array(colours)[:, :, None, None]
    mixed: Floats = first + (second - first) * pattern
    return mixed


def _blend(window: Floats, over: Floats, colours: Floats, shade: Floats) -> None:
    window += over * (colours * shade - window)


def _span(centre: float, reach: float, width: int) -> tuple[int, int]:
    """First pixel, and the one after the last, that may be nearer than `reach`."""
    ends = np.floor((np.array([centre - reach, centre + reach]) + 0.5) * width) + np.array([-1, 2])
    start, stop = (int(end) for end in clipped(ends, 0.0, width))
    return start, stop


def wave(phase: Floats) -> Floats:
    """A smooth wave from -1 to 1 with period 1, close to a sine: a triangle, rounded by a cubic."""
    fraction = phase - np.floor(phase)
    triangle: Floats = 1 - np.abs(4 * fraction - 2)
    return 0.5 * triangle * (3 - triangle * triangle)


def texture(made: Texture, u: Floats, v: Floats) -> Floats:
    """A texture from 0 to 1 at points of the shape's frame."""
    cosine, sine = made.orientation
    along, across = made.frequency * (cosine * u + sine * v), made.frequency * (cosine * v - sine * u)
    return 0.5 + 0.5 * _pattern(made.kind, along, across)


def _pattern(kind: Kind, along: Floats, across: Floats) -> Floats:
    if kind == "stripes":
        return wave(along) + 0 * across
    if kind == "checks":
        return wave(along) * wave(across)
    if kind == "spots":
        both = wave(along) + wave(across)
        return clipped(both, 0.0, 1.0) * 2 - 1
    if kind == "rings":
        return wave(np.sqrt(along * along + across * across))
    return np.zeros_like(along + across) - 1


def noise(width: int, cells: int, channels: int, seed: int, *labels: bits.Label) -> Floats:
    """Smooth noise (channels, width, width) from 0 to 1: values, `cells` to a side, joined by cubics."""
    side = cells + 1
    lattice = bits.uniforms(channels * side * side, seed, *labels, "noise", cells).reshape(
        channels, side, side
    )
    low, weight = _joints(width, cells)
    rows = lattice[:, low] + (lattice[:, low + 1] - lattice[:, low]) * weight[:, None]
    return rows[:, :, low] + (rows[:, :, low + 1] - rows[:, :, low]) * weight


@lru_cache(maxsize=32)
def _joints(width: int, cells: int) -> tuple[bits.Integers, Floats]:
    """For each pixel of a row: the lattice value before it, and the weight of the one after."""
    at = (centres(0, width, width) + 0.5) * cells
    low = np.floor(at)
    t = at - low
    return low.astype(np.int64), t * t * (3 - 2 * t)
