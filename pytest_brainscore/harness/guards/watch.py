"""The watch over an item: where its baseline is, what that says, and the verdict on a score."""

from __future__ import annotations

from dataclasses import dataclass

from ...analysis.sides import measured, measured_row
from ...guard import Verdict, agree, judge
from ...specs.baselines import Entry
from ...specs.cases import Case
from ...specs.guards import Guard, Word
from ...specs.results import Guarded, Row
from ..options import Settings
from ..paths import below
from .baselines import Shelf, key_of

ACCEPTS: dict[str | None, frozenset[Word]] = {
    None: frozenset(),
    "new": frozenset({"unguarded"}),
    "changed": frozenset({"unguarded", "mismatched", "regressed", "drifted", "improved"}),
    "all": frozenset({"unguarded", "mismatched", "regressed", "drifted", "improved"}),
}


@dataclass(frozen=True)
class Watch:
    """One item under guard: where its baseline is, and what that says."""

    case: Case
    key: str
    settings: Settings
    shelf: Shelf
    old: Entry | None

    @classmethod
    def of(cls, case: Case, model: str, layer: str | None, settings: Settings) -> Watch | None:
        """The watch over an item; None where guards are off.

        Raises SpecError with file:line where its baseline cannot be read.
        """
        if settings.guard == "off":
            return None
        shelf, key = Shelf.of(case, settings.suite), key_of(model, layer)
        return cls(case, key, settings, shelf, shelf.find(key))

    @property
    def policy(self) -> Guard:
        """What the benchmark says."""
        return self.case.benchmark.guard

    def judge(self, row: Row) -> Verdict:
        """The verdict on a scored row."""
        old = measured(self.old) if self.old else None
        return judge(measured_row(row), old, self.policy, self.policy.minimum.get(row.model))

    def known(self, row: Row, verdict: Verdict) -> str | None:
        """Why the score is known to have fallen; None where it is not, or has nothing to fall from."""
        compared = verdict.delta is not None or verdict.below is not None or verdict.held is not None
        return self.policy.known.get(row.model) if compared else None

    def updates(self, row: Row, verdict: Verdict) -> bool:
        """Whether the score may become the baseline: not below a minimum, and no known regression."""
        finite = None not in (row.raw, *row.splits)
        return finite and verdict.below is None and self.known(row, verdict) is None

    def noted(self, row: Row, verdict: Verdict) -> Row:
        """The row with its verdict."""
        delta = verdict.delta
        guarded = Guarded(
            baseline=below(self.shelf.own, self.settings.root).as_posix(),
            key=self.key,
            message=verdict.message,
            delta_in_se=delta / verdict.unit if delta is not None and verdict.unit else None,
            se=verdict.se,
            band=verdict.band,
            fell=verdict.fell,
            changed=verdict.changed,
            minimum=self.policy.minimum.get(row.model),
            known=self.known(row, verdict),
            moved=self.old is None or not agree(measured_row(row).splits, self.old.splits),
            updates=self.updates(row, verdict),
        )
        return row.model_copy(update={"verdict": verdict.word, "delta": delta, "guard": guarded})
