"""Baselines: the scores that later ones are compared with; a JSON file per benchmark, a line per model."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from ..errors import SpecError
from .base import Spec
from .document import read
from .validation import validate

FORMAT = 1
DECIMALS = 7
EQUAL = 1e-6
"""So far may raw be from the mean of splits, absolutely or relatively: all of them are rounded."""
MARKERS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


class Side(Spec):
    """The benchmark's side of a score: baselines are compared with scores of the same side only."""

    spec: Annotated[str, Field(description="sha256 of the benchmark as written, without guard and prose")]
    metric: Annotated[int, Field(description="version of the metric")] = 1
    stimuli: str
    recordings: str
    ceiling: Annotated[float | None, Field(description="reliability of the data")] = None


class Entry(Spec):
    """One model's score, and what it was made with."""

    raw: float
    error: Annotated[float | None, Field(description="standard error over splits")] = None
    n: Annotated[int, Field(ge=1, description="number of splits")]
    splits: Annotated[tuple[float, ...], Field(min_length=1, description="raw per split")]
    side: Side
    layer: str | None = None
    digests: Annotated[dict[str, str], Field(description="of weights, architecture, preprocessing")] = Field(
        default_factory=dict
    )
    torch: str | None = None
    device: str | None = None
    date: str
    check: Annotated[str | None, Field(description="first digits of the sha256 of the line without it")] = (
        None
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.n != len(self.splits):
            raise ValueError(f"n is {self.n}, and there are {len(self.splits)} splits")
        return self


class Baseline(Spec):
    """One file: an entry per model (``model:layer`` where layers were named)."""

    format: Literal[1] = 1
    benchmark: str
    models: dict[str, Entry] = Field(default_factory=dict)

    def text(self) -> str:
        """The file: a line per model, sorted, numbers with seven decimals."""
        models = [_checked(key, entry) for key, entry in sorted(self.models.items())]
        head = [f'"format": {self.format}', f'"benchmark": {json.dumps(self.benchmark)}']
        return "{\n" + ",\n".join([*head, '"models": {\n' + ",\n".join(models) + "\n}"]) + "\n}\n"


def line(entry: Entry) -> str:
    """The entry as it stands in its line, but for the check."""
    return _json(entry.model_dump(exclude={"check"}))


def _checked(key: str, entry: Entry) -> str:
    """The whole line of a model; its check shows damage to it that is JSON still."""
    return f'{json.dumps(key)}: {line(entry)[:-1]}, "check": "{_check(key, entry)}"}}'


def _check(key: str, entry: Entry) -> str:
    return hashlib.sha256(f"{json.dumps(key)}: {line(entry)}".encode()).hexdigest()[:8]


def load(path: Path, benchmark: str) -> Baseline | None:
    """The baseline of a benchmark; None where there is no such file.

    Raises SpecError with file:line where the file is none: a merge conflict, cut off, of a newer format, or
    with a raw score that is not the mean of its splits.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as why:
        raise SpecError(f"{path}: this baseline cannot be read ({why})") from None
    value = _parsed(text, path)
    if isinstance(value, dict) and isinstance(version := value.get("format"), int) and version > FORMAT:
        raise SpecError(
            f"{path}:{_line_of(text, 'format')}: is of format {version}, and this version reads {FORMAT}:"
            " update pytest-brainscore"
        )
    baseline = _validated(value, path)
    if baseline.benchmark != benchmark:
        raise SpecError(
            f"{path}:{_line_of(text, 'benchmark')}: is the baseline of {baseline.benchmark}, not {benchmark}"
        )
    return baseline.model_copy(update={"models": _as_written(baseline, path, text)})


def _as_written(baseline: Baseline, path: Path, text: str) -> dict[str, Entry]:
    """The entries without their checks, which hold; a line without one is taken if its numbers agree."""
    for key, entry in baseline.models.items():
        if wrong := _fault(key, entry):
            raise SpecError(f"{path}:{_line_of(text, json.dumps(key))}: {key}: {wrong}")
    return {key: entry.model_copy(update={"check": None}) for key, entry in baseline.models.items()}


def _fault(key: str, entry: Entry) -> str | None:
    """What is wrong with a line, and what to do; None where nothing is."""
    if entry.check not in (None, _check(key, entry)):
        return (
            "the line is not as it was written: restore it from version control, or, if the change is meant,"
            " delete its `check`"
        )
    mean = sum(entry.splits) / entry.n
    if math.isclose(entry.raw, mean, rel_tol=EQUAL, abs_tol=EQUAL):
        return None
    return (
        f"raw is {entry.raw:.{DECIMALS}f} and the mean of splits {mean:.{DECIMALS}f}: change raw and each of"
        " splits, or delete the line and run with --brainscore-update new"
    )


def _parsed(text: str, path: Path) -> Any:
    for number, content in enumerate(text.splitlines(), start=1):
        if content.startswith(MARKERS):
            raise SpecError(f"{path}:{number}: a merge conflict: choose a side, or delete both lines")
    try:
        return json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_number)
    except json.JSONDecodeError as why:
        raise SpecError(
            f"{path}:{why.lineno}: not JSON, perhaps cut off ({why.msg}): restore it from version control"
        ) from None
    except _Wrong as why:
        raise SpecError(f"{path}:{_line_of(text, why.word)}: {why}") from None
    except RecursionError:
        raise SpecError(f"{path}:1: is nested too deeply: restore it from version control") from None


class _Wrong(Exception):
    """A word of the file that cannot stand."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Wrong(key, f"{key} is there twice: delete one of the lines")
        found[key] = value
    return found


def _no_number(constant: str) -> Any:
    raise _Wrong(constant, f"{constant} is no score: restore the line from version control")


def _validated(value: Any, path: Path) -> Baseline:
    try:
        return Baseline.model_validate_json(json.dumps(value))
    except ValidationError:
        baseline = validate(Baseline, read(path))  # JSON is YAML, and YAML knows its lines
        raise SpecError(f"{path}: this baseline of {baseline.benchmark} cannot be read") from None


def _line_of(text: str, word: str) -> int:
    """The last line that the word stands in."""
    return max((i for i, content in enumerate(text.splitlines(), 1) if word in content), default=1)


def _json(value: Any) -> str:
    """JSON on one line, floats with a fixed number of decimals."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_json, value)) + "]"
    return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}" if isinstance(value, float) else json.dumps(value)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a baseline."""
    return Baseline.model_json_schema()
