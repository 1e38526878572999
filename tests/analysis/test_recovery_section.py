"""The report's section of known truth: what it says and draws of documents of `recover`."""

from __future__ import annotations

import json

import pytest

from pytest_brainscore.errors import ResultsError
from pytest_brainscore.report.evidence import Evidence
from pytest_brainscore.specs.recoveries import Curve, Matrix, Point, Recoveries, read_recoveries

pytest.importorskip("altair")

from pytest_brainscore.report.figures.matrices import Cell, grid
from pytest_brainscore.report.sections.recovery import documents, section

LAYERS = (("a", "1"), ("a", "2"), ("b", "1"))
MATRIX = Matrix(
    metric="cka",
    settings={"debiased": False},
    layers=LAYERS,
    simulations=10,
    scores=((0.9, 0.5, 0.4), (0.6, 0.7, None), (0.1, 0.2, 0.8)),
    wins=((10, 0, 0), (6, 4, 0), (0, 0, 9)),
    tied=((), (), ()),
    models=(10, 10, 9),
    independent=(0.2, 0.01),
    shuffled=(None, None),
)
CURVE = Curve(
    metric="cka",
    settings={"debiased": False},
    over="stimuli",
    points=(Point(size=50, simulations=30, layers=15), Point(size=100, simulations=30, layers=23)),
)
FOUND = Recoveries(
    benchmark="Cowley2023.V4-pls",
    images="own",
    stimuli=640,
    neuroids=50,
    repetitions=20,
    reliability=0.6,
    components=20,
    seeds=10,
    models=("a", "b"),
    matrices=(MATRIX,),
    curves=(CURVE,),
)


def points(panel):
    """The cells that a panel is drawn from."""
    (values,) = panel.to_dict()["datasets"].values()
    return values


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "recovery.json"
    path.write_text(FOUND.text())
    return path


def test_what_is_written_is_read_again(file):
    assert read_recoveries(file) == FOUND
    assert MATRIX.found == (10, 4, 9)
    assert MATRIX.recovered == 2
    assert CURVE.enough is None


def test_the_section_says_plainly_what_is_not_recovered(file):
    made = section(Evidence(found=(), recoveries=(file,)))
    table, matrix, power = made.parts
    assert "the true layer is found less often by" in made.says[1]
    assert "cka (debiased: false) (77 %, 95 % interval 59 % to 88 %)" in made.says[1]
    (row,) = table.rows
    assert row["share"] == round(23 / 30, 3)
    assert row["models"] == round(29 / 30, 3)
    assert row["stimuli"] == "not up to 100"
    assert matrix.says[0].startswith("cka (debiased: false) does NOT recover the layer: 23 of 30 simulations")
    assert "missed are a 2." in matrix.says[1]
    assert "It recovers the model: 29 of 30" in matrix.says[2]
    assert "shuffled no number" in matrix.says[3]
    assert len(matrix.table.rows) == 9
    assert "within 50 to 100 stimuli: at 100 it does in 23 of 30" in power.says[0]


def test_panels_hold_numbers_and_frames(file):
    _, matrix, power = section(Evidence(found=(), recoveries=(file,))).parts
    (panel,) = matrix.panels
    _, frames, words = panel.to_dict()["layer"]
    values = points(panel)
    assert [one["text"] for one in values] == [".90", ".50", ".40", ".60", ".70", "", ".10", ".20", ".80"]
    assert [one["framed"] for one in values] == [True, False, False, True, False, False, False, False, True]
    assert words["mark"]["fontSize"] >= 11
    assert frames["mark"]["filled"] is False
    (curve,) = power.panels
    assert "0.8" in json.dumps(curve.to_dict())


def test_many_layers_become_a_panel_of_models_and_one_for_each(tmp_path):
    layers = tuple((model, str(i)) for model in "ab" for i in range(4))
    won = tuple(tuple(2 if i == j else 0 for j in range(8)) for i in range(8))
    many = MATRIX.model_copy(
        update={
            "layers": layers,
            "simulations": 2,
            "scores": tuple(tuple(float(x > 0) for x in row) for row in won),
            "wins": won,
            "tied": ((),) * 8,
            "models": (2,) * 8,
        }
    )
    path = tmp_path / "recovery.json"
    path.write_text(FOUND.model_copy(update={"matrices": (many,), "curves": ()}).text())
    _, figure = section(Evidence(found=(), recoveries=(path,))).parts
    models, *own = figure.panels
    assert len(own) == 2
    assert '"text": "100 %"' in models.to_json(indent=None)
    assert '"text": "0 %"' in models.to_json(indent=None)


def test_documents_beside_a_run_are_found_once(file):
    part = type("Part", (), {"file": file.parent / "results.json"})()
    evidence = Evidence(found=(), parts=(part,), recoveries=(file,))
    assert documents(evidence) == (file,)
    assert section(Evidence(found=())) is None


def test_another_document_is_refused(tmp_path):
    (tmp_path / "recovery.json").write_text('{"benchmark": 3}')
    with pytest.raises(ResultsError, match=r"recovery.json: .*write it with `recover --benchmark"):
        read_recoveries(tmp_path / "recovery.json")
    with pytest.raises(ResultsError, match="cannot be read"):
        read_recoveries(tmp_path / "none.json")


def test_text_is_readable_on_dark_and_on_light_cells():
    cells = [Cell("1", "1", 0.1, ".10"), Cell("1", "2", 0.95, ".95"), Cell("1", "3", None, "")]
    light = [one["light"] for one in points(grid(cells, "t", (), (0.0, 1.0)))]
    assert light == [False, True, True]
