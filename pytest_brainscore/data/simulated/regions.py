"""Regions: the neuroids of V1, V2, V4 and IT, and what each answers without noise.

The brain is one and the same whatever it is shown: neuroid i of a region is drawn from the brain's own seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from . import bits, contour, gabor, identity, texture
from .objects import BENCHMARK_CATEGORIES, exemplar
from .scenes import Scene, outline

REGIONS = ("V1", "V2", "V4", "IT")
OUTLINE_POINTS = 180

_BRAIN = 1962
_V1_REACH = 0.35
_V2_REACH = 0.25
_V4_REACH = 0.15
_IT_REACH = 0.1
"""Furthest that receptive fields are centred from the middle, along x and y, in image widths."""
_V4_CONTRAST, _IT_CONTRAST = 0.5, 0.2
"""Contrasts at which an object is half visible."""


@dataclass(frozen=True, eq=False)
class Sight:
    """What the brain looks at: scenes, and their images, uint8 (n, width, width, 3)."""

    scenes: tuple[Scene, ...]
    images: np.ndarray

    @cached_property
    def v1(self) -> np.ndarray:
        """V1 on its whole grid, see `gabor.responses`."""
        return gabor.responses(self.images)

    @cached_property
    def contours(self) -> contour.Contours:
        """What V4 sees of the objects."""
        seen = list(zip(self._outlines, self._centres, self._sizes, strict=True))
        return contour.Contours(
            curvature=np.stack([contour.curvature(line, size) for line, _, size in seen]),
            angle=np.stack([contour.angle(line, centre) for line, centre, _ in seen]),
            centre=self._centres,
            size=self._sizes,
            visibility=visibility(self._contrasts, _V4_CONTRAST),
        )

    @cached_property
    def views(self) -> identity.Views:
        """What IT sees of the objects."""
        seen = map(identity.harmonics, self._outlines, self._centres, self._sizes)
        pairs = zip(self.scenes, seen, strict=True)
        codes = [identity.code(scene.category, scene.shape, line) for scene, line in pairs]
        return identity.Views(
            code=np.stack(codes) - _middle_code(),
            centre=self._centres,
            size=self._sizes,
            visibility=visibility(self._contrasts, _IT_CONTRAST),
        )

    @cached_property
    def _outlines(self) -> list[np.ndarray]:
        return [outline(scene, OUTLINE_POINTS) for scene in self.scenes]

    @property
    def _centres(self) -> np.ndarray:
        return np.asarray([(scene.x, scene.y) for scene in self.scenes])

    @property
    def _sizes(self) -> np.ndarray:
        return np.asarray([scene.size for scene in self.scenes])

    @property
    def _contrasts(self) -> np.ndarray:
        return np.asarray([scene.contrast for scene in self.scenes])


def signals(region: str, sight: Sight, neuroids: int) -> np.ndarray:
    """What `neuroids` of a region answer without noise, (n, neuroids), float64: mean 0, variance 1."""
    answers = np.stack([_ANSWERS[region](sight, i) for i in range(neuroids)], axis=1)
    centred = answers - answers.mean(axis=0)
    standardised: np.ndarray = centred / centred.std(axis=0)
    return standardised


def visibility(contrast: np.ndarray, half: float) -> np.ndarray:
    """How well objects are seen, (n,): saturates with contrast, 0.5 at `half` (Naka & Rushton 1966)."""
    return np.asarray(contrast**2 / (contrast**2 + half**2))


def v1_unit(i: int) -> tuple[int, int, int, int]:
    """Frequency, orientation, row and column of V1's neuroid i, as places in `gabor.responses`."""
    frequency, orientation, row, column = bits.uniforms(4, _BRAIN, "V1", i).tolist()
    places = np.flatnonzero(np.abs(gabor.places()) < _V1_REACH)
    return (
        _pick(range(len(gabor.CYCLES)), frequency),
        _pick(range(gabor.ORIENTATIONS), orientation),
        int(_pick(places, row)),
        int(_pick(places, column)),
    )


def v2_unit(i: int) -> texture.Statistic:
    """V2's neuroid i: the kinds of statistic take turns."""
    frequency, orientation, step, row, column, sd = bits.uniforms(6, _BRAIN, "V2", i).tolist()
    kind = texture.KINDS[i % len(texture.KINDS)]
    first = _pick(range(len(gabor.CYCLES)), frequency), _pick(range(gabor.ORIENTATIONS), orientation)
    second, shift = texture.partner(kind, first, int(100 * step))
    centre = _spread(_V2_REACH, row), _spread(_V2_REACH, column)
    return texture.Statistic(kind, first, second, shift, centre, 0.08 + 0.08 * sd)


def v4_unit(i: int) -> contour.Unit:
    """V4's neuroid i: half of them prefer curvatures that are convex."""
    form, angle, x, y, size = bits.uniforms(5, _BRAIN, "V4", i).tolist()
    return contour.Unit(
        curvature=-0.4 + 1.4 * form,
        angle=2 * np.pi * angle,
        centre=(_spread(_V4_REACH, x), _spread(_V4_REACH, y)),
        size=0.13 * 2**size,
    )


def it_unit(i: int) -> identity.Unit:
    """IT's neuroid i: a random direction in the space of codes."""
    threshold, x, y, size = bits.uniforms(4, _BRAIN, "IT", i).tolist()
    return identity.Unit(
        direction=bits.normals(len(_middle_code()), _BRAIN, "IT", i, "direction"),
        threshold=1.5 * threshold,
        centre=(_spread(_IT_REACH, x), _spread(_IT_REACH, y)),
        size=0.13 * 2**size,
    )


@cache
def _middle_code() -> np.ndarray:
    """The mean code of the categories' first exemplars, upright: where the units' directions start from."""
    firsts = [(name, exemplar(name, 0)) for name in BENCHMARK_CATEGORIES]
    codes = [identity.code(name, shape, np.asarray(shape.cosines + shape.sines)) for name, shape in firsts]
    return np.asarray(np.mean(codes, axis=0))


def _spread(reach: float, draw: float) -> float:
    return reach * (2 * draw - 1)


def _pick(these: Sequence[int] | np.ndarray, draw: float) -> int:
    return int(these[int(draw * len(these))])


_ANSWERS: dict[str, Callable[[Sight, int], np.ndarray]] = {
    "V1": lambda sight, i: sight.v1[:, *v1_unit(i)],
    "V2": lambda sight, i: texture.compressed(v2_unit(i).of(sight.v1)),
    "V4": lambda sight, i: v4_unit(i).of(sight.contours),
    "IT": lambda sight, i: it_unit(i).of(sight.views),
}
