"""Scenes: objects over cluttered ground, drawn from a seed and rendered to the byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import bits, painting
from .bits import Floats
from .objects import REACH, Shape, distractor, exemplar, radius, unit
from .painting import Placement, Vector

Images = npt.NDArray[np.uint8]

SIZES = (0.14, 0.22)
"""Mean radius of an object, in image widths."""
PLACES = 0.5 - SIZES[1] * REACH
"""An object's centre is at most this far from the middle, along x and along y, in image widths."""
POSES = (0.65, 1.0)
CONTRASTS = (0.4, 1.0)
_TURN = 0.27
"""Tangent of half the largest rotation: 30 degrees."""
_DISTRACTORS = 5
_BARS = 2


@dataclass(frozen=True)
class Scene:
    """One stimulus: an object, how it is seen, and the ground behind it.

    x, y: the object's centre in image widths from the middle, x to the right and y downwards.
    size: its mean radius in image widths. rotation: (cosine, sine), clockwise as seen.
    pose: the object's width over its width as seen from the front (it is turned about its upright axis).
    contrast: 1 shows full contrast, 0 would be grey. background: the seed of the clutter and of the light.
    """

    category: str
    exemplar: int
    x: float
    y: float
    size: float
    rotation: Vector
    pose: float
    contrast: float
    background: int

    @property
    def shape(self) -> Shape:
        """The object."""
        return exemplar(self.category, self.exemplar)

    @property
    def placement(self) -> Placement:
        """Where the object stands."""
        return Placement(self.x, self.y, self.size, self.rotation, self.pose)


def draw(categories: Iterable[str], exemplars: Sequence[int], views: int, seed: int) -> tuple[Scene, ...]:
    """`views` scenes of each exemplar of each category, ordered by category, exemplar and view.

    All that a view has is drawn independently and evenly from its range, and depends on the seed, category,
    exemplar and number of the view alone.
    """
    return tuple(
        _scene(category, number, view, seed)
        for category in categories
        for number in exemplars
        for view in range(views)
    )


def _scene(category: str, number: int, view: int, seed: int) -> Scene:
    labels = (seed, "scene", category, number, view)
    x, y, size, turn, pose, contrast = bits.uniforms(6, *labels).tolist()
    return Scene(
        category,
        number,
        PLACES * (2 * x - 1),
        PLACES * (2 * y - 1),
        _within(SIZES, size),
        unit(_TURN * (2 * turn - 1)),
        _within(POSES, pose),
        _within(CONTRASTS, contrast),
        int(bits.words(1, *labels, "background")[0] >> np.uint64(1)),
    )


def _within(ends: tuple[float, float], part: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * part


def render(scene: Scene, width: int = 64) -> Images:
    """The image of a scene, (width, width, 3), red, green and blue; the same bytes on every machine."""
    canvas = ground(scene.background, width)
    painting.paint(canvas, scene.shape, scene.placement, _light(scene.background))
    shown = 0.5 + scene.contrast * (canvas - 0.5)
    levels = np.floor(255 * painting.clipped(shown, 0.0, 1.0) + 0.5)
    return np.ascontiguousarray(levels.astype(np.uint8).transpose(1, 2, 0))


def ground(seed: int, width: int) -> Floats:
    """Clutter (3, width, width): clouds, edges of light, and shapes of no category."""
    clouds, tint, grain = (painting.noise(width, *sort, seed) for sort in ((5, 1), (3, 3), (14, 1)))
    canvas = 0.1 + 0.4 * clouds + 0.25 * tint + 0.15 * grain
    _add_edges(canvas, seed)
    light = _light(seed)
    places = bits.uniforms(5 * _DISTRACTORS, seed, "places").reshape(_DISTRACTORS, 5).tolist()
    for number, (x, y, size, turn, pose) in enumerate(places):
        place = Placement(x - 0.5, y - 0.5, 0.05 + 0.08 * size, unit(2 * turn - 1), _within(POSES, pose))
        painting.paint(canvas, distractor(seed, number), place, light)
    return canvas


def _add_edges(canvas: Floats, seed: int) -> None:
    """Straight edges across the whole image, lighter on one side."""
    width = canvas.shape[-1]
    line = painting.centres(0, width, width)
    for turn, away, step in bits.between(-1, 1, 3 * _BARS, seed, "edges").reshape(_BARS, 3).tolist():
        cosine, sine = unit(turn)
        inside = (cosine * line[None] + sine * line[:, None] - 0.4 * away) * width
        canvas += 0.2 * step * painting.clipped(inside, -0.5, 0.5)


def _light(seed: int) -> tuple[float, float, float]:
    """The direction that light comes from: above, and a little from one side."""
    side = bits.between(-0.35, 0.35, 1, seed, "light").tolist()[0]
    (up, across), (z, slant) = unit(side), unit(0.4)
    return slant * across, -slant * up, z


def outline(scene: Scene, points: int) -> Floats:
    """The boundary of the object's body in the image, (points, 2): x and y in image widths.

    Points lie at equal steps of the angle in the object's own frame, and go clockwise as seen.
    Knobs stand out of it: `parts`.
    """
    angles = np.arange(points) * (2 * np.pi / points)
    cosine, sine = np.cos(angles), np.sin(angles)
    r = radius(scene.shape, cosine, sine)
    return np.stack(scene.placement.out_of(r * cosine, r * sine), axis=1)


def parts(scene: Scene) -> Floats:
    """The object's knobs in the image, (knobs, 3): x and y of the centre, and radius, in image widths."""
    knobs = np.array([(knob.x, knob.y, knob.radius) for knob in scene.shape.knobs]).reshape(-1, 3)
    x, y = scene.placement.out_of(knobs[:, 0], knobs[:, 1])
    return np.stack([x, y, knobs[:, 2] * scene.size], axis=1)


def mask(scene: Scene, width: int = 64) -> Floats:
    """How much of each pixel the object's body covers, (width, width), from 0 to 1."""
    return painting.body(scene.shape, scene.placement, width)
