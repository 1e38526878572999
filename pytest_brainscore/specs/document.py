"""A YAML file: its value, and the line where each part of it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from ..errors import SpecError

Loc = tuple[int | str, ...]
LARGEST = 100_000
DEEPEST = 100

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
        return f"{self.path}:{self.line(loc)}" if self.root else str(self.path)

    def existing(self, loc: Loc) -> Loc:
        """The parts of `loc` that are keys or places of the file; a union's tags are not."""
        node, found = self.root, []
        for part in loc:
            child = _child(node, part)
            if child is not None:
                node = child
                found.append(part)
        return tuple(found)


def read(path: Path) -> Document:
    """Read one YAML file safely.

    Raises SpecError where it is no YAML, cannot be read, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise SpecError(f"{path}: cannot be read ({why})") from why
    _refuse_depth(text, path)
    loader = _Loader(text)
    try:
        return _document(loader, path)
    except yaml.YAMLError as why:
        raise SpecError(_yaml_message(path, why)) from why
    except RecursionError:
        raise SpecError(f"{path}: is nested too deeply, or holds itself") from None
    finally:
        loader.dispose()


def _document(loader: Any, path: Path) -> Document:
    root = loader.get_single_node()
    if sum(1 for _ in islice(_nodes(root), LARGEST + 1)) > LARGEST:
        raise SpecError(f"{path}: its aliases unfold to more than {LARGEST} values")
    twin = next(_duplicates(root), None)
    if twin is not None:
        raise SpecError(f"{path}:{twin.start_mark.line + 1}: {twin.value}: this key is there twice")
    try:
        return Document(path, frozen(loader.construct_document(root)) if root else None, root)
    except (ValueError, KeyError, AttributeError) as why:  # of a number or date that is none
        line = _line_of_odd_value(root)
        raise SpecError(f"{path}:{line}: a value is not what its form or tag says ({why})") from why


def _refuse_depth(text: str, path: Path) -> None:
    """Raise SpecError for a file nested deeper than any spec: libyaml's composer would crash the process."""
    depth = 0
    try:
        event: Any
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                line = event.start_mark.line + 1
                raise SpecError(f"{path}:{line}: is nested too deeply: more than {DEEPEST} levels")
    except yaml.YAMLError as why:
        raise SpecError(_yaml_message(path, why)) from why


def _line_of_odd_value(root: yaml.Node) -> int:
    """The line of the first value that cannot be constructed."""
    loader = _Loader("")
    for node in _nodes(root):
        try:
            if isinstance(node, yaml.ScalarNode):
                loader.construct_object(node)
        except (ValueError, KeyError, AttributeError):
            return node.start_mark.line + 1
    return 1


def _follow(node: yaml.Node, loc: Loc) -> yaml.Node:
    for part in loc:
        node = _child(node, part) or node
    return node


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return _standing_at(key, value)
    return None


def _standing_at(key: yaml.Node, value: yaml.Node) -> yaml.Node:
    """The value with its key's place: that is the line a reader looks for."""
    return type(value)(value.tag, value.value, key.start_mark, value.end_mark)


def _duplicates(node: yaml.Node | None) -> Iterator[yaml.Node]:
    for mapping in _nodes(node):
        if isinstance(mapping, yaml.MappingNode):
            keys = [key for key, _ in mapping.value if isinstance(key, yaml.ScalarNode)]
            seen: set[str] = set()
            for key in keys:
                if key.value in seen and key.value != "<<":
                    yield key
                seen.add(key.value)


def _nodes(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """The node and all below it, an alias as often as it is written."""
    if node is not None:
        yield node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _nodes(key)
            yield from _nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _nodes(value)


def frozen(value: Any) -> Any:
    """The value with tuples for lists, all the way down."""
    if isinstance(value, dict):
        return {key: frozen(inner) for key, inner in value.items()}
    return tuple(frozen(inner) for inner in value) if isinstance(value, list) else value


def _yaml_message(path: Path, why: yaml.YAMLError) -> str:
    mark = getattr(why, "problem_mark", None)
    problem = getattr(why, "problem", None) or str(why)
    return f"{path}:{mark.line + 1 if mark else 1}: not YAML: {problem}"
