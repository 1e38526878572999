"""Imports go down only, as ARCHITECTURE.md draws them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pytest_brainscore"

LEVELS = [
    {"errors", "frames"},
    {"specs", "progress", "versions"},
    {"scores"},
    {"metrics", "data", "suite", "guard", "machine"},
    {"inference"},
    {"models", "scoring"},
    {"opened"},
    {"commitment"},
    {"analysis"},
    {"workbench"},
    {"report"},
    {"work", "surveying"},
    {"harness", "commands", "api"},
    {"plugin", "__main__", "__init__"},
]
LEVEL = {part: i for i, parts in enumerate(LEVELS) for part in parts}
ROOMS = {
    "analysis": [
        {"statistics", "propagation", "sides", "changes"},
        {"outcomes", "images", "pairs"},
        {"composites", "side_by_side", "population", "truth"},
    ],
    "report": [
        {"runs", "parts", "stimuli", "ceilings", "composites"},
        {"joining", "table", "writing"},
        {"evidence", "halves", "rdms"},
        {"images", "layers", "replicates", "spectra", "tracks"},
        {"figures"},
        {"page.axes", "page.cells", "page.details"},
        {"page.board"},
        {"sections"},
        {"page"},
        {"changes"},
    ],
    "harness": [
        {"ini", "interrupts", "outputs", "paths", "profile", "shards", "engines.address"},
        {"options", "records.about", "records.book", "records.unscored"},
        {"nodes", "suites", "guards", "records.rows"},
        {"engines", "watching"},
        {"workers"},
        {"run"},
        {"beginning", "items", "workers.dealing"},
        {"schedule", "keywords", "records"},
        {"workers.crash"},
        {"hooks"},
    ],
}
"""Inside some of the parts: folders and modules, of which the longest name that fits counts."""
FORBIDDEN = {
    "metrics": {"pytest", "yaml", "xarray", "pandas", "pydantic", "pathlib"},
    "specs": {"torch", "numpy", "pandas", "xarray", "pytest", "sklearn", "scipy"},
    "harness": {"torch", "numpy", "pandas", "xarray"},
    "plugin": {"torch", "numpy", "pandas", "xarray", "pydantic", "yaml"},
}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """(module, whether at module level) for each import, in full."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["pytest_brainscore", *path.relative_to(PACKAGE).parent.parts]
    top = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [module] if node.module else [f"{module}.{alias.name}" for alias in node.names]
            found += [(name, id(node) in top) for name in names]
    return found


def test_every_part_has_a_level():
    parts = {part_of(path) for path in PACKAGE.rglob("*.py")}
    assert parts == set(LEVEL)


def test_imports_go_down_only():
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        here = part_of(path)
        for module, _ in imports(path):
            parts = module.split(".")
            if parts[0] != "pytest_brainscore" or len(parts) < 2 or parts[1] not in LEVEL or parts[1] == here:
                continue
            if LEVEL[parts[1]] >= LEVEL[here] and here != "__init__":
                wrong.append(f"{path.relative_to(PACKAGE)} imports {module}")
    assert wrong == []


def test_parts_stay_free_of_what_they_must_not_know():
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        for module, at_top in imports(path):
            if at_top and module.split(".")[0] in FORBIDDEN.get(part_of(path), set()):
                wrong.append(f"{path.relative_to(PACKAGE)} imports {module}")
    assert wrong == []


def room_of(words: list[str], known: dict[str, int]) -> str | None:
    """The longest name of a room that fits a module below its part, given as words."""
    names = (".".join(words[:n]) for n in range(len(words), 0, -1))
    return next((name for name in names if name in known), None)


def for_types_alone(path: Path) -> set[str]:
    """The modules that a file imports under TYPE_CHECKING."""
    blocks = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.If)]
    checked = [node for node in blocks if "TYPE_CHECKING" in ast.unparse(node.test)]
    package = ["pytest_brainscore", *path.relative_to(PACKAGE).parent.parts]
    found = [one for node in checked for one in node.body if isinstance(one, ast.ImportFrom)]
    return {".".join([*package[: len(package) - one.level + 1], one.module or ""]) for one in found}


@pytest.mark.parametrize("part", ROOMS)
def test_every_room_has_a_level(part):
    known = {room: i for i, rooms in enumerate(ROOMS[part]) for room in rooms}
    inside = [
        path.relative_to(PACKAGE / part).with_suffix("").parts for path in (PACKAGE / part).rglob("*.py")
    ]
    homeless = [words for words in inside if words != ("__init__",) and not room_of(list(words), known)]
    assert homeless == []


@pytest.mark.parametrize("part", ROOMS)
def test_imports_go_down_inside_the_rooms(part):
    known = {room: i for i, rooms in enumerate(ROOMS[part]) for room in rooms}
    wrong = []
    for path in (PACKAGE / part).rglob("*.py"):
        here = room_of(list(path.relative_to(PACKAGE / part).with_suffix("").parts), known)
        for module in {name for name, _ in imports(path)} - for_types_alone(path):
            there = room_of(module.split(".")[2:], known) if module.split(".")[1:2] == [part] else None
            if here and there and there != here and known[there] >= known[here]:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {module}")
    assert wrong == []


def test_tests_import_no_private_names():
    """A test that knows a private name breaks where the behaviour does not."""
    wrong = []
    for path in Path(__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pytest_brainscore"):
                private = [alias.name for alias in node.names if re.match("_[^_]", alias.name)]
                wrong += [f"{path.name} imports {node.module}.{name}" for name in private]
    assert wrong == []
