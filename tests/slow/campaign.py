"""The campaign: many faults, each in a process and a folder of its own, and a table of what came of them.

python -m tests.slow.campaign --faults 1000 --seed 2026
python -m tests.slow.campaign --only kill-fetch:2026003
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from .faults import NOT_POSSIBLE, OUTCOMES, VIOLATED, Kind, NotPossible, Violation, load_kinds

LONGEST_S = 240
_SEEDS_PER_CAMPAIGN = 100_000


@dataclass(frozen=True)
class Result:
    """What came of one fault."""

    kind: str
    seed: int
    outcome: str
    said: str
    seconds: float


def shares(kinds: Sequence[Kind], faults: int) -> dict[str, int]:
    """How many faults of each kind there are: at least one, `faults` or a few more in all."""
    counts = {k.name: min(1, k.most or 1) for k in kinds}
    while sum(counts.values()) < faults:
        open_ = [k for k in kinds if k.most is None or counts[k.name] < k.most]
        if not open_:
            break
        emptiest = min(open_, key=lambda k: counts[k.name] / k.share)
        counts[emptiest.name] += 1
    return counts


def run(kind: Kind, seed: int, folder: Path) -> Result:
    """Make one fault, in a process and a folder of its own."""
    start, home = time.monotonic(), folder / f"{kind.name}-{seed}"
    home.mkdir()
    reads, writes = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        _in_child(kind, seed, home, writes)
    os.close(writes)
    with open(reads, "rb") as pipe:  # noqa: PTH123 - of a descriptor
        said = pipe.read()
    os.waitpid(pid, 0)
    shutil.rmtree(home, ignore_errors=True)
    outcome, words = json.loads(said) if said else (VIOLATED, f"no end within {LONGEST_S} s, or it died")
    return Result(kind.name, seed, outcome, words, time.monotonic() - start)


def _in_child(kind: Kind, seed: int, home: Path, writes: int) -> None:
    """In the process of a fault: make it, say what came of it, end; whatever hangs ends with it."""
    try:
        os.setsid()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LONGEST_S)
        os.write(writes, json.dumps(_outcome(kind, seed, home)).encode())
    finally:
        os._exit(0)


def _outcome(kind: Kind, seed: int, home: Path) -> tuple[str, str]:
    try:
        return kind.run(random.Random(seed), home), ""
    except NotPossible as why:
        return NOT_POSSIBLE, str(why)
    except Violation as why:
        return VIOLATED, str(why)
    except BaseException:
        return VIOLATED, f"the kind itself fails: {traceback.format_exc(limit=-3)}"


def campaign(todo: Sequence[tuple[Kind, int]]) -> Iterator[Result]:
    """Prepare the place and make the faults, one after the other."""
    from .preparing import prepare, write_files
    from .server import serving

    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        write_files(folder / "data")
        with serving(folder / "data") as url:
            prepare(folder, url, folder / "data")
            for kind, seed in todo:
                yield run(kind, seed, folder)


def table(kinds: dict[str, Kind], results: Sequence[Result]) -> Iterator[str]:
    """Lines of Markdown: kinds, how many faults of each, and what came of them."""
    yield "| kind | what happens | faults | " + " | ".join(OUTCOMES) + " |"
    yield "|---|---|" + "---:|" * (1 + len(OUTCOMES))
    for name in sorted({result.kind for result in results}):
        yield _row(f"`{name}`", kinds[name].what, [r for r in results if r.kind == name])
    yield _row("all", "", results)


def _row(name: str, what: str, results: Sequence[Result]) -> str:
    counts = Counter(result.outcome for result in results)
    cells = [str(counts[outcome] or "") for outcome in OUTCOMES]
    return f"| {name} | {what} | {len(results)} | " + " | ".join(cells) + " |"


def notes(results: Sequence[Result]) -> Iterator[str]:
    """A line for each violation, with what replays it, and one for each thing that was not possible."""
    for result in results:
        if result.outcome == VIOLATED:
            yield f"{result.kind}:{result.seed} {result.said}"
    reasons = {(r.kind, r.said) for r in results if r.outcome == NOT_POSSIBLE}
    yield from (f"{name}: not possible here: {why}" for name, why in sorted(reasons))


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.slow.campaign", description=__doc__)
    parser.add_argument("--faults", type=int, default=1000, help="0: each kind once, without slow ones")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--kinds", default="", help="only these, by name or beginning, separated by commas")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no fault after that")
    parser.add_argument("--only", action="append", default=[], metavar="KIND:SEED", help="replay one fault")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into this document")
    return parser.parse_args(given)


def _todo(options: argparse.Namespace, kinds: dict[str, Kind]) -> list[tuple[Kind, int]]:
    if options.only:
        pairs = [only.rpartition(":") for only in options.only]
        return [(kinds[name], int(seed)) for name, _, seed in pairs]
    wanted = tuple(filter(None, options.kinds.split(",")))
    chosen = [kind for name, kind in kinds.items() if not wanted or name.startswith(wanted)]
    if options.faults == 0:
        chosen = [kind for kind in chosen if kind.most is None]
    first = options.seed * _SEEDS_PER_CAMPAIGN
    counts = shares(chosen, options.faults)
    turns = range(max(counts.values(), default=0))
    return [(kind, first + i) for i in turns for kind in chosen if i < counts[kind.name]]


def _one_thread() -> None:
    """Begin again with one thread: a process that is forked while others compute may hang."""
    if os.environ.get("OMP_NUM_THREADS") != "1":
        os.environ["OMP_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "tests.slow.campaign", *sys.argv[1:]])


def main(given: Sequence[str] | None = None) -> int:
    """Run the campaign; 1 where anything was violated."""
    options = _arguments(given)
    kinds = load_kinds()
    todo, results, start = _todo(options, kinds), [], time.monotonic()
    for result in campaign(todo):
        results.append(result)
        if result.outcome == VIOLATED:
            print(f"{result.kind}:{result.seed} {result.said}", flush=True)
        elif sys.stderr.isatty():
            print(f"\r{len(results)}/{len(todo)} {result.kind}", end="\033[K", file=sys.stderr)
        if time.monotonic() - start > 60 * options.minutes:
            print(f"{len(todo) - len(results)} faults were not begun: {options.minutes:g} minutes are over")
            break
    seconds = time.monotonic() - start
    text = "\n".join(table(kinds, results))
    print(text, *notes(results), f"{len(results)} faults in {seconds:.0f} s", sep="\n")
    if options.write:
        _write(options, text, results, seconds)
    return int(any(result.outcome == VIOLATED for result in results))


def _write(options: argparse.Namespace, text: str, results: Sequence[Result], seconds: float) -> None:
    """Put the table between the marks of the document; what stands around it is written by people."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("pytest", "torch", "filelock"))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    command = f"--faults {options.faults} --seed {options.seed} --write {options.write}"
    took = f"{len(results)} faults in {seconds / 60:.0f} minutes on one core"
    machine = f"Python {platform.python_version()}, {libraries}, {platform.system()} {platform.release()}"
    head = f"`python -m tests.slow.campaign {command}`, {today}: {took} ({machine})."
    said = "".join(f"\n- {note}" for note in notes(results))
    document = options.write.read_text(encoding="utf-8")
    before, _, rest = document.partition("<!-- begin -->\n")
    _, _, after = rest.partition("<!-- end -->\n")
    made = f"<!-- begin -->\n{head}\n\n{text}\n{said}<!-- end -->\n"
    options.write.write_text(before + made + after, encoding="utf-8")


if __name__ == "__main__":
    _one_thread()
    sys.exit(main())
