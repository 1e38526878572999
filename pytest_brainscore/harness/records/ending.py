"""The end of a run: whether it was whole, the baselines that it leaves, and what its items took."""

from __future__ import annotations

import platform

import pytest

from ...specs.cases import load_cases
from ...suite import files_in
from ..guards.update import Outcome, locked, prune, update
from ..run import Run
from ..watching import forecast, ledger

_PARTIAL = (
    *("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise"),
    *("brainscore_layers", "brainscore_shard"),
)
_ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


def update_baselines(run: Run, session: pytest.Session, exitstatus: int) -> None:
    """Write the baselines that this run was asked to; a run that was cut short writes none."""
    if run.settings.update is None or run.is_worker:
        return
    why = cut_short(run, session, exitstatus)
    outcome = (
        Outcome(problems=[f"no baseline is updated: {why}"]) if why else _updated(run, session, exitstatus)
    )
    run.updated, run.new, run.pruned = outcome.changed, outcome.new, tuple(outcome.pruned)
    run.book.problems += outcome.problems


def cut_short(run: Run, session: pytest.Session, exitstatus: int) -> str | None:
    """Why items are missing from this run; None where it ended by itself."""
    if run.crashed:
        return "a worker crashed"
    if stopped := session.shouldfail or session.shouldstop:
        return f"the run was cut short ({stopped})"
    if exitstatus not in _ENDED:
        return "the run was cut short"
    return f"{run.missing} item(s) did not run" if run.missing else None


def is_full(run: Run, config: pytest.Config, exitstatus: int) -> bool:
    """Whether everything of the suite ran, and nothing failed."""
    partial = any(getattr(config.option, name, None) for name in _PARTIAL) or run.settings.layers
    named = config.args_source == config.ArgsSource.ARGS
    return exitstatus == pytest.ExitCode.OK and not (partial or named or run.deselected)


def is_empty_share(run: Run, exitstatus: int) -> bool:
    """Whether a shard had nothing to do, which is no mistake: there are more shards than models to score."""
    spared = bool(run.deselected) or not run.candidates
    return run.settings.shard is not None and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and spared


def is_spoilt(run: Run) -> bool:
    """Whether a run without failures is not green: something was not written, or skipped under strict."""
    return bool(run.book.problems or skipped_under_strict(run))


def skipped_under_strict(run: Run) -> int:
    """How many items were skipped where that is not allowed."""
    strict = run.settings.guard == "strict"
    return sum(row.status == "skipped" for row in run.book.rows.values()) if strict else 0


def keep_times(run: Run) -> None:
    """Note in the ledger what the items of this run took on this machine."""
    from ...data.fetch import Fetcher  # requests: only where a run has measured something

    if run.book.rows and not run.is_worker:
        cache, models = Fetcher.from_environment().cache, forecast.digests(run.candidates)
        fetched = bool(run.outlook and run.outlook.lacks)
        here = [row for row in run.book.rows.values() if row.host in (None, platform.node())]
        ledger.write(cache, here, models, fetched)


def _updated(run: Run, session: pytest.Session, exitstatus: int) -> Outcome:
    from ...data.fetch import Fetcher

    settings = run.settings
    try:
        with locked(settings.suite, Fetcher.from_environment().cache):
            outcome = update(run.book.rows.values(), settings.update or "new", settings.root)
            full = not outcome.problems and is_full(run, session.config, exitstatus)
            if settings.update == "all" and full:
                prune(settings.suite, _benchmarks(run), run.knows, outcome)
            return outcome
    except OSError as why:
        return Outcome(problems=[f"no baseline is updated: {why}"])


def _benchmarks(run: Run) -> set[str]:
    """Names of all benchmarks of the suites."""
    return {case.name for folder in run.suites for path in files_in(folder) for case in load_cases(path)}
