"""The store gives back what was put or nothing, and never stops a run."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.models import store as module
from pytest_brainscore.models.store import Store, StoreWarning


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


def only_file(store: Store) -> Path:
    (path,) = store.folder.glob("*/*.safetensors")
    return path


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64])
@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (), (5,)])
def test_what_is_put_comes_back(store, dtype, shape):
    tensor = torch.ones(shape).mul(7).to(dtype)
    store.put("ab12", tensor, {"model": "m"})
    found = store.get("ab12")
    assert torch.equal(found, tensor)
    assert found.dtype == dtype


def test_a_view_is_stored_as_what_it_shows(store):
    tensor = torch.arange(12.0).reshape(3, 4)[:, ::2].T
    store.put("ab", tensor)
    assert torch.equal(store.get("ab"), tensor)


def test_what_was_not_put_is_none(store):
    assert store.get("ab") is None


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=4))
def test_keys_depend_on_the_parts_and_not_on_their_order(parts):
    parts = {f"k{key}": value for key, value in parts.items()}
    assert Store.key(**parts) == Store.key(**dict(reversed(parts.items())))
    assert Store.key(**parts) != Store.key(**parts, one_more=1)


def test_a_flipped_bit_is_noticed_and_the_file_goes(store):
    store.put("ab", torch.arange(1000.0))
    path = only_file(store)
    data = bytearray(path.read_bytes())
    data[-1234] ^= 4
    path.write_bytes(data)
    assert store.get("ab") is None
    assert not path.exists()
    store.put("ab", torch.arange(1000.0))
    assert torch.equal(store.get("ab"), torch.arange(1000.0))


@pytest.mark.parametrize("keep", [0, 5, 100, 2000, -1])
def test_a_truncated_file_is_noticed_and_goes(store, keep):
    store.put("ab", torch.arange(1000.0))
    path = only_file(store)
    path.write_bytes(path.read_bytes()[:keep])
    assert store.get("ab") is None
    assert not path.exists()


def test_a_file_that_goes_while_it_is_read_counts_as_none(store, monkeypatch):
    """Safetensors opens a file twice, and the second time it is torch that does not find it."""
    store.put("ab", torch.ones(5))

    def gone(path, framework):
        path.unlink()
        torch.UntypedStorage.from_file(str(path), False, 20)

    monkeypatch.setattr(module, "safe_open", gone)
    assert store.get("ab") is None


def test_another_file_of_the_right_form_is_noticed(store):
    from safetensors.torch import save_file

    store.put("ab", torch.ones(5))
    save_file({"tensor": torch.zeros(5)}, only_file(store))
    assert store.get("ab") is None


def test_beyond_the_limit_the_least_recently_used_goes(tmp_path):
    store = Store(tmp_path, limit_bytes=3 * 4400)
    for age, key in enumerate(["aa", "bb", "cc"]):
        store.put(key, torch.zeros(1000))
        os.utime(next(tmp_path.glob(f"{key}/*")), (1000 + age, 1000 + age))
    assert store.get("aa") is not None  # used now, so bb is the oldest
    store.put("dd", torch.zeros(1000))
    assert [key for key in ("aa", "bb", "cc", "dd") if store.get(key) is not None] == ["aa", "cc", "dd"]
    assert store.usage().bytes <= 3 * 4400


def test_what_exceeds_the_limit_alone_is_not_put_and_moves_nothing(tmp_path):
    store = Store(tmp_path, limit_bytes=5000)
    store.put("aa", torch.zeros(1000))
    store.put("bb", torch.zeros(2000))
    assert store.get("aa") is not None
    assert store.get("bb") is None


def test_usage_and_clear(store):
    assert (store.usage().files, store.usage().bytes) == (0, 0)
    store.put("aa", torch.zeros(1000))
    store.put("bb", torch.zeros(1000))
    usage = store.usage()
    assert usage.files == 2
    assert usage.bytes > 8000
    assert store.clear() == usage
    assert store.usage().files == 0
    assert store.get("aa") is None


def test_a_full_disk_is_one_warning_and_no_error(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "save_file", full)
    with pytest.warns(StoreWarning, match="No space left"):
        store.put("aa", torch.zeros(10))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.put("bb", torch.zeros(10))
    assert store.get("aa") is None
    assert not list(store.folder.glob("*/*"))


def test_a_folder_that_cannot_be_made_is_one_warning_and_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file" / "store")
    with pytest.warns(StoreWarning):
        store.put("aa", torch.zeros(10))
    with store.lock("aa"):
        assert store.get("aa") is None


def test_leftovers_of_killed_runs_go_after_a_while(store):
    store.put("aa", torch.zeros(10))
    old, new = (store.folder / "aa" / f"{name}.safetensors-part" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (1, 1))
    store.put("bb", torch.zeros(10))
    assert not old.exists()
    assert new.exists()


def _hammer(folder: Path, seed: int, failures) -> None:
    store = Store(folder, limit_bytes=40_000)
    torch.manual_seed(seed)
    warnings.simplefilter("error")
    try:
        for step in range(60):
            key = f"{step % 7:02d}"
            found = store.get(key)
            if found is not None and not torch.equal(found, torch.full((2000,), float(step % 7))):
                failures.put(f"{key}: another tensor")
            store.put(key, torch.full((2000,), float(step % 7)))
    except Exception as why:
        failures.put(repr(why))


def test_two_processes_at_once_never_see_half_a_file(processes, tmp_path):
    failures = processes.Queue()
    running = [processes.Process(target=_hammer, args=(tmp_path, seed, failures)) for seed in range(2)]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0, 0]
    time.sleep(0.05)
    assert failures.empty(), failures.get()
    assert not list(tmp_path.glob("*/*-part"))
