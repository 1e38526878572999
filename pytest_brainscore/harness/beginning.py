"""The beginning of a run: what the options and the project say, as the run that the hooks share."""

from __future__ import annotations

import datetime
import os
import secrets
from typing import Any

import pytest

from .. import suite
from ..errors import SelectionError, SpecError
from ..suite import composites, selection
from . import options
from .records.book import Book
from .run import WORKER_INPUT, Run
from .shards import Shard
from .suites import choose, refuse_to_write_shipped
from .watching import status
from .workers import team


def begin(config: pytest.Config) -> Run:
    """Make the run of this session, and let it collect the suite where no path is given.

    Raises pytest.UsageError where models, composites or settings cannot be read.
    """
    settings = options.settings(config)
    refuse_to_write_shipped(settings)
    suites = (settings.suite, suite.benchmarks())
    try:
        composed = composites.composites(suites)
        composites.refuse_unknown_parts(suites)
        zoo = suite.zoo(settings.root, settings.suite.parent)
        selected = selection.select(settings.models, zoo, settings.root)
    except (SelectionError, SpecError) as why:
        raise pytest.UsageError(str(why)) from None
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    run_id = worker_input[WORKER_INPUT] if worker_input else _new_id(settings.shard)
    _register_mark(config)
    choose(config, suites)
    candidates = settings.shard.of(selected) if settings.shard else selected
    asked, mine = ([one.id for one in some] for some in (selected, candidates))
    share = settings.shard.share(mine) if settings.shard else None
    book = Book(settings.reports / run_id, settings.json, config.invocation_params.args, asked, share)
    elsewhere = frozenset(asked) - set(mine)
    is_worker, place = worker_input is not None, team.place(config)
    run = Run(settings, candidates, suites, run_id, is_worker, book, elsewhere, composed, place=place)
    run.status = status.of(config)
    return run


def _register_mark(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "brainscore(model, benchmark, dataset, region, metric): an item that scores a model"
    )


def _new_id(shard: Shard | None) -> str:
    """Date, time, process and chance: clocks go back, and containers count processes from one."""
    now = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    return f"{now}-{os.getpid()}-{secrets.token_hex(2)}" + (
        f"-{shard.number}of{shard.count}" if shard else ""
    )
