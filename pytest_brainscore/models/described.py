"""Described: any value made into a digest of its content, or into none where that cannot be known."""

from __future__ import annotations

import functools
import hashlib
import inspect
import logging
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType, BuiltinMethodType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from .globals import referred
from .preprocess import source_of
from .sources import is_installed, sources, version_of

DEEPEST = 100
MOST = 1_000_000
"""Values in values that are looked at; what holds more has no digest."""

_PLAIN = (type(None), type(Ellipsis), type(NotImplemented), bool, int, float, complex, str, bytes, bytearray)
_NAMED = (np.ufunc, torch.dtype, torch._ops.OpOverload, torch._ops.OpOverloadPacket)
_ROUTINES = (BuiltinFunctionType, BuiltinMethodType)
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_WEIGHTS = ("_parameters", "_buffers", "_modules", "training")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
_HEAP_TYPE = 1 << 9  # CPython's Py_TPFLAGS_HEAPTYPE: made by a class statement, not in C


class Indescribable(Exception):
    """A value whose content cannot be known: a lock, an open file, code that is in no file."""


def architecture_of(module: nn.Module) -> str:
    """Sha256 of what a module does with its weights; raises Indescribable, or what its attributes raise."""
    parts = dict(module.named_modules(remove_duplicate=False))
    if any(isinstance(part, torch.jit.ScriptModule) for part in parts.values()):
        raise Indescribable("a ScriptModule")
    described = Described(_named_weights(module))
    digest = hashlib.sha256()
    for name, part in parts.items():
        digest.update(name.encode() + b"\0" + described.own(part))
    digest.update(described.code())
    return digest.hexdigest()


def _named_weights(module: nn.Module) -> dict[int, bytes]:
    """What the weights' digest covers, and the module's own parts, by where they stand."""
    named: list[tuple[str, Any]] = [
        *module.named_parameters(remove_duplicate=False),
        *module.named_buffers(remove_duplicate=False),
        *module.named_modules(remove_duplicate=False),
    ]
    return {id(thing): f"the network's {name}".encode() for name, thing in reversed(named)}


class Described:
    """Digests of values by content, and the code that they bring.

    `known` are digests of things, by id, that are not to be looked into. Equal content has an equal digest,
    whether or not it is one object; a cycle counts as how far up it leads. Python calls what cannot be
    pickled the same as what cannot be described here.
    """

    def __init__(self, known: Mapping[int, bytes]) -> None:
        self._digests = dict(known)
        self._alive: list[Any] = []  # an id is of nothing else as long as its object lives
        self._open: dict[int, int] = {}
        self._modules: set[str] = set()
        self._functions: list[FunctionType] = []
        self._left = MOST

    def own(self, part: nn.Module) -> bytes:
        """Of a module that is registered: its type and attributes, without its weights and mode."""
        return _sha256(self.of(type(part)), self._items(_attributes(part)))

    def code(self) -> bytes:
        """The sources of the user's own modules that came up, and of all they import; their globals."""
        used = [part for name, value in referred(self._functions).items() for part in (name, self.of(value))]
        return _sha256(*(part for pair in sorted(sources(self._modules).items()) for part in pair), *used)

    def of(self, value: Any) -> bytes:
        """The digest of a value; raises Indescribable."""
        if isinstance(value, _PLAIN) and type(value).__module__ == "builtins":
            return _sha256(type(value).__name__, repr(value))
        if (known := self._digests.get(id(value))) is not None:
            return known
        if id(value) in self._open:
            return _sha256("cycle", str(len(self._open) - self._open[id(value)]))
        self._left -= 1
        if len(self._open) > DEEPEST or self._left < 0:
            raise Indescribable("too deep, or too much")
        self._open[id(value)] = len(self._open)
        digest = self._looked_into(value)
        del self._open[id(value)]
        self._alive.append(value)
        self._digests[id(value)] = digest
        return digest

    def _looked_into(self, value: Any) -> bytes:
        for kinds, look in self._looks():
            if isinstance(value, kinds):
                return look(value)
        return self._object(value)

    def _looks(self) -> Iterator[tuple[Any, Callable[[Any], bytes]]]:
        yield torch.Tensor, self._tensor
        yield np.ndarray, self._array
        yield type, self._class
        yield FunctionType, self._function
        yield MethodType, lambda v: _sha256("method", self.of(v.__func__), self.of(v.__self__))
        yield functools.partial, lambda v: self._all("partial", v.func, v.args, v.keywords)
        yield _ROUTINES, self._builtin
        yield ModuleType, self._module
        yield CodeType, self._code
        yield _NAMED, lambda v: _sha256(_name(type(v)), str(v))
        yield logging.Logger, lambda v: _sha256("logger", v.name)
        yield (weakref.ref,), lambda v: self._all("weak", v())
        yield (staticmethod, classmethod), lambda v: self._all(_name(type(v)), v.__func__)
        yield property, lambda v: self._all("property", v.fget)
        yield nn.Module, self._unregistered

    def _object(self, value: Any) -> bytes:
        kind, items = self.of(type(value)), b""
        if inspect.isroutine(value):
            return _sha256("routine", _name(value))
        if isinstance(value, dict):
            items = self._items(value)
        elif isinstance(value, (list, tuple)):
            items = self._all(*value)
        elif isinstance(value, (set, frozenset)):
            items = _sha256(*sorted(map(self.of, value)))
        elif any(not base.__flags__ & _HEAP_TYPE for base in type(value).__mro__[:-1]) or not _has_state(
            value
        ):
            return _sha256(kind, self._reduced(value))
        return _sha256(kind, items, self._items(dict(sorted(_state(value).items()))))

    def _reduced(self, value: Any) -> bytes:
        """What pickle would take of an object in C; what it refuses is indescribable."""
        try:
            parts = value.__reduce_ex__(2)
        except Exception as why:
            raise Indescribable(str(why)) from why
        if isinstance(parts, str):
            return _sha256(parts)
        return self._all(
            *(list(part) if i > 2 and part is not None else part for i, part in enumerate(parts))
        )

    def _unregistered(self, part: nn.Module) -> bytes:
        """A module that is held in a plain list, say: its weights are in no state dict, so count here."""
        weights = {key: vars(part).get(key) for key in _WEIGHTS}
        return _sha256(self.own(part), self._items(weights))

    def _class(self, kind: type) -> bytes:
        """Name and file of a class and its bases; of the user's, also what its methods have captured."""
        parts: list[bytes | str] = []
        for base in kind.__mro__[:-1]:
            parts += [_name(base), self._file(base)]
            if not is_installed(base.__module__):
                parts += [
                    self._all(key, value) for key, value in sorted(vars(base).items()) if _counts(key, value)
                ]
        return _sha256("class", *parts)

    def _function(self, function: FunctionType) -> bytes:
        if function.__name__ != "__init__":  # what that looks up is an attribute by now, or a path
            self._functions.append(function)
        return _sha256(_name(function), self._file(function), self._inside(function))

    def _inside(self, function: FunctionType) -> bytes:
        captured = [_content(cell) for cell in function.__closure__ or ()]
        return self._all(function.__code__, captured, function.__defaults__, function.__kwdefaults__)

    def _code(self, code: CodeType) -> bytes:
        return self._all(code.co_code, code.co_names, code.co_freevars, code.co_consts)

    def _builtin(self, routine: Any) -> bytes:
        owner = routine.__self__
        bound = owner is not None and not isinstance(owner, (ModuleType, type))
        return self._all("builtin", _name(routine), owner if bound else None)

    def _module(self, module: ModuleType) -> bytes:
        return _sha256("module", module.__name__, self._owner(module.__name__))

    def _file(self, thing: Any) -> bytes:
        """The file that defines a class or function; the user's must be in one."""
        source = source_of(thing)
        if source is None and not is_installed(thing.__module__):
            raise Indescribable(f"the code of {_name(thing)} is in no file")
        return _sha256(self._owner(thing.__module__), source or b"")

    def _owner(self, module: str) -> bytes:
        if is_installed(module):
            return version_of(module).encode()
        self._modules.add(module)
        return b""

    def _tensor(self, tensor: torch.Tensor) -> bytes:
        return _sha256("tensor", _name(type(tensor)), *bytes_of(tensor))

    def _array(self, array: np.ndarray[Any, Any]) -> bytes:
        content = self.of(array.tolist()) if array.dtype.hasobject else array.tobytes()
        return _sha256("array", _name(type(array)), str(array.dtype), str(array.shape), content)

    def _items(self, items: Mapping[Any, Any]) -> bytes:
        return _sha256(*(self.of(part) for item in items.items() for part in item))

    def _all(self, *values: Any) -> bytes:
        return _sha256(*(self.of(value) for value in values))


