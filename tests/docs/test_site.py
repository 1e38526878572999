"""The docs as a site: built without a warning, from pages that stand in it, and read without a network."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from sphinx.cmd.build import build_main

import pytest_brainscore.api
import pytest_brainscore.surveying
from pytest_brainscore import commands, errors
from pytest_brainscore.harness import options
from tests.conftest import ROOT

DOCS = ROOT / "docs"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "object": "data"}


class Loads(HTMLParser):
    """What a browser fetches for a page, without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name == LOADS.get(tag)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages; every warning is an error."""
    out = tmp_path_factory.mktemp("site")
    words = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(out / "doctrees")]
    assert build_main([*words, str(DOCS), str(out / "html")]) == 0
    return out / "html"


@pytest.mark.timeout(180)
def test_every_page_is_built_and_linked_from_the_first(site):
    pages = {path.stem for path in DOCS.glob("*.md")}
    linked = set(
        re.findall(r'class="toctree-l1"><a class="reference internal" href="(\w+)\.html"', _text(site))
    )
    assert pages - linked == {"index"}
    assert len(linked) > 30


def test_nothing_is_fetched_from_elsewhere(site):
    for page in site.glob("*.html"):
        loads = Loads()
        loads.feed(page.read_text("utf-8"))
        assert [place for place in loads.found if re.match(r"(https?:)?//", place)] == [], page.name
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text("utf-8")) == [], (
            style.name
        )


def test_formulas_are_mathml_and_no_tex(site):
    page = _text(site, "definitions")
    assert page.count("<math") > 60
    assert r"\frac" not in page


def test_the_pages_that_prose_names_are_links(site):
    assert '<a class="reference internal" href="definitions.html"><span class="std std-doc">' in _text(
        site, "start"
    )


def test_pages_that_readme_names_are_there():
    named = re.findall(r"docs/(\w+\.md)", (ROOT / "README.md").read_text("utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (DOCS / name).is_file()] == []


def test_every_option_and_command_has_a_line():
    page = (DOCS / "options.md").read_text("utf-8")
    assert [name for name in options._OPTIONS if f"`{name}" not in page] == []
    assert [name for name in commands.COMMANDS if f"| `{name.rstrip('_')}" not in page] == []


def test_every_error_and_public_name_is_in_the_api(site):
    page = _text(site, "api")
    known = [
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    assert [name for name in known if f'id="pytest_brainscore.errors.{name}"' not in page] == []
    public = [name for name in pytest_brainscore.__all__ if not name.startswith("_")]
    assert [name for name in public if f'id="pytest_brainscore.{name}"' not in page] == []
    assert "number of shuffled splits" in page  # a key of Splits, with its description


def _text(site, page: str = "index") -> str:
    return (site / f"{page}.html").read_text("utf-8")
