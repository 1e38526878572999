"""The text of a score that its guard fails: what fell, how far, what else changed, how to accept it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...guard import Verdict, in_se
from ...specs.baselines import Entry
from ...specs.cases import Case
from ...specs.results import Row
from ..paths import below
from .watch import Watch


def text(row: Row, verdict: Verdict, watch: Watch, config: pytest.Config) -> str:
    """The whole text; its first line stands alone in JUnit and in the short summary."""
    case, old = watch.case, watch.old
    told = dict(_told(row, verdict, watch, old))
    told["to accept"] = _way_out(row, verdict, watch, config)
    lines = [f"  {name.ljust(9)}  {said}" for name, said in told.items()]
    where = f"{below(case.path, config.rootpath)}:{case.line}"
    return "\n".join([f"{watch.key} on {row.benchmark} {verdict.message}", where, *lines])


def recovered(row: Row, verdict: Verdict, case: Case, reason: str) -> str:
    """What is said of a score that is known to have fallen and no longer has."""
    return (
        f"{row.model} on {row.benchmark} {verdict.message}; it is no longer down:"
        f" take it out of guard.known in {case.path.name}:{case.line} ({reason})"
    )


def number(value: float, error: float | None) -> str:
    """A score and its standard error."""
    return f"{value:z.4f}" + ("" if error is None else f" ±{error:.4f}")


def shown(failure: pytest.ExceptionInfo[BaseException], case: Case) -> Any:
    """What pytest shows of a failure: the text alone; its first line as message, at the benchmark's place."""
    longrepr = failure.getrepr(style="value")
    crash = longrepr.reprcrash
    if crash is not None:
        crash.path, crash.lineno = str(case.path), case.line
        crash.message = str(failure.value).splitlines()[0]
    return longrepr


def _told(row: Row, verdict: Verdict, watch: Watch, old: Entry | None) -> Iterator[tuple[str, str]]:
    yield "score", number(row.raw or 0.0, row.error)
    if old is not None:
        yield "baseline", f"{number(old.raw, old.error)} ({old.date}, torch {old.torch}, {old.device})"
    if verdict.delta is not None and verdict.band is not None:
        paired = "" if verdict.se is None else f" (paired differences: ±{verdict.se:.4f})"
        yield "delta", in_se(verdict.delta, verdict.unit) + paired
        drop = watch.policy.drop_at(verdict.unit)
        yield "allowed", f"{in_se(-verdict.band, verdict.unit)} (drop: {drop}, drift: {watch.policy.drift:g})"
        if verdict.word != "regressed":
            yield "strict", f"allows ±{watch.policy.drift:g}, either way"
        if verdict.n > 1:
            yield "splits", f"{verdict.fell} of {verdict.n} fell"
    if verdict.below is not None:
        yield "minimum", f"{verdict.below:.4f}"
    if old is not None:
        yield "changed", "; ".join(verdict.changed) or "nothing else"


def _way_out(row: Row, verdict: Verdict, watch: Watch, config: pytest.Config) -> str:
    if verdict.below is not None:
        where = f"{below(watch.case.path, config.rootpath)}:{watch.case.line}"
        return f"lower guard.minimum of {row.model} in {where}"
    return command(row, verdict, watch, config)


def command(row: Row, verdict: Verdict, watch: Watch, config: pytest.Config) -> str:
    """What to type to make the score the baseline."""
    settings, here = watch.settings, config.invocation_params.dir
    inside = (row.node or "").split("::")[1:]
    node = "::".join([below(watch.case.path, here).as_posix(), *inside])
    words = [*_program(config), node, f"--models={settings.models}", f"--brainscore-update={_which(verdict)}"]
    if settings.layers:
        words.append(f"--brainscore-layers={','.join(settings.layers)}")
    if settings.device != "auto":
        words.append(f"--brainscore-device={settings.device}")
    outside = not watch.case.path.is_relative_to(config.rootpath)
    if config.inipath and (outside or config.option.inifilename):
        words.append(f"--config-file={config.inipath}")
    if outside:
        words.append(f"--rootdir={config.rootpath}")
    return shlex.join(words)


def _program(config: pytest.Config) -> list[str]:
    """How pytest was called: by its name, or as a module, which also finds code in the folder of the call."""
    argv = getattr(config, "workerinput", {}).get("mainargv", sys.argv)
    return ["python", "-m", "pytest"] if Path(argv[0]).name == "__main__.py" else ["pytest"]


def _which(verdict: Verdict) -> str:
    return "new" if verdict.word == "unguarded" else "changed"
