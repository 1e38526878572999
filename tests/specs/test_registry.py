"""Dotted names resolve in trusted places only."""

from __future__ import annotations

import sys

import pytest

from pytest_brainscore.errors import SpecError
from pytest_brainscore.specs.registry import Registry


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "trust_me.py").write_text("def thing(): return 42\nvalue = 3\n")
    (tmp_path / "broken_thing.py").write_text("raise RuntimeError('half done')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("trust_me", "broken_thing"):
        sys.modules.pop(name, None)


def test_code_of_the_project_is_found_where_nothing_else_finds_it(project, monkeypatch):
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(project)])
    assert Registry(project)("trust_me:thing")() == 42


def test_code_of_the_project_resolves(project):
    assert Registry(project)("trust_me:thing")() == 42


@pytest.mark.parametrize(
    "dotted", ["os:system", "subprocess:run", "builtins:eval", "numpy:load", "posixpath:join"]
)
def test_code_of_elsewhere_is_refused(project, dotted, monkeypatch):
    monkeypatch.chdir(project)
    with pytest.raises(SpecError, match="not trusted"):
        Registry(project)(dotted)


def test_refusing_imports_nothing(project):
    with pytest.raises(SpecError, match="not trusted"):
        Registry(project / "inner")("trust_me:thing")
    assert "trust_me" not in sys.modules


@pytest.mark.parametrize(
    ("dotted", "hint"),
    [
        ("trust_mee:thing", "; did you mean trust_me?"),
        ("in_sorce.a:b", "; did you mean in_source?"),
        ("q:x", ""),
    ],
)
def test_a_module_that_is_nowhere_is_not_a_matter_of_trust(project, dotted, hint, monkeypatch):
    (project / "src").mkdir()
    (project / "src" / "in_source.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(project / "src")
    with pytest.raises(SpecError) as told:
        Registry(project)(dotted)
    package = dotted.split(":")[0].split(".")[0]
    assert str(told.value) == f"{dotted}: there is no module {package} under {project}{hint}"
    assert not {"trust_me", "broken_thing", "in_source"} & sys.modules.keys()


def test_a_trusted_package_resolves(project):
    assert Registry(project / "inner", trusted=("trust_me",))("trust_me:thing")() == 42


@pytest.mark.parametrize(
    ("dotted", "message"),
    [
        ("trust_me:thin", "has no callable thin; did you mean thing?"),
        ("trust_me:value", "has no callable value"),
        ("broken_thing:thing", "RuntimeError: half done"),
    ],
)
def test_what_is_not_there_is_named(project, dotted, message):
    with pytest.raises(SpecError, match=message):
        Registry(project)(dotted)


def test_installed_packages_under_the_root_are_not_the_project(project):
    site = project / ".venv" / "lib" / "site-packages"
    site.mkdir(parents=True)
    (site / "stranger.py").write_text("def thing(): return 1\n")
    sys.path.insert(0, str(site))
    try:
        with pytest.raises(SpecError, match="not trusted"):
            Registry(project)("stranger:thing")
    finally:
        sys.path.remove(str(site))


@pytest.mark.parametrize(
    "dotted",
    [
        "pytest_brainscore.specs.registry:load",
        "pytest_brainscore.data.download:download",
        "pytest_brainscore.data.disk:replace",
        "pytest_brainscore.models:load",
        "pytest_brainscore:score",
    ],
)
def test_of_this_package_only_networks_and_metrics_resolve(dotted):
    """Its other functions take paths and names, and would do for a YAML file what that must not do."""
    with pytest.raises(SpecError, match="is neither a network nor a metric"):
        Registry()(dotted)


def test_what_a_module_of_this_package_has_imported_is_not_its_own():
    with pytest.raises(SpecError, match=r"read_weights: is only borrowed there, from .*\.models\.weights"):
        Registry()("pytest_brainscore.models.build:read_weights")
    assert Registry()("pytest_brainscore.models.smallnet:smallnet").__name__ == "smallnet"
    assert Registry()("pytest_brainscore.metrics.rsa:rdm").__name__ == "rdm"


def test_a_python_that_lies_under_the_root_is_not_the_project(project, monkeypatch):
    """As an environment of conda in the project's folder does: its `subprocess` is nobody's network."""
    library = project / "env" / "lib" / "python3"
    library.mkdir(parents=True)
    (library / "lib_thing.py").write_text("def thing(): return 1\n")
    monkeypatch.syspath_prepend(library)
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(library))
    with pytest.raises(SpecError, match="lib_thing is not trusted"):
        Registry(project)("lib_thing:thing")
    assert Registry(project)("trust_me:thing")() == 42


def test_a_module_that_ends_the_process_is_one_line(project):
    """A script without a guard, for instance."""
    (project / "broken_thing.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(SpecError, match=r"broken_thing cannot be imported \(SystemExit: 3\)"):
        Registry(project)("broken_thing:thing")
