"""Time a page of 500 models x 60 benchmarks: making it, and opening it: ``python -m tests.speed.opening``."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from pytest_brainscore.report.page.build import build
from pytest_brainscore.report.page.reading import evidence_of
from tests.browser.chromium import opened
from tests.browser.results import write

TIMED = """(act) => {
  const start = performance.now();
  eval(act);
  document.body.offsetHeight;
  return performance.now() - start;
}"""
DRAWN = "tbody.models td button"


def main(models: int = 500, benchmarks: int = 60, runs: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        run = write(project, models=models, columns=benchmarks)
        evidence = evidence_of([run], history=[], project=project)
        start = time.perf_counter()
        page = build(evidence, project / "page")
        print(f"{models} models x {benchmarks} benchmarks: made in {time.perf_counter() - start:.1f} s")
        print(f"index.html: {page.stat().st_size / 1e6:.1f} MB")
        with opened() as browser:
            every = [once(browser, page) for _ in range(runs)]
            for name, seconds in zip(("opened", "of it computing"), zip(*every, strict=True), strict=True):
                print(f"{name}, seconds, {runs} runs: min {min(seconds):.2f}, median {median(seconds):.2f}")
            acts(browser, page)


def once(browser, page):
    """Seconds from navigation until the table is drawn and a frame was painted; those of its thread alone."""
    with browser.new_page() as tab:
        told = tab.context.new_cdp_session(tab)
        told.send("Performance.enable", {"timeDomain": "threadTicks"})
        start = time.perf_counter()
        tab.goto(page.as_uri())
        tab.wait_for_selector(DRAWN, state="attached")
        tab.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        seconds = time.perf_counter() - start
        metrics = {one["name"]: one["value"] for one in told.send("Performance.getMetrics")["metrics"]}
        return seconds, metrics["TaskDuration"]


def acts(browser, page):
    """Milliseconds of sorting by a column, of opening a cell for the first time, and of drawing all lines."""
    with browser.new_page() as tab:
        tab.goto(page.as_uri())
        for name, act in ACTS.items():
            print(f"{name}: {tab.evaluate(TIMED, act):.0f} ms")


ACTS = {
    "sorting": "document.querySelectorAll('.scores thead button')[5].click()",
    "opening a cell": "document.querySelector('tbody.models td button').click()",
    "all lines, for printing": "dispatchEvent(new Event('beforeprint'))",
}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
