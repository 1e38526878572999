"""The record of an item: its row, sent along with its report and written into the book."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from ...analysis.composites import compose
from ...data.disk import write_whole
from ...specs.base import digest_of
from ...specs.results import LayerScores, Row
from ...suite import composites
from ..items import ScoreItem
from ..run import Run
from .rows import row_of, unscored

if TYPE_CHECKING:
    from ...scores import Score

PAYLOAD = "brainscore"
_DIMENSIONALITIES = ("dimensionality", "dimensionality_corrected")


def attach(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, run: Run) -> None:
    """Put the row of an item that is done on its report, and flat numbers into JUnit's properties."""
    if not isinstance(item, ScoreItem) or not _is_last(report):
        return
    row = _row(item, call, report, run.folder)
    item.user_properties.extend(properties(row))  # JUnit takes them from the teardown's report
    setattr(report, PAYLOAD, row.model_dump(mode="json"))


def write(report: pytest.TestReport, run: Run) -> None:
    """Take the row that a report carries into the record (on the controller under xdist)."""
    payload = getattr(report, PAYLOAD, None)
    if payload is not None and not run.is_worker:
        run.book.add(row_of(payload))


def finish(run: Run, exitstatus: int) -> None:
    """Close the record where anything ran; a run that is cut short or lacks an item says so."""
    if run.book.results and not run.is_worker:
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        composed = compose(run.composites, run.book.results, partial(composites.species, run.suites))
        run.book.close(complete=ended and not run.missing, composites=composed)


def _is_last(report: pytest.TestReport) -> bool:
    return report.when == "call" or (report.when == "setup" and report.outcome != "passed")


def _row(item: ScoreItem, call: pytest.CallInfo[None], report: pytest.TestReport, folder: Path) -> Row:
    if item.row is None or item.score is None or report.when != "call":
        status: Literal["skipped", "error"] = "skipped" if report.skipped else "error"
        why = str(call.excinfo.value).splitlines()[0] if call.excinfo and str(call.excinfo.value) else None
        return unscored(item.case, item.candidate.id, item.nodeid, item.layer, status, why)
    values, notes = _values(item, item.score, folder)
    told = {
        "values": values,
        "notes": (*item.row.notes, *notes),
        "profile": tuple(map(in_short, item.row.profile)),
    }
    return item.row.model_copy(update=told)


def in_short(layer: LayerScores) -> LayerScores:
    """The same in six significant digits: there are hundreds of layers, and each is in two files."""
    by_subject = {
        side: {subject: _six_digits(score) for subject, score in getattr(layer, side).items()}
        for side in ("train", "test")
    }
    figures = {name: _six_digits(getattr(layer, name)) for name in _DIMENSIONALITIES}
    return layer.model_copy(update={**by_subject, **figures})


def _six_digits(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def _values(item: ScoreItem, score: Score, folder: Path) -> tuple[str | None, list[str]]:
    """Write the values per split and target beside the results: the file's name, or why there is none."""
    layer = str(score.about.get("layer", ""))
    name = values_name(item.case.name, item.candidate.id, layer)
    packed = bytes(score.to_dataset().to_netcdf(engine="h5netcdf"))  # HDF5 itself may crash on a full disk
    try:
        write_whole(folder / name, packed)
    except OSError as why:
        return None, [f"the values per target could not be written: {why}"]
    return name, []


def values_name(*names: str) -> str:
    """The file of values of a benchmark, a model and a layer; a digest where a file cannot be called that.

    >>> values_name("Own.IT-pls", "net", "layer4.1"), values_name("Own.IT-pls", "net", "relu@1")
    ('Own.IT-pls__net__layer4.1.nc', 'Own.IT-pls__net__relu_1-acf23f087d87.nc')
    """
    text = "__".join(names)
    safe = "".join(c if c.isalnum() or c in "._-+" else "_" for c in text)
    return f"{safe}.nc" if safe == text and len(safe) < 180 else f"{safe[:160]}-{digest_of(text)[:12]}.nc"


def properties(row: Row) -> list[tuple[str, str | float]]:
    """The flat figures of a row, as JUnit's properties of its item."""
    shown = (
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
        "delta",
        "device",
    )
    found = {name: getattr(row, name) for name in shown}
    return [(name, value) for name, value in found.items() if value is not None]
