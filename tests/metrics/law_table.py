"""Which law holds for which metric, read from the collected law tests.

`python -m tests.metrics.law_table` prints the table of docs/laws.md.
"""

from __future__ import annotations

import contextlib
import io
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_brainscore.specs.metrics import AnyMetric, CustomMetric

FOLDER = Path(__file__).parent


@dataclass
class _Laws:
    """A pytest plugin that remembers what was collected: law to the metrics that it is asked of."""

    found: dict[str, set[str]] = field(default_factory=dict)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if isinstance(item, pytest.Function) and not item.get_closest_marker("skipif"):
                metrics = self.found.setdefault(item.originalname, set())
                metrics.update(_named(item) & {*registered()})


def registered() -> list[str]:
    """The names of all metrics of the registry but the user's own."""
    return [
        name
        for spec in _specs(AnyMetric)
        if spec is not CustomMetric
        for name in typing.get_args(typing.get_type_hints(spec)["name"])
    ]


def by_metric() -> Mapping[str, set[str]]:
    """Metric to the laws that it is held to."""
    laws = collected()
    return {name: {law for law, metrics in laws.items() if name in metrics} for name in registered()}


def collected() -> Mapping[str, set[str]]:
    """Law to the metrics that it is asked of; a law of one metric says so in its name."""
    laws, files = _Laws(), sorted(map(str, FOLDER.glob("test_laws_*.py")))
    with contextlib.redirect_stdout(io.StringIO()):
        ended = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *files], plugins=[laws])
    if ended != pytest.ExitCode.OK:
        raise RuntimeError(f"the law files cannot be collected: {ended!r}")
    return laws.found


def _named(item: pytest.Function) -> set[str]:
    """The parts of an item's id; where it has none, the metric that the test's name begins with."""
    if hasattr(item, "callspec"):
        return {*item.callspec.id.split("-")}
    words = item.originalname.removeprefix("test_")
    return {max((n for n in registered() if words.startswith(f"{n}_")), key=len, default="")}


def _specs(annotation: object) -> Iterator[type]:
    """The classes of a union of annotated classes, however nested."""
    if isinstance(annotation, type):
        yield annotation
    for part in typing.get_args(annotation):
        if isinstance(part, type) or typing.get_args(part):
            yield from _specs(part)


def table() -> str:
    """A Markdown table: a law per line, and the metrics that are held to it."""
    order = registered().index
    lines = [
        f"| {law.removeprefix('test_').replace('_', ' ')} | {', '.join(sorted(metrics, key=order))} |"
        for law, metrics in collected().items()
        if metrics
    ]
    counts = ", ".join(f"{name} {len(laws)}" for name, laws in by_metric().items())
    return "\n".join(["| law | metrics |", "|---|---|", *lines, "", f"Laws of each metric: {counts}."])


if __name__ == "__main__":
    print(table())
