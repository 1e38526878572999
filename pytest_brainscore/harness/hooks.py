"""The hooks of a run that scores models: a table of contents of what is done where."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from . import keywords, record, run, schedule, table
from .items import collect, release


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, select the models, and collect the suite where no path is given."""
    run.begin(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell an xdist worker which run it belongs to."""
    run.tell_worker(node)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is scored, on which device, and where data are looked for."""
    return run.of(config).header()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the benchmark files of a suite folder."""
    return collect(file_path, parent)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Read our names in ``-k`` exactly, before pytest deselects."""
    keywords.make_exact(config, items)


@pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
def order_items(items: list[pytest.Item]) -> None:
    """Bring the items of one model together, and of one stimulus set within it."""
    schedule.order(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fix the plan: which layers of which model see which stimuli."""
    schedule.plan(session)


def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    """Say how ``-k`` was read and what is going to be done."""
    return [*keywords.report(config), *schedule.report(items)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Send the result along with the report, so that it arrives from a worker too."""
    report = yield
    record.attach(item, call, report)
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write the result down as soon as it is there."""
    record.write(report)


def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str | tuple[str, dict[str, bool]]] | None:
    """Show the score in the line of a verbose run."""
    return table.status(report)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Let go of a network that the next item does not need."""
    release(item, nextitem)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print models by benchmarks."""
    table.summarise(terminalreporter, run.of(config))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write results.json."""
    record.finish(run.of(session.config), exitstatus)
