"""Sources: the files of the user's own code, with all they import."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from ..frames import is_installed_file


def sources(modules: Iterable[str]) -> dict[str, str]:
    """Sha256 by name of these modules' files and of those they import in turn, as far as they are the user's.

    A module that is imported within a function counts although it may not be loaded yet.
    """
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = None if name in found or is_installed(name) else _path(name)
        if path is not None:
            content = path.read_bytes()
            found[name] = hashlib.sha256(content).hexdigest()
            waiting += _imported(content, _package(name, path)) if path.suffix == ".py" else ()
            waiting += [value.__name__ for value in _globals(name) if isinstance(value, ModuleType)]
    return found


def is_installed(module: str) -> bool:
    """Whether a module is Python's, a package's, or this plugin's: its version says what its code is."""
    if module.partition(".")[0] in sys.stdlib_module_names and module != "__main__":
        return True
    path = _path(module)
    return path is not None and is_installed_file(path)


def version_of(module: str) -> str:
    """Version of the package that a module is in; empty where it has none."""
    top = sys.modules.get(module.partition(".")[0])
    return str(getattr(top, "__version__", ""))


def _path(name: str) -> Path | None:
    """The file of a module, without importing anything."""
    module, parent = sys.modules.get(name), name.rpartition(".")[0]
    origin = getattr(module, "__file__", None)
    if module is None and (not parent or parent in sys.modules):
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            spec = None
        origin = spec.origin if spec and spec.has_location else None
    return Path(origin) if origin and Path(origin).is_file() else None


def _package(name: str, path: Path) -> str:
    return name if path.stem == "__init__" else name.rpartition(".")[0]


def _globals(name: str) -> list[object]:
    return list(vars(sys.modules[name]).values()) if name in sys.modules else []


@lru_cache(maxsize=4096)
def _imported(content: bytes, package: str) -> tuple[str, ...]:
    """Names of all modules that a file may import, wherever in it; of `a.b` also `a`."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return ()
    names = {name for node in ast.walk(tree) for name in _named(node, package)}
    return tuple(
        {".".join(parts[: i + 1]) for name in names if (parts := name.split(".")) for i in range(len(parts))}
    )


def _named(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        levels = package.split(".")
        above = levels[: len(levels) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
