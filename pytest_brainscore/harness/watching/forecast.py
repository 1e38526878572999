"""The forecast: the outlook of a run, from its specs, from earlier runs, and from which files there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...data.disk import STORE, is_there, kept_at
from ...suite.selection import Candidate
from ...versions import versions
from ..nodes import Named
from ..options import Settings
from . import ledger
from .ledger import Entry, Ledger
from .outlook import Outlook

if TYPE_CHECKING:
    from ...data.fetch import Fetcher
    from ...data.lacks import Lack


def ahead(nodes: Sequence[str], items: Sequence[Named], settings: Settings, workers: int) -> Outlook:
    """The outlook of these items, from the specs, the ledger, and a look at which files there are.

    workers: of pytest-xdist; 0 without it.
    """
    from ...data.fetch import Fetcher  # requests: only where a run is planned

    fetcher = Fetcher.from_environment(offline=settings.offline)
    entries = _entries(items, Ledger.read(fetcher.cache), settings.device)
    kept = _kept(items, entries, fetcher.cache)
    passes: dict[tuple[str, str], bool] = {}
    for item, is_kept in zip(items, kept, strict=True):
        if item.candidate.model.training is not None:
            continue  # trained on each benchmark: no layer is shown its stimuli
        key = item.candidate.id, item.case.stimuli_key
        passes[key] = passes.get(key, True) and is_kept
    return Outlook(
        nodes=tuple(nodes),
        models=tuple(item.candidate.id for item in items),
        seconds=tuple(ledger.estimates(list(zip(entries, kept, strict=True)))),
        benchmarks=len({item.case.name for item in items}),
        passes=len(passes),
        stored=sum(passes.values()),
        lacks=tuple(dict.fromkeys(_lacks(items, fetcher))),
        workers=max(workers, 1),
        offline=settings.offline,
        shared=settings.dask is not None,
    )


def digests(candidates: Iterable[Candidate]) -> dict[str, str]:
    """The digest of each model's spec, by which the ledger knows it."""
    return {candidate.id: candidate.model.digest() for candidate in candidates}


def _entries(items: Sequence[Named], book: Ledger, device: str) -> list[Entry | None]:
    return [book.find(item.candidate.id, item.case.name, device, item.layer) for item in items]


def _kept(items: Sequence[Named], entries: Sequence[Entry | None], cache: Path) -> list[bool]:
    """Whether the store has an item's activations: those of its last run, if that was of the same specs."""
    models = digests({item.candidate.id: item.candidate for item in items}.values())
    torch = versions().get("torch", "")
    return [
        entry is not None
        and entry.stored is not None
        and entry.made == ledger.made(models[item.candidate.id], item.case.digest, torch)
        and is_there(kept_at(cache / STORE, entry.stored))
        for item, entry in zip(items, entries, strict=True)
    ]


def _lacks(items: Sequence[Named], fetcher: Fetcher) -> Iterator[Lack]:
    """What the models and the data sets lack; each model and data set is looked at once."""
    from ...data import lacks

    candidates = {item.candidate.id: item.candidate for item in items}
    cases = {(item.case.path, item.case.dataset.id): item.case for item in items}
    for candidate in candidates.values():
        yield from lacks.of_model(candidate.model, candidate.folder, fetcher)
    for case in cases.values():
        yield from lacks.of_data(case.dataset, case.path.parent, fetcher)
