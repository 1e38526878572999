"""What layers answer is what they compute, however it is cut into batches, held, or repeated."""

from __future__ import annotations

import random
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from torch import nn

from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import DataError, ModelError
from pytest_brainscore.models import activations, columns
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.columns import Concatenated
from pytest_brainscore.models.taps import Taps

from .fakes import SIDE, Small, images, inputs, network


def answers(net, stimuli, layers, **how) -> dict[str, torch.Tensor]:
    with extract(net, stimuli, layers, **how) as found:
        return {name: layer.matrix() for name, layer in found.items()}


def test_a_layer_answers_what_it_computes_although_relu_works_in_place():
    net, stimuli = network(), images(10)
    found = answers(net, stimuli, ["first", "readout"])
    with torch.no_grad():
        x = inputs(net, stimuli)
        assert torch.allclose(found["first"], net.module.first(x).flatten(1), atol=1e-6)
        assert torch.allclose(found["readout"], net.module(x), atol=1e-6)
    assert (found["first"] < 0).any()


def test_of_a_module_called_twice_the_last_call_counts():
    net, stimuli = network(), images(9)
    with torch.no_grad():
        x = net.module.first(inputs(net, stimuli)).relu()
        expected = net.module.second(x).relu().flatten(1)
    found = answers(net, stimuli, ["relu"])["relu"]
    assert found.shape == (9, 16 * SIDE * SIDE)
    assert torch.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("layers", [["first"], ["relu"], ["first", "second"]])
def test_stopping_early_gives_the_same(layers):
    net, stimuli = network(), images(10)
    early = answers(net, stimuli, layers)
    assert net.module.finished == 1  # the first batch alone ran to its end
    assert net.module.batches == [4, 4, 2]
    whole = answers(net, stimuli, [*layers, "readout"])
    assert all(torch.equal(early[name], whole[name]) for name in layers)


class Outputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pair, self.named, self.nested = (Wrapped(kind) for kind in ("pair", "named", "nested"))
        self.nothing, self.transposed, self.scalar = (Wrapped(k) for k in ("nothing", "transposed", "scalar"))
        self.unused = nn.Identity()
        self.tagged = nn.Identity()

    def forward(self, x):
        for part in (self.pair, self.named, self.nested, self.nothing, self.transposed, self.scalar):
            part(x)
        return self.tagged(x)


class Wrapped(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x):
        return {
            "pair": (2 * x, None),
            "named": {"weights": None, "last": 3 * x},
            "nested": [(None, [4 * x])],
            "nothing": None,
            "transposed": x.transpose(0, 1),
            "scalar": x.mean(),
        }[self.kind]


@pytest.mark.parametrize(("layer", "factor"), [("pair", 2), ("named", 3), ("nested", 4)])
def test_of_several_outputs_the_first_tensor_counts(layer, factor):
    net, stimuli = network(Outputs()), images(5)
    expected = factor * inputs(net, stimuli).flatten(1)
    assert torch.equal(answers(net, stimuli, [layer])[layer], expected)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("nothing", "no tensor"),
        ("transposed", r"\(3, 4, 16, 16\) to 4 images"),
        ("scalar", "first axis"),
        ("unused", "not called"),
        ("paair", "did you mean pair"),
    ],
)
def test_a_layer_that_cannot_be_read_is_named(layer, words):
    with pytest.raises(ModelError, match=words) as raised:
        answers(network(Outputs()), images(5), [layer])
    assert layer in str(raised.value)
    assert "\n" not in str(raised.value)


class Short(Small):
    """Has memory for `room` images."""

    def __init__(self, room: int, error: Exception) -> None:
        super().__init__()
        self.room, self.error, self.tried = room, error, []

    def forward(self, x):
        self.tried.append(len(x))
        if len(x) > self.room:
            raise self.error
        return super().forward(x)


