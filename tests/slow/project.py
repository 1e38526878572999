"""The project that faults are made in: two small networks, three benchmarks, files behind a server."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5netcdf

import pytest_brainscore.api
import pytest_brainscore.harness.hooks  # noqa: F401 - children inherit what is imported here
from pytest_brainscore.specs.results import Row
from pytest_brainscore.specs.results import Run as RunSpec

from .children import Child, Ended, scoring
from .faults import Violation, require
from .stages import Stage

MODELS = ("small", "wide")
UPDATE = "--brainscore-update=new"
_NUMBERS = (
    "raw",
    "error",
    "ceiling",
    "ceiling_error",
    "ceiled",
    "splits",
    "also",
    "targets",
    "left_out",
    "digests",
)
_REPORTED = re.compile(r"^(\S+::\S+::\S+) (?:PASSED|FAILED) ", re.MULTILINE)
_DAY = re.compile(r'("date": |"check": )"[^"]*"')  # the check is of the line with its date
_NEVER_SAID = ("Traceback (most recent call last)", "INTERNALERROR")

FILES = {"images.zip": "IMAGES", "responses.npy": "RESPONSES", "wide.safetensors": "WEIGHTS"}


@dataclass(frozen=True)
class Place:
    """What all faults start from: files behind a server, projects to copy, and the scores that are right.

    stages: how long each stage of an undisturbed run takes, and how many files it touches, per entry.
    """

    data: Path
    hashes: Mapping[str, str]
    url: str
    cold: Path
    warm: Path
    right: Mapping[tuple[str, str], dict[str, Any]]
    old_baselines: Mapping[str, str]
    new_baselines: Mapping[str, str]
    stages: Mapping[str, list[Stage]]
    seconds: float


_place: list[Place] = []


def place() -> Place:
    """What `prepare` made."""
    return _place[0]


def hold(made: Place) -> None:
    """From now on faults start from this."""
    _place[:] = [made]


@dataclass(frozen=True)
class Project:
    """A user's project in a folder, with its own cache."""

    root: Path

    @classmethod
    def cold(cls, folder: Path) -> Project:
        """A project whose cache is empty; its server is plain and fast."""
        return cls._copy(place().cold, folder)

    @classmethod
    def warm(cls, folder: Path) -> Project:
        """A project that was scored before: files, unpacked images and activations are cached.

        It has baselines of the model `small`.
        """
        return cls._copy(place().warm, folder)

    @classmethod
    def _copy(cls, template: Path, folder: Path) -> Project:
        shutil.copytree(template, folder / "project", symlinks=True)
        return cls(folder / "project")

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def baselines(self) -> Path:
        return self.root / "benchmarks" / "baselines"

    def lines(self) -> dict[str, str]:
        """The files of the baselines, by name, as if all were written on one day."""
        paths = sorted(self.baselines.glob("*.json"))
        return {path.name: _DAY.sub(r"\1", path.read_text()) for path in paths}

    def served(self, manner: str, *names: str) -> Project:
        """From now on the server has another manner (see `server`), for all files or for those named."""
        for path in (self.root / "models.yaml", self.root / "benchmarks" / "own.yaml"):
            text = path.read_text()
            for name in names or FILES:
                text = re.sub(rf"/\w+/{re.escape(name)}", f"/{manner}/{name}", text)
            path.write_text(text)
        return self

    def start(
        self, *arguments: str, before: Callable[[], object] | None = None, reports: str = "reports"
    ) -> Child:
        """Begin to score both models on all benchmarks."""
        named = () if any(a.startswith("--models") for a in arguments) else (f"--models={','.join(MODELS)}",)
        return scoring(self.root, f"--brainscore-reports={reports}", *named, *arguments, before=before)

    def score(
        self, *arguments: str, before: Callable[[], object] | None = None, reports: str = "reports"
    ) -> Ended:
        """Score both models on all benchmarks."""
        return self.start(*arguments, before=before, reports=reports).wait()

    def rows(self, reports: str = "reports") -> dict[tuple[str, str], Row]:
        """The rows of results.jsonl of all runs there, the last of each benchmark and model.

        Raises Violation for a line that is no row, except one at the end that a kill cut off.
        """
        found = [
            row for path in sorted((self.root / reports).glob("*/results.jsonl")) for row in read_rows(path)
        ]
        return {(row.benchmark, row.model): row for row in found}


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a results.jsonl; raises Violation for a whole line that is none."""
    *lines, _cut_off = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        try:
            yield Row.model_validate_json(line)
        except ValueError:
            raise Violation(f"{path.name}:{number} is no row: {line[:60]}...") from None


def check_said(ended: Ended, where: str = "", besides: tuple[str, ...] = ()) -> None:
    """Nothing that a run printed is a traceback or an error within pytest, nor what is named `besides`."""
    for words in (*_NEVER_SAID, *besides):
        require(words not in ended.text, f"{where}{words}: {_around(ended.text, words)}")


def check_rows(project: Project, ended: Ended, reports: str = "reports") -> int:
    """What a run leaves is whole and right, whatever happened to it; returns how many rows there are.

    Every row that it reported is in results.jsonl, every score is the right one, its values lie beside it,
    results.json is whole where there is one, and nothing it printed is a traceback.
    """
    check_said(ended, besides=("Exception ignored",))
    rows = project.rows(reports)
    reported = set(_REPORTED.findall(ended.text))
    lost = reported - {row.node for row in rows.values()}
    require(not lost, f"reported as finished, and not in results.jsonl: {sorted(lost)}")
    for key, row in rows.items():
        if row.status == "scored":
            check_score(key, row)
            check_values(project.root / reports, row)
    for path in (project.root / reports).glob("*/results.json"):
        check_document(path)
    return len(reported)


def check_score(key: tuple[str, str], row: Row) -> None:
    """The row has the numbers of the undisturbed run, to the last bit."""
    found, right = numbers(row), place().right[key]
    wrong = [name for name in right if found[name] != right[name]]
    require(
        not wrong,
        f"{key} has wrong numbers: {', '.join(f'{n} {found[n]} != {right[n]}' for n in wrong)}"[:400],
    )


def check_values(reports: Path, row: Row) -> None:
    """The netCDF that a row names is there and can be read, or the row says why there is none."""
    if row.values is None:
        require(
            any("could not be written" in note for note in row.notes),
            f"{row.node}: no values, and no word why",
        )
        return
    files = list(reports.glob(f"*/{row.values}"))
    require(files, f"{row.values} is named in a row, and not there")
    for file in files:
        with h5netcdf.File(file, "r") as opened:
            require(len(opened.variables) > 0, f"{row.values} is empty")


def check_document(path: Path) -> None:
    """A results.json is whole, and has no other scores than the right ones."""
    try:
        document = RunSpec.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError as why:
        raise Violation(f"{path.name} is torn: {why}") from why
    for row in document.results:
        if row.status == "scored":
            check_score((row.benchmark, row.model), row)


def check_baselines(project: Project) -> None:
    """Each baseline is the old file or the new one, whole; none is missing."""
    found = project.lines()
    for name, old in place().old_baselines.items():
        require(name in found, f"{name} is gone")
        right = (old, place().new_baselines[name])
        require(found[name] in right, f"{name} is neither the old nor the new file")


def check_next(project: Project, *arguments: str) -> None:
    """The next run, undisturbed, succeeds and gives the right scores, whatever was left behind."""
    ended = project.score(*arguments, reports="again")
    require(ended.code == 0, f"the next run ends with {ended.code}: {_tail(ended.text)}")
    check_rows(project, ended, "again")
    missing = set(place().right) - set(project.rows("again"))
    require(not missing, f"the next run lacks {sorted(missing)}")
    if UPDATE in arguments:
        found = project.lines()
        require(found == place().new_baselines, f"the next run leaves other baselines: {sorted(found)}")


def check_told(ended: Ended, *causes: str) -> None:
    """The run did not succeed, and what it printed has all these words (regular expressions)."""
    require(ended.code > 0, f"it ends with {ended.code}, as if nothing were wrong: {_tail(ended.text)}")
    for cause in causes:
        require(re.search(cause, ended.text), f"it does not say {cause}: {_tail(ended.text)}")


def numbers(row: Row) -> dict[str, Any]:
    """What of a row does not depend on when and where it was made."""
    said = row.model_dump(mode="json")
    return {name: said[name] for name in _NUMBERS}


def _around(text: str, words: str) -> str:
    return text.partition(words)[2][:3000].strip()[-400:]


def _tail(text: str) -> str:
    return text.strip()[-600:]
