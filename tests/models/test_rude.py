"""Rude networks: what they do to the process is undone, the next network answers as if they had not been."""

from __future__ import annotations

import gc
import logging
import os
import random
import signal
import sys
import threading
import time
import warnings
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile
from torch import nn

from pytest_brainscore import workbench
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.errors import ModelError, SpecError
from pytest_brainscore.machine import Device
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.build import build
from pytest_brainscore.models.fingerprint import changed, fingerprint
from pytest_brainscore.models.kinds import ACTIVATIONS
from pytest_brainscore.models.network import from_module
from pytest_brainscore.models.represent import represent
from pytest_brainscore.models.settings import SETTINGS
from pytest_brainscore.models.store import Store
from pytest_brainscore.models.untouched import settled, untouched
from pytest_brainscore.specs.models import Model, Preprocess
from pytest_brainscore.specs.registry import Registry

from .fakes import SIDE, Small, images, network

STIMULI = images(10)


def answers(net, stimuli=STIMULI, layers=("first", "second")) -> dict[str, torch.Tensor]:
    with extract(net, stimuli, layers) as found:
        return {name: layer.matrix() for name, layer in found.items()}


def state() -> list[object]:
    """All that a network may have changed, random numbers among them."""
    drawn = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    return [*(read() for read, _ in SETTINGS), *drawn]


# what a network may do to the process


def on_signal(*_):
    raise AssertionError("a signal")


def ignore_all_warnings():
    warnings.simplefilter("ignore")
    warnings.showwarning = print


def exact_in_its_own_way():
    torch.backends.mkldnn.conv.fp32_precision = "bf16"
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"


def autocast():
    torch.autocast("cpu", torch.bfloat16).__enter__()


def hook_all_modules():
    nn.modules.module.register_module_forward_pre_hook(lambda *_: None)
    nn.modules.module.register_module_forward_hook(lambda module, images, answer: answer * 2)
    nn.modules.module.register_module_buffer_registration_hook(lambda *_: None)


def another_engine():
    quantized = torch.backends.quantized
    quantized.engine = next(
        name for name in quantized.supported_engines if name not in (quantized.engine, "none")
    )


def one_way_of_attention():
    torch.backends.cuda.enable_math_sdp(False)
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)


def seed():
    for reseed in (torch.manual_seed, np.random.seed, random.seed):
        reseed(3)


def draw():
    torch.rand(3), np.random.rand(), random.random()


RUDE = {
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "default device": lambda: torch.set_default_device("meta"),
    "grad mode": lambda: torch.set_grad_enabled(not torch.is_grad_enabled()),
    "threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "deterministic": lambda: torch.set_deterministic_debug_mode("warn"),
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "warn always": lambda: torch.set_warn_always(True),
    "autocast": autocast,
    "TF32": lambda: torch.set_float32_matmul_precision("medium"),
    "precision": exact_in_its_own_way,
    "cudnn": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "cudnn off": lambda: setattr(torch.backends.cudnn, "enabled", False),
    "seeds": seed,
    "draws": draw,
    "numpy's errors": lambda: np.seterr(all="raise"),
    "cut off images": lambda: setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True),
    "bombs": lambda: setattr(Image, "MAX_IMAGE_PIXELS", None),
    "folder": lambda: os.chdir("/"),
    "environment": lambda: os.environ.update(PATH="", RUDE="1"),
    "emptied environment": lambda: os.environ.clear(),
    "warnings": ignore_all_warnings,
    "signals": lambda: signal.signal(signal.SIGINT, on_signal),
    "another signal": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "standard output": lambda: setattr(sys, "stdout", None),
    "standard error": lambda: setattr(sys, "stderr", open(os.devnull)),  # noqa: PTH123, SIM115
    "exceptions": lambda: setattr(sys, "excepthook", print),
    "TF32 in the old way": lambda: setattr(torch.backends.cudnn, "allow_tf32", False),
    "TF32 in the new way": lambda: setattr(torch.backends, "fp32_precision", "tf32"),
    "hooks of all modules": hook_all_modules,
    "attention": one_way_of_attention,
    "attention in half": lambda: torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True),
    "sums in half": lambda: setattr(
        torch.backends.cuda.matmul, "allow_fp16_reduced_precision_reduction", False
    ),
    "fast path": lambda: torch.backends.mha.set_fastpath_enabled(False),
    "autocast's cache": lambda: torch.set_autocast_cache_enabled(False),
    "oneDNN": lambda: setattr(torch.backends.mkldnn, "enabled", False),
    "NNPACK": lambda: torch.backends.nnpack.set_flags(False),
    "einsum": lambda: setattr(torch.backends.opt_einsum, "strategy", "greedy"),
    "quantized": another_engine,
    "logging": lambda: logging.disable(logging.CRITICAL),
    "garbage": gc.disable,
    "garbage now and then": lambda: gc.set_threshold(10_000),
    "recursion": lambda: sys.setrecursionlimit(5000),
}


