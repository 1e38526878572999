"""Plan: what intervals and which null a benchmark is to have."""

from __future__ import annotations

from dataclasses import dataclass

from ...inference.sampling import Sampling
from ...specs.benchmarks import Benchmark
from ...specs.inference import Inference, Intervals

LEAST = 100
"""Resamples of a bootstrap, at least."""
ELEMENTS = 2_000_000
"""Values that a bootstrap of neuroids or subjects may go through: 0.3 s."""


@dataclass(frozen=True)
class Plan:
    """What is asked, and what must have the same samples: the digest of the benchmark, never the model."""

    asked: Inference
    key: str

    @classmethod
    def of(cls, benchmark: Benchmark, key: str, intervals: Intervals | None = None) -> Plan:
        """What the benchmark says, or the default; intervals: instead of what it says of them."""
        asked = benchmark.inference or Inference()
        return cls(asked if intervals is None else asked.model_copy(update={"intervals": intervals}), key)

    @property
    def wants_stimuli(self) -> bool:
        """Whether stimuli are to be a sample."""
        return self.asked.over is None or "stimulus" in self.asked.over

    def sampling(self, values: int = 0, groups: int | None = None) -> Sampling:
        """Where samples come from: fewer resamples of many values; groups: of a jackknife, if not as asked.

        values: how many each resample goes through. Only sizes decide, so that all models have the same.
        """
        asked = self.asked
        affordable = max(LEAST, ELEMENTS // max(values, 1))
        return Sampling(self.key, min(asked.replicates, affordable), groups or asked.groups)
