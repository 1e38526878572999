"""Data-driven networks: what is trained on the recordings themselves, and how."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from .base import File, Spec, tagged_by

DATA_DRIVEN = "data_driven"
"""The source of such networks in models.yaml, and what results call their layer."""
Positive = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(gt=0)]


class Search(Spec):
    """Settings of AdamW. Each combination is tried; the lowest loss on the held-out stimuli wins."""

    learning_rate: Annotated[tuple[Rate, ...], Field(min_length=1)] = (0.0003, 0.001, 0.003)
    weight_decay: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (0.01, 0.1)
    batch_size: Annotated[tuple[Positive, ...], Field(min_length=1)] = (32,)
    n: Annotated[Positive, Field(description="combinations, drawn at random; default: all")] | None = None


class Trained(Spec):
    """The ground of data-driven networks: how they are trained, on the training stimuli of a split alone."""

    size: Annotated[Positive, Field(description="side of the square input, pixels")] = 64
    search: Search = Search()
    epochs: Annotated[Positive, Field(description="at most")] = 60
    patience: Annotated[
        Positive,
        Field(description="epochs without a lower loss on the held-out stimuli, after which it ends"),
    ] = 10
    held_out: Annotated[
        float, Field(gt=0, lt=1, description="share of the training stimuli for early stopping and search")
    ] = 0.2
    seed: Annotated[int, Field(ge=0, description="of weights, batches, and what is held out")] = 0


class Cnn(Trained):
    """Convolutions, each with batch normalisation, ReLU and max-pooling; one linear map to all neuroids."""

    kind: Literal["cnn"]
    layers: Literal[2, 3] = 3
    channels: Positive = 32
    kernel: Annotated[Positive, Field(description="side of the filters, pixels: an odd number")] = 5
    grid: Annotated[Positive, Field(description="the map reads this many by this many places")] = 4
    dropout: Annotated[float, Field(ge=0, lt=1, description="before the linear map")] = 0.5

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel: {self.kernel} is even: an odd one has a centre")
        smallest = 2 ** (self.layers + 1)
        if self.size < smallest:
            raise ValueError(f"size: {self.layers} layers halve {self.size} pixels away: {smallest} or more")
        return self


class Backbone(Spec):
    """A published architecture whose last layer before the classifier the heads read."""

    shorthand = {"type": "string", "description": "its name in torchvision"}  # noqa: RUF012

    name: Annotated[str, Field(min_length=1)]
    source: Literal["torchvision", "timm"] = "torchvision"
    weights: Annotated[
        str | File, Field(description="to begin with: as in models.yaml; none: random ones")
    ] = "none"

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class TwoHeads(Trained):
    """A backbone with two linear heads, one for the neuroids and one for the objects, trained together."""

    kind: Literal["two_heads"]
    size: Annotated[Positive, Field(description="side of the square input, pixels")] = 224
    backbone: Backbone = Backbone(name="resnet18")
    objects: Annotated[str, Field(min_length=1, description="coord of the stimuli that names the object")] = (
        "object_name"
    )
    object_weight: Annotated[
        float, Field(ge=0, description="of the objects' cross-entropy, beside the mean squared error")
    ] = 1.0


AnyTraining = Annotated[
    Annotated[Cnn, Tag("cnn")] | Annotated[TwoHeads, Tag("two_heads")], Discriminator(tagged_by("kind"))
]
