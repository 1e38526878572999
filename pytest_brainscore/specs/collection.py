"""Collections: images that may not be passed on, which users get from their makers."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, model_validator

from .base import Id, Spec


class Collection(Spec):
    """A folder of images that users get from their makers; ``BRAINSCORE_<NAME>`` says where it lies."""

    shorthand = {"type": "string", "description": "its name, such as things or imagenet"}  # noqa: RUF012

    name: Annotated[Id, Field(description="such as things: the folder is looked up in BRAINSCORE_THINGS")]
    source: Annotated[str | None, Field(description="where to get it", exclude=True)] = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @property
    def variable(self) -> str:
        """The environment variable that names the folder: upper case, and _ for what is no letter or digit.

        >>> Collection(name="things-v1.2").variable
        'BRAINSCORE_THINGS_V1_2'
        """
        return "BRAINSCORE_" + re.sub(r"[^A-Z0-9]", "_", self.name.upper())
