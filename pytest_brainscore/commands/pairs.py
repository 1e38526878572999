"""Test models in pairs: on each benchmark the difference of every two scores, on the same samples.

Intervals are of 95 % for each pair alone; p is corrected over all pairs on a benchmark. Two models whose
corrected p is 0.05 or more cannot be told apart by this benchmark: that is no proof that they are alike. The
exit status is 0.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from ..analysis.pairs import Alike, Correction, Pair, Pairs
from ..errors import speakable
from ..surveying import pairs

_MOST = 12
"""Models on a benchmark of which every pair is printed; of more, what each cannot be told from."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs and benchmarks, and which correction."""
    parser.add_argument(
        "runs", nargs="*", type=Path, metavar="RUN", help="folders of runs (default: the newest of reports/)"
    )
    parser.add_argument("--benchmark", default="*", metavar="PATTERN", help="only these, such as '*.IT-pls'")
    parser.add_argument(
        "--correct",
        choices=get_args(Correction),
        default="holm",
        help="p over all pairs on a benchmark (default: holm)",
    )
    parser.add_argument("--json", action="store_true", help="print all pairs as JSON")


def run(options: argparse.Namespace) -> None:
    """Print the pairs, and which models cannot be told apart."""
    made = pairs(*options.runs, benchmark=options.benchmark, correct=options.correct)
    document = {"correction": made.correction, **made.tables()}
    text = json.dumps(document, indent=1, allow_nan=False) if options.json else "\n".join(_lines(made))
    print(speakable(text))


def _lines(made: Pairs) -> Iterator[str]:
    by_benchmark: dict[str, list[Pair]] = {}
    for pair in made.pairs:
        by_benchmark.setdefault(pair.benchmark, []).append(pair)
    alike = made.alike()
    for benchmark, same in by_benchmark.items():
        own = [one for one in alike if one.benchmark == benchmark]
        yield f"{benchmark}: {len(own)} models{next((_over(pair) for pair in same if pair.over), '')}"
        yield from _grid(same, made.correction) if len(own) <= _MOST else ()
        yield from map(_told, own)
        yield from _untested(same)
        yield ""


def _untested(same: Sequence[Pair]) -> Iterator[str]:
    """Why pairs could not be compared; once where one reason holds for all."""
    reasons = {pair.why for pair in same}
    if len(same) > 1 and len(reasons) == 1 and None not in reasons:
        yield f"  no two are compared: {reasons.pop()}"
        return
    yield from dict.fromkeys(f"  {pair.a}, {pair.b}: {pair.why}" for pair in same if pair.why)


def _over(pair: Pair) -> str:
    """What was taken as a sample; of subjects how many, since they are few."""
    n = "" if pair.subjects is None else f" (n = {pair.subjects} subjects)"
    return f", over {' and '.join(pair.over)}{n}"


def _grid(same: Sequence[Pair], correction: Correction) -> Iterator[str]:
    head = ("a", "b", "a - b", "95 %", "p", "" if correction == "none" else f"p ({correction})")
    rows = [head, *(_row(pair, correction) for pair in same if pair.p is not None)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if len(rows) > 1 else ():
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(pair: Pair, correction: Correction) -> tuple[str, ...]:
    within = f"{pair.low:+.4f} to {pair.high:+.4f}"
    corrected = "" if correction == "none" else _p(pair.p_corrected)
    return pair.a, pair.b, f"{pair.delta:+.4f}", within, _p(pair.p), corrected


def _p(p: float | None) -> str:
    return "-" if p is None else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def _told(one: Alike) -> str:
    if not one.compared:
        return f"  {one.model} ({one.raw:.4f}): not compared"
    if not one.alike:
        return f"  {one.model} ({one.raw:.4f}) differs from all others ({one.compared})"
    return f"  {one.model} ({one.raw:.4f}) cannot be told from {', '.join(one.alike)}"
