"""Globals: the plain values in the user's modules that functions refer to by name."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import torch

from .sources import is_installed

_PLAIN = (type(None), bool, int, float, complex, str, bytes, torch.Tensor, np.ndarray, np.generic)
_CODE = (FunctionType, staticmethod, classmethod, property, type)


def referred(functions: Iterable[Any]) -> dict[str, Any]:
    """The plain values by ``module:name`` that functions, and what they call by name, find in their modules.

    Plain are None, numbers, strings, bytes, arrays, tensors, and tuples, lists, sets, dicts, namespaces
    and dataclasses of these. Only the user's own modules count: what is installed has a version.
    """
    found: dict[str, Any] = {}
    seen: set[int] = set()
    waiting = list(functions)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        for name, value in _named(thing):
            if isinstance(value, _CODE) or hasattr(value, "__wrapped__"):
                waiting.append(value)
            elif is_plain(value):
                found[name] = value
    return dict(sorted(found.items()))


def is_plain(value: Any) -> bool:
    """Whether a value is plain through and through, also one that holds itself."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))  # each is held by what came before, so that no id comes twice
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, (tuple, list, set, frozenset)):
            waiting += one
        elif isinstance(one, (SimpleNamespace, Namespace)) or _is_dataclass(one):
            waiting.append(vars(one))
        elif not isinstance(one, _PLAIN):
            return False
    return True


def _is_dataclass(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type) and hasattr(value, "__dict__")


def _named(thing: Any) -> Iterator[tuple[str, Any]]:
    """What code leads to: its globals, by ``module:name``; the functions that it holds, by no name."""
    inner = getattr(thing, "__wrapped__", getattr(thing, "__func__", getattr(thing, "fget", None)))
    yield from (("", one) for one in [inner] if isinstance(one, _CODE))
    if isinstance(thing, type) and _is_own(thing):
        yield from (("", one) for one in (*vars(thing).values(), *thing.__bases__) if isinstance(one, _CODE))
    if isinstance(thing, FunctionType):
        module = str(thing.__globals__.get("__name__", thing.__module__))
        if not is_installed(module):
            yield from _looked_up(set(_names(thing.__code__)), f"{module}:", thing.__globals__)


def _looked_up(
    names: set[str], prefix: str, inside: Mapping[str, Any], deep: int = 3
) -> Iterator[tuple[str, Any]]:
    """The names that a module or class has, and those that the user's modules and classes among them have."""
    for name in names & inside.keys():
        value = inside[name]
        if not name.startswith("__"):  # `__file__` is no setting
            yield f"{prefix}{name}", value
        if deep and isinstance(value, (ModuleType, type)) and _is_own(value):
            yield from _looked_up(names, f"{prefix}{name}.", vars(value), deep - 1)


def _is_own(thing: ModuleType | type) -> bool:
    return not is_installed(thing.__module__ if isinstance(thing, type) else thing.__name__)


def _names(code: CodeType) -> Iterator[str]:
    """The names of a function's code, and of all code within it."""
    yield from code.co_names
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _names(value)
