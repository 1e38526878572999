"""Collections of images: thousands of names, listed at once; the images are opened when they are shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..specs.base import File, digest_of
from ..specs.collection import Collection
from ..specs.datasets import CollectionDataset, LabelTable
from .archives import is_archive, unpack
from .folders import files_below
from .images import SUFFIXES, known_names, natural
from .recordings import Recordings
from .stimuli import Stimuli
from .tables import column, joined, read_table, unique
from .trials import as_choices

LABELS = "labels"
"""The subject of a collection's recordings, who names each image rightly."""

Fetch = Callable[[File | Collection], Path]


def read(dataset: CollectionDataset, fetch: Fetch, cache: Path) -> Recordings:
    """Each image with its truth, as the choices of one subject, `labels`.

    The truth is the name of the image's class folder, or what the table says. It is the stimuli's coords
    `truth` and `object_name`, too.
    Raises DataError where there is no image, or one whose truth is unknown.
    """
    folder = fetch(dataset.stimuli.images)
    folder = folder if folder.is_dir() else _unpacked(folder, cache)
    names = _names(folder)
    stimuli = _labelled(names, folder, dataset.recordings, fetch)
    if dataset.stimuli.every is not None:
        stimuli = stimuli.take(np.arange(0, len(stimuli), dataset.stimuli.every))
    stimuli = replace(stimuli, visual_degrees=dataset.stimuli.visual_degrees)
    truth = stimuli.coords["truth"]
    subject = np.full(len(truth), LABELS)
    trials = {"stimulus": np.asarray(stimuli.ids), "truth": truth, "choice": truth, "subject": subject}
    digest = digest_of([stimuli.ids, truth.tolist()])
    return Recordings(dataset.id, stimuli, as_choices(trials, dataset.id), digest)


def images_of(folder: Path, count: int) -> Stimuli:
    """So many of a folder's images, evenly spaced in the natural order of their paths.

    Of n images these are floor(i n / count) for i = 0 ... count - 1: of 50,000 in 1,000 class folders of 50
    each, 1,000 are the first one of each class, and those that Brain-Score fits principal components on.
    Raises DataError where there are fewer.
    """
    names = _names(folder)
    if count > len(names):
        raise DataError(f"{folder}: has {len(names)} images, and {count} are due")
    chosen = [names[i * len(names) // count] for i in range(count)]
    return Stimuli(_ids(chosen), tuple(folder / name for name in chosen))


def _names(folder: Path) -> list[str]:
    """The paths of all images below the folder, relative to it, in natural order.

    Links to folders are followed as `files_below` says. Raises DataError where there is none.
    """
    found = [name for name in files_below(folder) if _is_image(name)]
    if not found:
        raise DataError(f"{folder}: no image in it ({', '.join(sorted(SUFFIXES))})")
    return sorted(found, key=natural)


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122


def _ids(names: Sequence[str]) -> tuple[str, ...]:
    """The images' stems; their paths without suffix where two have one stem."""
    paths = [name.rpartition(".")[0] for name in names]
    stems = [path.rpartition("/")[2] for path in paths]
    return unique(stems if len(set(stems)) == len(stems) else paths, "stimuli")


def _labelled(names: Sequence[str], folder: Path, labels: LabelTable | None, fetch: Fetch) -> Stimuli:
    stimuli = Stimuli(_ids(names), tuple(folder / name for name in names))
    truth = _by_class(names, folder) if labels is None else _by_table(stimuli, labels, fetch(labels.table))
    return replace(stimuli, coords={"truth": truth, "object_name": truth})


def _by_class(names: Sequence[str], folder: Path) -> np.ndarray:
    """The first folder on each image's path."""
    bare = next((name for name in names if "/" not in name), None)
    if bare is not None:
        raise DataError(
            f"{folder / bare}: lies in no class folder, so what it shows is unknown; name the folder that"
            " holds the class folders, or give a `table` of labels"
        )
    return np.array([name.partition("/")[0] for name in names])


def _by_table(stimuli: Stimuli, labels: LabelTable, path: Path) -> np.ndarray:
    table = read_table(path, text=(labels.stimulus,))
    names = column(table, labels.stimulus, path)
    rows = joined(names, known_names(stimuli), len(stimuli), f"{path}: column {labels.stimulus}", "image")
    truth = column(table, labels.truth, path).astype(str)
    return np.asarray(truth[rows])


def _unpacked(archive: Path, cache: Path) -> Path:
    if not is_archive(archive):
        raise DataError(f"{archive}: images must be a folder, or a zip or tar archive")
    return unpack(archive, cache)
