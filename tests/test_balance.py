"""The balance of workers, played through with workers that are made up: they run, crash, come and go."""

from __future__ import annotations

from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.harness.workers.balance import ByModel
from pytest_brainscore.harness.workers.waiting import Waiting

ONE_MODEL = [("alexnet", 1.0)] * 3


class Made:
    """A worker as xdist has it: it starts an item when it knows the next, or that it is to end."""

    def __init__(self, name, log):
        self.name, self.log = name, log
        self.queue, self.ending, self.dead = deque(), False, False

    @property
    def shutting_down(self):
        return self.ending

    def send_runtest_some(self, indices):
        if self.dead:
            raise OSError
        self.queue.extend(indices)

    def shutdown(self):
        self.ending = True

    @property
    def starts(self):
        return bool(self.queue) and (len(self.queue) > 1 or self.ending)

    def run(self, balance, ids):
        item = self.queue.popleft()
        balance.begun.add(ids[item])
        self.log.append((self.name, item))
        return item


class Session:
    """What xdist's session does with a scheduler; `crashes`: items that kill their worker, and of
    these `again`: items that a plugin has run once more."""

    def __init__(self, work, workers, crashes=(), again=()):
        self.ids = [f"item{i}" for i in range(len(work))]
        self.log, self.refused, self.crashed, self.stopped = [], [], [], False
        self.crashes, self.again, self.made = set(crashes), set(again), 0
        self.balance = ByModel(
            workers, lambda ids: work, set(), lambda: self.stopped, lambda why: self.refused.append(why)
        )
        for worker in [self.start() for _ in range(workers)]:
            self.collect(worker, self.ids)

    def start(self):
        worker = Made(f"gw{self.made}", self.log)
        self.made += 1
        self.balance.add_node(worker)
        return worker

    def collect(self, worker, ids):
        self.balance.add_node_collection(worker, ids)
        if self.balance.collection_is_completed:
            self.balance.schedule()

    def step(self, worker):
        """The worker runs an item, or ends."""
        if worker.starts:
            item = worker.run(self.balance, self.ids)
            if item in self.crashes:
                worker.queue.clear()
                self.crashed.append(self.balance.remove_node(worker))
                if item in self.again:
                    self.again.remove(item)
                    self.crashes.remove(item)
                    self.balance.mark_test_pending(self.ids[item])
                self.collect(self.start(), self.ids)
            else:
                self.balance.mark_test_complete(worker, item)
        elif worker.ending:
            assert self.balance.remove_node(worker) is None
        if self.balance.tests_finished:
            for node in self.balance.nodes:
                node.shutdown()

    def play(self, choose=lambda workers: workers[0]):
        for _ in range(10_000):
            able = [node for node in self.balance.nodes if node.starts or node.ending]
            if not able:
                break
            self.step(choose(able))
        assert self.balance.nodes == []
        assert not self.balance.has_pending
        return self

    @property
    def ran(self):
        return Counter(item for _, item in self.log)


works = st.lists(st.tuples(st.sampled_from("abcde"), st.floats(0.1, 9)), min_size=1, max_size=20)


@given(work=works, workers=st.integers(1, 4), data=st.data())
def test_every_item_runs_once_and_a_model_on_one_worker(work, workers, data):
    session = Session(work, workers).play(lambda able: data.draw(st.sampled_from(able)))
    assert session.ran == dict.fromkeys(range(len(work)), 1)
    homes = {(work[item][0], worker) for worker, item in session.log}
    assert len(homes) == len({unit for unit, _ in work})


@given(work=works, workers=st.integers(1, 4), data=st.data())
def test_a_crash_costs_the_item_that_it_was_in(work, workers, data):
    crashes = data.draw(st.sets(st.integers(0, len(work) - 1)))
    session = Session(work, workers, crashes).play(lambda able: data.draw(st.sampled_from(able)))
    assert session.ran == dict.fromkeys(range(len(work)), 1)
    assert sorted(session.crashed) == sorted(f"item{i}" for i in crashes)


def test_the_longest_unit_starts_first_and_the_next_goes_to_who_is_free():
    work = [("short", 1.0), ("short", 1.0), ("long", 3.0), ("long", 3.0), ("middle", 2.0), ("middle", 2.0)]
    session = Session(work, 2)
    first, second = session.balance.nodes
    assert (list(first.queue), list(second.queue)) == ([2, 3], [4, 5])
    session.step(second)
    assert list(second.queue) == [5, 0]
    assert not first.ending


