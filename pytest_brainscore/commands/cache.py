"""Show what the cache holds, or empty it.

Files are what was fetched; unpacked are archives; activations are what networks answered, data_driven what
those that were trained on recordings predicted: these are made again when needed; the ledger is what items
took, for estimates. BRAINSCORE_CACHE says where the cache lies.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from ..data.fetch import Fetcher

PARTS = (
    *("files", "unpacked", "activations", "data_driven", "partial", "rejected"),
    *("spill", "hashes", "locks", "ledger"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which part."""
    parser.add_argument("action", nargs="?", choices=("show", "clear"), default="show")
    parser.add_argument("--part", choices=PARTS, default=None, help="only this part")


def run(options: argparse.Namespace) -> None:
    """Print sizes, or delete."""
    cache = Fetcher.from_environment().cache
    parts = [options.part] if options.part else list(PARTS)
    print(cache)
    for part in parts:
        count, size = _usage(cache / part)
        print(f"  {part:12} {count:6} file(s) {size / 1e6:10.1f} MB")
        if options.action == "clear":
            shutil.rmtree(cache / part, ignore_errors=True)
    if options.action == "clear":
        print("cleared")


def _usage(folder: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
