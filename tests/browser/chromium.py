"""A real browser: Chromium as it is found on this machine, or as it can be installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE = "BRAINSCORE_BROWSER"
LIMIT = 240


@contextmanager
def opened() -> Iterator:
    """A headless browser for as long as the block; RuntimeError with what was tried where there is none."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = _program(Path(playwright.chromium.executable_path))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def _program(own: Path) -> str:
    """The path of a browser: a named one, the machine's, Playwright's, or one that is installed now."""
    if named := os.environ.get(VARIABLE):
        return named
    return _there(own) or _installed(own)


def _there(own: Path) -> str | None:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or (str(own) if own.is_file() else None)


def _installed(own: Path) -> str:
    tried = []
    for command in _commands():
        said = _run(command)
        if found := _there(own):
            return found
        tried.append(f"{' '.join(command)}: {said}")
    raise RuntimeError(f"no Chromium ({', '.join(NAMES)}; {VARIABLE} names one); tried: {'; '.join(tried)}")


def _commands() -> Iterator[list[str]]:
    yield [sys.executable, "-m", "playwright", "install", "chromium"]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        yield ["apt-get", "update", "-q"]
        yield ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]


def _run(command: list[str]) -> str:
    """The last line that the command said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as why:
        return str(why)
    return ((done.stderr.strip() or done.stdout.strip()).splitlines() or ["nothing"])[-1]
