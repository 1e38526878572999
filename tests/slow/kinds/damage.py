"""Damage: files that are cut short, have a bit flipped, or hold something else; some keep their time."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_brainscore.__main__ import main
from pytest_brainscore.data.simulated.brain import brain_of
from pytest_brainscore.errors import ModelError
from pytest_brainscore.models.published import same_as_before
from pytest_brainscore.specs.simulated import SimulatedStimuli

from ..children import Child, Ended
from ..faults import RECOVERED, REFUSED, Outcome, kind, require
from ..project import UPDATE, Project, check_next, check_rows, check_told, place


def spoil(rng: random.Random, path: Path) -> None:
    """Damage a file in one of several ways; in half of the cases it keeps its time of change."""
    before, content = path.stat(), bytearray(path.read_bytes())
    rng.choice((_cut, _flip, _flip, _flip, _blank, _empty, _longer, _else))(rng, content)
    path.write_bytes(content)
    if rng.random() < 0.5:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _cut(rng: random.Random, content: bytearray) -> None:
    del content[rng.randrange(len(content) or 1) :]


def _flip(rng: random.Random, content: bytearray) -> None:
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _blank(rng: random.Random, content: bytearray) -> None:
    start = rng.randrange(len(content) or 1)
    content[start : start + 512] = bytes(len(content[start : start + 512]))


def _empty(_: random.Random, content: bytearray) -> None:
    content.clear()


def _longer(rng: random.Random, content: bytearray) -> None:
    content += rng.randbytes(rng.randint(1, 999))


def _else(rng: random.Random, content: bytearray) -> None:
    content[:] = rng.randbytes(len(content))


def files_below(folder: Path, pattern: str = "*") -> list[Path]:
    """The files below a folder, in order."""
    return sorted(path for path in folder.rglob(pattern) if path.is_file())


def _spoil_some(rng: random.Random, files: Sequence[Path]) -> list[Path]:
    require(files, "there is nothing to damage: the project changed, and this kind tests nothing")
    chosen = rng.sample(files, min(len(files), rng.choice((1, 1, 2, 3))))
    for path in chosen:
        spoil(rng, path)
    return chosen


def _recovers(project: Project, *arguments: str, before: Callable[[], object] | None = None) -> Outcome:
    """The run takes no notice, or makes anew what was damaged."""
    ended = project.score(*arguments, before=before)
    require(ended.code == 0, f"it ends with {ended.code}: {ended.text[-600:]}")
    check_rows(project, ended)
    require(len(project.rows()) == len(place().right), "rows are missing")
    check_next(project)
    return RECOVERED


@kind("damage-download", "files in the download cache are damaged")
def download(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    chosen = _spoil_some(rng, files_below(project.cache / "files"))
    if rng.random() < 0.5:
        return _recovers(project)
    ended = project.score("--brainscore-offline", "-rs")
    check_rows(project, ended)
    skipped = [row for row in project.rows().values() if row.status != "scored"]
    for row in skipped:
        named = any(path.name in (row.message or "") for path in chosen)
        require(named and "damaged" in (row.message or ""), f"the cause is not named: {row.message}")
    check_next(project)
    return REFUSED if skipped else RECOVERED


@kind("damage-partial", "what an earlier download left is damaged, or of another file")
def partial(rng: random.Random, folder: Path) -> Outcome:
    project = Project.cold(folder)
    for name in ("images.zip", "responses.npy", "wide.safetensors"):
        path = project.cache / "partial" / place().hashes[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(place().data / name, path)
        if rng.random() < 0.9:
            spoil(rng, path)
    return _recovers(project.served(rng.choice(("plain", "unranged"))))


@kind("damage-unpacked", "unpacked images, or the list of them, are damaged")
def unpacked(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    files = files_below(project.cache / "unpacked")
    if rng.random() < 0.3:
        rng.choice(files).unlink()
    _spoil_some(rng, files_below(project.cache / "unpacked"))
    return _recovers(project)


@kind("damage-store", "stored activations are damaged")
def store(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    _spoil_some(rng, files_below(project.cache / "activations", "*.safetensors"))
    return _recovers(project)


@kind("damage-cache", "any files of the cache are damaged: notes of hashes, the ledger, locks, all else")
def anything(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    _spoil_some(rng, files_below(project.cache))
    return _recovers(project)


@kind("damage-hashes", "a remembered hash has another digit")
def hashes(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    require(project.score(reports="before").code == 0, "the run before fails")
    for path in files_below(project.cache / "hashes"):
        text = path.read_text()
        at = rng.randrange(64)
        path.write_text(text[:at] + rng.choice("0123456789abcdef") + text[at + 1 :])
    return _recovers(project)


@kind("damage-mirror", "files of a mirror are damaged after they were used, some with an unchanged time")
def mirror(rng: random.Random, folder: Path) -> Outcome:
    project, lent = Project.cold(folder), folder / "mirror"
    shutil.copytree(place().data, lent)

    def before() -> None:
        os.environ["BRAINSCORE_MIRROR"] = str(lent)

    first = project.score(before=before, reports="before")
    require(first.code == 0, f"the run before fails: {first.text[-600:]}")
    _spoil_some(rng, files_below(lent))
    return _recovers(project, before=before)


@kind("damage-baselines", "baselines are damaged")
def baselines(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    (path,) = rng.sample(files_below(project.baselines), 1)
    whole = path.read_text()
    spoil(rng, path)
    spoilt = path.read_bytes()
    ended = project.score(*rng.choice([(), (UPDATE,)]))
    check_rows(project, ended)
    outcome = _judged(project, path, whole, spoilt, ended)
    path.write_text(whole)
    check_next(project)
    return outcome


def _judged(project: Project, path: Path, whole: str, spoilt: bytes, ended: Ended) -> Outcome:
    """Refused with the file's name, or what the file says is the same as before."""
    if ended.code == 0:
        same = not spoilt or _means(spoilt) == json.loads(whole)
        require(same, f"damage to {path.name} is not seen: {_difference(whole, spoilt)}")
        return RECOVERED
    check_told(ended, path.name)
    require(path.read_bytes() == spoilt, f"{path.name} is damaged, and was written over")
    return REFUSED


