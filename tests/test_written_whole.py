"""Files are written whole or not at all: rows, notes of hashes, the book of digests, rejected files."""

from __future__ import annotations

import hashlib
import os
import resource
from types import SimpleNamespace

import filelock
import pytest

from pytest_brainscore.data import disk
from pytest_brainscore.data.disk import append_whole, lock, remembered_hash, replace, write_whole
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.errors import FetchError, ModelError, NotHere
from pytest_brainscore.harness import hooks
from pytest_brainscore.harness.records import record
from pytest_brainscore.harness.records.book import Book
from pytest_brainscore.harness.watching import ledger
from pytest_brainscore.models.published import same_as_before
from pytest_brainscore.models.store import Store
from pytest_brainscore.report.runs import read
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.results import Row


@pytest.fixture
def limit():
    """No file may grow beyond so many bytes, which is to the program what a full disk is."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def row(model: str) -> Row:
    return Row(benchmark="Own.IT", model=model, dataset="Own", region="IT", metric="pls", status="scored")


def test_what_does_not_fit_is_taken_back(tmp_path, limit):
    path = tmp_path / "lines"
    append_whole(path, "first\n")
    limit(10)
    with pytest.raises(OSError, match="File too large"):
        append_whole(path, "second and longer\n")
    with pytest.raises(OSError, match="File too large"):
        write_whole(path, "x" * 11)
    assert path.read_text() == "first\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_of_the_same_process_number_takes_no_draft_away(tmp_path, monkeypatch):
    path, moved = tmp_path / "note", []

    def another_in_between(draft, target):
        moved.append(draft)
        if len(moved) == 1:
            write_whole(path, "the other's")
            assert path.read_text() == "the other's"
        replace(draft, target)

    monkeypatch.setattr(disk, "replace", another_in_between)
    write_whole(path, "the first one's")
    assert path.read_text() == "the first one's"
    assert len(set(moved)) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_who_may_read_a_file_is_as_everywhere(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "note", "text")
    finally:
        os.umask(before)
    assert oct((tmp_path / "note").stat().st_mode & 0o777) == "0o640"


@pytest.mark.parametrize(
    "layers", [("relu@1", "relu_1"), ("lstm[1]", "lstm_1_"), ("a, b", "a__b"), ("x" * 190, "x" * 191)]
)
def test_no_two_layers_share_a_file_of_values(layers):
    first, second = (record.values_name("Own.IT-pls", "net", layer) for layer in layers)
    assert first != second
    assert max(len(first), len(second)) < 190


def test_a_layer_whose_name_a_file_may_have_names_its_file():
    assert record.values_name("Own.IT-pls", "net_v1.5", "features.0") == "Own.IT-pls__net_v1.5__features.0.nc"


def test_a_row_that_could_not_be_written_is_written_with_the_next(tmp_path, limit):
    book = Book(tmp_path / "run", None, ())
    book.add(row("a"))
    size = (tmp_path / "run" / "results.jsonl").stat().st_size
    limit(size + 20)
    book.add(row("b"))
    assert (tmp_path / "run" / "results.jsonl").stat().st_size == size
    limit(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    book.add(row("c"))
    lines = (tmp_path / "run" / "results.jsonl").read_text().splitlines()
    assert [Row.model_validate_json(line).model for line in lines] == ["a", "b", "c"]
    assert book.problems == []


def test_a_rerun_replaces_an_error_also_where_its_layer_was_not_known(tmp_path):
    book = Book(tmp_path / "run", None, ())
    mapped = row("a").model_copy(update={"node": "own.yaml::IT::a"})
    for update in ({"status": "error"}, {"layer": "conv5"}):
        book.add(mapped.model_copy(update=update))
    assert [(one.layer, one.status) for one in book.results] == [("conv5", "scored")]
    for layer in ("l_1", "l/1"):
        book.add(row("a").model_copy(update={"layer": layer, "node": "own.yaml::IT::a-l_1"}))
    assert [one.layer for one in book.results] == ["conv5", "l_1", "l/1"]


def test_a_row_that_came_early_stays_until_its_item_ends(tmp_path):
    book = Book(tmp_path / "run", None, ())
    book.add_early(row("b"))
    book.add_early(row("a"))
    book.add(row("a").model_copy(update={"verdict": "same"}))
    assert [(one.model, one.verdict) for one in book.results] == [("b", None), ("a", "same")]
    assert list(book.rows.values()) == book.results[1:]
    book.close(complete=False)
    again = read(tmp_path / "run" / "results.jsonl")
    assert [(one.model, one.verdict) for one in again.rows] == [("b", None), ("a", "same")]
    assert read(tmp_path / "run").rows == tuple(book.results)


def test_rows_that_are_never_written_are_a_problem(tmp_path, limit):
    book = Book(tmp_path / "run", None, ())
    limit(20)
    book.add(row("a"))
    book.close(complete=True)
    assert [problem.rpartition("/")[2] for problem in book.problems] == [
        "results.jsonl: not written (File too large)",
        "results.json: not written (File too large)",
    ]


def test_a_note_of_a_hash_that_was_damaged_is_made_anew(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(b"recordings")
    right = hashlib.sha256(b"recordings").hexdigest()
    assert remembered_hash(path, "sha256", tmp_path) == right
    (note,) = (tmp_path / "hashes").iterdir()
    note.write_text(note.read_text().replace(right, "0" * 64))
    assert remembered_hash(path, "sha256", tmp_path) == right


def test_a_file_whose_time_was_set_back_is_hashed_again(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(b"recordings")
    before, first = path.stat(), remembered_hash(path, "sha256", tmp_path)
    path.write_bytes(b"Recordings")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert remembered_hash(path, "sha256", tmp_path) == hashlib.sha256(b"Recordings").hexdigest() != first


def test_offline_names_the_damaged_file(tmp_path):
    file = File(url="http://localhost/data.npy", sha256=hashlib.sha256(b"right").hexdigest())
    fetcher = Fetcher(tmp_path, offline=True)
    fetcher.place(file).parent.mkdir(parents=True)
    fetcher.place(file).write_bytes(b"wrong")
    for _ in range(2):
        with pytest.raises(NotHere, match=r"a damaged one lies at .*rejected.*_data\.npy"):
            fetcher(file, tmp_path)


@pytest.mark.parametrize("damage", ['{"timm:net": ', '{"timm:net": "0123"}', "[]", '{"a": "\xff"}'])
def test_a_damaged_book_of_digests_is_named(tmp_path, damage):
    weights = tmp_path / "net.safetensors"
    weights.write_bytes(b"weights")
    (tmp_path / "weights.json").write_text(damage, encoding="latin-1")
    with pytest.raises(ModelError, match=r"weights\.json: is damaged .*; delete it"):
        same_as_before("timm:net", weights, tmp_path)


def test_the_engine_is_let_go_of_whatever_the_end_of_the_run_meets(monkeypatch):
    done = []

    def full(*_):
        raise OSError("disk is full")

    monkeypatch.setattr(hooks.ending, "update_baselines", lambda *_: done.append("baselines"))
    monkeypatch.setattr(hooks.record, "finish", lambda *_: done.append("results"))
    monkeypatch.setattr(hooks.ending, "keep_times", full)
    run = SimpleNamespace(answer_controller=lambda _: None, close=lambda: done.append("engine"))
    run.settings = SimpleNamespace(shard=None, guard="off", markdown=None)
    run.book = SimpleNamespace(problems=["not written"])
    session = SimpleNamespace(config=None, exitstatus=0)
    with pytest.raises(OSError, match="disk is full"):
        hooks.Hooks(run).pytest_sessionfinish(session, pytest.ExitCode.OK)
    assert done == ["baselines", "results", "engine"]
    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def no_locks(monkeypatch):
    """A file system that knows none, as filelock says it."""

    def acquire(lock):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)


@pytest.mark.usefixtures("no_locks")
def test_where_no_lock_can_be_had_that_is_an_error_of_the_disk(tmp_path):
    with pytest.raises(OSError, match="its file system knows no locks"), lock(tmp_path, "a"):
        pass
    file = File(url="http://localhost/data.npy", sha256="a" * 64)
    with pytest.raises(FetchError, match=r"cannot be used as cache \(its file system knows no locks\)"):
        Fetcher(tmp_path)(file, tmp_path)


@pytest.mark.usefixtures("no_locks")
def test_where_no_lock_can_be_had_nothing_is_kept_and_the_run_goes_on(tmp_path):
    ledger.write(tmp_path, [row("a")])
    weights = tmp_path / "net.safetensors"
    weights.write_bytes(b"weights")
    same_as_before("timm:net", weights, tmp_path)
    entered = []
    with Store(tmp_path / "store").lock("ab"):
        entered.append(True)
    assert entered == [True]
    assert not (tmp_path / "ledger").exists()
    assert not (tmp_path / "weights.json").exists()


def test_the_store_hands_on_what_is_raised_under_its_lock(tmp_path):
    with pytest.raises(OSError, match="of the body"), Store(tmp_path / "store").lock("ab"):
        raise OSError("of the body")
