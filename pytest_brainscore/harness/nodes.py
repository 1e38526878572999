"""What node ids say: the controller of workers collects nothing, and knows items by their ids alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import SpecError
from ..specs.cases import Case, is_benchmark_file, load_cases
from ..suite.selection import Candidate
from .options import Settings
from .profile import ALL, Profile


@dataclass(frozen=True)
class Named:
    """What an item scores: a model, at a layer where one is named for the run, on a benchmark."""

    case: Case
    candidate: Candidate
    layer: str | None


def name_of(candidate: Candidate, layer: str | None) -> str:
    """The name of an item: the model, and the layer where one is named for the run."""
    return candidate.id if layer is None else f"{candidate.id}-{re.sub(r'[^A-Za-z0-9_.]', '_', layer)}"


def reportinfo(case: Case, name: str) -> tuple[Path, int, str]:
    """The line of the YAML file that asks for an item, counted from 0, and what the item is to a reader."""
    return case.path, case.line - 1, f"{case.name} of {name}"


class Nodes:
    """Node ids read back into what their items score.

    candidates: the models of a run. suites: folders of benchmark files. profile: at which layers each model
    is scored.
    """

    def __init__(
        self, candidates: Sequence[Candidate], suites: Sequence[Path], settings: Settings, profile: Profile
    ) -> None:
        self.candidates, self.suites, self.settings, self.profile = candidates, suites, settings, profile
        self._cases: dict[str, dict[str, Case]] = {}

    def find(self, node: str) -> Named | None:
        """What ``file::benchmark::model`` scores; None where the id is no item of ours."""
        parts = node.split("::")
        if len(parts) != 3:
            return None
        file, benchmark, item = parts
        if file not in self._cases:
            self._cases[file] = self._read(file)
        case = self._cases[file].get(benchmark)
        candidate, layer = self._items.get(item) or self._profiled(item)
        return Named(case, candidate, layer) if case and candidate else None

    @cached_property
    def _items(self) -> dict[str, tuple[Candidate, str | None]]:
        layers = self.settings.layers or (None,)
        every = ((candidate, layer) for candidate in self.candidates for layer in layers)
        return {name_of(candidate, layer): (candidate, layer) for candidate, layer in every}

    def _profiled(self, item: str) -> tuple[Candidate | None, str | None]:
        """An item of `all` layers: only workers know the layers, whose odd letters are `_` here."""
        model, _, layer = item.partition("-")
        candidates = {candidate.id: candidate for candidate in self.candidates}
        return candidates.get(model) if ALL in self.settings.layers else None, layer or None

    def _read(self, file: str) -> dict[str, Case]:
        """The benchmarks of a file by id; none where it is no benchmark file."""
        path = next(filter(is_benchmark_file, self._places(file)), None)
        with suppress(SpecError):
            return {case.id: case for case in load_cases(path)} if path else {}
        return {}

    def _places(self, file: str) -> list[Path]:
        """Where it may lie: a node id starts at the root, and outside of it at a path argument."""
        homes = [home for suite in self.suites for home in (suite, *suite.parents)]
        return [home / file for home in (self.settings.root, *homes)]
