"""Starts pytest in processes that are forked from one which has torch imported, and so start at once.

Run as a program it reads a line of JSON for each process to start, and answers with a line when it has ended.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .forked import Forks

PATIENCE_S = 300


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

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ
    ) -> Ended:
        """Run ``python -m pytest`` in `folder`."""
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, __file__]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        with TemporaryDirectory() as output:
            self._process.stdin.write(json.dumps({**asked, "output": output}) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return Ended(code, *(Path(output, name).read_text("utf-8") for name in ("out", "err")))


STARTER = Starter() if sys.platform == "linux" else None
"""What forks the runs of all tests of this process; None where processes cannot be forked safely."""


def started(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run ``python -m pytest``: forked where that is safe, else as a new Python."""
    if STARTER is not None:
        return STARTER.run(arguments, folder, environment)
    command = [sys.executable, "-m", "pytest", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def main() -> None:
    """Import what every run imports, then fork for each line of the input."""
    import h5netcdf  # noqa: F401
    import pytest  # noqa: F401
    import torchvision  # noqa: F401
    from forked import Forks  # here: what Dask spawns imports this file, and not as a program

    import pytest_brainscore.api
    import pytest_brainscore.harness.hooks
    import pytest_brainscore.workbench

    pytest_brainscore.__doc__ = "PYTEST_DONT_REWRITE"  # else pytest warns that it was imported before
    forks = Forks(f"\0pytest-brainscore-{os.getpid()}")  # of no file
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked, forks.address)
        print(_end_of(child, forks), flush=True)


def _end_of(child: int, forks: Forks) -> int:
    """The exit code, or minus the signal; a process that does not come to an end is killed."""
    until = time.monotonic() + PATIENCE_S
    while child not in forks.ended:
        forks.tend()
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.01)
    return forks.ended.pop(child)


def _become(asked: dict[str, Any], workers: str) -> None:
    """In the child: be ``python -m pytest``, and end whatever happens."""
    code = 70
    try:
        _settle(asked)
        import pytest
        from forked import use

        use(workers)

        code = int(pytest.main())
    except SystemExit as why:
        code = why.code if isinstance(why.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _settle(asked: dict[str, Any]) -> None:
    """Take on the folder, the environment, the streams and the arguments of the process to be."""
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(f"{asked['output']}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        stream = open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, f"std{name}", stream)
        setattr(sys, f"__std{name}__", stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.path[0] = asked["folder"]
    sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    import pytest

    sys.argv = [str(Path(pytest.__file__).with_name("__main__.py")), *asked["arguments"]]


if __name__ == "__main__":
    main()
