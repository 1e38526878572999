"""``python -m pytest_brainscore``: the commands that score nothing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from . import __version__
from .errors import BrainScoreError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, or 2 where it could not be done."""
    from .commands import commands

    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser("python -m pytest_brainscore", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    chosen = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands(arguments):
        name = command.__name__.rsplit(".", 1)[-1].rstrip("_")
        sub = chosen.add_parser(
            name, help=(command.__doc__ or "").splitlines()[0], description=command.__doc__
        )
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    options = parser.parse_args(arguments)
    try:
        status = int(options.run(options) or 0)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # who reads has enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except BrainScoreError as why:
        print(why, file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
