"""What a line of models.yaml says: where a network comes from, its weights, layers and eyes."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from ..errors import nearest
from .base import DOTTED, File, ModelId, Spec
from .data_driven import DATA_DRIVEN, AnyTraining
from .twins import twin_of
from .views import AutoLayers

Layers = Annotated[str, Field(min_length=1)] | Annotated[tuple[str, ...], Field(min_length=1)]
FINAL = "final"
"""Written for `layers`: the network's own answer stands for every region."""
SOURCES = ("torchvision", "timm")
PRECOMPUTED = "precomputed"
BASELINE = "baseline"
"""The family of models that nothing trained and nothing could leave random."""
_OF_NETWORKS = (
    "name",
    "weights",
    "seed",
    "arguments",
    "stochastic",
    "preprocess",
    "visual_degrees",
    "batch_size",
)
_OF_LAYERS = ("layers", "steps", "layer_source", "readout", "activations")
Window = tuple[float, float]
Scalar = bool | int | float | str | None


def _how_layers(value: Any) -> str:
    if isinstance(value, str):
        return "final" if value == FINAL else "auto"
    if isinstance(value, dict) and value:
        return "auto" if value.keys() <= AutoLayers.model_fields.keys() else "map"
    return "auto" if isinstance(value, AutoLayers) else "map"


def _any_of(schema: dict[str, Any]) -> None:
    """Let the schema take what fits two of the ways, which their keys tell apart here."""
    schema["anyOf"] = schema.pop("oneOf")


class Preprocess(Spec):
    """How an image becomes the network's input: resized, cropped, scaled to [0, 1], normalised."""

    size: Annotated[int, Field(gt=0, description="side of the square input, pixels")] = 224
    resize: Annotated[
        Literal["squash", "shorter"],
        Field(description="squash to a square, or scale the shorter side and crop the centre"),
    ] = "squash"
    shorter: Annotated[int, Field(gt=0, description="length of the shorter side before the crop")] | None = (
        None
    )
    interpolation: Literal["bilinear", "bicubic", "nearest", "lanczos"] = "bilinear"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)


class About(Spec):
    """What the literature says of a network; none of it changes a score."""

    year: int | None = None
    family: str | None = None
    architecture: (
        Annotated[str, Field(description="shared by networks that differ in training alone")] | None
    ) = None
    objective: str | None = None
    task: str | None = None
    cluster: (
        Annotated[str, Field(description="kind of task: of Taskonomy 2d, 3d, geometric, semantic")] | None
    ) = None
    diet: str | None = None
    parameters: Annotated[int, Field(gt=0)] | None = None
    top1: Annotated[float, Field(ge=0, le=100, description="ImageNet top-1 accuracy, per cent")] | None = None
    reference: str | None = None


class Model(Spec):
    """One network."""

    id: ModelId
    source: Annotated[
        str, Field(description="torchvision, timm, package.module:factory, precomputed, or data_driven")
    ]
    name: Annotated[str, Field(description="the source's name for it, where that is not the id")] | None = (
        None
    )
    weights: Annotated[
        str | File,
        Field(description="an enum name of torchvision, a tag of timm, a file (`{file: net.pth}`), or none"),
    ] = "none"
    seed: Annotated[int, Field(ge=0, description="of the random weights, where weights is none")] = 0
    arguments: dict[str, Scalar] = Field(default_factory=dict, description="further arguments of the factory")
    activations: (
        Annotated[File, Field(description="of source precomputed: netCDF, npz or safetensors, by layer")]
        | None
    ) = None
    training: (
        Annotated[AnyTraining, Field(description="of source data_driven: what is trained on each benchmark")]
        | None
    ) = None
    layers: Annotated[
        Annotated[dict[str, Layers], Tag("map")]
        | Annotated[Literal["final"], Tag("final")]
        | Annotated[AutoLayers, Tag("auto")],
        Discriminator(_how_layers),
        Field(
            description="region to layer, where a list is mapped together; final: the network's own answer"
            " for every region; auto, or how to choose",
            json_schema_extra=_any_of,
        ),
    ] = Field(default_factory=dict)
    steps: Annotated[
        dict[str, dict[str, Window]],
        Field(description="region to layer to the ms that it answers in: {V4: {V4.steps.0: [90, 140]}}"),
    ] = Field(default_factory=dict)
    stochastic: Annotated[bool, Field(description="whether it answers differently each time")] = False
    layer_source: Annotated[str, Field(description="who chose the layers, and on which data")] | None = None
    readout: Annotated[str, Field(description="the layer that behaviour is read from")] | None = None
    preprocess: Preprocess | None = None
    visual_degrees: Annotated[float, Field(gt=0, description="width of the network's field of view")] = 8.0
    batch_size: Annotated[int, Field(gt=0)] = 64
    about: About = About()

    @model_validator(mode="after")
    def _precomputed(self) -> Self:
        if (self.source == PRECOMPUTED) != (self.activations is not None):
            raise ValueError("`source: precomputed` needs `activations`, and only that does")
        idle = [key for key in _OF_NETWORKS if key in self.model_fields_set]
        if self.activations is not None and idle:
            raise ValueError(f"precomputed activations make nothing of `{idle[0]}`: leave it out")
        return self

    @model_validator(mode="after")
    def _data_driven(self) -> Self:
        if (self.source == DATA_DRIVEN) != (self.training is not None):
            raise ValueError("`source: data_driven` needs `training`, and only that does")
        idle = [key for key in (*_OF_NETWORKS, *_OF_LAYERS) if key in self.model_fields_set]
        if self.training is not None and idle:
            raise ValueError(f"what is trained on recordings makes nothing of `{idle[0]}`: leave it out")
        return self

    @field_validator("source")
    @classmethod
    def _is_one(cls, source: str) -> str:
        if source not in (*SOURCES, PRECOMPUTED, DATA_DRIVEN) and not re.match(DOTTED, source):
            known = " (torchvision, timm, package.module:factory)"
            raise ValueError(f"no source {source}{nearest(source, SOURCES) or known}")
        return source

    @field_validator("weights")
    @classmethod
    def _file_of_a_factory(cls, weights: str | File, info: ValidationInfo) -> str | File:
        if ":" in info.data.get("source", "") and isinstance(weights, str) and weights != "none":
            raise ValueError(
                "the weights of a factory are a file, or none where it brings its own: write"
                f" `weights: {{file: {weights}}}`"
            )
        return weights

    @property
    def architecture(self) -> str:
        """The source's name for the network."""
        return self.name or self.id

    @property
    def mapped(self) -> dict[str, Layers]:
        """Region to layer, where the entry says so itself."""
        return self.layers if isinstance(self.layers, dict) else {}

    @property
    def trained(self) -> bool:
        """Whether weights are loaded at all, or learnt from the recordings."""
        return self.weights != "none" or self.training is not None

    @property
    def has_twin(self) -> bool:
        """Whether its weights could be random: not of what is precomputed, a baseline or data-driven."""
        return self.source not in (PRECOMPUTED, DATA_DRIVEN) and self.about.family != BASELINE

    def untrained(self, seed: int = 0) -> Model:
        """The same architecture with random weights, as a model of its own."""
        return self.model_copy(
            update={"id": twin_of(self.id, seed), "name": self.architecture, "weights": "none", "seed": seed}
        )
