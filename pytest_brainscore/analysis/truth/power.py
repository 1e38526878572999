"""Power: at which number of stimuli, of neuroids, and amount of noise a metric recovers the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...data.simulated import bits
from ...errors import MetricError
from ...specs.metrics import AnyMetric
from ...specs.recoveries import Curve, Over, Point
from ...specs.registry import Registry
from .candidates import Candidates
from .design import Design
from .matrix import Matrix, matrices, said_of

SIZES: dict[Over, tuple[float, ...]] = {
    "stimuli": (50, 100, 200, 400, 800),
    "neuroids": (5, 10, 20, 50, 100),
    "noise": (0.1, 0.2, 0.4, 0.6, 0.8, 0.95),
}
"""What is tried unless sizes are named; of noise, the median reliability of the averaged responses."""
_OWN = Registry()


@dataclass(frozen=True)
class Terms:
    """How truths are simulated: see `matrix.matrices`."""

    components: int | None = 20
    seeds: tuple[int, ...] = (1, 2)
    resolve: Callable[[str], Callable[..., Any]] = _OWN


TERMS = Terms()


def curves(
    candidates: Candidates,
    design: Design,
    metrics: Sequence[AnyMetric],
    over: Over,
    sizes: Sequence[float] = (),
    *,
    terms: Terms = TERMS,
) -> tuple[Curve, ...]:
    """The curve of each metric over sizes, every candidate being the truth once per seed.

    candidates: on at least as many stimuli as the largest size; of these each seed draws others.
    Raises MetricError for more stimuli than there are, and as `matrices` does.
    """
    ordered = sorted(sizes or SIZES[over])
    if over == "stimuli" and ordered[-1] > len(candidates.stimuli):
        raise MetricError(f"{ordered[-1]:g} stimuli are asked for, and {len(candidates.stimuli)} were shown")
    points: list[list[Point]] = [[] for _ in metrics]
    for size in ordered:
        found = simulated(candidates, design, metrics, over, size, terms)
        for i, of_metric in enumerate(zip(*found, strict=True)):
            points[i].append(_point(size, of_metric))
    return tuple(
        Curve(metric=metric.name, settings=said_of(metric), over=over, points=tuple(known))
        for metric, known in zip(metrics, points, strict=True)
    )


def simulated(
    candidates: Candidates,
    design: Design,
    metrics: Sequence[AnyMetric],
    over: Over,
    size: float,
    terms: Terms,
) -> list[tuple[Matrix, ...]]:
    """For each seed the matrix of each metric, at one size."""
    given: dict[str, Any] = {"components": terms.components, "resolve": terms.resolve, "controls": False}
    if over != "stimuli":
        sized = design.of_neuroids(int(size)) if over == "neuroids" else design.of_reliability(size)
        return [matrices(candidates, sized, metrics, seeds=terms.seeds, **given)]
    made = []
    for seed in terms.seeds:
        rows = sorted(bits.choice(len(candidates.stimuli), int(size), seed, "stimuli").tolist())
        fewer = candidates.take(rows)
        made.append(matrices(fewer, design.on(fewer.stimuli), metrics, seeds=(seed,), **given))
    return made


def _point(size: float, found: Sequence[Matrix]) -> Point:
    of_models = [matrix.found_models for matrix in found]
    return Point(
        size=size,
        simulations=sum(len(matrix.simulations) for matrix in found),
        layers=sum(matrix.found for matrix in found),
        models=None if None in of_models else sum(count or 0 for count in of_models),
    )
