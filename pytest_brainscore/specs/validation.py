"""Specs from documents; every error says file:line: field: what is wrong and the nearest right name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ..errors import SpecError, nearest
from .base import Spec
from .document import Document, Loc, frozen

AnySpec = TypeVar("AnySpec", bound=Spec)

_SHORT = {"File": " or a path", "Ceiling": " or a name", "Node": " or a benchmark's name"}
"""What may stand for a mapping, by the spec's name."""
_FLOAT_AS_TEXT = re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$")


def validate(kind: type[AnySpec], document: Document, value: Any = None, at: Loc = ()) -> AnySpec:
    """The spec of `kind` from `value` (default: the whole document), which stands at `at`.

    Raises SpecError with one line per mistake.
    """
    try:
        return kind.model_validate(document.value if value is None else value)
    except ValidationError as why:
        errors = list(_distinct(why))
        told = [error for error in errors if not _is_told_by_another(error, errors, kind)]
        lines = [_message(document, at, error, kind) for error in told]
        raise SpecError("\n".join(dict.fromkeys(lines))) from None


def validated(kind: type[AnySpec], value: Any, where: str) -> AnySpec:
    """The spec of `kind` from a plain value, with `where` in the place of file and line.

    Raises SpecError with one line per mistake.
    """
    document = Document(Path(where), frozen(value), None)
    return validate(kind, document)


def _distinct(why: ValidationError) -> Iterator[Any]:
    """One error per place: of a union's several complaints the last, which knows the mapping form.

    What is wrong with a whole because of its parts is left out: the parts say it better.
    """
    by_place: dict[Loc, Any] = {}
    for error in why.errors(include_url=False):
        by_place[tuple(p for p in error["loc"] if not _is_tag(p))] = error
    for place, error in by_place.items():
        if not any(len(other) > len(place) and other[: len(place)] == place for other in by_place):
            yield error


def _is_told_by_another(error: Any, errors: Sequence[Any], kind: type[Spec]) -> bool:
    """Whether a misspelt key beside it explains that a key is missing, or is none of this one of a union."""
    if error["type"] not in ("missing", "extra_forbidden"):
        return False
    *parent, name = error["loc"]
    beside = [
        other["loc"][-1]
        for other in errors
        if other["type"] == "extra_forbidden" and [*other["loc"][:-1]] == parent
    ]
    known = _fields_near(kind, error["loc"])
    misspelt = [key for key in beside if key not in known]
    if error["type"] == "extra_forbidden":
        return name in known and bool(misspelt)
    return any(_means(key, known) == name for key in misspelt)


def _means(key: object, known: Collection[str]) -> str | None:
    """The known key that a misspelt one is most like."""
    close = nearest(str(key), known, 1)
    return next((name for name in known if close and close == nearest(name, [name])), None)


def _is_tag(part: int | str) -> bool:
    return isinstance(part, str) and (part in {"str", "int", "float", "bool"} or "[" in part)


def _message(document: Document, at: Loc, error: Any, kind: type[Spec]) -> str:
    loc = (*at, *error["loc"])
    if error["type"] == "union_tag_invalid":
        loc = next(((*loc, key) for key in ("name", "reader", "kind") if key in error["input"]), loc)
    if error["type"] == "union_tag_not_found":
        loc = (*loc, *_misspelt_tag(error["input"], kind, error["loc"]))
    field = ".".join(str(p) for p in document.existing(loc) or loc[-1:])
    if error["type"] == "missing":
        field = f"{field}.{loc[-1]}" if field and field != str(loc[-1]) else str(loc[-1])
    return f"{document.where(loc)}: {field or kind.__name__}: {_explain(error, kind)}"


