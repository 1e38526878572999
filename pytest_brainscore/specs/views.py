"""Views: through which layers, how often, and in how many dimensions a benchmark sees a network."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ..errors import nearest
from .base import Spec
from .collection import Collection

Positive = Annotated[int, Field(gt=0)]
_POOLS = ("all", "second_half")


class Trials(Spec):
    """How often a stimulus is shown to networks that answer at random; the answers are averaged."""

    shorthand = {"type": "integer", "description": "their number"}  # noqa: RUF012

    n: Positive
    microsaccades: (
        Annotated[
            float,
            Field(gt=0, description="radius, in degrees, within which the image moves from trial to trial"),
        ]
        | None
    ) = None
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        return {"n": value} if isinstance(value, int) else value


class Components(Spec):
    """Principal components that activations are projected on before they are compared."""

    shorthand = {"type": "integer", "description": "their number"}  # noqa: RUF012

    n: Positive = 1000
    fit: (
        Annotated[
            Collection,
            Field(description="images that the components are of; default: the benchmark's own stimuli"),
        ]
        | None
    ) = None
    images: Annotated[Positive, Field(description="how many, evenly spaced by name")] = 1000

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        return {"n": value} if isinstance(value, int) else value


class Projection(Spec):
    """A sparse random projection of activations, drawn without looking at them.

    Each unit has a weight of +-1 / sqrt(density components) with probability `density` = 1 / sqrt(units),
    else none. Li, Hastie and Church 2006, KDD.
    """

    shorthand = {"enum": ["projection"]}  # noqa: RUF012

    components: (
        Annotated[
            Positive,
            Field(description="their number; default: what keeps distances within eps for all stimuli"),
        ]
        | None
    ) = None
    eps: Annotated[
        float,
        Field(gt=0, lt=1, description="how far squared distances may be off (Johnson-Lindenstrauss)"),
    ] = 0.1
    seed: Annotated[int, Field(ge=0)] = 0
    matrix: Annotated[
        Literal["counter", "sklearn"],
        Field(description="sklearn: the very matrix of its SparseRandomProjection; slower to draw"),
    ] = "counter"

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return {} if value == "projection" else value


class Pool(Spec):
    """Layers of which a benchmark takes the one that scores best on the training stimuli of a split.

    The others' scores stand beside it in the results. What is tested on takes no part in the choice.
    """

    shorthand = {  # noqa: RUF012
        "anyOf": [{"enum": ["all", "second_half"]}, {"type": "array", "items": {"type": "string"}}]
    }

    of: Annotated[
        Literal["all", "second_half"] | Annotated[tuple[str, ...], Field(min_length=1)],
        Field(description="all: every module's output that differs from the others'; or names and patterns"),
    ] = "all"
    attention: Annotated[bool, Field(description="queries, keys, values and heads of attention, too")] = False
    per: Annotated[
        Literal["subject", "model"],
        Field(description="a layer for each region and subject, or for each region one for all subjects"),
    ] = "subject"

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"of": _layers_of(value, (*_POOLS, "best"))}

    @field_validator("of", mode="before")
    @classmethod
    def _some_layers(cls, value: Any) -> Any:
        return _layers_of(value, _POOLS)


class AutoLayers(Spec):
    """Layers chosen by their score: of `candidates`, the one that scores best."""

    shorthand = {"enum": ["auto"]}  # noqa: RUF012

    by: Annotated[
        dict[str, str] | Literal["half"],
        Field(
            description="region to the benchmark that chooses, such as {IT: MajajHong2015.public.IT-pls}; or"
            " half: half of the benchmark's own stimuli chooses, and the other half scores"
        ),
    ] = "half"
    candidates: (
        Annotated[
            tuple[str, ...],
            Field(
                min_length=1,
                description="names or patterns; default: all that answer per image",
            ),
        ]
        | None
    ) = None
    pca: Annotated[Components, Field(description="for the choice alone")] | None = None
    seed: Annotated[int, Field(ge=0, description="of the halves")] = 0

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return {} if value == "auto" else value


def _layers_of(value: Any, words: tuple[str, ...]) -> Any:
    """A value that names layers, by one of the words or in a list. Raises ValueError for any other."""
    if value in words or (isinstance(value, list | tuple) and value):
        return value
    hint = nearest(value, words) if isinstance(value, str) else ""
    shown = list(value) if isinstance(value, tuple) else value
    raise ValueError(f"{', '.join(words)} or a list of names is due, not {shown!r}{hint}")
