"""The hooks of a run that scores models: a table of contents of what is done where."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from . import items, keywords, schedule
from .interrupts import heeded, uninterrupted
from .records import ending, markdown, record, table
from .run import Run
from .watching.live import Live
from .workers import crash, dealing
from .workers.balance import ByModel

Status = tuple[str, str, str | tuple[str, dict[str, bool]]]


class Hooks:
    """Registered only where a run names models."""

    def __init__(self, run: Run) -> None:
        self.run, self.live = run, Live(run)
        self.terminal: pytest.TerminalReporter | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Know the terminal, where there is one."""
        self.terminal = session.config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Tell an xdist worker which run it belongs to."""
        self.run.tell_worker(node)
        self.live.tell_worker(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        """Hear how an xdist worker ended."""
        self.run.hear_worker(node, error)
        self.live.forget_worker(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Learn from a worker which items there are."""
        self.run.hear_collection(ids)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> ByModel | None:
        """Keep a model on one worker, where the user did not choose how to deal items out."""
        return dealing.scheduler(config, self.run)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: pytest.TestReport) -> None:
        """Give the item that a worker died in its row; it is done."""
        crash.note(report, self.run)
        self.live.crashed(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Show the live line while items run, and lose no Ctrl-C."""
        with heeded(), self.live.shown(session.config):
            return (yield)

    def pytest_enter_pdb(self) -> None:
        """Leave the terminal to the debugger."""
        self.live.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note that an item begins: only such a one can have crashed a worker."""
        if not self.run.begun:
            schedule.announce(self.run, self.terminal)
        self.run.begun.add(nodeid)
        self.live.begin(nodeid)

    def pytest_runtest_logfinish(self) -> None:
        """Note that no item runs."""
        self.run.status.end()

    def pytest_report_header(self) -> list[str]:
        """Say what is scored, and on which device."""
        return self.run.header()

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Take the benchmark files of a suite folder."""
        return items.collect(file_path, parent, self.run)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Read our names in ``-k`` exactly, before pytest deselects."""
        keywords.make_exact(config, items, self.run)

    @pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
    def pytest_order_items(self, items: list[pytest.Item]) -> None:
        """Bring the items of one model together, and of one stimulus set within it."""
        schedule.order(items)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count what is left out: such a run prunes no baseline."""
        self.run.deselected += len(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Fix the plan, before the terminal reports it: which layers of which model see which stimuli."""
        schedule.plan(session.items, self.run)

    def pytest_report_collectionfinish(
        self, config: pytest.Config, items: Sequence[pytest.Item]
    ) -> list[str]:
        """Say how ``-k`` was read and how much there is to do."""
        misread = () if items else keywords.misread(config.option.keyword, self.run.keywords_known)
        return [*keywords.report(self.run), *misread, *(self.run.outlook.lines() if self.run.outlook else ())]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send the result along with the report, so that it arrives from a worker too."""
        report = yield
        record.attach(item, call, report, self.run)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the result down as soon as it is there, and before the terminal says so."""
        record.write(report, self.run)
        self.live.note(report)

    @pytest.hookimpl(trylast=True, specname="pytest_runtest_logreport")
    def pytest_runtest_logcrash(self, report: pytest.TestReport) -> None:
        """End an item that a worker died in, once all have heard of it."""
        crash.end(report)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> Status | None:
        """Show the score in the line of a verbose run; the summary has pytest's words."""
        return None if self.run.ended else table.status(report)

    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Let go of a network that the next item does not need."""
        items.release(item, nextitem, self.run)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print models by benchmarks."""
        table.summarise(terminalreporter, self.run)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write baselines and results.json; a run that could not, or skipped under strict, is not green."""
        self.run.ended = True
        self.run.answer_controller(session.config)
        try:
            with uninterrupted():
                ending.update_baselines(self.run, session, exitstatus)
                record.finish(self.run, exitstatus)
                markdown.append(self.run, session, exitstatus)
            if exitstatus == pytest.ExitCode.OK and ending.is_spoilt(self.run):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
            elif ending.is_empty_share(self.run, exitstatus):
                self.run.idle, session.exitstatus = True, pytest.ExitCode.OK
            ending.keep_times(self.run)
        finally:
            self.run.close()
