"""Imports go down only, as ARCHITECTURE.md draws them."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "pytest_brainscore"

LEVELS = [
    {"errors"},
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
            names = (
                [f"{module}.{alias.name}" for alias in node.names]
                if module in ("pytest_brainscore",)
                else [module]
            )
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
