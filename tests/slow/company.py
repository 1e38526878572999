"""Company: something odd beside what is in order, and what may come of both."""

from __future__ import annotations

import random
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

from pytest_brainscore.specs.results import Row

from .children import Ended
from .faults import require
from .project import Project, check_next, check_said, check_score, check_values, numbers, place

ODD = "Odd"
"""The id of the odd data set."""

_CANARY = "ran"


def with_odd_data(project: Project) -> Path:
    """Add a second data set with the same images and responses, in a folder of its own: that folder."""
    folder = project.root / "benchmarks" / "odd"
    with zipfile.ZipFile(place().data / "images.zip") as archive:
        archive.extractall(folder)
    shutil.copy2(place().data / "responses.npy", folder / "responses.npy")
    text = (project.root / "benchmarks" / "own.yaml").read_text().replace("id: Own", f"id: {ODD}")
    text = re.sub(r"images: \{[^}]*\}", "images: odd/stimuli", text)
    text = re.sub(r"file: \{[^}]*\}", "file: odd/responses.npy", text)
    (project.root / "benchmarks" / "odd.yaml").write_text(text)
    return folder


def with_odd_model(project: Project, entry: str, code: str, *, preprocess: bool = True) -> None:
    """Add a model `odd`: a line of models.yaml, and what stands in its module."""
    (project.root / "odd_nets.py").write_text(code)
    eyes = ", preprocess: {size: 16}" if preprocess else ""
    with (project.root / "models.yaml").open("a") as file:
        file.write(f"odd: {{{entry}, layers: {{V4: '1', IT: '3'}}{eyes}}}\n")


def check_company(project: Project, ended: Ended, reports: str = "reports") -> list[Row]:
    """All that is in order has the right scores, nothing that came along ran; returns the odd rows."""
    check_said(ended)
    rows = project.rows(reports)
    missing = set(place().right) - set(rows)
    require(not missing, f"rows of what is in order are missing: {sorted(missing)}: {ended.text[-600:]}")
    for key in place().right:
        require(rows[key].status == "scored", f"{key} has no score: {rows[key].message}")
        check_score(key, rows[key])
        check_values(project.root / reports, rows[key])
    check_nothing_ran(project)
    return [row for key, row in rows.items() if key not in place().right]


def check_nothing_ran(project: Project) -> None:
    """No code that a data file brought has left its mark, neither here nor above."""
    marks = [path for folder in (project.root, project.root.parent) for path in folder.rglob(_CANARY)]
    require(not marks, f"code ran, or a file was written: {marks}")


def check_refused(rows: list[Row], *causes: str) -> None:
    """None of the odd rows has a score, and each says why (regular expressions), in one line."""
    require(rows, "there is no odd row: nothing was refused")
    for row in rows:
        require(row.status == "error", f"{row.node} has a score, made of what is odd")
        for cause in causes:
            require(re.search(cause, row.message or ""), f"{row.node} does not say {cause}: {row.message}")


def check_alike(rows: list[Row], **alike: str) -> None:
    """The odd rows have the scores of what they are like: `benchmark` or `model` says of which."""
    require(rows, "there is no odd row")
    for row in rows:
        require(row.status == "scored", f"{row.node} has no score: {row.message}")
        like = (row.benchmark.replace(ODD, alike.get("benchmark", ODD)), alike.get("model", row.model))
        found, right = _scores(numbers(row)), _scores(place().right[like])
        require(found == right, f"{row.node}: {found} is not as of {like}: {right}"[:500])


def check_afterwards(rng: random.Random, project: Project) -> None:
    """Without what was odd the project scores as ever; asked of every third project, since it takes a run."""
    if rng.random() > 1 / 3:
        return
    (project.root / "benchmarks" / "odd.yaml").unlink(missing_ok=True)
    check_next(project)


def _scores(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in ("raw", "error", "ceiling", "ceiled", "splits")}
