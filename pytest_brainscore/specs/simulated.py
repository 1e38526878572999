"""What a benchmark file asks of the simulated brain, and how much of it fits in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from .base import Spec

CATEGORIES, REGIONS, V1_CHANNELS = 8, 4, 6144
"""Of the simulated brain: categories of objects, regions, and V1's answers to an image."""
MOST_NUMBERS = 100_000_000
MOST_TRIALS = 5_000_000
"""Of one simulated data set, which is made in memory."""


@dataclass(frozen=True)
class Size:
    """How large a part of the data is: the product that says so, what it comes to, and the most it may be."""

    product: str
    count: int
    most: int = MOST_NUMBERS
    unit: str = "numbers"

    def require(self) -> None:
        """Raise ValueError where it is too large."""
        if self.count > self.most:
            raise ValueError(
                f"{self.product} would be {self.count:,} {self.unit}, and {self.most:,} is the most"
            )


class SimulatedStimuli(Spec):
    """Scenes of textured objects of 8 categories, rendered by the program."""

    exemplars: Annotated[
        int, Field(ge=2, le=64, description="objects of each category; the last quarter is for testing")
    ] = 8
    views: Annotated[int, Field(ge=1, le=1000, description="scenes of each object")] = 15
    width: Annotated[int, Field(ge=32, le=512, description="of the square images, in pixels")] = 64
    seed: Annotated[int, Field(ge=0)] = 1

    @property
    def count(self) -> int:
        """How many scenes there are."""
        return CATEGORIES * self.exemplars * self.views

    @property
    def to_test(self) -> int:
        """Exemplars of each category that are for testing: the last quarter, and one at least."""
        return max(self.exemplars // 4, 1)

    def sizes(self) -> tuple[Size, Size]:
        """Of the images, and of what V1 answers to them."""
        n, width = self.count, self.width
        return (
            Size(f"images: {n} stimuli x {width} x {width} pixels x 3 colours", n * width**2 * 3),
            Size(f"V1: {n} stimuli x {V1_CHANNELS} channels", n * V1_CHANNELS),
        )


class SimulatedResponses(Spec):
    """Noisy repeated responses of neuroids in V1, V2, V4 and IT."""

    kind: Literal["responses"]
    neuroids: Annotated[int, Field(ge=1, le=1000, description="of each region")] = 96
    subjects: Annotated[int, Field(ge=1, le=1000, description="who share the neuroids equally")] = 3
    repetitions: Annotated[int, Field(ge=1, le=1000)] = 10
    seed: Annotated[int, Field(ge=0, description="of the trials' noise")] = 1

    def size(self, stimuli: SimulatedStimuli) -> Size:
        """Of the responses, one by one."""
        n, each, times = stimuli.count, self.neuroids, self.repetitions
        said = f"{n} stimuli x {each} neuroids x {REGIONS} regions x {times} repetitions"
        return Size(said, n * each * REGIONS * times)


class SimulatedChoices(Spec):
    """An observer's choices between two objects, for the stimuli that are for testing."""

    kind: Literal["choices"]
    subjects: Annotated[int, Field(ge=1, le=1000)] = 10
    trials: Annotated[int, Field(ge=1, le=1000, description="of each subject, stimulus and distractor")] = 12
    seed: Annotated[int, Field(ge=0, description="of the choices")] = 1

    def size(self, stimuli: SimulatedStimuli) -> Size:
        """Of the choices, one by one."""
        n, others = CATEGORIES * stimuli.to_test * stimuli.views, CATEGORIES - 1
        said = f"{self.trials} trials x {self.subjects} subjects x {n} test stimuli x {others} distractors"
        return Size(said, self.trials * self.subjects * n * others, MOST_TRIALS, "trials")
