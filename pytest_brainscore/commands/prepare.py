"""Make a data set that users get from its makers ready for scoring, once: nsd.

It may be stopped at any time: what is done is kept, and the next call goes on from there. docs/nsd.md says
what to download.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..errors import SelectionError
from ..specs.collection import Collection
from ..specs.datasets.nsd import NsdRecordings

_DEFAULT = NsdRecordings()
_PREPARED = Collection(name="nsd_prepared").variable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which data set, from where, to where, and of whom."""
    subjects = ",".join(map(str, _DEFAULT.subjects))
    parser.add_argument("dataset", choices=("nsd",), help="nsd: the Natural Scenes Dataset")
    parser.add_argument("--folder", type=Path, help="the folder of NSD (default: BRAINSCORE_NSD)")
    parser.add_argument(
        "--to",
        type=Path,
        help=f"where the files go (default: {_PREPARED}, else `prepared` in that folder)",
    )
    parser.add_argument("--subjects", default=subjects, help=f"of 1 to 8, with commas (default: {subjects})")
    parser.add_argument("--betas", default=_DEFAULT.betas, help=f"which version (default: {_DEFAULT.betas})")
    parser.add_argument(
        "--again", action="store_true", help="make anew what was made of files that have changed since"
    )


def run(options: argparse.Namespace) -> None:
    """Prepare the images and each subject, and say where they are."""
    from ..data.nsd.layout import NsdFolder
    from ..data.nsd.preparing import Preparation
    from ..data.nsd.subject_files import open_subject

    root, subjects = _folder(options), _subjects(options.subjects)
    to = (options.to or Path(os.environ.get(_PREPARED) or root / "prepared")).expanduser().absolute()
    preparation = Preparation(NsdFolder(root, options.betas), to, options.again, _live)
    print(f"images: {preparation.stimuli()}")
    for subject in subjects:
        print(f"S{subject}: {open_subject(preparation.subject(subject)).described()}", flush=True)
    print(f"set {_PREPARED}={to}")


def _folder(options: argparse.Namespace) -> Path:
    from ..data.nsd.layout import VARIABLE

    named = options.folder or os.environ.get(VARIABLE, "").strip()
    if not named:
        raise SelectionError(
            f"prepare nsd: give --folder, or set {VARIABLE}, to the folder of NSD, as it was"
            " downloaded (docs/nsd.md)"
        )
    folder = Path(named).expanduser().absolute()
    if not folder.is_dir():
        raise SelectionError(f"prepare nsd: {folder} is no folder")
    return folder


def _subjects(text: str) -> list[int]:
    words = [word.strip().upper().removeprefix("S") for word in text.split(",")]
    if not all(word in set("12345678") for word in words):
        raise SelectionError(f"--subjects {text}: numbers from 1 to 8, with commas between, are due")
    return list(dict.fromkeys(map(int, words)))


def _live(what: str, done: int, of: int) -> None:
    """One line that counts, where somebody watches."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" + (f"{what} {done} of {of}" if done < of else ""))
        sys.stderr.flush()