def _means(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _difference(whole: str, spoilt: bytes) -> str:
    found = spoilt.decode(errors="replace")
    at = next((i for i, (a, b) in enumerate(zip(whole, found, strict=False)) if a != b), len(found))
    return f"{whole[max(at - 30, 0) : at + 10]!r} became {found[max(at - 30, 0) : at + 10]!r}"


@kind("damage-results", "results.json or results.jsonl is damaged, and is read by merge")
def results(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    require(project.score().code == 0, "the run before fails")
    (run,) = (project.root / "reports").iterdir()
    (path,) = rng.sample([run / "results.json", run / "results.jsonl"], 1)
    spoil(rng, path)
    into = project.root / "merged" / "one"
    ended = Child(lambda: main(["merge", str(run), "--into", str(into)])).wait()
    require("Traceback" not in ended.text, ended.text[-600:])
    if ended.code == 2:
        require(path.name in ended.text, f"{path.name} is not named: {ended.text}")
        return REFUSED
    check_rows(project, ended, "merged")
    require(
        len(project.rows("merged")) == len(place().right) or ended.code == 1,
        "rows are missing without a word",
    )
    return RECOVERED


@kind("damage-weights-book", "weights.json, the book of digests of published weights, is damaged")
def weights_book(rng: random.Random, folder: Path) -> Outcome:
    weights, book = folder / "net.safetensors", folder / "weights.json"
    shutil.copy2(place().data / "wide.safetensors", weights)
    same_as_before("timm:other", weights, folder)
    same_as_before("timm:net", weights, folder)
    spoil(rng, book)
    try:
        same_as_before("timm:net", weights, folder)
    except ModelError as why:
        require("weights.json" in str(why), f"the book is not named: {why}")
        book.unlink()
        same_as_before("timm:net", weights, folder)
        return REFUSED
    same_as_before("timm:net", weights, folder)
    return RECOVERED


@kind("damage-simulated", "the cached brain of simulated data is damaged")
def simulated(rng: random.Random, folder: Path) -> Outcome:
    spec = SimulatedStimuli(exemplars=2, views=1, width=32, seed=3)
    right = brain_of(spec, 2, folder)
    _spoil_some(rng, files_below(folder / "simulated"))

    def again() -> int:
        found = brain_of(spec, 2, folder)
        same = all((found.signals[region] == signals).all() for region, signals in right.signals.items())
        return 0 if same and (found.images == right.images).all() else 3

    ended = Child(again).wait()
    require(ended.code == 0, f"other images or signals, or none: {ended.text[-600:]}")
    return RECOVERED
