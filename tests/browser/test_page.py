"""The page in a real browser: readable by all, at two widths, in light and dark, without a network."""

from __future__ import annotations

import itertools

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import NARROW, WIDE

CUT = """() => [...document.querySelectorAll('body *')].filter(one => {
  const style = getComputedStyle(one);
  if (one.closest('.unseen, svg, script, style, noscript') || style.display === 'none') return false;
  const cuts = (way) => ['hidden', 'clip'].includes(way);
  return (cuts(style.overflowX) && one.scrollWidth > one.clientWidth + 1)
    || (cuts(style.overflowY) && one.scrollHeight > one.clientHeight + 1)
    || style.textOverflow === 'ellipsis';
}).map(one => one.outerHTML.slice(0, 120))"""
"""Elements whose text is cut."""
SPILT = """() => [...document.querySelectorAll('.scores th, .scores td, dd, dt, h1, h2, h3, p, li')]
.filter(one => one.offsetParent && one.scrollWidth > one.clientWidth + 1)
.map(one => one.outerHTML.slice(0, 120))"""
"""Elements whose text is wider than they are."""
LETTERS = """() => [...document.querySelectorAll('.panel svg')].flatMap(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return [...svg.querySelectorAll('text')].map(one => parseFloat(getComputedStyle(one).fontSize) * scale);
})"""
"""Sizes of the letters in charts as they are shown, in pixels."""


def serious(tab, context=None):
    found = Axe().run(tab, context=context, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        (one["id"], node["html"][:160])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["1280", "375"])
def test_axe_finds_nothing_serious(visit, viewport, scheme):
    tab = visit(viewport, scheme)
    assert serious(tab) == []
    tab.locator("tbody.models td:nth-child(3) button").first.click()
    tab.wait_for_selector("dialog[open] dl")
    content = tab.locator("dialog .content")
    assert content.evaluate("one => one.scrollHeight > one.clientHeight")
    assert serious(tab, "dialog") == []


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "375"])
def test_no_text_is_cut_and_the_page_does_not_scroll_sideways(visit, viewport):
    tab = visit(viewport)
    assert tab.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    assert tab.evaluate(CUT) == []
    assert tab.evaluate(SPILT) == []
    tab.locator("tbody.models td button").first.click()
    tab.wait_for_selector("dialog[open] dl")
    assert tab.evaluate(CUT) == []
    assert tab.evaluate(SPILT) == []


def test_letters_in_charts_are_of_eleven_pixels_on_a_telephone(visit):
    sizes = visit(NARROW).evaluate(LETTERS)
    assert len(sizes) > 10
    assert min(sizes) >= 11 - 0.01


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "375"])
def test_names_in_tables_break_after_the_marks_that_join_their_parts(visit, viewport):
    tab = visit(viewport)
    tab.locator("#history summary").last.click()
    names = tab.locator("#history table.plain th[scope=row]")
    assert names.first.locator("wbr").count() == 3  # Set0.public.V1-pls
    assert names.first.evaluate("one => getComputedStyle(one).position") == "sticky"
    heights = tab.locator("#history table.plain tbody tr").evaluate_all(
        "all => all.map(one => one.offsetHeight)"
    )
    assert max(heights) < 90


def test_headings_go_down_one_step_at_a_time(visit):
    tab = visit()
    levels = tab.evaluate(
        "[...document.querySelectorAll('main h2, main h3, header h1')].map(one => +one.tagName[1])"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert tab.evaluate("document.documentElement.lang") == "en"


def test_the_first_tab_skips_to_the_content(visit):
    tab = visit()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def test_without_a_script_it_is_a_plain_table(browser, report):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(report.as_uri())
    shown = tab.locator("tbody.models tr").count(), tab.locator("tbody.models td").count()
    said = tab.locator("noscript").inner_text()
    lines = tab.locator("tbody.references th").all_inner_texts()
    controls = tab.locator(".controls").is_visible()
    context.close()
    assert shown == (12, 12 * 9)
    assert said.startswith("Without JavaScript all 12 models are shown")
    assert lines[0] == "Raw score of ceiled 1"
    assert "Noise ceiling" not in lines
    assert not controls