NO_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes."),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes. Error code 12"),
    MemoryError(),
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=["cuda", "cpu", "cpu-linux", "python"])
def test_the_batch_is_halved_until_it_fits(error):
    stimuli = images(21)
    net = network(Short(3, error), batch_size=8)
    net.module.load_state_dict(network().module.state_dict())
    found = answers(net, stimuli, ["first", "relu"])
    assert net.module.tried == [8, 4, *[2] * 10, 1]
    whole = answers(network(batch_size=8), stimuli, ["first", "relu"])
    assert all(torch.allclose(found[name], whole[name], atol=1e-6) for name in whole)


def test_the_batch_is_halved_until_its_answers_fit(monkeypatch):
    """Two layers of 2048 and 4096 units: those to two images take 48 kB, those to four 96 kB."""
    stimuli, net = images(11), network(batch_size=8)
    monkeypatch.setattr(activations, "Taps", partial(Taps, limit=2 * 4 * (2048 + 4096)))
    found = answers(net, stimuli, ["first", "second"])
    assert net.module.batches == [8, 4, *[2] * 5, 1]
    assert net.module.finished == 1
    monkeypatch.setattr(activations, "Taps", partial(Taps, limit=1))
    single = answers(alone := network(batch_size=8), stimuli, ["first", "second"])
    assert alone.module.batches == [8, 4, 2, *[1] * 11]
    monkeypatch.undo()
    whole = answers(network(batch_size=8), stimuli, ["first", "second"])
    assert all(torch.allclose(found[name], whole[name], atol=1e-6) for name in whole)
    assert all(torch.allclose(single[name], whole[name], atol=1e-6) for name in whole)


def test_a_layer_that_is_called_again_counts_once(monkeypatch):
    monkeypatch.setattr(activations, "Taps", partial(Taps, limit=4 * 4 * 4096))
    answers(net := network(), images(8), ["relu"])  # four images, 2048 and then 4096 units
    assert net.module.batches == [4, 4]


def test_memory_that_does_not_do_for_one_image_is_an_error():
    net = network(Short(0, NO_MEMORY[0]), batch_size=4)
    with pytest.raises(ModelError, match="one image does not fit"):
        answers(net, images(5), ["first"])
    assert net.module.tried == [4, 2, 1]


def test_another_failure_is_told_in_one_line_and_not_tried_again():
    net = network(Short(0, RuntimeError("size mismatch\nat line 2")), batch_size=4)
    with pytest.raises(ModelError, match=r"RuntimeError: size mismatch, at .*py:\d+$"):
        answers(net, images(5), ["first"])
    assert net.module.tried == [4]


def test_hooks_are_gone_afterwards_and_after_a_failure():
    net = network(Short(0, RuntimeError("no")))
    with pytest.raises(ModelError):
        answers(net, images(5), ["first"])
    assert not any(part._forward_hooks for part in net.module.modules())


def test_equal_images_are_shown_once_and_stand_as_often_as_in_the_set(tmp_path):
    single = images(3)
    order = [0, 1, 0, 2, 2, 0, 1]
    repeated = Stimuli(tuple(f"r{i}" for i in range(7)), tuple(single.images[i] for i in order))
    net = network()
    once = answers(net, single, ["relu"])["relu"]
    net.module.rows = 0
    for budget in (2**30, 0):
        with extract(net, repeated, ["relu"], spill=tmp_path, budget=budget) as found:
            assert torch.allclose(found["relu"].matrix(), once[order], atol=1e-6)
            assert torch.allclose(found["relu"].means, once[order].double().mean(1), atol=1e-7)
            assert found["relu"].n == 7
    assert net.module.rows == 2 * 3


@pytest.mark.parametrize("narrowest", [1, 256])
def test_what_is_spilled_equals_what_is_held(tmp_path, monkeypatch, narrowest):
    monkeypatch.setattr(columns, "BLOCK_BYTES", 4 * 11 * 300)
    monkeypatch.setattr(columns, "NARROWEST", narrowest)
    net, stimuli = network(), images(11)
    held = answers(net, stimuli, ["first", "relu", "readout"])
    with extract(net, stimuli, ["first", "relu", "readout"], spill=tmp_path, budget=1000) as spilled:
        assert {type(layer.held).__name__ for layer in spilled.values()} == {"InMemory", "OnDisk"}
        for name, layer in spilled.items():
            assert torch.equal(layer.matrix(), held[name])
            assert torch.equal(torch.cat(list(layer.blocks()), 1), held[name])
            assert torch.allclose(layer.means, held[name].double().mean(1), rtol=1e-12, atol=1e-15)
        assert list(tmp_path.iterdir()) == []


