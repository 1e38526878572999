"""``python -m pytest_brainscore report``: what is read, written, escaped and refused, without a browser."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import altair as alt
import pyarrow.parquet as parquet
import pytest

from pytest_brainscore.__main__ import main
from pytest_brainscore.commands import report as command
from pytest_brainscore.data.simulated.reading import NOTE
from pytest_brainscore.errors import ResultsError
from pytest_brainscore.metrics.normalise import normalise
from pytest_brainscore.report.figures.charts import themed
from pytest_brainscore.report.figures.phrases import slug
from pytest_brainscore.report.page.build import facts, on_same_stimuli
from pytest_brainscore.report.page.build import write as write_page
from pytest_brainscore.report.page.cells import of_perfect
from pytest_brainscore.report.page.details import of_row
from pytest_brainscore.report.page.drawing import Panel, drawn, sheet
from pytest_brainscore.report.page.exports import write_figure, write_table
from pytest_brainscore.report.page.ids import apart
from pytest_brainscore.report.page.reading import evidence_of
from pytest_brainscore.report.page.rendering import as_json, breakable, coded, right, shown, widths
from pytest_brainscore.report.parts import Figure, Picture, Pictures, Section, Table
from pytest_brainscore.report.sections import history, leaderboard
from pytest_brainscore.report.tracks import tracks
from pytest_brainscore.specs.results import OTHER_HALF, Run

from .browser.results import HOSTILE, MESSAGE, results, write

PNG = b"\x89PNG\r\n\x1a\n"
HOSTILE_ROW = {"name": HOSTILE, "r": 0.5, "n": 12345, "p": 0.0000123, "none": None, "also": 1.0}


class Reader(HTMLParser):
    """The elements of a page, the text of its scripts, and all addresses."""

    def __init__(self, text):
        super().__init__()
        self.found, self.scripts, self.addresses, self._open = [], {}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.found.append((tag, named))
        self.addresses += [
            value for key, value in attributes if key in ("src", "href", "xlink:href", "srcset")
        ]
        self._open = named.get("class", named.get("type", "js")) if tag == "script" else None

    def handle_data(self, data):
        if self._open is not None:
            self.scripts[self._open] = self.scripts.get(self._open, "") + data


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    for day in (18, 21):
        write(folder, f"run{day}", f"2026-11-{day}T05:00:00+00:00", run=day)
    return folder


@pytest.fixture(scope="module")
def evidence(project):
    return evidence_of([project / "reports" / "run21"], project=project)


@pytest.fixture(scope="module")
def board(evidence):
    (made,) = leaderboard.section(evidence).parts
    return made


@pytest.fixture(scope="module")
def page(tmp_path_factory, evidence):
    """A page of the leaderboard and of hand-made parts with hostile names, in its folder."""
    folder = tmp_path_factory.mktemp("page")
    columns = {"name": "name", "r": "r", "n": "n", "p": "p", "none": "none"}
    table = Table("hand", HOSTILE, [HOSTILE_ROW], columns)
    chart = themed(alt.Chart(alt.InlineData([{"x": 1, "y": HOSTILE}])).mark_point().encode(x="x:Q", y="y:N"))
    parts = [
        table,
        Figure("drawn", HOSTILE, [chart, chart], HOSTILE, [HOSTILE] * 8, Table("beside", "", [], {"a": "A"})),
        Pictures("seen", "Seen", [Picture(PNG, HOSTILE, HOSTILE)]),
    ]
    write_page(folder, evidence, [leaderboard.section(evidence), Section("more", "More", parts)], HOSTILE)
    return folder


@pytest.fixture(scope="module")
def read(page):
    return Reader((page / "index.html").read_text(encoding="utf-8"))


def test_a_page_holds_all_that_it_needs(page, read):
    local = [address for address in read.addresses if not address.startswith(("#", "data:"))]
    assert sorted(set(local)) == sorted(str(file.relative_to(page)) for file in page.glob("*/*"))
    policy = next(
        one["content"] for tag, one in read.found if one.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none';")
    assert "unsafe-inline" not in policy.split("script-src")[1]


def test_hostile_names_are_text_everywhere(read):
    assert sorted(read.scripts) == ["data", "details", "js"]
    assert not [named for _, named in read.found if any(key.startswith("on") for key in named)]
    assert len([tag for tag, _ in read.found if tag == "script"]) == 3
    assert len([tag for tag, _ in read.found if tag == "img"]) == 1


def test_the_script_reads_what_the_rows_say(read, board):
    data = json.loads(read.scripts["data"])
    details = json.loads(gzip.decompress(base64.b64decode(read.scripts["details"])))
    assert [model["name"] for model in data["models"]] == list(dict.fromkeys(row.model for row in results()))
    assert data["columns"][0]["label"] == "Both"
    assert data["cells"] == [[*line] for line in board.data["cells"]]
    row = next(i for i, model in enumerate(data["models"]) if model["name"] == "net2")
    said = [details["pairs"][index][1] for index in details["cells"][row][2]]
    assert said[0] == MESSAGE


def test_cells_are_the_rows_numbers(board):
    rows = {(row.model, row.benchmark): row for row in results(run=21)}
    places = [entry.label for entry in board.entries]
    row = rows["net1", "Set0.public.V1-pls"]
    cell = board.data["cells"][places.index("net1")][1]
    ends = (
        row.interval.low,
        row.interval.high,
        0.8,
        row.ceiled,
        row.ceiled_interval.low,
        row.ceiled_interval.high,
    )
    assert cell[:7] == pytest.approx([row.raw, *ends], abs=1e-6)
    assert cell[7] == "↓"
    assert board.data["cells"][places.index("net3")][3:5] == ["skipped", None]
    both = (rows["net0", "Set0.public.V1-pls"].raw + rows["net0", "Set0.public.V2-pls"].raw) / 2
    assert board.data["cells"][places.index("net0")][0][0] == pytest.approx(both, abs=1e-6)
    assert board.data["cells"][places.index("net2")][0][7] == "1/2"


def test_a_cell_says_what_its_untrained_twin_scored(board):
    rows = {(row.model, row.benchmark): row.raw for row in results(run=21)}
    net, twin = rows["net0", "Set0.public.V1-pls"], rows["net0_untrained", "Set0.public.V1-pls"]
    place = [entry.label for entry in board.entries].index("net0")
    said = board._said(board.entries[place], board.columns[1])
    assert ("Score", "untrained twin", f"{twin:.4f}, {net - twin:+.4f} with training") in said


def test_a_model_in_several_layers_has_a_line_for_each(evidence):
    layers = [one for one in evidence.found if one.row.model == "net1"]
    more = [
        type(one)(one.row.model_copy(update={"layer": "other", "node": "x::net1:other"}), one.part)
        for one in layers
    ]
    (board,) = leaderboard.section(type(evidence)([*evidence.found, *more])).parts
    assert [entry.label for entry in board.entries if entry.model == "net1"] == [
        "net1 · features.12",
        "net1 · other",
    ]


def test_tables_are_written_in_full(page):
    with (page / "tables" / "hand.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert line == {"name": HOSTILE, "r": "0.5", "n": "12345", "p": "1.23e-05", "none": "", "also": "1.0"}
    assert parquet.read_table(page / "tables" / "hand.parquet").to_pylist() == [HOSTILE_ROW]
    scores = parquet.read_table(page / "tables" / "scores.parquet").to_pylist()
    rows = results(run=21)
    assert [one["raw"] for one in scores] == [row.raw for row in rows]
    assert {one["run"] for one in scores} == {"run21"}


def test_columns_of_several_kinds_are_written(tmp_path):
    table = Table("mixed", "", [{"a": 1, "b": 1, "c": None}, {"a": 0.5, "b": "x", "c": None}], {"a": "A"})
    write_table(tmp_path, table)
    read = parquet.read_table(tmp_path / "tables" / "mixed.parquet").to_pylist()
    assert read == [{"a": 1.0, "b": "1", "c": None}, {"a": 0.5, "b": "x", "c": None}]


def test_a_figure_is_one_drawing_of_all_panels(tmp_path):
    chart = themed(
        alt.Chart(alt.InlineData([{"x": 1, "y": 2}])).mark_point(clip=True).encode(x="x:Q", y="y:Q")
    )
    panels = [drawn(chart, f"p{i}-") for i in range(4)]
    ids = re.findall(r'id="([^"]+)"', sheet(panels))
    assert ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", sheet(panels))) <= set(ids)
    write_figure(tmp_path, "four", panels)
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', (tmp_path / "figures" / "four.svg").read_text())
    png = (tmp_path / "figures" / "four.png").read_bytes()
    wide, high = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    assert (wide, high) == pytest.approx((2 * float(size[1]), 2 * float(size[2])), abs=2)
    assert float(size[2]) == pytest.approx(2 * panels[0].height + 12)


def test_values_as_they_are_shown():
    values = (None, float("nan"), True, 0.12345, -0.0001, 0.0, 12345, 1234.5, "a")
    assert [shown(value) for value in values] == [
        "–",
        "–",
        "yes",
        "0.123",
        "−1.0e−04",
        "0.000",
        "12,345",
        "1,234",
        "a",
    ]
    assert breakable("a_b.<c>") == "a_<wbr>b.<wbr>&lt;c&gt;"
    assert json.loads(as_json({"a": "</script>&\u2028"})) == {"a": "</script>&\u2028"}
    assert "<" not in as_json("</script>")


def test_prose_has_code_between_backticks_and_nothing_else_of_html():
    assert coded("run `pytest <x>` & `more`") == ("run <code>pytest &lt;x&gt;</code> &amp; <code>more</code>")
    assert breakable("r = 0.5 of a.b") == "r = 0.5 of a.<wbr>b"
    rows = [{"a": "x" * 61, "b": "x" * 60, "c": 1, "d": "x" * 161}]
    assert widths(rows, "abcd") == {"a": "long", "b": "some", "c": "", "d": "verylong"}
    assert (right(rows, "abcd"), right([], "abcd")) == ([2], [])
    assert widths([{"a": "−0.176 [−0.372, 0.035]", "b": ""}], "ab") == {"a": "whole", "b": ""}


def perfect(how, ceiling=0.64, raw=0.3):
    row = results(1, 1)[0].model_copy(update={"raw": raw, "ceiling": ceiling, "normalise": how})
    return of_perfect([row])


@pytest.mark.parametrize(
    "how", ["r2_over_ceiling", "r_over_ceiling", "r_over_sqrt_ceiling", "r2_over_ceiling2"]
)
def test_the_raw_score_of_ceiled_one_is_where_the_metric_says_one(how):
    (raw,) = perfect(how)
    assert normalise(how, raw, 0.64) == pytest.approx(1)


def test_without_a_ceiling_that_divides_no_raw_score_is_ceiled_one():
    assert perfect("above_chance") == [0.64]
    assert [perfect("none"), perfect(None), perfect("r_over_ceiling", ceiling=None)] == [None] * 3


def test_ids_of_names_that_look_alike_differ(tmp_path):
    slugs = {slug(name) for name in ("V/4", "V 4", "V-4", "V4", "/", "")}
    assert len(slugs) == 6
    assert slug("V4") == "V4"
    made = [Figure(f"profiles-{slug(name)}", name, [], "") for name in ("V/4", "V 4")]
    assert len({one.id for one in made}) == 2
    for one in made:
        write_figure(tmp_path, one.id, [Panel("<g/>", 10, 10)])
    assert len(list(tmp_path.glob("figures/*.svg"))) == 2


def test_equal_ids_are_numbered():
    table, other = (Table("a", title, [{"x": 1}], {"x": "x"}) for title in ("one", "other"))
    drawn = [Figure("b", "one", [], "", table=table), Figure("B", "two", [], "", table=table)]
    first, second = apart([Section("s", "S", [table, *drawn]), Section("t", "T", [other, drawn[0]])])
    assert [one.id for one in (*first.parts, *second.parts)] == ["a", "b", "B-2", "a-2", "b"]
    assert [one.table.id for one in first.parts[1:]] == ["a", "a"]


@pytest.mark.parametrize("id", ["../a", "a/b", ".a", "", "a b", "a\n"])
def test_an_id_that_is_no_plain_name_is_refused(tmp_path, id):
    with pytest.raises(ResultsError, match="is no plain name of a file"):
        write_table(tmp_path, Table(id, "", [], {"a": "A"}))
    with pytest.raises(ResultsError, match="is no plain name of a file"):
        write_figure(tmp_path, id, [])
    assert list(tmp_path.rglob("*.*")) == []


def test_text_is_no_formula_of_a_spreadsheet(tmp_path):
    write_table(tmp_path, Table("f", "", [{"a": "=1+1", "b": -0.5, "c": "@x", "d": "1-2"}], {"a": "A"}))
    assert (tmp_path / "tables" / "f.csv").read_text().splitlines()[1] == "'=1+1,-0.5,'@x,1-2"
    assert parquet.read_table(tmp_path / "tables" / "f.parquet").to_pylist()[0]["a"] == "=1+1"


def noted(evidence, count):
    """The evidence with the note of simulated recordings on its first scores."""
    scored = evidence.scored[:count]
    update = {"notes": (NOTE,)}
    found = [
        replace(one, row=one.row.model_copy(update=update)) if one in scored else one
        for one in evidence.found
    ]
    return replace(evidence, found=tuple(found))


def test_simulated_recordings_are_called_so(evidence):
    many = len(evidence.scored)
    assert facts(evidence)["simulated"] == ""
    assert facts(noted(evidence, many))["simulated"] == "Simulated recordings: no brain was measured."
    assert facts(noted(evidence, 2))["simulated"] == (
        f"2 of {many} scores on simulated recordings: no brain was measured (Set0.public)."
    )


def test_scores_on_half_of_the_stimuli_are_in_the_table_and_nowhere_else(evidence):
    half = {"layer_source": "best of 2 layers on one half of the stimuli (seed 0)" + OTHER_HALF}
    found = [
        replace(one, row=one.row.model_copy(update=half)) if one.row.model == "net0" else one
        for one in evidence.found
    ]
    mixed = replace(evidence, found=found)
    assert facts(evidence)["halves"] == ""
    assert facts(mixed)["halves"].startswith("net0: scored on half of the stimuli (layers: auto), unlike")
    same = on_same_stimuli(mixed)
    models = {one.model for one in evidence.composites}
    assert {one.model for one in same.composites} == models - {"net0"} != models
    scored = {one.row.model for one in evidence.scored}
    assert {one.row.model for one in same.scored} == scored - {"net0"} != scored
    assert on_same_stimuli(evidence).rows == evidence.rows


def test_a_single_untrained_network_is_named(evidence):
    found = [one for one in evidence.found if one.row.model in ("net0", "net0_untrained")]
    (board,) = leaderboard.section(replace(evidence, found=found)).parts
    assert "Untrained: net0_untrained" in [line["name"] for line in board.data["references"]]


def test_errors_are_listed_where_they_are_few(evidence):
    broken = next(one for one in evidence.found if one.row.status == "error")
    for count, listed in ((0, 0), (10, 10), (11, 0)):
        every = [one for one in evidence.found if one is not broken] + [broken] * count
        (board,) = leaderboard.section(replace(evidence, found=every)).parts
        assert len(board.errors) == listed


def test_whole_numbers_have_no_decimals(evidence):
    one = evidence.scored[0]
    also = {"components": 25.0, "explained_variance": 0.25}
    said = of_row(replace(one, row=one.row.model_copy(update={"also": also})))
    assert ("Score", "components", "25") in said
    assert ("Score", "explained_variance", "0.2500") in said


def test_an_opened_cell_says_how_the_ceiling_was_made(evidence):
    one = evidence.scored[0]
    told = {"ceiling_kind": "internal_consistency", "ceiling_settings": {"n": 10, "seed": 1}}
    said = of_row(replace(one, row=one.row.model_copy(update=told)))
    assert ("Score", "ceiling by", "internal_consistency (n 10, seed 1)") in said
    bounds = one.row.model_copy(update={"ceiling_kind": "rsa_bounds"})
    assert ("Score", "ceiling by", "rsa_bounds") in of_row(replace(one, row=bounds))
    assert "ceiling by" not in [term for _, term, _ in of_row(one)]


def test_an_opened_cell_says_that_a_score_is_clipped(evidence):
    one = evidence.scored[0]
    for ceiled, said in ((1.0, "1.0000 (r_over_ceiling, clipped)"), (0.5, "0.5000 (r_over_ceiling)")):
        told = {"ceiled": ceiled, "normalise": "r_over_ceiling", "clip": (0.0, 1.0)}
        row = one.row.model_copy(update=told)
        assert ("Score", "ceiled", said) in of_row(replace(one, row=row))


def test_history_follows_guarded_models_over_the_runs_beside(evidence):
    every = tracks(evidence)
    assert {len(track.points) for track in every} == {2}
    assert [track.model for track in every[:8]] == ["net1"] * 8
    assert every[0].newest.run == "run21"
    assert every[0].newest.baseline == pytest.approx(every[0].newest.row.raw + 0.05)
    section = history.section(evidence)
    assert section.says[0].endswith(
        "over 2 runs, 2026-11-18 to 2026-11-21. Newest verdicts: 85 same, 8 regressed."
    )
    (figure,) = section.parts
    assert len(figure.table.rows) == 2 * len(every)


def test_history_needs_two_runs(project):
    alone = evidence_of([project / "reports" / "run21"], history=[], project=project)
    assert history.section(alone) is None


def test_what_is_known_of_networks_is_the_rows_else_models_yaml(tmp_path):
    names = {"dataset": "Own", "region": "IT", "metric": "rdm", "benchmark": "Own.IT-rdm", "status": "scored"}
    row = results(1, 1)[0]
    rows = [
        row.model_copy(update={**names, "model": model, "about": about})
        for model, about in {"alexnet": {"year": 1}, "alexnet_untrained": {}, "unknown": {}}.items()
    ]
    folder = tmp_path / "run"
    folder.mkdir()
    run = Run(run="run", started="", seconds=0, complete=True, results=tuple(rows))
    (folder / "results.json").write_text(run.text())
    about = evidence_of([folder], history=[], project=tmp_path).about
    assert (about["alexnet"].year, about["alexnet"].diet) == (1, "imagenet-1k")
    twin = about["alexnet_untrained"]
    assert (twin.year, twin.diet, twin.top1) == (2012, None, None)
    assert about["unknown"].family is None


@pytest.fixture
def _one_section(monkeypatch):
    """The leaderboard alone: other sections have tests of their own."""
    monkeypatch.setattr("pytest_brainscore.report.page.build.sections", lambda: (leaderboard.section,))


@pytest.mark.usefixtures("_one_section")
def test_the_command_writes_the_newest_run(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    assert main(["report", "--name", "mine", "--title", "Mine", "--benchmark", "*.V1-pls"]) == 0
    assert capsys.readouterr().out == "report: reports/mine/index.html\n"
    text = (project / "reports" / "mine" / "index.html").read_text(encoding="utf-8")
    assert "<h1>Mine</h1>" in text
    assert [one["id"] for one in json.loads(Reader(text).scripts["data"])["columns"]] == [
        "Both",
        "Set0.public.V1-pls",
    ]
    assert main(["report", "--name", "mine"]) == 2
    assert "reports/mine: there is something already; name a new folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--benchmark", "*.V1-plz"], "--benchmark: no benchmark *.V1-plz"),
        (["--name", "../mine"], "--name ../mine: is no name of a folder in reports/; use --into for a path"),
        (["nowhere"], "nowhere: is no folder of a run"),
    ],
)
def test_the_command_refuses(project, monkeypatch, capsys, words, told):
    monkeypatch.chdir(project)
    assert main(["report", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("_one_section")
def test_nothing_is_left_of_a_report_that_fails(project, tmp_path, monkeypatch):
    def fails(*_):
        raise ResultsError("broken")

    monkeypatch.setattr("pytest_brainscore.report.page.build.write_table", fails)
    monkeypatch.chdir(tmp_path)
    run = project / "reports" / "run21"
    assert main(["report", str(run), "--into", "out"]) == 2
    assert list(tmp_path.iterdir()) == []


def test_without_a_run_or_a_library_one_line_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    assert capsys.readouterr().err == "there is no run under reports/: name the folder of one\n"
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "altair" else object())
    assert main(["report"]) == 2
    said = 'the report needs altair: pip install "pytest-brainscore[report]"\n'
    assert capsys.readouterr().err == said


def test_a_large_page_stays_small(tmp_path):
    """100 x 20; 500 x 60 is timed in tests/speed/opening.py."""
    run = write(tmp_path, models=100, columns=20)
    evidence = evidence_of([run], history=[], project=tmp_path)
    folder = tmp_path / "page"
    folder.mkdir()
    write_page(folder, evidence, [leaderboard.section(evidence)], "Large")
    text = (folder / "index.html").read_text(encoding="utf-8")
    cells = 100 * 20
    assert len(text) < 150_000 + 350 * cells
    assert text.count("<td>") < 40 * 21
