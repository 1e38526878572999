"""The leaderboard in a real browser: sorted, filtered, switched, and opened by mouse and keyboard."""

from __future__ import annotations

from playwright.sync_api import expect

from .results import HOSTILE, MESSAGE, results

NAMES = "tbody.models th"
ROWS = {(row.model, row.benchmark): row for row in results(run=21)}
FIRST = "Set0.public.V1-pls"
MODELS = list(dict.fromkeys(row.model for row in ROWS.values()))


def names(tab):
    return tab.locator(NAMES).all_inner_texts()


def head(tab, label):
    return tab.locator(".scores thead button", has_text=label).first


def column(tab, label):
    """The numbers of a column as they stand, without intervals."""
    heads = [text.split()[0] for text in tab.locator(".scores thead th:not([hidden])").all_inner_texts()]
    cells = tab.locator(f"tbody.models td:nth-child({heads.index(label) + 1})").all_inner_texts()
    return [text.split()[0] for text in cells]


def cell(tab, model, label):
    heads = [text.split()[0] for text in tab.locator(".scores thead th:not([hidden])").all_inner_texts()]
    row = tab.locator("tbody.models tr").nth(names(tab).index(model))
    return row.locator(f"td:nth-child({heads.index(label) + 1}) button")


PLACE = "[document.activeElement.closest('tr').rowIndex, document.activeElement.parentElement.cellIndex]"


def raw(benchmark, down=True):
    scored = [row.raw for (_, name), row in ROWS.items() if name == benchmark and row.raw is not None]
    return [f"{value:z.3f}".replace("-", "−") for value in sorted(scored, reverse=down)]


def test_it_opens_sorted_by_the_first_composite(visit):
    tab = visit()
    assert tab.locator("[aria-sort]").count() == 1
    assert tab.locator("th[aria-sort=descending]").inner_text().startswith("Both")
    shown = [float(text.replace("−", "-")) for text in column(tab, "Both")]
    assert len(shown) == 12
    assert shown == sorted(shown, reverse=True)


def test_a_column_sorts_down_then_up_and_what_has_no_score_stays_last(visit):
    tab = visit()
    head(tab, "V4-pls").click()
    expected = raw("Set0.public.V4-pls")
    assert column(tab, "V4-pls") == [*expected, "skipped"]
    head(tab, "V4-pls").press("Enter")
    assert tab.locator("th[aria-sort=ascending]").inner_text().startswith("V4-pls")
    assert column(tab, "V4-pls") == [*reversed(expected), "skipped"]
    head(tab, "Model").click()
    assert names(tab) == sorted(MODELS, key=lambda name: (name[0].isalpha(), name.replace("_", "")))


def shades(tab, label):
    """The shade of each cell of a column, from 0, as it stands."""
    heads = [text.split()[0] for text in tab.locator(".scores thead th:not([hidden])").all_inner_texts()]
    cells = tab.locator(f"tbody.models td:nth-child({heads.index(label) + 1})")
    return [int(name[1]) for name in cells.evaluate_all("cells => cells.map(cell => cell.className)")]


