"""List benchmarks and models, and what of them is on disk.

Looks where pytest would: at benchmarks/ and models.yaml of this folder, and at the shipped ones.
Imports neither torch nor timm.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from .. import suite
from ..data import lacks
from ..data.fetch import Fetcher
from ..errors import FetchError
from ..specs.base import File
from ..specs.cases import Case, load_cases
from ..specs.catalogue import place_of, size_of
from ..specs.collection import Collection
from ..specs.models import BASELINE, FINAL, Model
from ..specs.zoo import Zoo

_HERE = "on disk"
Wanted = TypeVar("Wanted", File, Collection)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which part of the list, and of which project."""
    parser.add_argument("what", nargs="?", choices=("all", "benchmarks", "models"), default="all")
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder (default: this one)")


def run(options: argparse.Namespace) -> None:
    """Print one line per benchmark and per model."""
    fetcher = Fetcher.from_environment(offline=True)
    if options.what != "models":
        print("\n".join(_benchmarks(options.root, fetcher)))
    if options.what == "all":
        print()
    if options.what != "benchmarks":
        print("\n".join(_models(options.root, fetcher)))


def _benchmarks(root: Path, fetcher: Fetcher) -> Iterator[str]:
    cases = [case for path in suite.benchmark_files(root) for case in load_cases(path)]
    rows = [(case.name, case.region, case.metric, _data(case, fetcher)) for case in cases]
    yield from _columns([("benchmark", "region", "metric", "data"), *rows])


def _models(root: Path, fetcher: Fetcher) -> Iterator[str]:
    zoo = suite.zoo(root)
    yield from _columns([_TITLES, *(_row(model, zoo, fetcher) for model in zoo.models.values())])
    yield ""
    for name, members in zoo.sets.items():
        text = f"@{name}: {', '.join(members)} ({len(members)})"
        yield textwrap.fill(text, 110, subsequent_indent="    ", break_on_hyphens=False)


_TITLES = ("model", "parameters", "year", "top-1", "regions", "weights", "", "source")
_NUMBERS = _TITLES[1:4]


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A line per row, the first of which are the titles; each column as wide as what stands in it."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, rows[0], strict=True)
        yield "  ".join(
            cell.rjust(width) if title in _NUMBERS else cell.ljust(width) for cell, width, title in cells
        ).rstrip()


def _row(model: Model, zoo: Zoo, fetcher: Fetcher) -> tuple[str, ...]:
    weights = model.activations or model.weights
    found, about = size_of(model), model.about
    return (
        model.id,
        f"{found.parameters / 1e6:.1f} M" if found else "",
        str(about.year or ""),
        "" if about.top1 is None else f"{about.top1:.1f}",
        _regions(model),
        _name(model, weights),
        _weights(model, zoo.folders[model.id], fetcher),
        model.source,
    )


def _regions(model: Model) -> str:
    """The regions that are mapped, or what stands for all of them."""
    if model.training is not None:
        return "trained on each"
    if not isinstance(model.layers, dict):
        return "by its answer" if model.layers == FINAL else "by score"
    return ", ".join(model.layers) or ("by depth" if model.activations is None else "its only layer")


def _name(model: Model, weights: File | str) -> str:
    if isinstance(weights, File):
        return weights.name
    if model.training is not None:
        return "learnt"
    return weights if model.has_twin else BASELINE


def _weights(model: Model, folder: Path, fetcher: Fetcher) -> str:
    weights = model.activations or model.weights
    if weights == "none":
        return "-"
    if isinstance(weights, str) and place_of(model.source, model.architecture, weights) is None:
        return "?"
    if isinstance(weights, File) and (weights.hash or not weights.url):
        return "to fetch" if _missing([weights], folder, fetcher) else "on disk"
    return "to fetch" if any(lacks.of_model(model, folder, fetcher)) else "on disk"


def _data(case: Case, fetcher: Fetcher) -> str:
    """What is to be fetched, with whose credentials, and what users must get themselves."""
    dataset, folder = case.dataset, case.path.parent
    fetched = _where(dict.fromkeys(lacks.files_in(dataset)), folder, fetcher)
    whose = ", private" if fetched != _HERE and dataset.access == "private" else ""
    absent = _missing(dict.fromkeys(lacks.collections_in(dataset)), folder, fetcher)
    if not absent:
        return fetched + whose
    obtained = f"to obtain: {', '.join(collection.name for collection in absent)}"
    return obtained if fetched == _HERE else f"{fetched}{whose}; {obtained}"


def _where(wanted: Iterable[File], folder: Path, fetcher: Fetcher) -> str:
    missing = _missing(wanted, folder, fetcher)
    total = sum(file.bytes or 0 for file in missing)
    return (
        f"to fetch: {len(missing)} file(s){f', {total / 1e6:.1f} MB' if total else ''}" if missing else _HERE
    )


def _missing(wanted: Iterable[Wanted], folder: Path, fetcher: Fetcher) -> list[Wanted]:
    missing = []
    for file in wanted:
        try:
            fetcher(file, folder)
        except FetchError:
            missing.append(file)
    return missing