class Rude(Small):
    def __init__(self, act) -> None:
        super().__init__()
        self.act = act

    def forward(self, x):
        self.act()
        return super().forward(x)


@pytest.fixture(scope="module")
def polite() -> dict[str, torch.Tensor]:
    return answers(network())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", RUDE)
def test_what_a_forward_pass_does_to_the_process_is_undone(polite, name):
    net, before = network(Rude(RUDE[name])), state()
    answers(net)
    assert state() == before
    assert all(torch.equal(polite[layer], there) for layer, there in answers(network()).items())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", RUDE)
def test_what_a_factory_does_to_the_process_is_undone(polite, name):
    def factory():
        made = Small()
        RUDE[name]()
        return made

    before = state()
    build(Model(id="rude", source="nets:rude"), lambda file: Path(), lambda dotted: factory)
    assert state() == before
    assert all(torch.equal(polite[layer], there) for layer, there in answers(network()).items())


@pytest.mark.parametrize("name", [name for name in RUDE if name not in ("seeds", "draws")])
def test_the_settings_are_really_changed(name):
    """Else the tests above would test nothing."""
    with untouched(0), settled():
        before = values()
        RUDE[name]()
        assert values() != before


def values() -> list[object]:
    """Of all settings; of one that cannot be read, why."""
    found: list[object] = [signal.getsignal(2), signal.getsignal(15)]
    for read, _ in SETTINGS:
        try:
            found.append(read())
        except RuntimeError as why:  # precisions that differ
            found.append(str(why))
    return found


def test_a_setting_that_cannot_be_read_or_written_does_not_hinder_the_others(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    before = torch.get_default_dtype()
    with settled():
        os.chdir(tmp_path)
        torch.set_default_dtype(torch.float64)
    assert torch.get_default_dtype() == before


def test_the_cuda_device_is_put_back_once_cuda_is_started(monkeypatch):
    current = [1]
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: current[0])
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: current.__setitem__(0, device))
    with settled():
        torch.cuda.set_device(0)
        assert current == [0]
    assert current == [1]
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: pytest.fail("CUDA is started"))
    with settled():
        pass


def test_random_numbers_of_cuda_devices_are_seeded_and_put_back(monkeypatch):
    told = []

    @contextmanager
    def named(what, device):
        told.append((what, device))
        yield
        told.append(("after", what))

    monkeypatch.setattr(torch.random, "fork_rng", lambda devices: named("fork", tuple(devices)))
    monkeypatch.setattr(torch.cuda, "device", partial(named, "on"))
    monkeypatch.setattr(torch.cuda, "manual_seed", lambda seed: told.append(("seed", seed)))
    cuda = torch.device("cuda:1")
    with untouched(7, [torch.device("cpu"), cuda]):
        told.append("inside")
    assert told == [
        ("fork", (cuda,)),
        ("on", cuda),
        ("seed", 7),
        ("after", "on"),
        "inside",
        ("after", "fork"),
    ]