def bytes_of(tensor: torch.Tensor) -> tuple[str, bytes | memoryview]:
    """Dtype and shape of a tensor, and its bytes in C order; a tensor without any raises."""
    flat = tensor.detach().to("cpu").resolve_conj().resolve_neg().contiguous().reshape(-1)
    return f"{tensor.dtype} {tuple(tensor.shape)}", flat.view(
        torch.uint8
    ).numpy().data if flat.numel() else b""


def _attributes(part: nn.Module) -> dict[str, Any]:
    """What was set on a module; its hooks without the numbers that torch gives them, which count up."""
    own = {key: value for key, value in vars(part).items() if key not in _OF_EVERY_MODULE}
    hooks = {key: list(vars(part)[key].values()) for key in _HOOKS}
    return dict(sorted({**own, **hooks}.items()))


def _counts(key: str, value: Any) -> bool:
    """Whether an entry of a class is its content: a method, or data that may have been set later."""
    methods = (FunctionType, staticmethod, classmethod, property)
    data = (*_PLAIN, list, tuple, dict, set, torch.Tensor, np.ndarray)
    return (isinstance(value, methods) and _is_made_from_file(value)) or (
        not key.startswith("_") and isinstance(value, data)
    )


def _is_made_from_file(method: Any) -> bool:
    """False for what dataclasses and named tuples write themselves, which follows from the class."""
    function = getattr(method, "__func__", getattr(method, "fget", method))
    return isinstance(function, FunctionType) and source_of(inspect.unwrap(function)) is not None


def _has_state(value: Any) -> bool:
    return hasattr(value, "__dict__") or any("__slots__" in vars(base) for base in type(value).__mro__)


def _state(value: Any) -> dict[str, Any]:
    """Attributes in the instance's dict and in slots."""
    slots: list[str] = []
    for base in type(value).__mro__:
        listed = vars(base).get("__slots__", ())
        slots += [listed] if isinstance(listed, str) else listed
    held = {f"slot {name}": getattr(value, name) for name in slots if hasattr(value, name)}
    return {**{str(key): item for key, item in getattr(value, "__dict__", {}).items()}, **held}


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return "an empty cell"


def _name(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', repr(type(thing)))}"


def _sha256(*parts: bytes | memoryview | str) -> bytes:
    """Of parts one after the other, each with its length."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(f"{memoryview(data).nbytes} ".encode())
        digest.update(data)
    return digest.digest()