def test_shades_follow_scores_and_of_many_models_ranks(visit):
    tab = visit()
    head(tab, "V1-pls").click()
    scores = [float(text.replace("−", "-")) for text in column(tab, "V1-pls")]
    low, high = min(scores), max(scores)
    due = [min(8, int(9 * (score - low) / (high - low))) for score in scores]
    assert all(abs(shade - other) <= 1 for shade, other in zip(shades(tab, "V1-pls"), due, strict=True))
    tab.evaluate("document.querySelector('.board').dataset.shades = 'ranks'")  # as of more than 12 models
    head(tab, "V1-pls").click()
    assert shades(tab, "V1-pls") == [min(8, 9 * below // 11) for below in range(12)]


def test_the_switch_shows_ceilings_and_ceiled_scores(visit):
    tab = visit()
    pixels = ROWS["pixels", FIRST]
    assert cell(tab, "pixels", "V1-pls").inner_text().split("\n")[0] == f"{pixels.raw:.3f}"
    tab.get_by_role("radio", name="ceiling").check()
    assert cell(tab, "pixels", "V1-pls").inner_text() == "0.800"
    tab.get_by_role("radio", name="ceiled").check()
    interval = pixels.ceiled_interval
    expected = [f"{pixels.ceiled:.3f}", f"{interval.low:.2f} – {interval.high:.2f}".replace("-", "−")]
    assert cell(tab, "pixels", "V1-pls").inner_text().split("\n") == expected


FILTERS = {
    ("Region", "V4"): (12, 2),
    ("Species", "human"): (12, 1),
    ("Metric", "ridgecv"): (12, 3),
    ("Family", "transformer"): (4, 8),
    ("Training", "untrained"): (5, 8),
    ("Training", "baseline"): (1, 8),
}
"""Filter to how many models and benchmarks it leaves."""


def test_filters_leave_some_models_and_benchmarks(visit):
    tab = visit()
    for (label, value), (models, columns) in FILTERS.items():
        tab.get_by_label(label).select_option(value)
        assert tab.get_by_role("status").inner_text() == f"{models} of 12 models, {columns} of 8 benchmarks"
        assert len(names(tab)) == models
        assert tab.locator(".scores thead th:not([hidden])").count() == columns + 2
        tab.get_by_role("button", name="Show all").click()
        expect(tab.get_by_role("status")).to_have_text("12 of 12 models, 8 of 8 benchmarks")


def test_models_are_searched_by_words(visit):
    tab = visit()
    tab.get_by_label("Model", exact=True).fill("UNTR net2")
    assert names(tab) == ["net2_untrained"]
    tab.get_by_label("Model", exact=True).fill("nothing of this name")
    assert names(tab) == []


def test_a_cell_opens_and_closes_by_mouse(visit):
    tab = visit()
    opener = cell(tab, "pixels", "V1-pls")
    opener.click()
    dialog = tab.get_by_role("dialog", name=f"pixels on {FIRST}")
    text = dialog.inner_text()
    row = ROWS["pixels", FIRST]
    said = (f"{row.raw:.4f} ± 0.0040", "features.12", "best of 13 layers", "2: n1, n2", "2.6.0")
    assert [word for word in (*said, row.digests["choice"]) if word not in text] == []
    dialog.get_by_role("button", name="Close").click()
    assert dialog.count() == 0
    assert opener.evaluate("one => one === document.activeElement")


def test_a_cell_opens_and_closes_by_keyboard(visit):
    tab = visit()
    tab.locator("tbody.models button[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        tab.keyboard.press(key)
    place = tab.evaluate(PLACE)
    assert place == [1 + 4 + 1, 2]  # under the headings and four lines of reference
    tab.keyboard.press("Enter")
    tab.wait_for_selector("dialog[open]")
    tab.keyboard.press("Escape")
    tab.wait_for_selector("dialog[open]", state="detached")
    again = tab.evaluate(PLACE)
    assert again == place
    assert tab.locator("tbody.models button[tabindex='0']").count() == 1


def test_hostile_names_and_messages_are_text(visit):
    tab = visit()
    assert HOSTILE in names(tab)
    cell(tab, "net2", "V2-pls").click()
    assert MESSAGE in tab.locator("dialog[open]").inner_text()


def test_lines_of_reference_stay_on_top(visit):
    tab = visit()
    head(tab, "Model").click()
    lines = tab.locator("tbody.references tr")
    assert lines.locator("th").all_inner_texts() == [
        "Raw score of ceiled 1",
        "Untrained networks, median",
        "Pixels",
        "Shuffled stimuli, 95th percentile",
    ]
    assert lines.nth(0).locator("td").nth(1).inner_text() == f"{0.8**0.5:.3f}"
    assert lines.nth(3).locator("td").nth(1).inner_text() == "0.060"


def test_the_ceiling_itself_stands_in_its_own_view(visit):
    tab = visit()
    tab.get_by_role("radio", name="ceiling").check()
    lines = tab.locator("tbody.references tr")
    assert "Noise ceiling" in lines.locator("th").all_inner_texts()
    assert "Raw score of ceiled 1" not in lines.locator("th").all_inner_texts()
    assert lines.filter(has_text="Noise ceiling").locator("td").nth(1).inner_text() == "0.800"
    assert int(tab.locator("table.scores").get_attribute("aria-rowcount")) == 12 + lines.count() + 1


def test_home_and_end_go_to_the_ends_of_a_line_and_of_the_table(visit):
    tab = visit()
    tab.locator("tbody.models button[tabindex='0']").focus()
    places = []
    for key in ("ArrowDown", "End", "Home", "Control+End", "Control+Home"):
        tab.keyboard.press(key)
        places.append(tab.evaluate(PLACE))
    assert places == [[6, 1], [6, 9], [6, 1], [16, 9], [5, 1]]
    assert tab.locator("tbody.models button[tabindex='0']").count() == 1


def test_few_errors_stand_under_the_board(visit):
    tab = visit()
    (line,) = tab.locator(".errors li").all_inner_texts()
    assert line == f"net2 on Set0.public.V2-pls: {MESSAGE}"


def test_marks_say_what_fell(visit):
    tab = visit()
    benchmark = "Set0.public.IT-pls"
    fell = f"{ROWS['net1', benchmark].raw:.3f} ↓".replace("-", "−")
    tab.get_by_label("Model", exact=True).fill("net1")
    assert fell in tab.locator("tbody.models").inner_text()
