"""The unit of work: scores or reasons, one per task, all of which can travel."""

from __future__ import annotations

import importlib
import pickle
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pytest_brainscore import suite
from pytest_brainscore.errors import BrainScoreError, ModelError, NotHere, WorkError
from pytest_brainscore.models.columns import NoRoom
from pytest_brainscore.scores import Score
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.models import Model
from pytest_brainscore.work import Terms, Work, do

from .test_levels import PACKAGE

CASES = [case for path in suite.files_in(suite.benchmarks()) for case in load_cases(path)]
MODEL = Model(id="alexnet", source="torchvision", layers={"IT": "features.12", "V4": ("a", "b")})
SCORE = Score(
    raw=0.5,
    error=0.1,
    ceiling=None,
    ceiling_error=None,
    ceiled=None,
    normalise="none",
    splits=(0.4, 0.6),
    values=np.array([[0.4], [0.6]]),
    targets=("all",),
    over="all",
    about={"seconds": {"build": 0.2}},
)


class Bench:
    """Answers each benchmark with what was prepared for its number."""

    def __init__(self, *answers):
        self.answers, self.asked, self.released, self.calls = list(answers), (), 0, []

    def score(self, case, model, folder, layer=None):
        self.calls.append((case.name, model.id, folder, layer, self.asked))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def release(self):
        self.released += 1


def work(*layers):
    return Work(MODEL, Path("home"), tuple(zip(CASES, layers, strict=False)))


def test_every_shipped_benchmark_travels():
    unit = Work(MODEL, Path("home"), tuple((case, None) for case in CASES))
    again, terms = pickle.loads(pickle.dumps((unit, Terms("cuda", True, Path("root"), ("nets",)))))
    assert len(CASES) > 5
    assert (again, terms) == (unit, Terms("cuda", True, Path("root"), ("nets",)))
    assert [case.digest for case, _ in again.tasks] == [case.digest for case in CASES]


def test_a_unit_is_done_in_its_order_and_known_as_a_whole_beforehand():
    unit, bench = work(None, "features.3"), Bench(SCORE, SCORE)
    assert do(unit, bench) == (SCORE, SCORE)
    plan = (("alexnet", CASES[0], None), ("alexnet", CASES[1], "features.3"))
    assert bench.calls == [
        (CASES[0].name, "alexnet", Path("home"), None, plan),
        (CASES[1].name, "alexnet", Path("home"), "features.3", plan),
    ]
    assert bench.released == 1


def test_what_fails_is_told_and_stops_nothing():
    cause = KeyError("inner")
    bench = Bench(ModelError("no layer x"), NotHere("not here"), cause, SCORE)
    outcomes = pickle.loads(pickle.dumps(do(work(None, None, None, None), bench)))
    assert [type(outcome) for outcome in outcomes] == [ModelError, NotHere, WorkError, Score]
    assert [str(outcome) for outcome in outcomes[:2]] == ["no layer x", "not here"]
    assert str(outcomes[2]).startswith("KeyError: 'inner'\nTraceback (most recent call last):\n")
    assert "raise answer" in str(outcomes[2])
    assert outcomes[3].values.tolist() == [[0.4], [0.6]]
    assert bench.released == 1


def errors_below(kind: type[BrainScoreError]) -> Iterator[type[BrainScoreError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from errors_below(below)


def test_every_error_can_be_made_of_its_words_and_travel():
    for path in PACKAGE.rglob("*.py"):
        if re.search(r"^class \w+\(\w*(Error|Failure|NotHere)\)", path.read_text("utf-8"), re.MULTILINE):
            importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    kinds = list(errors_below(BrainScoreError))
    assert {BrainScoreError, NotHere, NoRoom} <= set(kinds)
    for kind in kinds:
        error = kind("why")
        for again in (type(error)(str(error)), pickle.loads(pickle.dumps(error))):
            assert (type(again), str(again)) == (kind, "why")


def test_a_full_disk_costs_its_task_and_no_other():
    full = NoRoom("activations need 9 GB", {"a": 9}, 5)
    outcomes = pickle.loads(pickle.dumps(do(work(None, None), Bench(full, SCORE))))
    assert [type(outcome) for outcome in outcomes] == [NoRoom, Score]
    travelled = pickle.loads(pickle.dumps(full))
    assert (str(travelled), travelled.sizes, travelled.room) == ("activations need 9 GB", {"a": 9}, 5)


def test_ctrl_c_ends_a_unit_and_lets_go_of_the_network():
    bench = Bench(SCORE, KeyboardInterrupt())
    try:
        do(work(None, None), bench)
        interrupted = False
    except KeyboardInterrupt:
        interrupted = True
    assert (interrupted, bench.released) == (True, 1)


def test_an_interrupt_that_a_network_raises_on_a_worker_is_an_error_of_its_task():
    bench = Bench(KeyboardInterrupt("mine"), SCORE)
    with ThreadPoolExecutor(1) as worker:
        failed, score = worker.submit(do, work(None, None), bench).result()
    assert (type(failed), score) == (WorkError, SCORE)
    assert str(failed).startswith("KeyboardInterrupt: mine\n")
