"""``-k`` exact for our names: IT is the region, not every model whose name has "it" in it.

pytest matches ``-k`` as a substring, blind to case, over the names of an item. So each item of ours also
carries ``:+:NAME:+:`` for each of its names, and a word of the expression that is one of the names becomes
``(:+:NAME:+: or (NAME and not :+:))``: ours match it whole, everybody else's as pytest does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import suppress

import pytest

from ..errors import SpecError, nearest
from ..specs.cases import is_benchmark_file, load_cases
from .items import ScoreItem
from .run import Run

FENCE = ":+:"
USUAL_REGIONS = {"V1", "V2", "V3", "V4", "IT", "EVC", "OTC", "FFA", "PPA", "EBA", "LOC"}
_WORD = re.compile(r"[\w:+\-.\[\]\\/]+")
_OPERATORS = {"and", "or", "not", "None", "True", "False"}


def make_exact(config: pytest.Config, items: Iterable[pytest.Item], run: Run) -> None:
    """Add the fenced names to our items and rewrite the expression of ``-k``."""
    known: set[str] = set()
    for item in items:
        if isinstance(item, ScoreItem):
            item.extra_keyword_matches.update({FENCE, *map(_fenced, item.exact_names)})
            known |= item.exact_names
    expression = config.option.keyword
    if expression:
        known |= run.elsewhere | USUAL_REGIONS | _names_of_suites(run)
        config.option.keyword, read = rewrite(expression, known)
        run.keywords_read.update(dict.fromkeys(read, expression))
        run.keywords_known = known


def _names_of_suites(run: Run) -> set[str]:
    """Names of all benchmarks that there are; only files that this run did not collect are read for it."""
    collected = {case.path for case in run.places.values()}
    cases = list(run.places.values())
    for path in (path for folder in run.suites for path in sorted(folder.glob("*.y*ml"))):
        if path not in collected and is_benchmark_file(path):
            with suppress(SpecError):  # the file's own collection says so
                cases += load_cases(path)
    return {name for case in cases for name in case.names}


def rewrite(expression: str, known: set[str]) -> tuple[str, list[str]]:
    """The expression with each known name fenced, and the names that were."""
    read: list[str] = []

    def exact(match: re.Match[str]) -> str:
        word = match.group()
        if word in _OPERATORS or word not in known:
            return word
        read.append(word)
        return f"({_fenced(word)} or ({word} and not {FENCE}))"

    return _WORD.sub(exact, expression), read


def report(run: Run) -> list[str]:
    """How ``-k`` was read, where one of our names is in it."""
    read = run.keywords_read
    if not read:
        return []
    return [f"brainscore: -k {next(iter(read.values()))!r} takes {', '.join(read)} as whole names"]


def misread(expression: str, known: Collection[str]) -> list[str]:
    """What was perhaps meant by the words of an expression that selected nothing: names of ours like them."""
    words = [word for word in _WORD.findall(expression) if word not in _OPERATORS and FENCE not in word]
    within = "\n".join(known).casefold()
    strange = dict.fromkeys(word for word in words if word.casefold() not in within)
    hints = {word: nearest(word, known) for word in strange}
    return [f"brainscore: -k: nothing is called {word}{hint}" for word, hint in hints.items() if hint]


def _fenced(name: str) -> str:
    return f"{FENCE}{name}{FENCE}"
