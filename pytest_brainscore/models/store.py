"""The store: tensors on disk under the digest of what made them."""

from __future__ import annotations

import hashlib
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..data.disk import STORE, drafted, kept_at, locked
from ..specs.base import digest_of

LIMIT_BYTES = 20 * 2**30
_STALE_SECONDS = 3600


class StoreWarning(UserWarning):
    """The store cannot be written; the run goes on without it."""


@dataclass(frozen=True)
class Usage:
    """What lies in the store."""

    files: int
    bytes: int


@dataclass
class Store:
    """A folder of safetensors files, one tensor each, which parallel runs share.

    Beyond `limit_bytes` those that were not used for longest go first.
    """

    folder: Path
    limit_bytes: int = LIMIT_BYTES
    _writable: bool = field(default=True, init=False, repr=False)

    @classmethod
    def in_cache(cls, cache: Path) -> Store:
        """The store that lies in a cache folder."""
        return cls(cache / STORE)

    @staticmethod
    def key(**parts: Any) -> str:
        """The name of what these (JSON-able) parts make."""
        return digest_of(parts)

    def get(self, key: str) -> torch.Tensor | None:
        """The tensor under `key`; None where there is none, or where its bytes are not those put."""
        path = self._path(key)
        try:
            with safe_open(path, framework="pt") as file:
                tensor: torch.Tensor = file.get_tensor("tensor")
                promised = (file.metadata() or {}).get("sha256")
        except FileNotFoundError:
            return None
        except (SafetensorError, OSError, ValueError, RuntimeError):  # the last where it goes meanwhile
            tensor, promised = torch.empty(0), None
        if _sha256(tensor) != promised:
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return tensor

    def put(self, key: str, tensor: torch.Tensor, about: Mapping[str, str] | None = None) -> None:
        """Keep a tensor under `key`, with what there is to say about it.

        Nothing is kept where it exceeds the limit. Where the folder cannot be written or the disk is full,
        one StoreWarning says so, and nothing more is kept.
        """
        tensor = tensor.detach().to("cpu").contiguous()
        if not self._writable or tensor.nbytes > self.limit_bytes:
            return
        try:
            with drafted(self._path(key)) as draft:
                save_file({"tensor": tensor}, draft, {**(about or {}), "sha256": _sha256(tensor)})
            self._evict()
        except (OSError, SafetensorError) as why:
            self._writable = False
            warnings.warn(f"nothing more is stored in {self.folder}: {why}", StoreWarning, stacklevel=2)

    def usage(self) -> Usage:
        """How many tensors there are, and their size on disk."""
        sizes = [size for _, size, _ in self._files()]
        return Usage(len(sizes), sum(sizes))

    def clear(self) -> Usage:
        """Remove everything; returns what there was."""
        usage = self.usage()
        for path in self.folder.glob("*/*.safetensors*"):
            with suppress(OSError):
                path.unlink()
        return usage

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Only one process at a time is in here under the same name; no effect where none can be held."""
        with ExitStack() as stack:
            with suppress(OSError):
                stack.enter_context(locked(self.folder / "locks" / f"{name[:32]}.lock"))
            yield

    def _path(self, key: str) -> Path:
        return kept_at(self.folder, key)

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each was last used, its size, its path."""
        files = []
        for path in self.folder.glob("*/*.safetensors"):
            with suppress(OSError):
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        return files

    def _evict(self) -> None:
        for part in self.folder.glob("*/*.safetensors-part"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > _STALE_SECONDS:
                    part.unlink()
        files = sorted(self._files())
        excess = sum(size for _, size, _ in files) - self.limit_bytes
        for _, size, path in files:
            if excess <= 0:
                return
            with suppress(OSError):
                path.unlink()
                excess -= size


def _sha256(tensor: torch.Tensor) -> str:
    flat = tensor.contiguous().reshape(-1)
    head = f"{tensor.dtype} {tuple(tensor.shape)}".encode()
    digest = hashlib.sha256(head)
    digest.update(flat.view(torch.uint8).numpy().data if flat.numel() else b"")
    return digest.hexdigest()
