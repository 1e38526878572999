"""Benchmark files: each entry and region of a file is one case that models are scored on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import Field, model_validator

from ..errors import SpecError, nearest
from .base import Spec, digest_of
from .benchmarks import Benchmark
from .datasets import AnyDataset
from .document import Document, read
from .metrics import CustomMetric
from .validation import validate

_NOT_COMPARED = {"dataset", "guard", "reference", "published", "inference", "power"}
_OUR_KEYS = re.compile(r"""^["']?(datasets?|benchmarks)["']?\s*:""", re.MULTILINE)


class BenchmarkFile(Spec):
    """A file of benchmarks/: one data set, or several, and the benchmarks on it."""

    dataset: AnyDataset | None = None
    datasets: tuple[AnyDataset, ...] = ()
    benchmarks: tuple[Benchmark, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_dataset_key(self) -> BenchmarkFile:
        if (self.dataset is None) == (not self.datasets):
            raise ValueError("give `dataset` or `datasets`, one of the two")
        return self

    @property
    def all_datasets(self) -> tuple[AnyDataset, ...]:
        """The data sets, whichever key they stand under."""
        return self.datasets or ((self.dataset,) if self.dataset else ())


@dataclass(frozen=True)
class Case:
    """One benchmark: a region of a data set, and the entry at ``path:line`` that says how to score it."""

    id: str
    region: str
    dataset: AnyDataset
    benchmark: Benchmark
    path: Path
    line: int

    @property
    def name(self) -> str:
        """Data set and benchmark: the key of the results, for instance Cowley2023.V4-pls."""
        return f"{self.dataset.id}.{self.id}"

    @property
    def metric(self) -> str:
        """The metric's name."""
        return metric_label(self.benchmark)

    @property
    def names(self) -> set[str]:
        """What it can be asked for by; of data sets `Kriegeskorte2008.human`, `.monkey` also the stem."""
        stem = self.dataset.id.split(".")[0]
        return {self.region, self.metric, stem, self.dataset.id, self.id, self.name}

    @property
    def where(self) -> str:
        """``path:line`` for messages."""
        return f"{self.path}:{self.line}"

    @cached_property
    def stimuli_key(self) -> str:
        """The same for two cases exactly where they show the same stimuli."""
        dataset = self.dataset.model_dump(mode="json", include=self.dataset.shows)
        return digest_of([dataset, str(self.path.parent)])

    @cached_property
    def digest(self) -> str:
        """Sha256 of all that the YAML says of how this benchmark is scored and its data are read.

        Prose, the guard and where files come from are left out, and so is what is not given: a key that a
        later release adds changes no digest. Scores of equal digests and equal data can be compared.
        """
        entry = self.benchmark.model_copy(update={"id": self.id, "region": self.region, "regions": None})
        said = entry.model_dump(mode="json", exclude=_NOT_COMPARED, exclude_none=True)
        return digest_of([self.dataset.contents(), said])


def metric_label(benchmark: Benchmark) -> str:
    """The metric's name; of a dotted one, the function's."""
    metric = benchmark.metric
    return metric.label if isinstance(metric, CustomMetric) else metric.name


def is_benchmark_file(path: Path) -> bool:
    """Whether the file looks like ours: `dataset`, `datasets` or `benchmarks` is a key at its top level."""
    if path.suffix not in {".yaml", ".yml"} or not path.is_file():
        return False
    return bool(_OUR_KEYS.search(path.read_text(encoding="utf-8-sig", errors="replace")))


def load_cases(path: Path) -> tuple[Case, ...]:
    """All cases of one benchmark file, in its order.

    Raises SpecError (file:line: field: message) where the file is wrong or two cases have one id.
    """
    document = read(path)
    file = validate(BenchmarkFile, document)
    cases: dict[str, Case] = {}
    for case in _cases(file, document):
        if case.id in cases:
            raise SpecError(
                f"{case.where}: id: {case.id} is already the benchmark of line {cases[case.id].line};"
                " give one of them an `id` of its own"
            )
        cases[case.id] = case
    return tuple(cases.values())


def _cases(file: BenchmarkFile, document: Document) -> Iterator[Case]:
    for i, entry in enumerate(file.benchmarks):
        line = document.line(("benchmarks", i))
        dataset = _dataset_of(entry, file, document.where(("benchmarks", i)))
        for region in entry.regions or (entry.region or "",):
            case_id = entry.id or f"{region}-{metric_label(entry)}"
            yield Case(case_id, region, dataset, entry, document.path, line)


def _dataset_of(entry: Benchmark, file: BenchmarkFile, where: str) -> AnyDataset:
    datasets = {dataset.id: dataset for dataset in file.all_datasets}
    if entry.dataset is None and len(datasets) == 1:
        return next(iter(datasets.values()))
    if entry.dataset is None:
        raise SpecError(f"{where}: dataset: is missing; this file has {', '.join(datasets)}")
    if entry.dataset not in datasets:
        hint = nearest(entry.dataset, datasets)
        raise SpecError(f"{where}: dataset: no data set {entry.dataset} here{hint} ({', '.join(datasets)})")
    return datasets[entry.dataset]
