"""Runs as they lie on disk: a folder with results.json, or with results.jsonl alone where it was killed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ..errors import ResultsError
from ..specs.results import Row, Run, Share

DOCUMENT, LINES = "results.json", "results.jsonl"


@dataclass(frozen=True)
class Part:
    """A run that was read.

    file: where its rows come from. complete: whether it ended by itself. models: those that were asked for,
    of all shards (nothing of a killed run is known but its rows). seconds: how long it took, where known.
    """

    file: Path
    rows: tuple[Row, ...]
    complete: bool
    models: tuple[str, ...] = ()
    share: Share | None = None
    started: str | None = None
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The run's id: its folder."""
        return self.file.absolute().parent.name

    @property
    def own_models(self) -> tuple[str, ...]:
        """The models that it was to score itself."""
        return self.share.models if self.share else self.models


def read(path: Path) -> Part:
    """The run of a folder, of a results.json or of a results.jsonl; a last line cut short is left out.

    Raises ResultsError with file (and line) where there is none or it cannot be read.
    """
    file = _file(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as why:
        raise ResultsError(f"{file}: cannot be read ({why.strerror or why})") from None
    except UnicodeDecodeError as why:
        raise ResultsError(f"{file}: is damaged: byte {why.start} is no text; leave this run out") from None
    return _killed(file, text) if file.suffix == ".jsonl" else _ended(file, text)


def newest(reports: Path) -> Path | None:
    """The folder of the run that was written to last, of those in `reports`; None where there is none."""
    files = [*reports.glob(f"*/{DOCUMENT}"), *reports.glob(f"*/{LINES}")]
    return max(files, key=lambda file: (file.stat().st_mtime, file.parent.name)).parent if files else None


def _file(path: Path) -> Path:
    if path.is_file():
        return path
    for name in (DOCUMENT, LINES):
        if (path / name).is_file():
            return path / name
    inner = [] if not path.is_dir() else sorted(path.glob(f"*/{LINES}"))
    hint = f"; name the runs in it: {path}/*" if inner else f": no {DOCUMENT} and no {LINES}"
    raise ResultsError(f"{path}: is no folder of a run{hint}")


def _ended(file: Path, text: str) -> Part:
    try:
        run = Run.model_validate_json(text)
    except ValidationError as why:
        lines = file.with_name(LINES)
        hint = f"; name {lines} for the rows alone" if lines.is_file() else "; leave this run out"
        raise ResultsError(f"{file}: {_wrong(why)}{hint}") from None
    _compare(file, run.results)
    rest = (run.models, run.shard, run.started, run.seconds)
    return Part(file, run.results, run.complete, *rest)


def _compare(file: Path, rows: tuple[Row, ...]) -> None:
    """Raise ResultsError where the results.jsonl beside a results.json has another row of the same key."""
    lines = file.with_name(LINES)
    if lines.is_file():
        written = {row.key(): row for row in read(lines).rows}
        for row in rows:
            other = written.get(row.key(), row)
            if other != row:
                names = [name for name in Row.model_fields if getattr(row, name) != getattr(other, name)]
                raise ResultsError(
                    f"{file}: or {LINES} beside it is damaged: {', '.join(names)} of {row.model} on"
                    f" {row.benchmark} differ; name the file that is right, or leave this run out"
                )


def _killed(file: Path, text: str) -> Part:
    """The rows of a run that left no document; of an item that ran twice, the later row."""
    rows: dict[tuple[str, str, str], Row] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            row = Row.model_validate_json(line)
        except ValidationError as why:
            if number == len(lines):  # no line end: the run was killed while it wrote this one
                break
            raise ResultsError(
                f"{file}:{number}: is no row of results ({_first(why)}); delete the line to go on without it"
            ) from None
        rows[row.item] = row
    seconds = sum(sum(row.seconds.values()) for row in rows.values())
    return Part(file, tuple(rows.values()), complete=False, seconds=seconds)


def _wrong(why: ValidationError) -> str:
    """What a document is that is no run's."""
    said = _first(why)
    if why.errors(include_url=False)[0]["type"] == "json_invalid":
        cut = "cut off" if "EOF" in said else "damaged"
        return f"is {cut}: {said}"
    return f"is no {DOCUMENT} of this release ({said})"


def _first(why: ValidationError) -> str:
    """The first thing that is wrong, and where in the document."""
    error = why.errors(include_url=False)[0]
    place = ".".join(map(str, error["loc"]))
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {said}" if place else said
