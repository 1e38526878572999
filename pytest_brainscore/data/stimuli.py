"""Stimuli: the images that were shown, in order, with what is known of each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import DataError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""What may be opened, whatever a file is called. PIL knows more, among them EPS, which runs a program."""
LARGEST = 89_478_485
"""Pixels: beyond it PIL warns of a decompression bomb."""
_GREY_16 = ("PNG", "PPM")  # PIL opens what they hold of more than 8 bits as I, in 0 ... 65535


@dataclass(frozen=True)
class Stimuli:
    """Images in order. `images[i]` is a file or a uint8 array (height, width[, 3]).

    `coords` holds one array of length n per property of the stimuli (object_name, ...).
    `visual_degrees` is the width of the images on the subject's screen, where it is known; `widths` that of
    each, where two sets are one. `listed` is the place of each in the data set's table; where it is None they
    are in that order.
    """

    ids: tuple[str, ...]
    images: tuple[Path | np.ndarray, ...]
    coords: Mapping[str, np.ndarray] = field(default_factory=dict)
    visual_degrees: float | None = None
    widths: tuple[float | None, ...] | None = None
    listed: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int] | np.ndarray) -> Stimuli:
        """The stimuli at `rows`, in that order."""
        return Stimuli(
            ids=tuple(self.ids[i] for i in rows),
            images=tuple(self.images[i] for i in rows),
            coords={name: values[np.asarray(rows)] for name, values in self.coords.items()},
            visual_degrees=self.visual_degrees,
            widths=None if self.widths is None else tuple(self.widths[i] for i in rows),
            listed=tuple(self.places[i] for i in rows),
        )

    @property
    def places(self) -> Sequence[int]:
        """The place of each in the table that lists them; takes leave gaps."""
        return range(len(self)) if self.listed is None else self.listed

    def as_listed(self) -> np.ndarray:
        """Rows in the order in which the table lists them."""
        return np.argsort(self.places, kind="stable")

    def by_name(self) -> np.ndarray:
        """Rows in the order of their ids: of numbers where all are numbers, else of text."""
        keys = _numbers(self.ids) or self.ids
        return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)

    def followed_by(self, other: Stimuli) -> Stimuli:
        """Both sets as one, whose images keep their sizes; what is known of each is left behind."""
        return Stimuli(
            ids=(*self.ids, *other.ids),
            images=(*self.images, *other.images),
            widths=tuple(of.width(i) for of in (self, other) for i in range(len(of))),
        )

    def width(self, i: int) -> float | None:
        """Width of image i in visual degrees, where it is known."""
        return self.visual_degrees if self.widths is None else self.widths[i]

    def open(self, i: int) -> Image.Image:
        """Image i in RGB of 8 bits: grey is repeated, 16-bit grey is divided by 257, transparency is ignored.

        A transparent pixel so shows the colour that the file keeps under it, as in the reference
        implementation, and an image that its EXIF data turn is shown as its pixels lie, as there.
        Raises DataError where the file is no image, is too large, has several frames, or has more than
        8 bits in another way.
        """
        image = self.images[i]
        if isinstance(image, np.ndarray):
            return _rgb(Image.fromarray(image), f"stimulus {self.ids[i]}")
        try:
            with Image.open(image, formats=FORMATS) as opened:
                self._refuse_bombs_and_films(opened, i)
                return _rgb(opened, str(image))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as why:
            raise DataError(f"{image}: stimulus {self.ids[i]} is too large an image ({why})") from why
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as why:
            raise DataError(
                f"{image}: stimulus {self.ids[i]} is not an image that can be read ({why})"
            ) from why

    def _refuse_bombs_and_films(self, image: Image.Image, i: int) -> None:
        """Raise DataError for an image that is not decoded: one too large, or one of several."""
        width, height = image.size
        if width * height > LARGEST:
            raise DataError(
                f"{self.images[i]}: stimulus {self.ids[i]} is too large an image"
                f" ({width} x {height} pixels, and {LARGEST:,} is the most)"
            )
        # MPO is the JPEG of cameras that keep a second picture behind the first.
        if getattr(image, "is_animated", False) and image.format != "MPO":
            raise DataError(
                f"{self.images[i]}: stimulus {self.ids[i]} has several frames, and which of them was shown"
                " is unknown: save that one as an image of its own"
            )

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """Sha256 of each image's bytes; equal images have equal digests, if they are equally large."""
        digests = tuple(_digest(image) for image in self.images)
        if self.widths is None:
            return digests
        return tuple(f"{digest} {width}" for digest, width in zip(digests, self.widths, strict=True))

    @cached_property
    def digest(self) -> str:
        """Sha256 of the set: the images in order and their size in visual degrees."""
        text = "\n".join((*self.digests, f"visual_degrees={self.visual_degrees}"))
        return hashlib.sha256(text.encode()).hexdigest()


def as_array(image: Image.Image, where: str = "the image") -> np.ndarray:
    """A PIL image as uint8 (height, width, 3), as `Stimuli.open` shows it.

    Raises DataError, which begins with `where`, for an image of more than 8 bits that is not 16-bit grey.
    """
    return np.asarray(_rgb(image, where))


def _numbers(ids: Sequence[str]) -> list[Decimal] | None:
    try:
        numbers = [Decimal(id) for id in ids]
    except InvalidOperation:
        return None
    return numbers if all(number.is_finite() for number in numbers) else None


def _rgb(image: Image.Image, where: str) -> Image.Image:
    if image.mode == "RGB":
        return image.copy()
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in _GREY_16):
        return _eight_bits(image).convert("RGB")
    if image.mode in ("I", "F"):
        kind = "32-bit integers" if image.mode == "I" else "floats"
        raise DataError(
            f"{where}: its mode is {image.mode} ({kind}), and what is white is unknown: save it with 8 bits"
        )
    if "A" in image.getbands() or "transparency" in image.info:
        canvas = Image.new("RGB", image.size)
        canvas.paste(image.convert("RGBA"))
        return canvas
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """0 ... 65535 as 0 ... 255; PIL's own conversion clips at 255."""
    values = np.asarray(image).astype(np.int64)
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _digest(image: Path | np.ndarray) -> str:
    if isinstance(image, np.ndarray):
        head = f"array {image.shape} {image.dtype}".encode()
        return hashlib.sha256(head + np.ascontiguousarray(image).tobytes()).hexdigest()
    try:
        return hashlib.sha256(image.read_bytes()).hexdigest()
    except OSError as why:
        raise DataError(f"{image}: cannot be read ({why.strerror})") from why
