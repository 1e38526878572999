"""Dotted names to things: ``package.module:thing``, only from packages that the user trusts."""

from __future__ import annotations

import importlib
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import BuiltinImporter, ModuleSpec, PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from ..errors import SpecError, nearest
from ..frames import own_line

ENTRY_POINTS = "pytest_brainscore.trust"
_OURS = __package__.split(".")[0]
_NETWORKS_AND_METRICS = (f"{_OURS}.models.", f"{_OURS}.metrics.")


@dataclass(frozen=True)
class Registry:
    """Resolves dotted names of YAML files.

    A name resolves to this package's own networks and metrics, inside `trusted` packages, inside packages
    that an entry point of the group ``pytest_brainscore.trust`` names, and inside packages whose code lies
    under `root`.
    """

    root: Path | None = None
    trusted: tuple[str, ...] = ()

    def __call__(self, dotted: str) -> Callable[..., Any]:
        """The callable that `dotted` names.

        Raises SpecError where it is not trusted, not there, or no callable.
        """
        package = dotted.partition(":")[0].split(".")[0]
        if package == _OURS and not dotted.startswith(_NETWORKS_AND_METRICS):
            raise SpecError(f"{dotted}: is neither a network nor a metric of {_OURS}")
        if not self._trusts(package):
            self._require_there(dotted, package)
            raise SpecError(
                f"{dotted}: {package} is not trusted to run from a YAML file: add it to the ini value"
                " brainscore_trust, or keep its code under the project's root"
            )
        if self.root is not None and str(self.root) not in sys.path:
            sys.path.append(str(self.root))  # the project's own code, also where it is not installed
        found = load(dotted)
        if package == _OURS and found.__module__ != dotted.partition(":")[0]:
            raise SpecError(
                f"{dotted}: is only borrowed there, from {found.__module__}, which is not trusted"
            )
        return found

    def _trusts(self, package: str) -> bool:
        by_entry_point = {point.value.split(".")[0] for point in entry_points(group=ENTRY_POINTS)}
        if package in {_OURS, *self.trusted, *by_entry_point}:
            return True
        return self.root is not None and lies_under(package, self.root.resolve())

    def _require_there(self, dotted: str, package: str) -> None:
        """Raise SpecError where there is no such package at all, found without importing anything."""
        root = (self.root or Path()).resolve()
        if package in sys.modules or BuiltinImporter.find_spec(package) or _found(package, root):
            return
        places = {str(root), *(place for place in map(str, sys.path) if _is_own(Path(place).resolve(), root))}
        hint = nearest(package, [module.name for module in iter_modules(sorted(places))])
        raise SpecError(f"{dotted}: there is no module {package} under {root}{hint}")


def load(dotted: str) -> Callable[..., Any]:
    """Import ``package.module:thing`` without asking whether it is trusted.

    Raises SpecError where it is not there or no callable.
    """
    module_name, _, attribute = dotted.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as why:
        raise SpecError(
            f"{dotted}: {module_name} cannot be imported ({type(why).__name__}: {why}){own_line(why)}"
        ) from why
    thing = getattr(module, attribute, None)
    if not callable(thing):
        hint = nearest(attribute, [name for name in vars(module) if not name.startswith("_")])
        raise SpecError(f"{dotted}: {module_name} has no callable {attribute}{hint}")
    found: Callable[..., Any] = thing
    return found


def lies_under(package: str, root: Path) -> bool:
    """Whether importing `package` runs the project's own code: found without importing anything.

    Packages that are installed under the root, and the standard library of a Python there, are not its own.
    """
    loaded = sys.modules.get(package)
    spec = loaded.__spec__ if loaded is not None else _found(package, root)
    if spec is None or not (spec.has_location or spec.submodule_search_locations):
        return False  # built into the interpreter
    paths = [Path(place).resolve() for place in spec.submodule_search_locations or [spec.origin or "/"]]
    library = Path(sysconfig.get_path("stdlib")).resolve()
    if library.is_relative_to(root) and any(p.is_relative_to(library) for p in paths):
        return False
    return bool(paths) and all(_is_own(path, root) for path in paths)


def _found(package: str, root: Path) -> ModuleSpec | None:
    return PathFinder.find_spec(package, [*sys.path, str(root)])


def _is_own(path: Path, root: Path) -> bool:
    return path.is_relative_to(root) and "site-packages" not in path.parts