def test_a_score_seeds_the_device_of_its_metrics(monkeypatch, tmp_path):
    class Asked(Exception):
        pass

    def asked(seed, devices):
        raise Asked(seed, devices)

    monkeypatch.setattr(workbench, "untouched", asked)
    device = Device(torch.device("cpu"), torch.device("cuda:1"))
    bench = workbench.Workbench(device, Fetcher(tmp_path), Registry(), None)
    with pytest.raises(Asked) as caught:
        bench.score(None, Model(id="rude", source="nets:rude"), tmp_path)
    assert caught.value.args == (0, [device.metrics])


def test_tf32_can_be_told_in_the_old_way_after_it_was_set_in_it():
    before = torch.backends.cudnn.allow_tf32
    with settled():
        torch.backends.cudnn.allow_tf32 = not before
    assert torch.backends.cudnn.allow_tf32 == before


LESS_THAN_FLOAT32 = {
    "oneDNN's convolutions": (torch.backends.mkldnn.conv, "bf16"),
    "oneDNN's products": (torch.backends.mkldnn.matmul, "bf16"),
    "everything": (torch.backends, "tf32"),
    "cuDNN": (torch.backends.cudnn, "tf32"),
    "cuDNN's convolutions": (torch.backends.cudnn.conv, "tf32"),
    "cuDNN's recurrence": (torch.backends.cudnn.rnn, "tf32"),
    "cuBLAS": (torch.backends.cuda.matmul, "tf32"),
}


@pytest.mark.parametrize("part", LESS_THAN_FLOAT32)
def test_a_user_who_sets_precisions_in_the_new_way_keeps_them_and_none_is_stored(polite, tmp_path, part):
    thing, precision = LESS_THAN_FLOAT32[part]
    seen = []
    looks = Rude(lambda: seen.append((thing.fp32_precision, torch.backends.cudnn.allow_tf32)))
    looks.load_state_dict(network().module.state_dict())
    with settled():
        thing.fp32_precision = precision
        before = values()
        assert stored(network(looks), tmp_path).equal(polite["first"])
        assert values() == before
    assert set(seen) == {("ieee", False)}


def test_a_callers_autocast_is_not_stored(polite, tmp_path):
    with torch.autocast("cpu", torch.bfloat16):
        assert network().module(torch.ones(1, 3, SIDE, SIDE)).dtype == torch.bfloat16
        assert stored(network(), tmp_path).equal(polite["first"])
        assert torch.is_autocast_enabled("cpu")
    assert stored(network(), tmp_path).equal(polite["first"])


def stored(net, folder: Path) -> torch.Tensor:
    """What the layer `first` answers to all stimuli, by way of a store."""
    wanted, store = {("first",): {ACTIVATIONS}}, Store(folder)
    made = represent(net, STIMULI, wanted, store=store).tensor(("first",), ACTIVATIONS)
    again = represent(net, STIMULI, wanted, store=store)
    assert again.hits == {("first",)}
    assert again.tensor(("first",), ACTIVATIONS).equal(made)
    return made


def test_settings_of_one_batch_are_not_those_of_the_next(polite):
    """Else what a network answers would depend on how many it was shown before."""

    class Halved(Small):
        def forward(self, x):
            assert torch.get_default_dtype() == torch.float32
            torch.set_default_dtype(torch.float64)
            return super().forward(x)

    found = answers(network(Halved(), batch_size=2))
    assert all(torch.isfinite(there).all() for there in found.values())


