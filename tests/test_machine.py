"""The machine: devices by name, threads for small work."""

from __future__ import annotations

import sys

import pytest
import torch

from pytest_brainscore.errors import ModelError
from pytest_brainscore.machine import WORTH_THREADS, Device, keep_freed_memory, threads_for


def test_auto_takes_cuda_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert Device.named("auto") == Device(torch.device("cpu"), torch.device("cpu"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert Device.named("auto").network == torch.device("cuda")
    assert Device.named("cuda:1").metrics == torch.device("cuda:1")
    with pytest.raises(ModelError, match="2 CUDA"):
        Device.named("cuda:2")


def test_apple_networks_are_scored_on_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert Device.named("mps") == Device(torch.device("mps"), torch.device("cpu"))


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "", "CPU"])
def test_other_names_are_errors(name):
    with pytest.raises(ModelError, match="none of auto"):
        Device.named(name)


def test_a_device_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for name in ("cuda", "mps"):
        with pytest.raises(ModelError, match="use cpu or auto"):
            Device.named(name)


def test_small_work_gets_one_thread_and_gives_the_others_back():
    before = torch.get_num_threads()
    with threads_for(torch.empty(10)):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    with threads_for(torch.empty(10), torch.empty(WORTH_THREADS, device="meta")):
        assert torch.get_num_threads() == before


def test_freed_memory_is_kept_on_linux():
    assert keep_freed_memory() is sys.platform.startswith("linux")
