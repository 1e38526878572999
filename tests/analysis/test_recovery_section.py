"""The report's section of known truth: what it says and draws of documents of `recover`."""

from __future__ import annotations

import json

import pytest

from pytest_brainscore.analysis.truth.verdicts import matrix_said, recovers
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


UNKNOWN = "what it scores where nothing is shared is not known"


def of_one_truth(simulations, won, independent=0.0, shuffled=0.0):
    """A matrix of two layers, each of which is found equally often."""
    wins = ((won, simulations - won), (simulations - won, won))
    update = {
        "layers": LAYERS[:2],
        "simulations": simulations,
        "scores": ((0.9, 0.1), (0.1, 0.9)),
        "wins": wins,
    }
    controls = {"independent": (independent, 0.01), "shuffled": (shuffled, 0.01)}
    return MATRIX.model_copy(
        update={**update, **controls, "tied": ((), (0,)), "models": None, "settings": {}}
    )


@pytest.mark.parametrize(
    ("matrix", "sure", "said"),
    [
        (of_one_truth(10, 10), True, "cka recovers the layer: 20 of 20 simulations (100 %, "),
        (of_one_truth(10, 10, 0.05, -0.05), True, "cka recovers the layer: "),
        (
            of_one_truth(4, 4),
            False,
            "cka has too few simulations to say whether it finds the layer: 8 of 8 sim",
        ),
        (of_one_truth(10, 4), False, "cka does NOT recover the layer: 8 of 20 simulations (40 %, "),
        (
            of_one_truth(10, 10, 0.217, 0.2),
            False,
            "cka finds the layer, but scores 0.22 where nothing is shared: its scores cannot be read as"
            " likeness. Found in 20 of 20 simulations",
        ),
        (of_one_truth(10, 10, 0.0, -0.06), False, "cka finds the layer, but scores -0.06 where nothing is "),
        (
            of_one_truth(10, 10, None),
            False,
            f"cka finds the layer, but has a control without a number: {UNKNOWN}",
        ),
    ],
)
def test_to_recover_takes_enough_simulations_and_controls_near_zero(matrix, sure, said):
    assert recovers(matrix) is sure
    first, *_, last = matrix_said(matrix)
    assert first.startswith(said)
    assert ("NOT both are within 0.05 of 0" in last) is not matrix.controlled


def test_the_page_says_apart_what_is_recovered_found_and_not_known(tmp_path):
    every = (of_one_truth(10, 10), of_one_truth(10, 10, 0.22), of_one_truth(4, 4), of_one_truth(10, 4))
    named = [one.model_copy(update={"metric": name}) for one, name in zip(every, "abcd", strict=True)]
    path = tmp_path / "recovery.json"
    path.write_text(FOUND.model_copy(update={"matrices": tuple(named), "curves": ()}).text())
    _, *said = section(Evidence(found=(), recoveries=(path,))).says
    recovered, found, unknown, less, biased = [one.split("), ", 1)[1] for one in said]
    assert (
        "is recovered (in at least 80 % of simulations, with controls within 0.05 of 0) by a (100 %"
        in recovered
    )
    assert "but not recovered, by b (100 %" in found
    assert "too few to say whether it is found in at least 80 % of simulations by c (100 %" in unknown
    assert "is found less often by d (40 %" in less
    assert biased == "b scores 0.22 where nothing is shared: its scores cannot be read as likeness."


def test_what_is_tied_is_marked_in_the_figure(tmp_path):
    path = tmp_path / "recovery.json"
    path.write_text(FOUND.model_copy(update={"matrices": (of_one_truth(4, 4),), "curves": ()}).text())
    _, figure = section(Evidence(found=(), recoveries=(path,))).parts
    (panel,) = figure.panels
    assert [one["text"] for one in points(panel)] == [".90", ".10", ".10\ntied", ".90"]
    assert panel.to_dict()["layer"][2]["mark"]["lineBreak"] == "\n"
    assert figure.says[-1].startswith('"tied": no nonlinearity separates')
    assert [row["tied"] for row in figure.table.rows] == [False, False, True, False]


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
    assert "simulations are too few to say whether it is found in at least 80 % of" in made.says[1]
    assert "cka (debiased: false) (77 %, 95 % interval 59 % to 88 %)" in made.says[1]
    assert made.says[2].endswith("cka (debiased: false) has a control without a number: " + UNKNOWN + ".")
    (row,) = table.rows
    assert row["share"] == round(23 / 30, 3)
    assert row["models"] == round(29 / 30, 3)
    assert row["stimuli"] == "not up to 100"
    assert (row["independent"], row["shuffled"]) == (0.2, None)
    assert matrix.says[0].startswith("cka (debiased: false) has too few simulations to say whether it finds")
    assert "Found in 23 of 30 simulations" in matrix.says[0]
    assert "missed are a 2." in matrix.says[1]
    assert "It finds the model: 29 of 30" in matrix.says[2]
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