def test_a_narrow_layer_stays_in_memory_before_a_wide_one(tmp_path):
    net = network()
    with extract(net, images(4), ["relu", "readout"], spill=tmp_path, budget=64) as found:
        assert type(found["readout"].held).__name__ == "InMemory"
        assert type(found["relu"].held).__name__ == "OnDisk"


def test_layers_side_by_side():
    net, stimuli = network(), images(6)
    with extract(net, stimuli, ["first", "readout"]) as found:
        both = Concatenated((found["first"], found["readout"]))
        whole = torch.cat([found["first"].matrix(), found["readout"].matrix()], 1)
        assert both.p == whole.shape[1]
        assert torch.equal(both.matrix(), whole)
        assert torch.allclose(both.means, whole.double().mean(1), atol=1e-9)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_name_layer_and_stimulus(bad):
    class Bad(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.good, self.bad = nn.Identity(), nn.Identity()

        def forward(self, x):
            marked = self.good(x).flatten(1).clone()
            marked[x.flatten(1).sum(1) == total, 7] = bad
            return self.bad(marked)

    net, stimuli = network(Bad()), images(10)
    total = inputs(net, stimuli)[6].flatten().sum()
    total = inputs(net, stimuli).flatten(1).sum(1)[6]
    with pytest.raises(ModelError, match="layer bad answers to stimulus s6 with NaN or infinity"):
        answers(net, stimuli, ["good", "bad"])


def test_the_users_settings_and_random_numbers_stay(monkeypatch):
    net = network()
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda _: pytest.fail("CUDA generators are seeded"))
    torch.set_float32_matmul_precision("high")
    before, grad = torch.get_rng_state(), torch.is_grad_enabled()
    try:
        answers(net, images(4), ["first"])
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.is_grad_enabled() == grad
    finally:
        torch.set_float32_matmul_precision("highest")


def test_tf32_is_off_while_the_network_runs():
    seen = []

    class Looks(Small):
        def forward(self, x):
            seen.append(
                (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32, self.training)
            )
            return super().forward(x)

    net = network(Looks())
    net.module.train()
    torch.set_float32_matmul_precision("high")
    try:
        answers(net, images(4), ["first"])
    finally:
        torch.set_float32_matmul_precision("highest")
    assert seen == [("highest", False, False)]


def test_a_network_with_noise_of_its_own_answers_the_same_each_time():
    class Noisy(Small):
        def forward(self, x):
            return super().forward(x + torch.randn_like(x))

    net, stimuli = network(Noisy()), images(4)
    assert torch.equal(answers(net, stimuli, ["first"])["first"], answers(net, stimuli, ["first"])["first"])


def test_preprocessing_that_fails_names_the_stimulus():
    def fail(image):
        raise ValueError("no")

    with pytest.raises(ModelError, match="stimulus s0: ValueError: no"):
        answers(replace(network(), preprocess=fail), images(3), ["first"])


def test_a_file_that_is_no_image_is_a_data_error(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not an image")
    with pytest.raises(DataError, match=r"a\.png"):
        answers(network(), Stimuli(("a",), (tmp_path / "a.png",)), ["first"])


def test_a_disk_without_room_is_one_clear_error(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 1000})()
    monkeypatch.setattr(columns.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match="make room"):
        answers(network(), images(5), ["relu"], spill=tmp_path, budget=0)