def test_a_transform_that_catches_warnings_leaves_no_filter_behind(monkeypatch):
    """Its thread is within `catch_warnings` when the first batch is shown, and leaves it during that."""
    own, within, leave, left = network().preprocess, *(threading.Event() for _ in range(3))
    seen = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)

    def transform(image):
        if np.array_equal(image, STIMULI.images[2]):
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "of the transform")
                within.set()
                assert leave.wait(20)
            left.set()
        assert within.wait(20)
        return own(image)

    def look():
        leave.set()
        assert left.wait(20)
        seen.append([f for f in warnings.filters if f[1] and f[1].pattern == "of the transform"])

    answers(replace(network(Rude(look), batch_size=2), preprocess=transform))
    assert seen == [[]] * 5


def test_threads_that_a_network_starts_do_not_disturb(polite):
    stop = threading.Event()
    net = network(Rude(lambda: threading.Thread(target=stop.wait, args=(20,), daemon=True).start()))
    net.module.load_state_dict(network().module.state_dict())
    try:
        found = answers(net)
    finally:
        stop.set()
    assert all(torch.equal(polite[layer], there) for layer, there in found.items())


def test_a_network_that_prints_answers_all_the_same(polite, capfd):
    net = network(Rude(lambda: (print("hello"), os.write(2, b"\xff\x00"))))
    net.module.load_state_dict(network().module.state_dict())
    assert all(torch.equal(polite[layer], there) for layer, there in answers(net).items())
    assert capfd.readouterr().out.startswith("hello")


def fork():
    if os.fork() == 0:
        return  # and goes on as if it were the parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system knows no fork")
def test_a_process_that_a_network_forks_does_not_go_on_with_the_run():
    """All in a process of its own, so that nothing goes on with these tests either."""
    reads, writes = os.pipe()
    if os.fork() == 0:
        signal.alarm(60)
        torch.set_num_threads(1)  # threads of OpenMP do not survive a fork
        try:
            os.write(writes, b"%d" % len(answers(network(Rude(fork)))["first"]))
        finally:
            os._exit(0)
    os.close(writes)
    with open(reads, "rb") as pipe:  # noqa: PTH123 - of a descriptor
        assert pipe.read() == b"10"


# what a network may do to itself


def add_to_weights(module):
    with torch.no_grad():
        module.first.weight.add_(0.01)


def add_to_data(module):
    module.second.bias.data[2] += 1


def replace_a_parameter(module):
    module.first.bias = nn.Parameter(torch.zeros(8))


def count(module):
    module.count += 1


def fill_its_cache(module):
    """A buffer that is in no state dict, but in the digest of the weights."""
    module.cache.add_(1)


class ChangesItself(Small):
    def __init__(self, change) -> None:
        super().__init__()
        self.change = change
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.register_buffer("cache", torch.zeros(1), persistent=False)

    def forward(self, x):
        answer = super().forward(x)
        self.change(self)
        return answer


class FillsACache(Small):
    def __init__(self, persistent) -> None:
        super().__init__()
        self.register_buffer("positions", None, persistent=persistent)

    def forward(self, x):
        if self.positions is None:
            self.positions = torch.arange(3)
        return super().forward(x)


def test_a_cache_that_was_empty_may_be_filled():
    cached, plain = network(FillsACache(persistent=False)), network(Small())
    cached.module.load_state_dict(plain.module.state_dict())
    found = [answers(net, layers=("readout",))["readout"] for net in (cached, plain)]
    assert torch.equal(*found)
    with pytest.raises(ModelError, match="changes positions"):
        answers(network(FillsACache(persistent=True)), layers=("readout",))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (add_to_weights, "first.weight"),
        (add_to_data, "second.bias"),
        (replace_a_parameter, "first.bias"),
        (count, "count"),
        (fill_its_cache, "cache"),
    ],
)
def test_a_network_that_changes_its_weights_is_an_error_each_time(change, name):
    net = network(ChangesItself(change))
    for _ in range(2):
        with pytest.raises(ModelError, match=rf"small: showing it stimuli changes {name}: what it answers"):
            answers(net, layers=("readout",))
        net.module.change = lambda module: None  # what it changed before counts still


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int8, torch.bool, torch.complex64]
)
def test_a_fingerprint_sees_each_value(dtype):
    module = nn.Module()
    values = (torch.arange(35) % 7 > 2).to(dtype).reshape(5, 7)
    module.register_buffer("values", values[:, 1:])  # neither contiguous nor a multiple of eight bytes
    before = fingerprint(module)
    assert changed(before, module) is None
    for at in range(1, 35, 5):
        if at % 7:
            old = values.flatten()[at].clone()
            values.view(-1)[at] = 0 if old else 1
            assert changed(before, module) == "values"
            values.view(-1)[at] = old
    assert changed(before, module) is None


