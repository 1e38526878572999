"""Interrupts: Ctrl-C and SIGTERM at any time from the first item on."""

from __future__ import annotations

import json
import random
import re
import signal
import time
from pathlib import Path

from ..children import Ended, tell
from ..faults import KEPT, RECOVERED, Outcome, kind, require
from ..project import UPDATE, Project, check_baselines, check_next, check_rows, place
from ..stages import at_entry

_LAST_WORDS = re.compile(r"^=+ .* in [\d.]+s =+$", re.MULTILINE)


def _signalled(rng: random.Random, project: Project, number: int, *arguments: str) -> Ended:
    """Send a signal at a random time after collection; half of the time near the end."""
    stage = rng.choice(("plan", "plan", "row", "update", "finish"))
    nth = rng.randint(1, len(place().stages["row"])) if stage == "row" else 1
    child = project.start(*arguments, before=lambda: at_entry(stage, nth, tell))
    require(child.reached(), f"the stage {stage} is not entered {nth} time(s)")
    time.sleep(rng.uniform(0, place().seconds if stage == "plan" else 0.05))
    child.send(number)
    return child.wait()


def _without_end_of_pytest(project: Project, ended: Ended) -> Ended:
    """Once all is written, Ctrl-C finds pytest at its last words or after them: it shows a traceback."""
    before, found, _ = ended.text.partition("Traceback (most recent call last)")
    written = next((project.root / "reports").glob("*/results.json"), None)
    at_its_end = ended.code == 130 or _LAST_WORDS.search(before)
    if not (found and at_its_end and written):
        return ended
    return Ended(0 if json.loads(written.read_text())["complete"] else 2, before, ended.seconds)


@kind("ctrl-c", "Ctrl-C at any time of scoring and of writing results and baselines", share=2)
def ctrl_c(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.warm, Project.warm))(folder)
    arguments = rng.choice([(), (UPDATE,)])
    ended = _signalled(rng, project, signal.SIGINT, *arguments)
    ended = _without_end_of_pytest(project, ended)
    reported = check_rows(project, ended)
    require(ended.code in (0, 2), f"it ends with {ended.code}: {ended.text[-600:]}")
    documents = list((project.root / "reports").glob("*/results.json"))
    require(documents or not project.rows(), "there are rows, and no results.json")
    whole = len(project.rows()) == len(place().right)
    for path in documents:
        complete = json.loads(path.read_text())["complete"]
        require(
            complete == (ended.code == 0) or whole, f"complete: {complete}, and the exit code is {ended.code}"
        )
    if (project.baselines).is_dir():
        check_baselines(project)
    check_next(project)
    return RECOVERED if ended.code == 0 else KEPT if reported else RECOVERED


@kind("sigterm", "SIGTERM, as batch systems send it, at any time of scoring and writing")
def sigterm(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    ended = _signalled(rng, project, signal.SIGTERM, UPDATE)
    reported = check_rows(project, ended)
    require(ended.code in (0, -signal.SIGTERM), f"it ends with {ended.code}: {ended.text[-600:]}")
    check_baselines(project)
    check_next(project, UPDATE)
    return KEPT if reported else RECOVERED