def _explain(error: Any, kind: type[Spec]) -> str:
    given, context = error.get("input"), error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            known = _fields_near(kind, error["loc"])
            return f"no such key{nearest(str(error['loc'][-1]), known) or _these('keys', known)}"
        case "missing":
            return "is missing"
        case "union_tag_invalid":
            known = [tag.strip("' ") for tag in context["expected_tags"].split(", ")]
            return f"no such name: {context['tag']}{nearest(context['tag'], known) or _these('names', known)}"
        case "union_tag_not_found":
            return _needs_a_name(given, kind, error["loc"])
        case "model_type" | "model_attributes_type" | "dict_type":
            short = _SHORT.get(context.get("class_name", ""), "")
            return f"a mapping{short} is due, not {_shown(given)}"
        case "literal_error":
            known = re.findall(r"'([^']*)'", context["expected"])
            if len(known) < 2:
                return f"{given!r} is not known here: write {known[0] if known else context['expected']}"
            return f"{given!r} is none of {', '.join(known)}{nearest(str(given), known)}"
        case "value_error":
            return str(context["error"])
    return (
        f"{error['msg'][0].lower()}{error['msg'][1:]}, not {_shown(given)}{_yaml_hint(given, error['type'])}"
    )


def _needs_a_name(given: Any, kind: type[Spec], loc: Loc) -> str:
    """What a mapping must say to be one of a union's: its key, and the names that this may have."""
    tags = [tag for one in _specs_at(kind, loc) if (tag := _tagged(one))]
    key, names = tags[0][0] if tags else "name", " | ".join(name for _, name in tags)
    if _misspelt_tag(given, kind, loc):
        return f"no such key; did you mean {key}?"
    if isinstance(given, dict):
        return f"needs `{key}: {names}`"
    return f"a mapping with `{key}: {names}` is due, not {_shown(given)}"


def _misspelt_tag(given: Any, kind: type[Spec], loc: Loc) -> tuple[str, ...]:
    """The key that stands where the one is due that tells a union's specs apart; empty where none does."""
    specs = _specs_at(kind, loc)
    known = {name for one in specs for name in one.model_fields}
    keys = {tag[0] for one in specs if (tag := _tagged(one))}
    odd = [key for key in given if key not in known] if isinstance(given, dict) else []
    return next(((str(key),) for key in odd if _means(key, known) in keys), ())


def _shown(given: Any) -> str:
    """As YAML has it: lists are lists."""
    return repr(list(given)) if isinstance(given, tuple) else repr(given)


def _yaml_hint(given: Any, error: str) -> str:
    if isinstance(given, str) and _FLOAT_AS_TEXT.match(given):
        mantissa, exponent = re.split("[eE]", given)
        sign = "" if exponent[0] in "+-" else "+"
        point = "" if "." in mantissa else ".0"
        return f" (YAML reads {given} as text: write {mantissa}{point}e{sign}{exponent})"
    if not error.startswith("string"):
        return ""
    if isinstance(given, bool):
        return " (YAML reads yes, no, on and off as true or false: put the word in quotes)"
    if isinstance(given, int | float):
        return " (a number: put it in quotes if it is a name)"
    return ""


def _these(what: str, known: list[str]) -> str:
    return f" ({what}: {', '.join(known)})" if known else ""


def _fields_near(kind: type[Spec], loc: Loc) -> list[str]:
    """The keys that the spec at the parent of `loc` takes."""
    return sorted({name for k in _specs_at(kind, loc[:-1]) for name in k.model_fields})


def _specs_at(kind: type[Spec], loc: Loc) -> list[type[Spec]]:
    """The specs that may stand at `loc`, in the order of their union."""
    kinds = [kind]
    for part in loc:
        if isinstance(part, int):
            continue
        inner = [
            k for owner in kinds if part in owner.model_fields for k in _specs_in(owner.model_fields[part])
        ]
        tagged = [k for k in kinds if part in (_tagged(k) or ())[1:]]
        kinds = list(dict.fromkeys(inner)) or tagged or kinds
    return kinds


def _specs_in(field: Any) -> Iterator[type[Spec]]:
    pending = [field.annotation]
    while pending:
        one = pending.pop()
        if isinstance(one, type) and issubclass(one, Spec):
            yield one
        pending.extend(reversed(getattr(one, "__args__", ())))


def _tagged(kind: type[Spec]) -> tuple[str, str] | None:
    """The key that tells a spec of a union from the others, and what it says."""
    for key in ("name", "reader", "kind"):
        if key in kind.model_fields:
            values = getattr(kind.model_fields[key].annotation, "__args__", ())
            return (key, str(values[0])) if values else None
    return None