@pytest.mark.parametrize(
    "values",
    [
        torch.arange(36.0).reshape(6, 6).diagonal(),
        torch.arange(36.0)[::5],
        torch.ones(1).expand(5),
        torch.ones(()).expand(3, 4),
        torch.arange(6.0).to(torch.complex64)[::2].conj().imag,
    ],
    ids=["diagonal", "every fifth", "expanded", "of a number", "negated on reading"],
)
def test_a_fingerprint_is_of_the_values_however_they_lie(values):
    here, packed = nn.Module(), nn.Module()
    here.register_buffer("values", values)
    packed.register_buffer("values", values.clone(memory_format=torch.contiguous_format))
    before = fingerprint(here)
    assert before == fingerprint(packed) != {"values": 0}
    values.untyped_storage().fill_(1)
    assert changed(before, here) == "values"


class Drops(Small):
    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(super().forward(x))


def test_dropout_is_off_whatever_mode_the_network_came_in():
    net = network(Drops())
    net.module.train()
    found = answers(net, layers=("drop", "readout"))
    assert torch.equal(found["drop"], found["readout"])


class Trains(Drops):
    def forward(self, x):
        self.train()
        return super().forward(x)


class CannotBeStilled(Drops):
    def train(self, mode=True):
        return super().train(True)


@pytest.mark.parametrize("kind", [Trains, CannotBeStilled])
def test_a_network_in_training_mode_is_an_error(kind):
    with pytest.raises(ModelError, match=r"small: \w+ went into training mode while stimuli were shown"):
        answers(network(kind()), layers=("drop",))


def test_a_network_that_changes_its_input_changes_nobody_elses(polite):
    class Writes(Small):
        def forward(self, x):
            answer = super().forward(x)
            x.mul_(float("nan"))
            return answer

    net = network(Writes())
    net.module.load_state_dict(network().module.state_dict())
    assert all(torch.equal(polite[layer], there) for layer, there in answers(net).items())
    assert all(torch.equal(polite[layer], there) for layer, there in answers(network()).items())


# what a network may answer


class Answers(nn.Module):
    def __init__(self, answer) -> None:
        super().__init__()
        self.layer, self.other, self.answer = nn.Identity(), nn.Identity(), answer

    def forward(self, x):
        return self.other(self.layer(self.answer(x)).sum())


def at_unit(value):
    def answer(x):
        x = x.flatten(1).clone()
        x[:, 5] = value
        return x

    return answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: x * float("nan"), "layer layer answers to stimulus s0 with NaN or infinity"),
        (lambda x: x / 0, "layer layer answers to stimulus s0 with NaN or infinity"),
        (at_unit(float("nan")), "layer layer answers to stimulus s0 with NaN or infinity"),
        (at_unit(-float("inf")), "layer layer answers to stimulus s0 with NaN or infinity"),
        (lambda x: x.double() * 1e300, "layer layer answers to stimulus s0 with NaN or infinity"),
        (lambda x: x[:, :0], r"layer layer answers with no numbers: shape \(4, 0, 16, 16\)"),
        (lambda x: x[:0], r"layer layer answers with shape \(0, 3, 16, 16\) to 4 images"),
        (lambda x: x.to("meta"), "the forward pass .* fails: NotImplementedError"),
        (lambda x: x.to_sparse(), "the forward pass .* fails: "),
        (lambda x: x.flatten(1)[:, : int(x[0].abs().sum()) % 90 + 1], "units for the first stimuli and"),
    ],
)
def test_answers_that_are_none_name_layer_and_cause(answer, said):
    with pytest.raises(ModelError, match=f"small: .*{said}") as caught:
        answers(network(Answers(answer)), layers=("layer",))
    assert "\n" not in str(caught.value)


