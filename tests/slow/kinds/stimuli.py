"""Stimuli that are odd: one of the images is in another form, or is none."""

from __future__ import annotations

import os
import random
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ..company import ODD, check_afterwards, check_alike, check_company, check_refused, with_odd_data
from ..faults import RECOVERED, REFUSED, Outcome, kind, require
from ..project import Project

Change = Callable[[random.Random, Path], object]


def png(width: int, height: int, pixels: bytes = b"\0" * 50) -> bytes:
    """A PNG file that says it has so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(c)) + t + c + struct.pack(">I", zlib.crc32(t + c)) for t, c in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# the same picture in another form


def _transparent(rng: random.Random, path: Path) -> None:
    image = Image.open(path).convert("RGB")
    image.putalpha(Image.frombytes("L", image.size, rng.randbytes(image.width * image.height)))
    image.save(path)


def _turned_by_exif(rng: random.Random, path: Path) -> None:
    image, exif = Image.open(path).convert("RGB"), Image.Exif()
    exif[0x0112] = rng.randint(1, 8)
    image.save(path, exif=exif)


def _another_format(rng: random.Random, path: Path) -> None:
    image = Image.open(path).convert("RGB")
    form = rng.choice(("BMP", "TIFF", "WEBP", "PPM"))
    image.save(path, form, **({"lossless": True} if form == "WEBP" else {}))


def _behind_a_link(rng: random.Random, path: Path) -> None:
    path.rename(path.parent.parent / path.name)
    path.symlink_to(path.parent.parent / path.name)


ALIKE: tuple[Change, ...] = (_transparent, _turned_by_exif, _another_format, _behind_a_link)


@kind("stimulus-form", "a stimulus in another form: transparent, turned by EXIF, another format, a link")
def another_form(rng: random.Random, folder: Path) -> Outcome:
    project, _ = _with_odd_image(rng, folder, rng.choice(ALIKE))
    check_alike(check_company(project, project.score()), benchmark="Own")
    check_afterwards(rng, project)
    return RECOVERED


# another picture


def _one_pixel(rng: random.Random, path: Path) -> None:
    Image.frombytes("RGB", (1, 1), rng.randbytes(3)).save(path)


def _very_wide(rng: random.Random, path: Path) -> None:
    height = rng.randint(1, 20)
    Image.frombytes("L", (20_000, height), rng.randbytes(20_000 * height)).save(path)


def _another_mode(rng: random.Random, path: Path) -> None:
    mode = rng.choice(("1", "L", "P", "LA", "CMYK", "LAB", "YCbCr"))
    Image.open(path).convert("RGB").convert(mode).save(path, "TIFF" if mode not in ("P", "LA") else "PNG")


def _16_bits(rng: random.Random, path: Path) -> None:
    values = np.frombuffer(rng.randbytes(2 * 24 * 24), np.uint16).reshape(24, 24)
    Image.fromarray(values).save(path, rng.choice(("PNG", "TIFF")))


SHOWN: tuple[Change, ...] = (_one_pixel, _very_wide, _another_mode, _16_bits)


@kind("stimulus-mode", "a stimulus of 1 x 1 or 20,000 pixels, of another mode, of 16 bits")
def another_picture(rng: random.Random, folder: Path) -> Outcome:
    project, _ = _with_odd_image(rng, folder, rng.choice(SHOWN))
    rows = check_company(project, project.score())
    require(len(rows) == 6, f"{len(rows)} odd rows, and not 6")
    unscored = [f"{row.node}: {row.message}" for row in rows if row.status != "scored"]
    blank = all("constant over units" in said for said in unscored)  # as of a single colour ReLU may leave it
    require(blank, f"no score: {unscored}")
    check_afterwards(rng, project)
    return RECOVERED


# what cannot be shown


def _no_image(rng: random.Random, path: Path) -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(ran) (w) file\n"
    path.write_bytes(rng.choice((b"", b"<html>", postscript, b"GIF89a", rng.randbytes(500))))


def _cut_off(rng: random.Random, path: Path) -> None:
    if rng.random() < 0.5:
        Image.open(path).convert("RGB").save(path, "JPEG", quality=95)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * rng.uniform(0.02, 0.95))])


def _a_bomb(rng: random.Random, path: Path) -> None:
    path.write_bytes(
        png(*rng.choice(((100_000, 100_000), (20_000, 20_000), (20_000, 4_500), (2**31 - 1, 1))))
    )


def _a_film(rng: random.Random, path: Path) -> None:
    frames = [Image.frombytes("RGB", (24, 24), rng.randbytes(3 * 24 * 24)) for _ in range(rng.randint(2, 5))]
    form = rng.choice(("GIF", "PNG", "WEBP", "TIFF"))
    frames[0].save(path, form, save_all=True, append_images=frames[1:])


def _without_a_white(rng: random.Random, path: Path) -> None:
    values = np.frombuffer(rng.randbytes(4 * 24 * 24), np.int32).reshape(24, 24)
    Image.fromarray(values if rng.random() < 0.5 else (values % 255).astype(np.float32)).save(path, "TIFF")


REFUSED_IMAGES: tuple[tuple[Change, str], ...] = (
    (_no_image, "is not an image that can be read"),
    (_cut_off, "is not an image that can be read"),
    (_a_bomb, "is too large an image"),
    (_a_film, "has several frames"),
    (_without_a_white, "what is white is unknown"),
)


@kind("stimulus-broken", "a stimulus that is no image, cut off, a bomb, a film, of 32 bits")
def broken(rng: random.Random, folder: Path) -> Outcome:
    change, cause = rng.choice(REFUSED_IMAGES)
    project, path = _with_odd_image(rng, folder, change)
    check_refused(check_company(project, project.score()), cause, f"/{path.name}: ")
    check_afterwards(rng, project)
    return REFUSED


def _unspeakable(rng: random.Random, path: Path) -> None:
    name = rng.choice((b"caf\xe9.png", b"a\nb.png", b"\x1b[2J.png", b"\x7f.png", b"\xff\xfe.png"))
    path.rename(os.fsdecode(os.path.join(os.fsencode(path.parent), name)))  # noqa: PTH118 - bytes


def _gone(rng: random.Random, path: Path) -> None:
    path.unlink()


def _a_folder(rng: random.Random, path: Path) -> None:
    path.unlink()
    path.mkdir()


def _twice(rng: random.Random, path: Path) -> None:
    shutil.copy2(path, path.with_suffix(rng.choice((".bmp", ".jpeg"))))


NAMES: tuple[tuple[Change, str], ...] = (
    (_unspeakable, "holds control characters, or is not UTF-8"),
    (_gone, "16 stimuli .*, but 15 images"),
    (_a_folder, "16 stimuli .*, but 15 images"),
    (_twice, "is there twice"),
)


@kind("stimulus-name", "a stimulus whose name no line can hold, that is gone, a folder, or there twice")
def odd_name(rng: random.Random, folder: Path) -> Outcome:
    change, cause = rng.choice(NAMES)
    project, _ = _with_odd_image(rng, folder, change)
    check_refused(check_company(project, project.score()), cause)
    check_afterwards(rng, project)
    return REFUSED


def _with_odd_image(rng: random.Random, folder: Path, change: Change) -> tuple[Project, Path]:
    """A project in which one image of the data set ODD, drawn at random, was changed."""
    project = rng.choice((Project.cold, Project.warm))(folder)
    paths = sorted((with_odd_data(project) / "stimuli").glob("*.png"))
    require(len(paths) == 16, f"{ODD} has {len(paths)} images")
    path = rng.choice(paths)
    change(rng, path)
    return project, path
