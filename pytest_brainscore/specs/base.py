"""The ground that every spec stands on: frozen, strict, and exact about names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", description="letters, digits, '_', '.' and '-'")]
ModelId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]+$", description="letters, digits, '_' and '.'")]


DOTTED = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
DOTTED_TAG = "package.module:function"


def tagged_by(key: str) -> Callable[[Any], str | None]:
    """What tells the members of a union apart: their `key`, or that it is a dotted name of the user's."""

    def tag(value: Any) -> str | None:
        name = value.get(key) if isinstance(value, dict) else getattr(value, key, None)
        if not isinstance(name, str):
            return None
        return DOTTED_TAG if ":" in name else name

    return tag


class Spec(BaseModel):
    """A frozen piece of YAML. Unknown keys and values of another type are errors; lists are tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    shorthand: ClassVar[dict[str, Any] | None] = None
    """JSON Schema of a plain value that may stand for the mapping."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler.resolve_ref_schema(handler(schema))
        if cls.shorthand is None:
            return described
        return {"anyOf": [cls.shorthand, described], "title": described.get("title", cls.__name__)}

    def digest(self) -> str:
        """Sha256 of the resolved spec, the same on every machine."""
        return digest_of(self.model_dump(mode="json"))


class File(Spec):
    """One file: where its bytes come from, and the hash that they must have.

    Written as a mapping with `url` or `file` (relative to the YAML) and a hash, or as a plain path.
    A file that has only a hash is looked up in the mirrors.
    """

    shorthand = {"type": "string", "description": "a path relative to this file"}

    url: str | None = None
    file: str | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    sha1: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    bytes: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not (self.url or self.file or self.hash):
            raise ValueError("a file needs `url`, `file` or a hash")
        return self

    @property
    def hash(self) -> tuple[str, str] | None:
        """The strongest hash given, as (algorithm, hex digits)."""
        for algorithm in ("sha256", "sha1", "md5"):
            if digits := getattr(self, algorithm):
                return algorithm, digits
        return None

    @property
    def name(self) -> str:
        """The file's own name, for messages and for the cache."""
        source = self.file or (self.url or "").split("?")[0].rstrip("/")
        return source.replace("\\", "/").rsplit("/", 1)[-1] or (self.hash or ("", "file"))[1]


def digest_of(value: Any) -> str:
    """Sha256 of a JSON-able value, independent of the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
