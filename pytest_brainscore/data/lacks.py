"""Lacks: files that a run will have to fetch, known without opening any, and without any library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..specs.base import File, Spec
from ..specs.catalogue import place_of, size_of
from ..specs.collection import Collection
from ..specs.models import Model
from .disk import is_there
from .fetch import Fetcher
from .mirrors import is_likely_in

BYTES_OF_A_PARAMETER = 4


@dataclass(frozen=True)
class Lack:
    """A file that is on no disk here. bytes: its size, where known; exact: whether that is no estimate."""

    name: str
    bytes: int | None
    exact: bool = True


def of_data(spec: Any, folder: Path, fetcher: Fetcher) -> Iterator[Lack]:
    """What a data set lacks: of all files that its spec names, those with a URL that are not here.

    `folder` is where relative paths start.
    """
    for file in files_in(spec):
        if file.url and file.hash and not _is_here(file, folder, fetcher):
            yield Lack(file.name, file.bytes)


def of_model(model: Model, folder: Path, fetcher: Fetcher) -> Iterator[Lack]:
    """What a model lacks: its weights or activations, where these are not its factory's own business."""
    file = model.activations or model.weights
    if isinstance(file, str):
        place = place_of(model.source, model.architecture, file)
        if place and not _is_kept(place, fetcher):
            yield Lack(place, _guess(model), exact=False)
    elif file.url and not (_is_here(file, folder, fetcher) if file.hash else _is_kept(file.name, fetcher)):
        yield Lack(file.name, file.bytes or _guess(model), exact=file.bytes is not None)


def files_in(value: Any) -> Iterator[File]:
    """All files that a spec names; a reader of the user's own has them as plain mappings."""
    if isinstance(value, File):
        yield value
    elif isinstance(value, dict):
        file = _as_file(value)
        yield from (file,) if file else files_in(list(value.values()))
    elif isinstance(value, Spec):
        yield from (file for _, inner in value for file in files_in(inner))
    elif isinstance(value, list | tuple):
        yield from (file for inner in value for file in files_in(inner))


def collections_in(value: Any) -> Iterator[Collection]:
    """All collections that a spec names, which users must get themselves."""
    if isinstance(value, Collection):
        yield value
    elif isinstance(value, Spec):
        yield from (found for _, inner in value for found in collections_in(inner))
    elif isinstance(value, dict):
        yield from (found for inner in value.values() for found in collections_in(inner))


def _as_file(value: dict[str, Any]) -> File | None:
    """The file that a mapping names by URL and hash; what is meant for a reader may be anything."""
    try:
        file = File.model_validate(value)
    except ValidationError:
        return None
    return file if file.url and file.hash else None


def _is_here(file: File, folder: Path, fetcher: Fetcher) -> bool:
    """Whether a file that has a hash lies beside the YAML, in the cache, or in a mirror, by all signs."""
    if file.file and is_there(folder / Path(file.file).expanduser()):
        return True
    digits = file.hash[1] if file.hash else ""
    return is_there(fetcher.place(file)) or any(
        is_likely_in(mirror, digits, file.name, file.bytes) for mirror in fetcher.mirrors
    )


def _is_kept(place: str, fetcher: Fetcher) -> bool:
    """Whether torch's cache or a mirror has a file of that name, or Hugging Face's cache that repository."""
    if "/" in place:
        snapshots = _hugging_face() / f"models--{place.partition('@')[0].replace('/', '--')}" / "snapshots"
        return any(snapshots.glob("*/*"))
    mirrored = (is_likely_in(mirror, "", place, None) for mirror in fetcher.mirrors)
    return is_there(_torch_hub() / place) or any(mirrored)


def _torch_hub() -> Path:
    home = os.environ.get("TORCH_HOME") or str(_user_cache() / "torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def _hugging_face() -> Path:
    home = os.environ.get("HF_HOME") or str(_user_cache() / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or f"{home}/hub").expanduser()


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def _guess(model: Model) -> int | None:
    known = size_of(model)
    return known.parameters * BYTES_OF_A_PARAMETER if known else None
