"""Preprocessing: an image made into a network's input."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..errors import ModelError
from ..frames import own_line
from ..specs.base import digest_of
from ..specs.models import Preprocess

Transform = Callable[[Image.Image], torch.Tensor]

_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "nearest": Image.Resampling.NEAREST,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Preprocessor:
    """A callable from an RGB image to (3, size, size) float32, as `spec` says.

    To the bit what torchvision's Resize (on the image, so with antialiasing), CenterCrop, ToTensor and
    Normalize give. Raises ModelError where the crop is larger than what it is cut from.
    """

    spec: Preprocess

    def __post_init__(self) -> None:
        if self.spec.resize == "shorter" and self._shorter < self.spec.size:
            raise ModelError(
                f"preprocess: a crop of {self.spec.size} pixels does not fit a shorter side of"
                f" {self._shorter}; write `shorter` as the length before the crop"
            )

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """The image as the network takes it."""
        pixels = torch.from_numpy(np.array(self._resized(image), dtype=np.uint8, copy=True))
        tensor = pixels.permute(2, 0, 1).contiguous().to(torch.float32).div_(255)
        mean, std = (
            torch.tensor(v, dtype=torch.float32)[:, None, None] for v in (self.spec.mean, self.spec.std)
        )
        return tensor.sub_(mean).div_(std)

    @property
    def digest(self) -> str:
        """Sha256 of what is done to an image."""
        return digest_of({"preprocess": 1, **self.spec.model_dump(mode="json")})

    @property
    def _shorter(self) -> int:
        return self.spec.shorter or int(self.spec.size * 256 / 224)

    def _resized(self, image: Image.Image) -> Image.Image:
        size, resample = self.spec.size, _FILTERS[self.spec.interpolation]
        if self.spec.resize == "squash":
            return image.resize((size, size), resample)
        short, long = sorted(image.size)
        scaled = (self._shorter, int(self._shorter * long / short))
        image = image.resize(scaled if image.width <= image.height else scaled[::-1], resample)
        left, top = (round((side - size) / 2) for side in image.size)
        return image.crop((left, top, left + size, top + size))


def transform_digest(transform: Transform) -> str:
    """Sha256 that tells preprocessings apart.

    A Preprocessor is its spec. Any other callable is its text (repr without addresses), the file that
    defines it, and what it makes of two fixed images.
    Raises ModelError where it fails on them, or gives two answers for one image.
    """
    if isinstance(transform, Preprocessor):
        return transform.digest
    kind = transform if inspect.isroutine(transform) else type(transform)
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(transform))
    digest = hashlib.sha256(f"{kind.__module__}.{kind.__qualname__} {text}".encode())
    digest.update(source_of(kind) or b"")
    for probe in _probes():
        digest.update(_answer(transform, probe))
    return digest.hexdigest()


def source_of(thing: object) -> bytes | None:
    """The bytes of the file that defines a class or function; None where there is no such file."""
    try:
        return Path(inspect.getsourcefile(thing) or "").read_bytes()  # type: ignore[arg-type]
    except (OSError, TypeError):
        return None


def _probes() -> list[Image.Image]:
    random = np.random.RandomState(0)
    return [
        Image.fromarray(random.randint(0, 256, (h, w, 3), dtype=np.uint8)) for h, w in ((300, 300), (90, 130))
    ]


def _answer(transform: Transform, probe: Image.Image) -> bytes:
    try:
        first, second = (torch.as_tensor(transform(probe.copy())) for _ in range(2))
    except (Exception, SystemExit) as why:
        reason = f"{type(why).__name__}: {str(why).strip() or 'no message'}{own_line(why)}"
        raise ModelError(f"the transform fails on an RGB image: {reason}") from why
    if first.data_ptr() == second.data_ptr() and first.numel():
        raise ModelError("the transform writes all images into one tensor; it should give each its own")
    if not torch.equal(first, second):
        raise ModelError(
            "the transform gives different tensors for the same image; use the one for evaluation"
        )
    return str((first.dtype, tuple(first.shape))).encode() + first.float().contiguous().numpy().tobytes()
