"""Keeping: tensors that are held for later, in memory as far as that goes, and beyond it mapped from disk."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch

IN_MEMORY = 4 * 2**30
"""Bytes that are held in memory: what a hundred layers make of three thousand stimuli is more."""


class Keeper:
    """Holds tensors, the first `limit` bytes in memory, the others in files of a folder.

    The files have no names, and are gone when the tensors are, or the process. Where the disk has no room,
    tensors stay in memory.
    """

    def __init__(self, folder: Path | None, limit: int | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir())
        self._room = IN_MEMORY if limit is None else limit

    def kept(self, tensor: torch.Tensor) -> torch.Tensor:
        """The same numbers, to be held as long as one likes. tensor: on the CPU."""
        self._room -= tensor.nbytes
        if self._room < 0 and tensor.numel():
            with suppress(OSError):
                return self._mapped(tensor.contiguous())
        return tensor

    def _mapped(self, tensor: torch.Tensor) -> torch.Tensor:
        self._folder.mkdir(parents=True, exist_ok=True)
        array = tensor.numpy()
        with tempfile.TemporaryFile(dir=self._folder, prefix="kept-") as file:
            file.write(array.data.cast("B"))  # before it is mapped: a full disk is an error only here
            file.flush()
            return torch.from_numpy(np.memmap(file, array.dtype, "r+", shape=array.shape))
