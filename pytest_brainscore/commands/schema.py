"""Print the JSON Schema of a file format, for editors and for readers of results.

The committed copies lie in pytest_brainscore/schemas; `--write` renews them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..specs import baselines, results
from ..specs.cases import BenchmarkFile
from ..specs.composites import CompositeFile
from ..specs.contrasts import ContrastFile
from ..specs.recoveries import Recoveries
from ..specs.zoo import json_schema as zoo_schema

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "benchmark": BenchmarkFile.model_json_schema,
    "models": zoo_schema,
    "composite": CompositeFile.model_json_schema,
    "contrast": ContrastFile.model_json_schema,
    "results": results.json_schema,
    "baseline": baselines.json_schema,
    "recoveries": Recoveries.model_json_schema,
}
FOLDER = Path(__file__).parents[1] / "schemas"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which schema."""
    parser.add_argument("format", nargs="?", choices=SCHEMAS, default="benchmark")
    parser.add_argument("--write", action="store_true", help="renew the committed copies")


def run(options: argparse.Namespace) -> None:
    """Print one schema, or write them all."""
    if options.write:
        FOLDER.mkdir(exist_ok=True)
        for name in SCHEMAS:
            (FOLDER / f"{name}.json").write_text(text(name), encoding="utf-8")
    else:
        print(text(options.format), end="")


def text(name: str) -> str:
    """The schema as it is committed."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **SCHEMAS[name]()}
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"
