"""Image files: found in a folder, an archive or a list, named, ordered, and joined with their table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from os.path import commonpath
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from ..errors import DataError
from ..specs.base import File
from ..specs.datasets import ArrayStimuli
from .archives import is_archive, unpack
from .stimuli import Stimuli
from .tables import column, joined, labels, read_table, unique

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm"})
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DIGITS = re.compile(r"(\d+)")


def read_stimuli(spec: ArrayStimuli, fetch: Callable[[File], Path], cache: Path) -> Stimuli:
    """The images that a spec names, in order, with the coords of its table.

    Raises DataError where there are none, two have one name, or the table does not fit them.
    """
    place = ""
    if isinstance(spec.images, tuple):
        names = [PurePosixPath(file.name) for file in spec.images]
        stimuli = Stimuli(_ids(names), tuple(fetch(file) for file in spec.images))
    else:
        folder = fetch(spec.images)
        place = f" in {folder}"
        stimuli = in_folder(folder if folder.is_dir() else _unpacked(folder, cache))
    stimuli = replace(stimuli, visual_degrees=spec.visual_degrees)
    return stimuli if spec.table is None else with_table(stimuli, fetch(spec.table), place)


def in_folder(folder: Path) -> Stimuli:
    """The images under a folder, in natural order; their ids are their paths there, without suffix.

    Raises DataError where there is none, or two have one name.
    """
    paths = find_images(folder)
    return Stimuli(_ids(_relative(paths)), tuple(paths))


def find_images(folder: Path) -> list[Path]:
    """All image files under a folder, in natural order of their names: image2 before image10.

    Raises DataError where there is none.
    """
    found = [p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
    shown = [p for p in found if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    if not shown:
        raise DataError(f"{folder}: no image in it ({', '.join(sorted(SUFFIXES))})")
    return sorted(shown, key=lambda path: natural(path.relative_to(folder).as_posix()))


def natural(name: str) -> tuple[tuple[int, str] | tuple[int, int, str], ...]:
    """A sort key that takes digits as numbers."""
    parts = _DIGITS.split(name)
    return tuple((1, int(p), p) if i % 2 else (0, p) for i, p in enumerate(parts))


def known_names(stimuli: Stimuli) -> dict[str, int]:
    """All names that a table may use for a stimulus, to its row: id, file name, stem; ambiguous ones not."""
    known = {name: i for i, name in enumerate(stimuli.ids)}
    aliases = [_aliases(id, image) - {id} for id, image in zip(stimuli.ids, stimuli.images, strict=True)]
    count = Counter(alias for names in aliases for alias in names)
    for i, names in enumerate(aliases):
        known |= {alias: i for alias in sorted(names) if count[alias] == 1 and alias not in known}
    return known


def with_table(stimuli: Stimuli, path: Path, place: str = "") -> Stimuli:
    """The stimuli with the columns of a table as coords, joined on its column `stimulus`.

    place: where the images are, such as " in images", for messages.

    Raises DataError where a stimulus has no row or two, and where a row names no stimulus.
    """
    table, rows = _with_rows(stimuli, path, place)
    coords = {str(name): labels(table[name])[rows] for name in table.columns if name != "stimulus"}
    return Stimuli(stimuli.ids, stimuli.images, coords, stimuli.visual_degrees)


def in_order_of(stimuli: Stimuli, path: Path) -> tuple[str, ...]:
    """The ids of the stimuli in the order in which a table lists them. Raises DataError as `with_table`."""
    _, rows = _with_rows(stimuli, path)
    return tuple(stimuli.ids[i] for i in np.argsort(rows))


def _with_rows(stimuli: Stimuli, path: Path, place: str = "") -> tuple[pd.DataFrame, np.ndarray]:
    """A table of stimuli, and the row of each stimulus in it."""
    table = read_table(path, text=("stimulus",))
    if "stimulus" not in table.columns:
        raise DataError(
            f"{path}: no column `stimulus` (columns: {', '.join(map(str, table.columns[:20]))}); it must"
            f" hold each image's file name or stem, such as {stimuli.ids[0]}: rename yours, or add it"
        )
    names = column(table, "stimulus", path)
    what = f"{path}: column stimulus"
    return table, joined(names, known_names(stimuli), len(stimuli), what, "image", place)


def _unpacked(archive: Path, cache: Path) -> Path:
    if not is_archive(archive):
        raise DataError(f"{archive}: images must be a folder, a zip or tar archive, or a list of files")
    return unpack(archive, cache)


def _relative(paths: Sequence[Path]) -> list[PurePosixPath]:
    """The paths below the folder that all of them share."""
    shared = Path(commonpath([path.parent for path in paths]))
    return [PurePosixPath(path.relative_to(shared).as_posix()) for path in paths]


def _ids(names: Sequence[PurePosixPath]) -> tuple[str, ...]:
    odd = next((str(name) for name in names if _UNSPEAKABLE.search(str(name))), None)
    if odd is not None:
        raise DataError(f"stimuli: the name {odd!a} holds control characters, or is not UTF-8: rename it")
    return unique([name.with_suffix("").as_posix() for name in names], "stimuli")


def _aliases(id: str, image: Path | np.ndarray) -> set[str]:
    names = {id.rsplit("/", 1)[-1]}
    if isinstance(image, Path):
        names |= {image.name, image.stem, id + image.suffix}
    return names
