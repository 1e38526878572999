"""Give files without a hash theirs: fetch each, print its sha256 and write it into the YAML.

From then on a file with other content is refused.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pooch
import yaml

from ..data.fetch import Fetcher
from ..specs.base import File
from ..specs.document import Document, read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which files, and whether to write."""
    parser.add_argument("yaml", nargs="+", type=Path, help="benchmark files or a models.yaml")
    parser.add_argument("--dry-run", action="store_true", help="print the hashes and write nothing")


def run(options: argparse.Namespace) -> None:
    """Pin every file of the given YAML files that has a URL and no hash."""
    fetcher = Fetcher.from_environment()
    for path in options.yaml:
        document = read(path)
        hashes = {node: _fetched(node, fetcher) for node in _unpinned(document.root)}
        for node, sha256 in hashes.items():
            print(f"{path}:{node.start_mark.line + 1}: sha256: {sha256}")
        if hashes and not options.dry_run:
            path.write_text(_pinned(document, hashes), encoding="utf-8")


def _unpinned(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    """The mappings that have a `url` and no hash."""
    if isinstance(node, yaml.MappingNode):
        keys = {key.value for key, _ in node.value}
        if "url" in keys and not keys & {"sha256", "sha1", "md5"}:
            yield node
        for _, value in node.value:
            yield from _unpinned(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _unpinned(value)


def _fetched(node: yaml.MappingNode, fetcher: Fetcher) -> str:
    url = next(value.value for key, value in node.value if key.value == "url")
    return str(pooch.file_hash(str(fetcher.unverified(File(url=url))), alg="sha256"))


def _pinned(document: Document, hashes: dict[yaml.MappingNode, str]) -> str:
    """The text with a sha256 after each url: in place for ``{url: ...}``, else on a line of its own."""
    text = document.path.read_text(encoding="utf-8")
    for node, sha256 in sorted(hashes.items(), key=lambda pair: -pair[0].start_mark.index):
        key, value = next((k, v) for k, v in node.value if k.value == "url")
        end = value.end_mark.index
        separator = ", " if node.flow_style else "\n" + " " * key.start_mark.column
        text = f"{text[:end]}{separator}sha256: {sha256}{text[end:]}"
    return text