# what a network may raise


def recurse(x=0):
    return recurse(x) + 1


def leave(*_):
    sys.exit(3)


def no_memory(*_):
    raise MemoryError


def interrupt(*_):
    raise KeyboardInterrupt


def block(*_):
    raise BlockingIOError


RAISES = {
    "SystemExit: 3": leave,
    "RecursionError: maximum recursion depth": recurse,
    "BlockingIOError: no message": block,
}


@pytest.mark.parametrize("said", RAISES)
def test_what_ends_a_process_elsewhere_is_one_line_of_the_network(said):
    def factory():
        return RAISES[said]()

    with pytest.raises(ModelError, match=f"rude: nets:rude cannot be built: {said}"):
        build(Model(id="rude", source="nets:rude"), lambda file: Path(), lambda dotted: factory)
    with pytest.raises(ModelError, match=f"small: the forward pass of images .* fails: {said}"):
        answers(network(Rude(RAISES[said])))
    with pytest.raises(ModelError, match=f"the transform fails on an RGB image: {said.partition(':')[0]}"):
        from_module(Small(), lambda image: RAISES[said](), id="small")
    rude = replace(network(), preprocess=lambda image: RAISES[said]())
    with pytest.raises(ModelError, match=f"its preprocessing fails on stimulus s0: {said.partition(':')[0]}"):
        answers(rude)


def test_no_memory_is_said_to_be_that():
    with pytest.raises(ModelError, match="small: one image does not fit into the memory of cpu"):
        answers(network(Rude(no_memory)))


def test_ctrl_c_is_not_taken_for_an_error_of_the_network():
    net, before = network(Rude(interrupt)), state()
    with pytest.raises(KeyboardInterrupt):
        answers(net)
    assert state() == before
    with pytest.raises(KeyboardInterrupt):
        build(Model(id="rude", source="nets:rude"), lambda file: Path(), lambda dotted: interrupt)
    assert state() == before
    assert threading.active_count() < 20


@pytest.mark.parametrize("made", [None, 3, (), (1, 2), nn.Linear])
def test_what_is_no_module_is_said_to_be_none(made):
    with pytest.raises(ModelError, match=r"a factory gives an nn\.Module"):
        build(Model(id="rude", source="nets:rude"), lambda file: Path(), lambda dotted: lambda: made)


def test_a_module_of_the_project_that_ends_the_process_on_import(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "ends_on_import.py").write_text("import sys\nsys.exit('usage: train.py DATA')\n")
    with pytest.raises(
        SpecError, match=r"ends_on_import cannot be imported \(SystemExit: usage: train\.py DATA"
    ):
        build(Model(id="rude", source="ends_on_import:net"), lambda file: Path(), Registry(tmp_path))


def test_a_transform_that_writes_all_images_into_one_tensor_is_refused():
    """Images wait in a queue: all that wait would become the last one."""
    own, one = network().preprocess, torch.empty(3, SIDE, SIDE)

    def transform(image):
        return one.copy_(own(image))

    with pytest.raises(ModelError, match="the transform writes all images into one tensor"):
        from_module(Small(), transform, id="small", preprocess=Preprocess(size=SIDE))


def test_a_slow_and_a_failing_image_do_not_change_the_order(polite):
    own = network().preprocess

    def transform(image):
        time.sleep(0.02 * (np.asarray(image)[0, 0, 0] % 3))
        return own(image)

    found = answers(replace(network(), preprocess=transform))
    assert all(torch.equal(polite[layer], there) for layer, there in found.items())
