"""The ledger: what items took in earlier runs on this machine, kept in the user's cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from ...data.disk import lock, write_whole
from ...specs.base import Spec, digest_of
from ...specs.results import Row

MOST = 20_000
"""Entries that are kept: those written last."""
PASS = ("forward", "coordinates")
"""What an item does not pay where its activations are in the store."""
DOWNLOADS = ("fetch", "build")
"""What takes longer where files are fetched on the way, as they are once."""
_SHOWN_DIGITS = 16

Seconds = Annotated[float, Field(ge=0, le=1e7)]
Part = tuple[str, str, bool, str]
"""A stage, the device, whether the layer was named, and what is the same for all items that pay."""


class Entry(Spec):
    """One model on one benchmark and kind of device, the last time it ran.

    seconds: by stage. Of a run that took the activations from the store, the pass is that of an earlier run,
    and missing where there was none. named: whether the layer was named for the run, and not the mapped one.
    made: digest of what was asked. stored: the key of its activations in the store.
    """

    model: str
    benchmark: str
    layer: str | None = None
    device: str
    stimuli: str = ""
    recordings: str = ""
    seconds: dict[str, Seconds]
    named: bool = False
    made: str = ""
    stored: str | None = None

    @property
    def key(self) -> tuple[str, str, str | None, str, bool]:
        """What the ledger has one entry of."""
        return self.model, self.benchmark, self.layer, self.device, self.named

    def shares(self, cached: bool) -> Iterator[Part]:
        """Per stage that is paid, what all items have in common which pay for it together."""
        paid_by = {
            "fetch": self.recordings,
            "build": self.model,
            "forward": f"{self.model} {self.stimuli}",
            "coordinates": f"{self.model} {self.stimuli}",
            "target": self.benchmark,
        }
        for stage in self.seconds:
            if not (cached and stage in PASS):
                own = f"{self.model} {self.benchmark} {self.layer}"
                yield stage, self.device, self.named, paid_by.get(stage, own)

    def over(self, old: Entry) -> Entry:
        """This entry, with the stages of an older one that it does not know."""
        return self.model_copy(update={"seconds": {**old.seconds, **self.seconds}})

    @property
    def knows_pass(self) -> bool:
        """Whether a forward pass was ever measured."""
        return "forward" in self.seconds


class _File(Spec):
    format: Literal[1]
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Ledger:
    """Entries, the newest last."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def read(cls, cache: Path) -> Ledger:
        """The ledger in a cache folder; an empty one where there is none that can be read."""
        try:
            return cls(_File.model_validate_json(_place(cache).read_bytes()).entries)
        except (OSError, ValidationError):
            return cls()

    def find(self, model: str, benchmark: str, device: str, layer: str | None = None) -> Entry | None:
        """The newest entry. device: `auto` takes any, `cuda:1` any of its kind; layer: None is the mapped."""
        for entry in reversed(self._by_name.get((model, benchmark), [])):
            is_it = not entry.named if layer is None else entry.layer == layer
            if is_it and _kind(device) in ("auto", entry.device):
                return entry
        return None

    def seconds(self, model: str, benchmark: str, device: str, layer: str | None = None) -> float | None:
        """What the item took, with its share of what it paid together with others; None: it never ran here.

        The items of a model sum up to what the model took, its network built and shown each set once.
        """
        entry = self.find(model, benchmark, device, layer)
        if entry is None:
            return None
        shares = entry.shares(cached=not entry.knows_pass)
        return sum(entry.seconds[share[0]] / self._payers[share] for share in shares)

    def note(self, rows: Iterable[Row], models: Mapping[str, str], fetched: bool = False) -> Ledger:
        """The ledger with these rows. models: digests of the specs by model id; fetched: whether files came.

        What the stages of a run took that were not the work itself is left as it was, or out.
        """
        entries = {entry.key: entry for entry in self.entries}
        for row in rows:
            if row.status == "scored" and row.device is not None:
                new = _entry(row, models.get(row.model, ""), fetched)
                old = entries.pop(new.key, None)
                entries[new.key] = new.over(old) if old else new
        return Ledger(tuple(entries.values())[-MOST:])

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], list[Entry]]:
        found: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            found.setdefault((entry.model, entry.benchmark), []).append(entry)
        return found

    @cached_property
    def _payers(self) -> Counter[Part]:
        return Counter(share for entry in self.entries for share in entry.shares(cached=False))


def estimates(items: Sequence[tuple[Entry | None, bool]]) -> list[float | None]:
    """Seconds of each item of a run, in order, of its entry and whether its activations are in the store.

    What items share is paid by the first of them; None where the time is not known.
    """
    paid: set[Part] = set()
    return [_first_pays(entry, cached, paid) if entry else None for entry, cached in items]


def made(model: str, benchmark: str, torch: str) -> str:
    """Digest of what makes activations what they are, as far as specs know it: digests, torch's version."""
    return digest_of([model, benchmark, torch])[:_SHOWN_DIGITS]


def write(
    cache: Path, rows: Iterable[Row], models: Mapping[str, str] | None = None, fetched: bool = False
) -> None:
    """Note rows in the ledger, alone with it; where the cache cannot be written nothing is."""
    with suppress(OSError), lock(cache, "ledger"):
        entries = Ledger.read(cache).note(rows, models or {}, fetched).entries
        write_whole(_place(cache), _File(format=1, entries=entries).model_dump_json(exclude_defaults=True))


def _place(cache: Path) -> Path:
    return cache / "ledger" / "items.json"


def _first_pays(entry: Entry, cached: bool, paid: set[Part]) -> float | None:
    if not (cached or entry.knows_pass):
        return None
    mine = set(entry.shares(cached)) - paid
    paid |= mine
    return sum(entry.seconds[stage] for stage, *_ in mine)


def _kind(device: str) -> str:
    return device.partition(":")[0]


def _entry(row: Row, model: str, fetched: bool) -> Entry:
    untrue = {*(PASS if row.cache_hit else ()), *(DOWNLOADS if fetched else ())}
    seconds = {stage: max(took, 0.0) for stage, took in row.seconds.items() if stage not in untrue}
    return Entry(
        model=row.model,
        benchmark=row.benchmark,
        layer=row.layer,
        device=_kind(row.device or ""),
        stimuli=row.digests.get("stimuli", "")[:_SHOWN_DIGITS],
        recordings=row.digests.get("recordings", "")[:_SHOWN_DIGITS],
        seconds=seconds,
        named=row.named,
        made=made(model, row.digests.get("spec", ""), row.versions.get("torch", "")),
        stored=row.stored,
    )
