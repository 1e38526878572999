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
