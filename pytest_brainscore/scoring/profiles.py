"""Profiles: what the layers of a pool score on one benchmark, the best of them, and the score of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import MetricError, first_line
from ..metrics.measurement import Measurement
from ..scores import Score, finite
from ..specs.benchmarks import Benchmark
from ..specs.views import Pool
from .comparison import score_of
from .inferred import Again, Anew, Basis, Plan, inferred
from .pooled import Best, Per, Picked, names_of, per_subject
from .spectra import Spectrum, table
from .targets import Target
from .together import Found

_OTHER: Mapping[Per, tuple[Per, str, str]] = {
    "subject": ("model", "one_layer", "one layer for all subjects"),
    "model": ("subject", "layer_per_subject", "a layer for each subject"),
}
"""The way to choose that a pool does not take, its name among the figures, and what it is called in words."""


@dataclass
class Profile:
    """The layers of a pool on one benchmark, as they come: their scores, and the measurement of the best.

    Of the others nothing but the scores is kept.
    """

    benchmark: Benchmark
    pool: Pool
    target: Target
    layers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    _names: tuple[str, ...] = ()
    _best: dict[Per, Best] = field(
        default_factory=lambda: {"subject": Best("subject"), "model": Best("model")}
    )
    _eigenvalues: dict[str, np.ndarray] = field(default_factory=dict)

    def offer(self, layer: str, found: Found, spectrum: Spectrum | None = None) -> None:
        """Take in what a layer measures, or why it cannot. spectrum: of the layer, over all stimuli."""
        if not isinstance(found, Measurement):
            self.faults[layer] = first_line(found, "no message")
            return
        self._names = names_of(found, self.target.subjects.names)
        for best in self._best.values():
            best.offer(layer, found)
        self.layers[layer] = {
            "layer": layer,
            **per_subject(found, self._names),
            **(spectrum.figures() if spectrum else {}),
        }
        if spectrum is not None:
            self._eigenvalues[layer] = spectrum.eigenvalues

    def score(self, again: Again | None = None, plan: Plan | None = None) -> Score:
        """The score of the chosen layers on the test stimuli, with what all layers scored.

        again: chooses and measures on other stimuli. plan: of the intervals and the null.
        Raises MetricError where no layer has a score.
        """
        picked = self._picked(self.pool.per)
        score = score_of(self.benchmark, picked.measured, self.target)
        if plan is not None:
            score = inferred(self.benchmark, score, self._basis(picked.measured, again), plan)
        spectra = {"eigenvalues": table(self._eigenvalues)} if self._eigenvalues else {}
        return replace(
            score,
            also={**score.also, **self._other_way()},
            notes=(*score.notes, *self._notes()),
            layers=self._by_subject(picked),
            profile=tuple(self.layers.values()),
            beside={**score.beside, **spectra},
        )

    def picked(self) -> Measurement:
        """What the chosen layers measure. Raises MetricError where no layer has a score."""
        return self._picked(self.pool.per).measured

    def _basis(self, measured: Measurement, again: Again | None) -> Basis:
        anew = None if again is None else Anew(self.target, [again], len(self.layers))
        return Basis(self.benchmark.metric, measured, self.target, anew)

    def chosen(self) -> tuple[str, ...]:
        """Every layer that was chosen, in the order in which they came."""
        distinct = self._picked(self.pool.per).distinct
        return tuple(layer for layer in self.layers if layer in distinct)

    def _picked(self, per: Per) -> Picked:
        if not self.layers:
            layer, why = next(iter(self.faults.items()), ("", "there is none"))
            raise MetricError(f"none of {len(self.faults)} layers has a score; the first, {layer}: {why}")
        return self._best[per].picked()

    def _by_subject(self, picked: Picked) -> dict[str, str]:
        """The layer of each subject, where each has one of its own."""
        own = self.pool.per == "subject" and self._names == self.target.subjects.names
        return {name: picked.of_part(i) for i, name in enumerate(self._names)} if own else {}

    def _other_way(self) -> dict[str, float]:
        """What layers that are chosen the other way come to, where there are several subjects."""
        per, name, _ = _OTHER[self.pool.per]
        if len(self._names) < 2:
            return {}
        picked = self._picked(per)
        return {f"{name}.raw": picked.measured.raw(), f"{name}.train": picked.train()}

    def _notes(self) -> Iterator[str]:
        per, _, words = _OTHER[self.pool.per]
        if len(self._names) > 1:
            picked = self._picked(per)
            raw, train = finite(picked.measured.raw()), finite(picked.train())
            layers = ", ".join(picked.distinct)
            yield f"{words}: {layers} ({_said(raw)} on the test, {_said(train)} on the training stimuli)"
        if self.faults:
            layer, why = next(iter(self.faults.items()))
            n = len(self.faults) + len(self.layers)
            yield f"{len(self.faults)} of {n} layers have no score; the first, {layer}: {why}"


def _said(value: float | None) -> str:
    return "no number" if value is None else f"{value:.4f}"
