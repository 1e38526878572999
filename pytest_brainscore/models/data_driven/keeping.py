"""Keeping: what a training has reached lies on disk, so that a run that was killed goes on from there."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...data.disk import locked, set_aside, write_whole
from ..store import StoreWarning

FOLDER = "data_driven"
_DIGITS = 64


@dataclass(frozen=True)
class Shelf:
    """A folder of `cache` for one training, under the digest of all that it is made from.

    A file is the sha256 of what follows, and what torch writes of tensors, numbers, lists and dicts.
    """

    cache: Path
    key: str

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.cache / FOLDER / self.key[:2] / self.key

    def get(self, name: str) -> Any:
        """What was put under that name; None where there is nothing. A damaged file is set aside."""
        path = self._path(name)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        promised, content = content[:_DIGITS], content[_DIGITS:]
        if hashlib.sha256(content).hexdigest().encode() == promised:
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        warnings.warn(f"{path}: is damaged, and was set aside: its training starts anew", stacklevel=2)
        with suppress(OSError):
            set_aside(path, self.cache)
        return None

    def put(self, name: str, value: Any) -> None:
        """Keep a value in one step. Where the disk refuses, a StoreWarning says so, and nothing is kept."""
        buffer = io.BytesIO()
        torch.save(value, buffer)
        content = buffer.getvalue()
        try:
            write_whole(self._path(name), hashlib.sha256(content).hexdigest().encode() + content)
        except OSError as why:
            warnings.warn(f"{self.folder}: the training cannot be kept ({why})", StoreWarning, stacklevel=2)

    def drop(self, name: str) -> None:
        """Remove what is under that name, if anything is."""
        with suppress(OSError):
            self._path(name).unlink()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Only one process at a time trains this; no effect where no lock can be had."""
        with ExitStack() as stack:
            with suppress(OSError):
                stack.enter_context(locked(self.cache / FOLDER / "locks" / f"{self.key[:32]}.lock"))
            yield

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pt"