def test_a_disk_that_fills_up_is_one_clear_error(tmp_path, monkeypatch):
    def full(file, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(columns, "_write_all", full)
    with pytest.raises(ModelError, match=r"No space left on device.*make room"):
        answers(network(), images(5), ["relu"], spill=tmp_path, budget=0)


SPILLS = """
import sys, time
from pathlib import Path
from tests.models.fakes import images, network
from pytest_brainscore.models.activations import extract
with extract(network(), images(50), ["relu"], spill=Path(sys.argv[1]), budget=0):
    print("holding", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_killed_process_leaves_nothing_on_the_disk(tmp_path):
    root = Path(__file__).parents[2]
    child = subprocess.Popen([sys.executable, "-c", SPILLS, str(tmp_path)], stdout=subprocess.PIPE, cwd=root)
    try:
        assert child.stdout.readline().strip() == b"holding"
        assert _open_bytes(child.pid, tmp_path) == 4 * 50 * 16 * SIDE * SIDE
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    assert list(tmp_path.iterdir()) == []


def _open_bytes(pid: int, folder: Path) -> int:
    """Bytes in the files without a name that a process holds open below `folder`."""
    held = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if str(folder) in str(link.readlink()):
            held += link.stat().st_size
    return held if sys.platform == "linux" else psutil.Process(pid).num_fds()


def test_images_wait_in_small_numbers(monkeypatch):
    opened = []
    stimuli = images(60)
    monkeypatch.setattr(Stimuli, "open", _counting(Stimuli.open, opened))

    class Slow(Small):
        def forward(self, x):
            time.sleep(0.02)
            seen.append(len(opened))
            return super().forward(x)

    seen = []
    answers(network(Slow(), batch_size=4), stimuli, ["first"])
    assert len(opened) == 60
    assert seen[0] <= 4 + 2 * 4 + 1


def _counting(method, calls):
    def counted(self, i):
        calls.append(i)
        return method(self, i)

    return counted


def test_no_warnings_are_given():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answers(network(), images(5), ["first"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_device_does_not_matter():
    stimuli = images(10)
    here = answers(network(), stimuli, ["first", "relu"])
    there = answers(network(), stimuli, ["first", "relu"], device="cuda")
    for name in here:
        assert there[name].device.type == "cpu"
        assert np.allclose(here[name], there[name], atol=1e-5)


def test_cudnn_stays_as_the_user_has_it(monkeypatch):
    seen = []

    class Looks(Small):
        def forward(self, x):
            seen.append((torch.backends.cudnn.enabled, torch.backends.cudnn.deterministic))
            return super().forward(x)

    for enabled, deterministic in ((True, True), (False, False)):
        with torch.backends.cudnn.flags(enabled, deterministic=deterministic):
            answers(network(Looks()), images(4), ["first"])
    assert seen == [(True, True), (False, False)]


class SetsTheDefault(Small):
    def forward(self, x):
        torch.set_default_dtype(torch.float64)
        random.random(), np.random.rand()
        return super().forward(x)


@pytest.mark.parametrize("budget", [0, 2**30])
def test_a_model_that_sets_the_default_dtype_sets_it_for_none_but_itself(tmp_path, budget):
    states = random.getstate(), np.random.get_state()[1].tolist()
    net, same = network(SetsTheDefault()), network()
    same.module.load_state_dict(net.module.state_dict())
    held = answers(net, images(5), ["first"], spill=tmp_path, budget=budget)
    assert torch.get_default_dtype() == torch.float32
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
    assert torch.equal(held["first"], answers(same, images(5), ["first"])["first"])


def test_what_is_spilled_is_float32_whatever_the_users_default(tmp_path):
    net = network()
    torch.set_default_dtype(torch.float64)
    try:
        found = answers(net, images(5), ["first"], spill=tmp_path, budget=0)["first"]
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(found, answers(net, images(5), ["first"])["first"])


def test_complex_answers_are_an_error():
    class Spectrum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tagged = nn.Identity()

        def forward(self, x):
            return self.tagged(torch.fft.fft2(x))

    with pytest.raises(ModelError, match="small: layer tagged answers with complex numbers"):
        answers(network(Spectrum()), images(4), ["tagged"])


def test_a_cache_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"cannot be spilled to .*file.*BRAINSCORE_CACHE") as raised:
        answers(network(), images(5), ["relu"], spill=tmp_path / "file", budget=0)
    assert "\n" not in str(raised.value)
