"""The record of a run: a line of results.jsonl as each item ends, results.json when all have."""

from __future__ import annotations

import datetime
import json
import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from ..specs.results import Row
from ..specs.results import Run as RunSpec
from . import run
from .items import ScoreItem

PAYLOAD = "brainscore"
LIBRARIES = ("pytest-brainscore", "pytest", "torch", "torchvision", "timm", "numpy", "scikit-learn")


class Record:
    """Rows in order of arrival, written down at once so that a killed run keeps what it finished."""

    def __init__(self, folder: Path, copy_to: Path | None, command: Sequence[str]) -> None:
        self.folder, self.copy_to = folder, copy_to
        self.command = tuple(str(word) for word in command)
        self.rows: dict[tuple[str, str, str], Row] = {}
        self.started = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()

    def add(self, row: Row) -> None:
        """Append the row to results.jsonl; a rerun of the same key replaces it in results.json."""
        self.rows[row.key()] = row
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "results.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(row.model_dump_json() + "\n")

    def close(self, complete: bool) -> None:
        """Write results.json, and its copy where one was asked for."""
        document = RunSpec(
            run=self.folder.name,
            started=self.started.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - self._clock, 3),
            command=self.command,
            complete=complete,
            versions=versions(),
            results=tuple(self.rows.values()),
        )
        text = json.dumps(document.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"
        for path in (self.folder / "results.json", self.copy_to):
            if path is not None:
                _write_whole(path, text)


def attach(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Put the row of an item that is done on its report, and flat numbers into JUnit's properties."""
    if not isinstance(item, ScoreItem) or not _is_last(report):
        return
    row = _row(item, call, report)
    report.user_properties.extend(_properties(row))
    setattr(report, PAYLOAD, row.model_dump(mode="json"))


def write(report: pytest.TestReport, this: run.Run | None = None) -> None:
    """Take the row that a report carries into the record (on the controller under xdist)."""
    payload = getattr(report, PAYLOAD, None)
    if payload is not None and this is not None and not this.is_worker:
        this.record.add(row_of(payload))


def row_of(payload: dict[str, Any]) -> Row:
    """The row that travelled as plain JSON."""
    return Row.model_validate_json(json.dumps(payload))


def finish(this: run.Run, exitstatus: int) -> None:
    """Close the record where anything ran; a run cut short says so."""
    if this.record.rows and not this.is_worker:
        this.record.close(complete=exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED))


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that make the numbers."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _is_last(report: pytest.TestReport) -> bool:
    return report.when == "call" or (report.when == "setup" and report.outcome != "passed")


def _row(item: ScoreItem, call: pytest.CallInfo[None], report: pytest.TestReport) -> Row:
    case, score = item.case, item.score
    common: dict[str, Any] = {
        "benchmark": case.name,
        "model": item.candidate.id,
        "dataset": case.dataset.id,
        "region": case.region,
        "metric": case.metric,
        "node": item.nodeid,
        "versions": versions(),
    }
    if score is None:
        status = "skipped" if report.skipped else "error"
        why = str(call.excinfo.value).splitlines()[0] if call.excinfo and str(call.excinfo.value) else None
        digests = {"spec": case.digest}
        return Row(**common, status=status, message=why, layer=item.layer, digests=digests)
    return row_of({**common, **score.to_json(), **score.about, "status": "scored", "values": _values(item)})


def _values(item: ScoreItem) -> str | None:
    """Write the values per split and target beside the results; the name of the file."""
    if item.score is None:
        return None
    folder = run.of(item.config).folder
    folder.mkdir(parents=True, exist_ok=True)
    layer = str(item.score.about.get("layer", ""))
    name = "__".join(_file_name(part) for part in (item.case.name, item.candidate.id, layer)) + ".nc"
    partial = folder / f".{name}.{os.getpid()}"
    item.score.to_xarray().to_netcdf(partial, engine="h5netcdf")
    partial.replace(folder / name)
    return name


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() or c in "._-+" else "_" for c in text)


def _properties(row: Row) -> list[tuple[str, str | float]]:
    names = (
        "benchmark",
        "model",
        "layer",
        "region",
        "metric",
        "raw",
        "error",
        "ceiling",
        "ceiled",
        "verdict",
    )
    found = {name: getattr(row, name) for name in (*names, "device")}
    return [(name, value) for name, value in found.items() if value is not None]


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
