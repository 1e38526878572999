"""Rude networks: what they do to the process is undone, the next network answers as if they had not been."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile
from torch import nn

from pytest_brainscore.errors import ModelError, SpecError
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.build import build
from pytest_brainscore.models.fingerprint import changed, fingerprint
from pytest_brainscore.models.network import from_module
from pytest_brainscore.models.settings import SETTINGS
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


def test_a_user_who_sets_precisions_in_the_new_way_keeps_them():
    matmul = torch.backends.mkldnn.matmul
    user, matmul.fp32_precision = matmul.fp32_precision, "bf16"
    try:
        found = answers(network())
        assert matmul.fp32_precision == "bf16"
    finally:
        matmul.fp32_precision = user
    assert all(torch.equal(there, found[layer]) for layer, there in answers(network()).items())


def test_settings_of_one_batch_are_not_those_of_the_next(polite):
    """Else what a network answers would depend on how many it was shown before."""

    class Halved(Small):
        def forward(self, x):
            assert torch.get_default_dtype() == torch.float32
            torch.set_default_dtype(torch.float64)
            return super().forward(x)

    found = answers(network(Halved(), batch_size=2))
    assert all(torch.isfinite(there).all() for there in found.values())


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
