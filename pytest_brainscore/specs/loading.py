"""YAML in, specs out; every error says file:line: field: what is wrong and the nearest right name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from ..errors import SpecError, nearest
from .base import Spec

AnySpec = TypeVar("AnySpec", bound=Spec)
Loc = tuple[int | str, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FLOAT_AS_TEXT = re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$")


@dataclass(frozen=True)
class Document:
    """A YAML file: its value (lists as tuples), and where each part of it stands."""

    path: Path
    value: Any
    root: yaml.Node | None

    def line(self, loc: Loc = ()) -> int:
        """The line of the value at `loc`, counted from 1; of the nearest parent where there is none."""
        return _follow(self.root, loc).start_mark.line + 1 if self.root else 1

    def where(self, loc: Loc = ()) -> str:
        """``path:line`` for messages."""
        return f"{self.path}:{self.line(loc)}"


def read(path: Path) -> Document:
    """Read one YAML file safely.

    Raises SpecError where it is no YAML, cannot be read, or has a key twice.
    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as why:
        raise SpecError(f"{path}: cannot be read ({why})") from why
    try:
        root = loader.get_single_node()
        duplicate = next(_duplicates(root), None)
        if duplicate is not None:
            raise SpecError(f"{path}:{duplicate.start_mark.line + 1}: {duplicate.value}: this key is there twice")
        return Document(path, _frozen(loader.construct_document(root)) if root else None, root)
    except yaml.YAMLError as why:
        raise SpecError(_yaml_message(path, why)) from why
    finally:
        loader.dispose()


def validate(kind: type[AnySpec], document: Document, value: Any = None, at: Loc = ()) -> AnySpec:
    """The spec of `kind` from `value` (default: the whole document), which stands at `at`.

    Raises SpecError with one line per mistake.
    """
    try:
        return kind.model_validate(document.value if value is None else value)
    except ValidationError as why:
        lines = [_message(document, at, error, kind) for error in _distinct(why)]
        raise SpecError("\n".join(dict.fromkeys(lines))) from None


def _distinct(why: ValidationError) -> Iterator[Any]:
    """One error per place: of a union's several complaints the last, which knows the mapping form."""
    by_place: dict[Loc, Any] = {}
    for error in why.errors(include_url=False):
        by_place[tuple(p for p in error["loc"] if not _is_tag(p))] = error
    yield from by_place.values()


def _is_tag(part: int | str) -> bool:
    return isinstance(part, str) and (part in {"str", "int", "float", "bool"} or "[" in part)


def _message(document: Document, at: Loc, error: Any, kind: type[Spec]) -> str:
    loc = (*at, *error["loc"])
    field = ".".join(str(p) for p in _existing(document.root, loc) or loc[-1:])
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
            return "needs a name"
        case "literal_error":
            known = re.findall(r"'([^']*)'", context["expected"])
            return f"{given!r} is none of {', '.join(known)}{nearest(str(given), known)}"
        case "value_error":
            return str(context["error"])
    return f"{error['msg'][0].lower()}{error['msg'][1:]}, not {given!r}{_yaml_hint(given)}"


def _yaml_hint(given: Any) -> str:
    if isinstance(given, str) and _FLOAT_AS_TEXT.match(given):
        mantissa, exponent = re.split("[eE]", given)
        sign = "" if exponent[0] in "+-" else "+"
        point = "" if "." in mantissa else ".0"
        return f" (YAML reads {given} as text: write {mantissa}{point}e{sign}{exponent})"
    if isinstance(given, bool):
        return " (YAML reads yes, no, on and off as true or false: put the word in quotes)"
    if isinstance(given, int | float):
        return " (a number: put it in quotes if it is a name)"
    return ""


def _these(what: str, known: list[str]) -> str:
    return f" ({what}: {', '.join(known)})" if known else ""


def _fields_near(kind: type[Spec], loc: Loc) -> list[str]:
    """The keys that the spec at the parent of `loc` takes."""
    kinds = {kind}
    for part in loc[:-1]:
        if isinstance(part, int):
            continue
        inner = {k for owner in kinds if part in owner.model_fields for k in _specs_in(owner.model_fields[part])}
        tagged = {k for k in kinds if _tag_of(k) == part}
        kinds = inner or tagged or kinds
    return sorted({name for k in kinds for name in k.model_fields})


def _specs_in(field: Any) -> Iterator[type[Spec]]:
    pending = [field.annotation]
    while pending:
        one = pending.pop()
        if isinstance(one, type) and issubclass(one, Spec):
            yield one
        pending.extend(getattr(one, "__args__", ()))


def _tag_of(kind: type[Spec]) -> str | None:
    for key in ("name", "reader"):
        if key in kind.model_fields:
            values = getattr(kind.model_fields[key].annotation, "__args__", ())
            return str(values[0]) if values else None
    return None


def _follow(node: yaml.Node, loc: Loc) -> yaml.Node:
    for part in loc:
        node = _child(node, part) or node
    return node


def _existing(node: yaml.Node | None, loc: Loc) -> Loc:
    """The parts of `loc` that are keys or places of the file; a union's tags are not."""
    found: list[int | str] = []
    for part in loc:
        child = _child(node, part) if node else None
        if child is not None:
            node = child
            found.append(part)
    return tuple(found)


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return _Keyed(key, value)
    return None


def _Keyed(key: yaml.Node, value: yaml.Node) -> yaml.Node:  # noqa: N802
    """The value, standing where its key stands: that is the line a reader looks for."""
    keyed = type(value)(value.tag, value.value, key.start_mark, value.end_mark)
    return keyed


def _duplicates(node: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen and key.value != "<<":
                yield key
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
            yield from _duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _duplicates(value)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(inner) for key, inner in value.items()}
    return tuple(_frozen(inner) for inner in value) if isinstance(value, list) else value


def _yaml_message(path: Path, why: yaml.YAMLError) -> str:
    mark = getattr(why, "problem_mark", None)
    problem = getattr(why, "problem", None) or str(why)
    return f"{path}:{mark.line + 1 if mark else 1}: not YAML: {problem}"