def test_units_are_spread_before_any_worker_has_two():
    session = Session([("a", 3.0), ("b", 2.0), ("c", 1.0)], 2)
    assert [list(node.queue) for node in session.balance.nodes] == [[0, 2], [1]]


class Looked(list):
    """Work that counts how often it is looked at."""

    looks = 0

    def __getitem__(self, item):
        self.looks += 1
        return super().__getitem__(item)


def test_thousands_of_foreign_items_are_each_looked_at_a_few_times():
    work = Looked((f"test{i}", 0.0) for i in range(3000))
    session = Session(work, 1)
    session.play()
    assert [item for _, item in session.log] == list(range(3000))
    assert work.looks < 4 * 3000


def test_a_unit_that_grew_and_shrank_waits_by_what_it_is_now():
    waiting = Waiting()
    waiting.add("a", [0], 5.0)
    waiting.add("a", [1], 5.0)
    waiting.add("b", [2], 4.0)
    assert waiting.first() == [0, 1]
    waiting.add("a", [1], 3.0)
    assert [waiting.first() for _ in range(3)] == [[2], [1], []]


def test_what_is_left_of_a_unit_waits_for_those_that_fewer_workers_died_in_and_as_long_as_it_is():
    work = [("bad", 9.0)] * 4 + [("worse", 8.0)] * 2 + [("a", 2.0), ("a", 2.0), ("foreign", 0.0)]
    session = Session(work, 1, crashes={0, 1, 2, 3, 4, 5}).play()
    assert [item for _, item in session.log] == [0, 4, 6, 7, 8, 1, 5, 2, 3]


def test_a_worker_without_work_takes_over_from_one_that_crashes():
    session = Session(ONE_MODEL, 2, crashes={0})
    busy, spare = session.balance.nodes
    assert list(busy.queue) == [0, 1]
    assert not spare.queue
    assert not spare.ending
    session.step(busy)
    assert session.crashed == ["item0"]
    assert list(spare.queue) == [1, 2]


def test_a_worker_that_dies_between_items_costs_none():
    session = Session(ONE_MODEL, 1)
    (worker,) = session.balance.nodes
    assert session.balance.remove_node(worker) is None
    session.collect(session.start(), session.ids)
    session.play()
    assert session.ran == {0: 1, 1: 1, 2: 1}


def test_a_worker_that_is_dead_before_xdist_says_so_gets_nothing():
    session = Session([("a", 2.0), ("a", 2.0), ("b", 1.0), ("b", 1.0)], 2)
    _, second = session.balance.nodes
    second.dead = True
    session.balance.mark_test_complete(second, second.run(session.balance, session.ids))
    assert session.balance.remove_node(second) is None
    session.collect(session.start(), session.ids)
    session.play()
    assert session.ran == {0: 1, 1: 1, 2: 1, 3: 1}


def test_a_worker_that_dies_before_it_collected_is_not_waited_for():
    balance = ByModel(2, lambda ids: ONE_MODEL, set(), lambda: False, pytest.fail)
    workers = [Made(f"gw{i}", []) for i in range(3)]
    for worker in workers[:2]:
        balance.add_node(worker)
    balance.add_node_collection(workers[0], ["x", "y", "z"])
    assert balance.remove_node(workers[0]) is None
    balance.add_node_collection(workers[1], ["x", "y", "z"])
    assert not balance.collection_is_completed
    balance.add_node(workers[2])
    balance.add_node_collection(workers[2], ["x", "y", "z"])
    balance.schedule()
    assert list(workers[1].queue) == [0, 1]
    with pytest.raises(KeyError):
        balance.remove_node(workers[0])


def test_a_stopped_run_starts_nothing_more():
    session = Session([("a", 1.0)] * 9, 1)
    session.stopped = True
    session.play()
    assert session.ran == {0: 1, 1: 1}


def test_workers_that_collect_other_items_are_refused():
    session = Session(ONE_MODEL, 1)
    session.collect(session.start(), ["item0", "item1", "another"])
    assert "item2 is missing" in session.refused[0]
    session.play()
    assert session.ran == {0: 1, 1: 1}


def test_a_plugin_may_ask_for_a_crashed_item_again():
    session = Session(ONE_MODEL, 1, crashes={1}, again={1}).play()
    assert session.crashed == ["item1"]
    assert session.ran == {0: 1, 1: 2, 2: 1}
