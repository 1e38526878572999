"""One browser for the session, and one report of results that nobody measured."""

from __future__ import annotations

import os

import pytest

from pytest_brainscore.report.page.build import titled
from pytest_brainscore.report.page.build import write as write_page
from pytest_brainscore.report.page.reading import evidence_of
from pytest_brainscore.report.sections import history, leaderboard

from . import results
from .chromium import opened

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 375, "height": 800}


@pytest.fixture(scope="session")
def browser():
    """Chromium; where none can be had CI fails, and others skip."""
    made = opened()
    try:
        found = made.__enter__()
    except Exception as why:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no browser: {why}")
    yield found
    made.__exit__(None, None, None)


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """The page of 12 models on 8 benchmarks, over two runs."""
    project = tmp_path_factory.mktemp("project")
    for day in (18, 21):
        run = results.write(project, f"run{day}", f"2026-11-{day}T05:00:00+00:00", run=day)
    evidence = evidence_of([run], project=project)
    sections = [made for make in (leaderboard, history) if (made := make.section(evidence))]
    folder = project / "page"
    folder.mkdir()
    write_page(folder, evidence, sections, titled(evidence))
    return folder / "index.html"


class Visit:
    """A page that is open, with all that it said and asked for."""

    def __init__(self, tab, file):
        self.tab, self.said, self.asked = tab, [], []
        tab.on("console", lambda message: self.said.append(message.text))
        tab.on("pageerror", lambda error: self.said.append(str(error)))
        tab.route("**/*", self._answered)
        tab.goto(file.as_uri())
        tab.wait_for_selector("tbody.models td button")

    def _answered(self, route):
        self.asked.append(route.request.url)
        route.continue_() if len(self.asked) == 1 else route.abort()


@pytest.fixture
def visit(browser, report):
    """Open the report: visit(viewport, scheme). At the end it has said nothing, and asked for one file."""
    visits = []

    def open_report(viewport=WIDE, scheme="light", file=report):
        context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        visits.append((context, Visit(context.new_page(), file)))
        return visits[-1][1].tab

    yield open_report
    for context, one in visits:
        hacked = one.tab.evaluate("window.hacked")
        context.close()
        assert (one.said, hacked) == ([], None)
        assert [url.rpartition("/")[2] for url in one.asked] == ["index.html"]
