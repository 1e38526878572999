"""The nodes: a benchmark file, its benchmarks, and one item per model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import BrainScoreError, GuardFailure, NotHere, SpecError, Unsuited, nearest
from ..guard import Verdict
from ..specs.cases import Case, is_benchmark_file, load_cases
from ..specs.published import NO_MODELS
from ..specs.results import Row
from ..suite.selection import Candidate
from . import nodes
from .guards import failures, guarding
from .guards.guarding import GuardWarning
from .guards.watch import Watch
from .records.rows import scored
from .run import Run

if TYPE_CHECKING:
    from ..scores import Score


def collect(path: Path, parent: pytest.Collector, run: Run) -> BenchmarkFile | None:
    """The node of `path`, if it lies in a suite folder and has the shape of a benchmark file."""
    in_suite = path.parent.resolve() in {folder.resolve() for folder in run.suites}
    if not (in_suite or _is_named(path, parent.config)) or not is_benchmark_file(path):
        return None
    return BenchmarkFile.from_parent(parent, path=path, run=run)


def _is_named(path: Path, config: pytest.Config) -> bool:
    """Whether a path argument is this very file."""
    home = config.invocation_params.dir
    return any((home / argument.split("::")[0]) == path for argument in config.args)


def release(item: pytest.Item, nextitem: pytest.Item | None, run: Run) -> None:
    """Let go of the item's network unless the next item is the same model's."""
    if isinstance(item, ScoreItem):
        following = nextitem.candidate.id if isinstance(nextitem, ScoreItem) else None
        if following != item.candidate.id and run.working:
            run.engine.release(item.candidate.id)


class BenchmarkFile(pytest.File):
    """A YAML file of benchmarks."""

    def __init__(self, *, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run = run

    def collect(self) -> Iterator[Benchmark]:
        """One node per benchmark; a mistake in the file is one collection error."""
        try:
            cases = load_cases(self.path)
        except SpecError as why:
            raise self.CollectError(str(why)) from None
        for case in cases:
            first = self.run.places.setdefault(case.name, case)
            if first.path != case.path:
                raise self.CollectError(
                    f"{case.where}: the benchmark {case.name} is also in {first.where};"
                    " give one of the data sets another id"
                )
            self._refuse_unknown_models(case)
            yield Benchmark.from_parent(self, name=case.id, case=case, run=self.run)

    def _refuse_unknown_models(self, case: Case) -> None:
        """A misspelt name would guard nothing, and its published figure stand beside nothing."""
        policy, published = case.benchmark.guard, case.benchmark.published
        guarded = [("guard", model) for model in (*policy.minimum, *policy.known)]
        named = [("published", one.of) for one in published if one.of not in NO_MODELS]
        for key, model in (*guarded, *named):
            if not self.run.knows(model):
                hint = nearest(model, [*(one.id for one in self.run.candidates), *self.run.zoo.models])
                raise self.CollectError(f"{case.where}: {key}: no model {model}{hint}")


class Benchmark(pytest.Collector):
    """One benchmark of a file."""

    def __init__(self, *, case: Case, run: Run, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case, self.run = case, run

    def collect(self) -> Iterator[ScoreItem]:
        """One item per model, and per layer where layers are named on the command line."""
        for candidate in self.run.candidates:
            for layer in self.run.nodes.profile.layers(candidate, self.case):
                asked = {"case": self.case, "candidate": candidate, "layer": layer, "run": self.run}
                yield ScoreItem.from_parent(self, name=nodes.name_of(candidate, layer), **asked)


class ScoreItem(pytest.Item):
    """One model on one benchmark: setup measures, the call judges."""

    score: Score | None = None
    row: Row | None = None
    watch: Watch | None = None
    verdict: Verdict | None = None

    def __init__(
        self, *, case: Case, candidate: Candidate, layer: str | None, run: Run, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.case, self.candidate, self.layer, self.run = case, candidate, layer, run
        self._mark()

    def setup(self) -> None:
        """Fetch, extract and score: what fails here could not be measured."""
        problem: BrainScoreError
        try:
            self._measure()
            return
        except BrainScoreError as why:
            problem = why.with_traceback(None)
        if isinstance(problem, NotHere | Unsuited) and self.run.settings.guard != "strict":
            pytest.skip(str(problem))
        said, *frames = str(problem).splitlines() or [type(problem).__name__]
        place = f" ({self.case.path.name}:{self.case.line})"
        pytest.fail("\n".join([said + place, *frames]), pytrace=False)

    def _measure(self) -> None:
        """Look up the baseline, then score: a baseline that cannot be read costs no forward pass."""
        case, candidate = self.case, self.candidate
        self.watch = Watch.of(case, candidate.id, self.layer, self.run.settings)
        self.score = self.run.engine.score(candidate, case, self.layer)
        self.row = scored(case, candidate.model, self.nodeid, self.score)
        if self.watch is not None:
            self.watch.policy.drop_at(self.score.error)

    def runtest(self) -> None:
        """Judge the score by its baseline and its minimum; without guards, what was measured passes."""
        if self.watch is not None and self.row is not None:
            self.verdict = self.watch.judge(self.row)
            self.row = self.watch.noted(self.row, self.verdict)
            guarding.enforce(self, self.watch, self.row, self.verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The guard's own text without a traceback; else as pytest does."""
        if isinstance(excinfo.value, GuardFailure | GuardWarning):
            return failures.shown(excinfo, self.case)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The line of the YAML file that asks for this."""
        return nodes.reportinfo(self.case, self.name)

    def _mark(self) -> None:
        case, model = self.case, self.candidate.id
        for name in (case.region, case.metric, case.dataset.id, model):
            self.add_marker(self.run.mark(name, self.config))
        self.add_marker(
            pytest.mark.brainscore(
                model=model,
                benchmark=case.id,
                dataset=case.dataset.id,
                region=case.region,
                metric=case.metric,
            )
        )

    @property
    def exact_names(self) -> set[str]:
        """The names that ``-k`` takes whole for this item."""
        return {*self.case.names, self.candidate.id, self.name}
