"""List benchmarks and models, and what of them is on disk.

Looks where pytest would: at benchmarks/ and models.yaml of this folder, and at the shipped ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import suite
from ..data.fetch import Fetcher
from ..errors import BrainScoreError, FetchError
from ..models.build import weights_file
from ..specs.base import File, Spec
from ..specs.cases import Case, load_cases
from ..specs.models import Model
from ..specs.zoo import Zoo


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
    yield f"{'benchmark':40} {'region':10} {'metric':18} data"
    for path in suite.benchmark_files(root):
        for case in load_cases(path):
            yield f"{case.name:40} {case.region:10} {case.metric:18} {_data(case, fetcher)}"


def _models(root: Path, fetcher: Fetcher) -> Iterator[str]:
    zoo = suite.zoo(root)
    yield f"{'model':30} {'source':14} {'weights':20} {'':9} {'year':>4}  regions"
    for model in zoo.models.values():
        yield _model(model, zoo, fetcher)
    for name, members in zoo.sets.items():
        yield f"@{name}: {', '.join(members)}"


def _model(model: Model, zoo: Zoo, fetcher: Fetcher) -> str:
    weights = model.weights.name if isinstance(model.weights, File) else model.weights
    regions = ", ".join(model.layers) or "by depth"
    on_disk = _weights(model, zoo.folders[model.id], fetcher)
    return f"{model.id:30} {model.source:14} {weights:20} {on_disk:9} {model.about.year or '':>4}  {regions}"


def _weights(model: Model, folder: Path, fetcher: Fetcher) -> str:
    try:
        path = weights_file(model, lambda file: fetcher(file, folder), offline=True)
    except BrainScoreError:
        return "to fetch"
    return "-" if path is None else "on disk"


def _data(case: Case, fetcher: Fetcher) -> str:
    return _where(files(case.dataset), case.path.parent, fetcher)


def _where(wanted: Iterable[File], folder: Path, fetcher: Fetcher) -> str:
    missing = []
    for file in wanted:
        try:
            fetcher(file, folder)
        except FetchError:
            missing.append(file)
    size = sum(file.bytes or 0 for file in missing)
    return (
        f"to fetch: {len(missing)} file(s){f', {size / 1e6:.1f} MB' if size else ''}"
        if missing
        else "on disk"
    )


def files(spec: Spec) -> list[File]:
    """All files that a spec names, each once."""
    found: list[File] = []
    pending: list[object] = [spec]
    while pending:
        value = pending.pop(0)
        if isinstance(value, File):
            if value not in found:
                found.append(value)
        elif isinstance(value, Spec):
            pending.extend(getattr(value, name) for name in type(value).model_fields)
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, tuple):
            pending.extend(value)
    return found
