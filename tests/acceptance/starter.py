"""Starts pytest in processes that are forked from one which has torch imported, and so start at once.

Run as a program it says where it can be asked for processes (see `forked`), and ends with its input.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE_S = 300
NOWHERE = Path(os.devnull)


@dataclass(frozen=True)
class Ended:
    """The exit code of a run, or minus the signal that ended it, and what it printed."""

    code: int
    out: str
    err: str


class Starter:
    """The process that forks. It begins with the first run, and ends with its input."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._address = ""

    @property
    def address(self) -> str:
        """Where it can be asked; it begins where it does not run."""
        if self._process is None or self._process.poll() is not None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            self._process = subprocess.Popen([sys.executable, __file__], **pipes)
            assert self._process.stdout is not None
            self._address = "\0" + self._process.stdout.readline().strip()  # of no file
        return self._address


STARTER = Starter() if sys.platform == "linux" else None
"""What forks the runs of all tests of this process; None where processes cannot be forked safely."""


def begun(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] = os.environ,
    streams: Sequence[int] | None = None,
    session: bool = False,
) -> subprocess.Popen:
    """Begin ``python -m pytest`` in `folder`: forked where that is safe, else as a new Python.

    streams: descriptors of its input, output and errors; nothing is read and said where there are none.
    session: it begins a session of its own.
    """
    if streams is None:
        with NOWHERE.open("r+b", buffering=0) as nowhere:
            return begun(arguments, folder, environment, (nowhere.fileno(),) * 3, session)
    if STARTER is not None:
        from .forked import Forked  # here: run as a program this file is in no package

        settings = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        return Forked(STARTER.address, {**settings, "session": session}, streams)
    command = [sys.executable, "-m", "pytest", *arguments]
    ends = dict(zip(("stdin", "stdout", "stderr"), streams, strict=True))
    options = {"cwd": folder, "env": dict(environment), "start_new_session": session}
    return subprocess.Popen(command, **ends, **options)


def started(arguments: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ) -> Ended:
    """Run ``python -m pytest`` in `folder`; one that does not come to an end is killed."""
    with TemporaryDirectory() as output:
        paths = [Path(output, name) for name in ("out", "err")]
        with NOWHERE.open("rb") as nothing, paths[0].open("wb") as out, paths[1].open("wb") as err:
            streams = [file.fileno() for file in (nothing, out, err)]
            process = begun(arguments, folder, environment, streams)
        try:
            code = process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return Ended(code, *(path.read_text("utf-8", "backslashreplace") for path in paths))


def main() -> None:
    """Import what every run imports, and fork for whoever asks.

    What is there by then is no garbage: else each process looks through it, and has its own copy of it.
    """
    import dask.array  # noqa: F401
    import distributed  # noqa: F401
    import h5netcdf  # noqa: F401
    import pytest  # noqa: F401
    import torchvision  # noqa: F401
    from forked import Forks  # here: what Dask spawns imports this file, and not as a program

    import pytest_brainscore.api
    import pytest_brainscore.harness.hooks
    import pytest_brainscore.workbench

    pytest_brainscore.__doc__ = "PYTEST_DONT_REWRITE"  # else pytest warns that it was imported before
    name = f"pytest-brainscore-{os.getpid()}"
    forks = Forks(f"\0{name}")
    gc.collect()
    gc.freeze()
    print(name, flush=True)
    forks.serve(sys.stdin)


if __name__ == "__main__":
    main()
