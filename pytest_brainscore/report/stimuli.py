"""Stimuli: the images of a benchmark, where they are on this disk; nothing is fetched, no user code runs."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from .. import suite
from ..data.fetch import Fetcher
from ..data.opening import open_recordings
from ..data.stimuli import Stimuli
from ..errors import BrainScoreError, first_line
from ..specs.cases import Case, load_cases
from ..specs.results import Row

SIDE = 224
"""Of a picture, pixels at most."""


class OutOfReach(BrainScoreError):
    """The images of a benchmark cannot be shown, and why."""


def stimuli_of(row: Row, folders: Sequence[Path]) -> Stimuli:
    """The stimuli that a row was scored on. folders: of benchmark files, the first that knows it counts.

    Raises OutOfReach where no file names the benchmark, its files are not on this disk, or may not be
    those that were scored.
    """
    case = next((case for case in _cases(folders) if case.name == row.benchmark), None)
    if case is None:
        raise OutOfReach("no benchmark file here names it")
    fetcher = Fetcher.from_environment(offline=True)
    fetch = partial(fetcher, folder=case.path.parent, access=case.dataset.access)
    try:
        stimuli = open_recordings(case.dataset, fetch, fetcher.cache).stimuli
        digest = stimuli.digest
    except BrainScoreError as why:
        raise OutOfReach(first_line(why)) from why
    if "stimuli" not in row.digests:
        raise OutOfReach("its results do not say which images were scored; run it again")
    if row.digests["stimuli"] != digest:
        raise OutOfReach("the images on this disk are not those that were scored")
    return stimuli


def png(stimuli: Stimuli, place: int) -> bytes:
    """The image at a place, as PNG of at most 224 pixels a side. Raises DataError where it cannot be read."""
    image = stimuli.open(place)
    image.thumbnail((SIDE, SIDE))
    held = io.BytesIO()
    image.save(held, format="PNG", optimize=True)
    return held.getvalue()


def _cases(folders: Sequence[Path]) -> Iterator[Case]:
    """All benchmarks; a file that is wrong is left out, as a run would have said so."""
    for file in (file for folder in folders for file in suite.files_in(folder)):
        try:
            yield from load_cases(file)
        except BrainScoreError:
            continue
