"""The door to many networks at once: `contrasts` and `pairs` over the results of runs, for notebooks, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from .analysis.pairs import Correction, Pairs, Scored, compared
from .analysis.population.networks import networks
from .analysis.population.survey import Survey, survey
from .analysis.population.twins import with_twins
from .errors import ResultsError, SelectionError, near_pattern
from .report.halves import alike, left_out
from .report.joining import Found, join
from .report.rdms import per_stimulus, rdms
from .report.replicates import Samples, samples
from .report.runs import newest, read
from .specs.contrasts import Contrast, Unit
from .specs.results import Row
from .suite import contrasts as suite

Of = Literal["raw", "ceiled"]
_MADE = ("stimuli", "recordings", "spec")
"""What two scores must have been made of to be compared."""


def contrasts(
    *runs: Path | str,
    file: Path | str | None = None,
    benchmark: str = "*",
    of: Of = "raw",
    interval: Unit | None = None,
) -> Survey:
    """Compare groups of networks over the results of runs; `Survey.tables()` gives rows for data frames.

    runs: folders of runs, or their results.json; default: the newest under reports/.
    file: a YAML file of contrasts; default: the project's benchmarks/contrasts/ and the shipped ones.
    benchmark: only those of that name or pattern, such as ``*.OTC-versa``. of: which score.
    interval: what is taken to vary, instead of what the contrasts say (docs/contrasts.md).

    Raises ResultsError where there is nothing to compare, or results are damaged; SelectionError where no
    benchmark is as the pattern says; SpecError for a file of contrasts that is wrong.
    """
    found = found_in([Path(run) for run in runs], benchmark, of)
    return surveyed(found, asked_of(found, Path(file) if file else None), of, interval)


def pairs(*runs: Path | str, benchmark: str = "*", correct: Correction = "holm") -> Pairs:
    """Compare every two models on each benchmark, on the same samples; `Pairs.tables()` gives rows.

    runs: folders of runs, or their results.json; default: the newest under reports/. benchmark: only those of
    that name or pattern. correct: p over all pairs on a benchmark, by holm, fdr or none.

    Raises ResultsError where there is nothing to compare, or results are damaged; SelectionError where no
    benchmark is as the pattern says.
    """
    found = [one for one in found_in([Path(run) for run in runs], benchmark) if one.row.raw is not None]
    scores = [_scored(one, of) for one, of in zip(found, samples(found), strict=True)]
    made = compared(scores, correct)
    if not made.pairs:
        raise ResultsError(f"{len(found)} score(s), and no two models on one benchmark: nothing to compare")
    return made


def _scored(found: Found, of: Samples) -> Scored:
    row = found.row
    name = f"{row.model}:{row.layer}" if row.named else row.model
    half = {"what was scored": f"all but {row.half}" if row.half else "all stimuli"}
    made = half | {f"the digest of {what}": row.digests.get(what, "none")[:8] for what in _MADE}
    made |= {"the version of the metric": str(row.metric_version), "the key of the samples": of.key[:8]}
    return Scored(row.benchmark, name, row.raw or 0.0, of.sampled, made, of.missing)


def found_in(runs: Sequence[Path], pattern: str = "*", of: Of = "raw") -> list[Found]:
    """The rows of the runs together.

    Raises SelectionError where no benchmark is as the pattern says; ResultsError where ceiled scores are
    asked and no benchmark has a ceiling.
    """
    paths = list(runs) or [path for path in [newest(Path("reports"))] if path]
    if not paths:
        raise ResultsError("there is no run under reports/: name the folder of one")
    every = join([read(path) for path in paths]).found
    known = dict.fromkeys(one.row.benchmark for one in every)
    found = [one for one in every if fnmatchcase(one.row.benchmark, pattern)]
    if every and not found:
        raise SelectionError(f"--benchmark: no benchmark {pattern}{near_pattern(pattern, known)}")
    if of == "ceiled":
        _refuse_without_ceilings([one.row for one in found])
    return found


def asked_of(found: Sequence[Found], file: Path | None) -> tuple[Contrast, ...]:
    """The contrasts of a file; else the project's and the shipped ones.

    Where the study's strict `training` has no answer and `twins` has one, that is asked, too.
    """
    rows = [one.row for one in found]
    if file:
        return suite.contrasts_of(file, rows)
    return with_twins(suite.contrasts(Path(), rows), networks(rows))


def surveyed(
    found: Sequence[Found], asked: Sequence[Contrast], of: Of = "raw", interval: Unit | None = None
) -> Survey:
    """All analyses of these rows; a note names scores that are left out as they are on other stimuli.

    Raises ResultsError where none has such a score.
    """
    same = alike(found)
    rows = [one.row for one in same]
    made = survey(rows, asked, of=of, unit=interval, rdms=rdms(same), stimuli=per_stimulus(same))
    if not made.summaries:
        raise ResultsError(f"none of {len(rows)} row(s) has a {of} score: there is nothing to compare")
    return made if len(same) == len(found) else _noted(made, left_out(found))


def _noted(made: Survey, note: str) -> Survey:
    return replace(made, contrasts=replace(made.contrasts, notes=(*made.contrasts.notes, note)))


def _refuse_without_ceilings(rows: Sequence[Row]) -> None:
    scored = [row for row in rows if row.status == "scored"]
    if scored and all(row.ceiling is None and row.ceiled is None for row in scored):
        raise ResultsError("no ceiled scores: these benchmarks have no ceiling; use --of raw")
