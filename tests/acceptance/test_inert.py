"""In a project that does not use it the plugin does, prints and imports nothing."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "pandas", "xarray", "timm", "pydantic", "yaml", "torchvision", "sklearn", "scipy")


def test_importing_the_plugin_imports_nothing_heavy():
    code = f"import sys, pytest_brainscore.plugin; print([m for m in {HEAVY} if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


@pytest.fixture
def foreign(pytester):
    pytester.makepyfile(
        """
        import pytest

        def test_one(): pass

        @pytest.mark.parametrize('m', [1, 2])
        def test_it(m): pass
        """
    )
    folder = pytester.mkdir("benchmarks")
    (folder / "speed.yaml").write_text("dataset: imagenet\nbenchmarks: [throughput]\n")
    (pytester.path / "models.yaml").write_text("models: [a, b]\n")
    return pytester


def printed(pytester, *arguments):
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    lines = [re.sub(r"in \d+\.\d+s", "in TIME", line) for line in result.outlines]
    return [line for line in lines if not line.startswith("plugins:")], result.ret


@pytest.mark.parametrize("arguments", [(), ("-v",), ("--collect-only",), ("-k", "it"), ("--markers",)])
def test_a_foreign_run_prints_the_same(foreign, arguments):
    assert printed(foreign, *arguments) == printed(foreign, "-p", "no:brainscore", *arguments)


def test_a_foreign_run_leaves_no_reports_and_imports_no_torch(foreign):
    foreign.makeconftest(
        "import sys\n\ndef pytest_unconfigure():\n"
        f"    print('HEAVY', [m for m in {HEAVY} if m in sys.modules])\n"
    )
    result = foreign.runpytest_subprocess("-s")
    assert "HEAVY []" in result.outlines
    assert not (foreign.path / "reports").exists()


THEIRS = """
def pytest_addoption(parser):
    parser.addoption("--device", default="tpu")
    parser.addoption("--layers", type=int, default=12)
    parser.addini("device", "of theirs")
    parser.addoption("--models", action="append", default=[])

def pytest_report_header(config):
    return f"theirs: {[config.getoption(name) for name in ('device', 'layers', 'models')]}"
"""
GIVEN = ["--device", "cuda", "--layers=3", "--models", "small", "--models=large"]


@pytest.mark.parametrize(
    ("arguments", "read"),
    [([], ["tpu", 12, []]), (GIVEN, ["cuda", 3, ["small", "large"]])],
)
def test_options_of_a_foreign_conftest_stay_theirs(foreign, arguments, read):
    foreign.makeconftest(THEIRS)
    lines, status = printed(foreign, *arguments)
    assert f"theirs: {read}" in lines
    assert status == pytest.ExitCode.OK
    assert (lines, status) == printed(foreign, "-p", "no:brainscore", *arguments)


@pytest.mark.parametrize(
    ("folder", "arguments"), [("tests", GIVEN), ("inner", []), ("inner", ["inner", *GIVEN])]
)
def test_so_do_those_of_a_conftest_further_down_which_pytest_may_meet_late(foreign, folder, arguments):
    (foreign.mkdir(folder) / "conftest.py").write_text(THEIRS)
    asked = "request.config.getoption('--models')"
    expected = ["small", "large"] if arguments else []
    text = f"def test_theirs(request):\n    assert {asked} == {expected}\n"
    (foreign.path / folder / "test_theirs.py").write_text(text)
    lines, status = printed(foreign, *arguments)
    assert status == pytest.ExitCode.OK
    assert (lines, status) == printed(foreign, "-p", "no:brainscore", *arguments)


def test_help_names_our_option_where_it_is_nobody_elses(foreign):
    assert any(line.startswith("  --models=A,B") for line in printed(foreign, "--help")[0])
    foreign.makeconftest(THEIRS)
    assert not any(line.startswith("  --models=A,B") for line in printed(foreign, "--help")[0])
