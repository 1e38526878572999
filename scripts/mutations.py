"""Break the metrics on purpose, one at a time, and see which test notices.

    python scripts/mutations.py            all of mutations.toml: prints the table of docs/laws.md
    python scripts/mutations.py cka rdm    those of some metrics

The package and its tests are copied into a temporary folder, where one text of the source is replaced by
another and the family's tests run until the first that fails. Ends with 1 where a mutation survives, where
its text does not stand exactly once in the source, or where the copy falls without a mutation.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_suffix(".toml")
COPIED = ("pytest_brainscore", "tests")
SECONDS = 300
FAILED = 1


@dataclass(frozen=True)
class Mutation:
    """One text of one source file, the text that takes its place, and the tests that should notice."""

    metric: str
    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def times_found(self, root: Path = ROOT) -> int:
        """How often the old text stands in the source; once is right."""
        return self.source(root).count(self.old)

    def source(self, root: Path) -> str:
        """The whole text of its file."""
        return (root / "pytest_brainscore" / self.file).read_text(encoding="utf-8")


def mutations() -> list[Mutation]:
    """All of mutations.toml, in its order."""
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))
    families = {name: tuple(files) for name, files in listed["tests"].items()}
    return [Mutation(tests=families[entry.pop("family")], **entry) for entry in listed["mutation"]]


def verdicts(chosen: Sequence[Mutation]) -> Iterator[tuple[Mutation, str, bool]]:
    """For each mutation what became of it, and whether that is well."""
    with TemporaryDirectory() as folder:
        copy = _copied(Path(folder))
        _require_passing(copy, sorted({test for mutation in chosen for test in mutation.tests}))
        for mutation in chosen:
            yield mutation, *_tried(mutation, copy)


def _copied(folder: Path) -> Path:
    for part in COPIED:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    where = "import pytest_brainscore; print(pytest_brainscore.__file__)"
    imported = _python(folder, "-c", where).stdout.strip()
    if not Path(imported).resolve().is_relative_to(folder.resolve()):
        raise SystemExit(f"the copy in {folder} is not what is imported, but {imported}")
    return folder


def _require_passing(copy: Path, tests: Sequence[str]) -> None:
    ran = _pytest(copy, tests)
    if ran.returncode:
        raise SystemExit(f"without any mutation the copy's tests end with {ran.returncode}:\n{ran.stdout}")


def _tried(mutation: Mutation, copy: Path) -> tuple[str, bool]:
    if mutation.times_found(copy) != 1:
        return f"NOT TRIED: its text stands {mutation.times_found(copy)} times in {mutation.file}", False
    path, source = copy / "pytest_brainscore" / mutation.file, mutation.source(copy)
    path.write_text(source.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        ran = _pytest(copy, mutation.tests)
    except subprocess.TimeoutExpired:
        return f"HUNG: no end after {SECONDS} s", False
    finally:
        path.write_text(source, encoding="utf-8")
    if ran.returncode == FAILED:
        return _first_failed(ran.stdout), True
    return ("SURVIVED" if not ran.returncode else f"BROKEN: pytest ended with {ran.returncode}"), False


def _first_failed(output: str) -> str:
    failed = next(line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR ")))
    return failed.split(" ", 1)[1].split(" - ")[0].removeprefix("tests/")


def _pytest(copy: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    options = ("-x", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider")
    return _python(copy, "-m", "pytest", *options, *(f"tests/{test}" for test in tests))


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def main(metrics: Sequence[str]) -> int:
    """Try the mutations of `metrics`, or all; print a line each; 1 where one was not caught."""
    chosen = [mutation for mutation in mutations() if not metrics or mutation.metric in metrics]
    print("| metric | mutation | caught by |\n|---|---|---|", flush=True)
    caught = []
    for mutation, became, well in verdicts(chosen):
        print(f"| {mutation.metric} | {mutation.what} | {became} |", flush=True)
        caught.append(well)
    print(f"\n{sum(caught)} of {len(caught)} mutations caught.")
    return 0 if all(caught) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
