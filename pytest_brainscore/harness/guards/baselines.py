"""Where baselines lie, and what they say of an item: the project's own first, then the shipped ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ... import suite
from ...specs.baselines import Entry, load
from ...specs.cases import Case

FOLDER = "baselines"


@dataclass(frozen=True)
class Shelf:
    """Where the baselines of one benchmark are.

    own: the project's file, which updates go to. shipped: a file that is only read, looked into second.
    """

    benchmark: str
    own: Path
    shipped: Path | None = None

    @classmethod
    def of(cls, case: Case, project_suite: Path) -> Shelf:
        """The shelf of a case: baselines/ beside its file; of a shipped file, in the project's suite too."""
        beside = case.path.parent / FOLDER / f"{case.name}.json"
        home, shipped = case.path.parent.resolve(), suite.benchmarks().resolve()
        if home != shipped or shipped == project_suite.resolve():
            return cls(case.name, beside)
        return cls(case.name, project_suite / FOLDER / beside.name, beside)

    def find(self, key: str) -> Entry | None:
        """The entry of a model; None where there is none.

        Raises SpecError with file:line where a file cannot be read.
        """
        for path in filter(None, (self.own, self.shipped)):
            baseline = load(path, self.benchmark)
            if baseline is not None and key in baseline.models:
                return baseline.models[key]
        return None


def key_of(model: str, layer: str | None) -> str:
    """The line of a model; of one of its layers where layers were named."""
    return model if layer is None else f"{model}:{layer}"
