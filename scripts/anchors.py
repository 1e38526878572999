"""Published values beside ours, where the files can be had: ceilings, the data predicting themselves, models.

    python scripts/anchors.py                                        # all public data sets
    python scripts/anchors.py MajajHong2015.public.IT-pls            # or these benchmarks
    python scripts/anchors.py --of ceiling,self                      # without any network

Prints a line per published value, and ends with 1 where one is further off than its tolerance.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pytest_brainscore import suite
from pytest_brainscore.errors import BrainScoreError
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.cases import Case, load_cases
from pytest_brainscore.specs.models import PRECOMPUTED, Model
from pytest_brainscore.specs.published import Published
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.workbench import Workbench

DEFAULT_TOLERANCE = 0.001
"""Where none was published: those of Brain-Score's tests of ceilings and of self-prediction."""


def main(arguments: list[str]) -> int:
    """Print the table; 1 where a value is off."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="benchmarks, by their full names; default: all public ones")
    parser.add_argument(
        "--of", default="", help="only these, separated by commas: ceiling, self, pixels, ..."
    )
    parser.add_argument("--root", type=Path, default=Path(), help="the project, whose benchmarks come first")
    given = parser.parse_args(arguments)
    off = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in _chosen(given.names, given.root):
            try:
                off += sum([_told(case, *row) for row in _compared(case, given.of.split(","), Path(folder))])
            except BrainScoreError as why:
                print(f"{case.name:32} cannot be had: {why}")
                off += 1
    return int(off > 0)


def _told(case: Case, name: str, one: Published, due: float, tolerance: float, found: float) -> bool:
    """Print a line; whether the value is off."""
    agrees = abs(found - due) <= tolerance
    verdict = "agrees" if agrees else "DIFFERS"
    print(f"{case.name:32} {one.of:10} {name:8} {due:.6f} ± {tolerance:g} {found:.6f} {verdict}")
    return not agrees


def _chosen(names: list[str], root: Path) -> list[Case]:
    """The cases of these names, or all public ones; of two of one name the project's own."""
    cases: dict[str, Case] = {}
    for path in suite.benchmark_files(root):
        for case in load_cases(path):
            if case.name in names or (not names and case.dataset.access == "public"):
                cases.setdefault(case.name, case)
    return list(cases.values())


def _compared(
    case: Case, wanted: list[str], folder: Path
) -> Iterator[tuple[str, Published, float, float, float]]:
    """Each value that was published of the case: which, by whom, itself, its tolerance, and what is found."""
    bench = Workbench.open(registry=Registry(Path.cwd()))
    for one in case.benchmark.published:
        if one.region not in (None, case.region) or not (wanted == [""] or one.of in wanted):
            continue
        found = _found(bench, case, one.of, folder)
        for name in ("value", "raw", "ceiled"):
            due = getattr(one, name)
            if due is not None:
                yield name, one, due, one.tolerance or DEFAULT_TOLERANCE, found[name]


def _found(bench: Workbench, case: Case, of: str, folder: Path) -> dict[str, float]:
    if of == "ceiling":
        ceiling = bench.opened.target(case)[0].ceiling
        return {"value": ceiling.value if ceiling else np.nan}
    zoo = suite.zoo()
    model = _self(bench, case, folder) if of == "self" else zoo.models[of]
    score = bench.score(case, model, folder if of == "self" else zoo.folders.get(of, Path()))
    return {"raw": score.raw, "ceiled": np.nan if score.ceiled is None else score.ceiled}


def _self(bench: Workbench, case: Case, folder: Path) -> Model:
    """The region's own responses, as a model of one layer."""
    path = folder / f"{case.name}.npz"
    if not path.exists():
        chosen = bench.opened.recordings(case)[0].select(region=case.region, **case.benchmark.select)
        responses = chosen.responses()
        np.savez(path, stimuli=responses["stimulus"].values.astype(str), responses=responses.values)
    return Model(
        id="self",
        source=PRECOMPUTED,
        activations=File(file=path.name),
        layers={case.region: "responses"},
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
