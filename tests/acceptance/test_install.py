"""From a wheel, from an editable install and from the checkout: the same suite, in a folder of nobody's."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from hatchling.build import build_sdist, build_wheel

from tests.conftest import ROOT

SUITE = "pytest_brainscore/suite"
DATA = {
    "pytest_brainscore/py.typed",
    "pytest_brainscore/specs/catalogue.json",
    *(path.relative_to(ROOT).as_posix() for path in ROOT.glob("pytest_brainscore/references/**/*.yaml")),
    *(
        f"pytest_brainscore/report/assets/{path.name}"
        for path in ROOT.glob("pytest_brainscore/report/assets/*")
    ),
    *(f"pytest_brainscore/schemas/{path.name}" for path in ROOT.glob("pytest_brainscore/schemas/*.json")),
    *(f"{SUITE}/benchmarks/{path.name}" for path in ROOT.glob("benchmarks/*.yaml")),
    *(f"{SUITE}/benchmarks/composites/{path.name}" for path in ROOT.glob("benchmarks/composites/*.yaml")),
    *(f"{SUITE}/benchmarks/contrasts/{path.name}" for path in ROOT.glob("benchmarks/contrasts/*.yaml")),
    *(f"{SUITE}/benchmarks/baselines/{path.name}" for path in ROOT.glob("benchmarks/baselines/*.json")),
    f"{SUITE}/models.yaml",
    f"{SUITE}/weights/smallnet.safetensors",
    f"{SUITE}/weights/smallnet.log",
}
SHIPPED = ("--pyargs", "pytest_brainscore.suite")
CHOSEN = ("--models=smallnet", "--brainscore-offline")
SOME = "IT and not ridgecv"


class Installed:
    """An environment of its own in the folder that pytest is called from, as README makes it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self.cache = folder, cache
        venv.create(folder / ".venv", symlinks=os.name != "nt")
        self.python = next((folder / ".venv").glob("[bS]*/python*"))
        self.site = next((folder / ".venv").glob("[Ll]ib/**/site-packages"))
        # what else is installed is seen by a path: the .pth of the checkout's editable install there is not
        there = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
        (self.site / "others.pth").write_text("\n".join(there))

    def install(self, *what: str) -> None:
        options = ("--quiet", "--no-deps", "--no-index", "--ignore-installed", "--no-build-isolation")
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "install", *options, *what]
        subprocess.run(command, check=True, env=self.environment, cwd=self.folder)

    @property
    def environment(self) -> dict[str, str]:
        strange = ("BRAINSCORE_", "PYTEST_", "PYTHONPATH")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        return {**kept, "BRAINSCORE_CACHE": str(self.cache), "OMP_NUM_THREADS": "1"}

    def call(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        options = {"cwd": folder or self.folder, "env": self.environment, "capture_output": True}
        return subprocess.run([self.python, *arguments], text=True, check=False, **options)

    def pytest(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.call("-m", "pytest", "-p", "no:cacheprovider", *arguments, folder=folder)

    def collect(self, *arguments: str, folder: Path | None = None) -> list[str]:
        """The last parts of the node ids, file::benchmark::model, and the folder of the files."""
        done = self.pytest("--collect-only", "-q", *arguments, folder=folder)
        return [line.rpartition("benchmarks/")[2] for line in done.stdout.splitlines() if "::" in line]

    def package(self) -> Path:
        code = "import pytest_brainscore; print(pytest_brainscore.__file__)"
        return Path(self.call("-c", code).stdout.strip()).parent

    def rows(self) -> dict[str, dict]:
        """The rows of the latest run, by benchmark."""
        latest = max((self.folder / "reports").iterdir(), key=lambda run: run.stat().st_mtime_ns)
        rows = json.loads((latest / "results.json").read_text())["results"]
        return {row["benchmark"]: row for row in rows}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def built(make, source: Path, target: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(source)
        return target / make(str(target))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built(build_wheel, ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def from_wheel(wheel, cache, tmp_path_factory):
    """The wheel, installed; one run of the shipped suite, and what the package held before it."""
    installed = Installed(tmp_path_factory.mktemp("wheel_installed"), cache)
    installed.install(str(wheel))
    installed.before = contents(installed.package())
    installed.run = installed.pytest(*CHOSEN, "-k", SOME, "--brainscore-update=new")
    installed.first = installed.rows()
    return installed


@pytest.fixture(scope="module")
def editable(cache, tmp_path_factory):
    installed = Installed(tmp_path_factory.mktemp("editable"), cache)
    installed.install("--editable", str(ROOT))
    return installed


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def files_of(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_wheel_holds_the_package_its_data_and_nothing_else(wheel):
    names = {name for name in files_of(wheel) if ".dist-info/" not in name}
    code = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("pytest_brainscore/**/*.py")}
    assert names == code | DATA


def test_the_wheel_says_what_it_is(wheel):
    files = {name.partition(".dist-info/")[2]: content for name, content in files_of(wheel).items()}
    metadata = Parser().parsestr(files["METADATA"].decode())
    assert metadata["Name"] == "pytest-brainscore"
    assert metadata["Summary"].startswith("Score vision networks")
    assert (metadata["License-Expression"], metadata["License-File"]) == ("BSD-3-Clause", "LICENSE")
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_payload() == (ROOT / "README.md").read_text()
    assert files["licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert files["entry_points.txt"].decode().split() == [
        "[pytest11]",
        "brainscore",
        "=",
        "pytest_brainscore.plugin",
    ]


def test_the_source_archive_builds_the_same_wheel(wheel, tmp_path):
    with tarfile.open(built(build_sdist, ROOT, tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert files_of(built(build_wheel, source, tmp_path)) == files_of(wheel)


def test_a_wheel_runs_the_shipped_suite_in_an_empty_folder(from_wheel):
    assert from_wheel.package() == from_wheel.site / "pytest_brainscore"
    assert from_wheel.run.returncode == 0, from_wheel.run.stdout
    scored = {name for name, row in from_wheel.first.items() if row["status"] == "scored"}
    assert scored == {"Simulated.IT-pls", "Simulated.IT-rdm"}
    assert from_wheel.first["Simulated.IT-pls"]["raw"] == pytest.approx(0.634, abs=5e-4)  # as in README
    assert all(row["region"] == "IT" for row in from_wheel.first.values())


def test_an_installed_package_is_not_written_and_updates_go_to_the_project(from_wheel):
    assert contents(from_wheel.package()) == from_wheel.before
    own = from_wheel.folder / "benchmarks" / "baselines"
    assert {path.name for path in own.iterdir()} == {"Simulated.IT-pls.json", "Simulated.IT-rdm.json"}


def test_the_suite_by_its_name_is_judged_by_the_projects_baselines(from_wheel):
    done = from_wheel.pytest(*CHOSEN, "-k", "Simulated and IT and pls", *SHIPPED)
    assert done.returncode == 0, done.stdout
    (row,) = from_wheel.rows().values()
    assert (row["benchmark"], row["verdict"]) == ("Simulated.IT-pls", "same")
    assert row["raw"] == from_wheel.first["Simulated.IT-pls"]["raw"]


def test_baselines_are_not_written_into_an_installed_package_from_within_either(from_wheel):
    inside = from_wheel.package() / "suite"
    done = from_wheel.pytest(*CHOSEN, "--brainscore-update=new", folder=inside)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "belongs to the installed package and is never written" in done.stderr


def test_an_editable_install_scores_the_same(editable, from_wheel):
    assert editable.package() == ROOT / "pytest_brainscore"
    done = editable.pytest(*CHOSEN, "-k", "Simulated and IT and pls", *SHIPPED)
    assert done.returncode == 0, done.stdout
    (row,) = editable.rows().values()
    assert row["raw"] == from_wheel.first["Simulated.IT-pls"]["raw"]
    assert not (ROOT / "benchmarks" / "baselines" / "Simulated.IT-pls.json").exists()


def test_the_same_items_wherever_the_package_lies_and_however_the_suite_is_named(from_wheel, editable):
    chosen = (*CHOSEN, "-k", SOME)
    expected = from_wheel.collect(*chosen)
    assert len(expected) == len(from_wheel.first) > 30
    assert from_wheel.collect(*chosen, *SHIPPED) == expected
    assert editable.collect(*chosen) == editable.collect(*chosen, *SHIPPED) == expected
    assert (
        editable.collect(*chosen, folder=ROOT) == editable.collect(*chosen, *SHIPPED, folder=ROOT) == expected
    )


OWN = """
dataset:
  id: Simulated
  reader: arrays
  stimuli: {images: images}
  recordings: {file: responses.npy, dims: [stimulus, neuroid, repetition], region: IT}
benchmarks:
  - {region: IT, metric: pls}
"""


def test_the_projects_suite_and_the_shipped_one_in_one_run(project):
    own = "benchmarks/own.yaml::IT-ridge::small"
    chosen = ("--models=small", "-k", "(Own or Simulated) and IT and (ridge or pls)")
    assert project.collect(*chosen) == [own]
    both = project.collect(*chosen, "benchmarks", *SHIPPED)
    assert [line.rpartition("benchmarks/")[2] for line in both] == [
        "own.yaml::IT-ridge::small",
        "simulated.yaml::IT-pls::small",
    ]
    assert project.collect(*chosen, *SHIPPED) == both[1:]


def test_two_benchmarks_of_one_name_are_told_apart_by_which_suite_is_run(project):
    """The project's own is taken alone; beside the shipped one it has to have another name."""
    project.write("benchmarks/own.yaml", OWN)
    assert project.collect("--models=small", "-k", "IT-pls") == ["benchmarks/own.yaml::IT-pls::small"]
    both = project.run("--models=small", "--collect-only", *SHIPPED, "benchmarks")
    assert both.ret == pytest.ExitCode.INTERRUPTED
    both.stdout.fnmatch_lines(["*own.yaml:7: the benchmark Simulated.IT-pls is also in *simulated.yaml:*"])


def test_the_shipped_suite_needs_models(project):
    result = project.run(*SHIPPED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*pytest_brainscore.suite is the suite of brain scores: name the models*--models A,B*"]
    )
