"""Networks are built as their source builds them, and no weights that are not theirs are put into them."""

from __future__ import annotations

import hashlib
import pickle
import socket

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from pytest_brainscore.errors import ModelError, NotHere, SpecError
from pytest_brainscore.models import published
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.build import build
from pytest_brainscore.models.network import weights_digest
from pytest_brainscore.models.preprocess import Preprocessor
from pytest_brainscore.models.showing import shown
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.models import Model, Preprocess
from pytest_brainscore.specs.registry import Registry

from .fakes import Small, images, network


@pytest.fixture(autouse=True)
def _no_network_and_no_home(tmp_path, monkeypatch):
    """A socket is an error, and all caches are empty."""

    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))


def made(spec: Model, path=None, factory=None, **more):
    return build(spec, lambda file: path, lambda dotted: factory, offline=True, **more)


def small(**more) -> Model:
    return Model(id="small", source="mine:small", **more)


# random weights


@pytest.mark.parametrize("seed", [0, 3])
def test_the_untrained_twin_is_torchs_own(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        expected = torchvision.models.squeezenet1_1(weights=None).state_dict()
    spec = Model(id="squeezenet1_1", source="torchvision", weights="IMAGENET1K_V1").untrained(seed)
    found = made(spec).module.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_the_users_random_numbers_stay(monkeypatch):
    torch.manual_seed(5)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda _: pytest.fail("CUDA generators are seeded"))
    before = torch.get_rng_state()
    made(Model(id="squeezenet1_1", source="torchvision"))
    assert torch.equal(torch.get_rng_state(), before)


def test_an_untrained_timm_network_is_timms_own():
    import timm

    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = timm.create_model("resnet10t", pretrained=False).state_dict()
    net = made(Model(id="resnet10t", source="timm"))
    assert all(torch.equal(net.module.state_dict()[name], expected[name]) for name in expected)
    assert net.preprocess(_picture()).shape == (3, 176, 176)


def _picture():
    from PIL import Image

    return Image.new("RGB", (300, 200), (10, 200, 30))


# weights of files


@pytest.fixture
def state():
    torch.manual_seed(11)
    return Small().state_dict()


def saved(tmp_path, name, content):
    path = tmp_path / name
    save_file(content, path) if name.endswith("safetensors") else torch.save(content, path)
    return path


WRAPPED = {
    "plain.pth": lambda state: state,
    "plain.safetensors": lambda state: dict(state),
    "state_dict.pth": lambda state: {"state_dict": state, "epoch": 3},
    "model.pth": lambda state: {"model": state},
    "parallel.pth": lambda state: {"state_dict": {f"module.{k}": v for k, v in state.items()}},
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_file_of_weights_is_loaded(tmp_path, state, name):
    net = made(small(weights=File(file=name)), saved(tmp_path, name, WRAPPED[name](state)), Small)
    assert net.weights_digest == weights_digest(_with(state))
    assert not net.module.training


def _with(state):
    module = Small()
    module.load_state_dict(state)
    return module


class Shell:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("wrap", [lambda bad: bad, lambda bad: {"state_dict": {"first.weight": bad}}])
def test_a_pickle_that_runs_code_is_refused_and_runs_nothing(tmp_path, wrap):
    torch.save(wrap(Shell(tmp_path / "ran")), tmp_path / "bad.pth")
    with pytest.raises(ModelError, match="refused: reading it would run code") as raised:
        made(small(weights=File(file="bad.pth")), tmp_path / "bad.pth", Small)
    assert not (tmp_path / "ran").exists()
    assert "weights_only" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_bare_pickle_that_runs_code_is_refused(tmp_path):
    (tmp_path / "bad.pth").write_bytes(pickle.dumps(Shell(tmp_path / "ran")))
    with pytest.raises(ModelError):
        made(small(weights=File(file="bad.pth")), tmp_path / "bad.pth", Small)
    assert not (tmp_path / "ran").exists()


def test_a_whole_module_is_refused(tmp_path):
    torch.save(Small(), tmp_path / "whole.pth")
    with pytest.raises(ModelError, match="refused"):
        made(small(weights=File(file="whole.pth")), tmp_path / "whole.pth", Small)


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 not a zip", b"12345678{ not safetensors"])
def test_a_file_that_holds_no_weights_is_named(tmp_path, content):
    (tmp_path / "odd.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.pth"):
        made(small(weights=File(file="odd.pth")), tmp_path / "odd.pth", Small)


def test_missing_and_unexpected_weights_are_named(tmp_path, state):
    state["surplus"] = state.pop("second.bias")
    path = saved(tmp_path, "odd.pth", state)
    with pytest.raises(ModelError, match=r"missing second\.bias; unexpected surplus"):
        made(small(weights=File(file="odd.pth")), path, Small)


def test_weights_of_another_shape_are_named(tmp_path, state):
    state["readout.bias"] = torch.zeros(7)
    path = saved(tmp_path, "odd.pth", state)
    with pytest.raises(ModelError, match=r"readout\.bias is \(7,\), not \(4,\)"):
        made(small(weights=File(file="odd.pth")), path, Small)


# factories


def test_a_factory_gets_its_arguments_and_may_bring_its_transform():
    def factory(width, flag):
        assert (width, flag) == (5, True)
        return Small(), transform

    def transform(image):
        return torch.zeros(3, 4, 4)

    net = made(small(arguments={"width": 5, "flag": True}), factory=factory)
    assert net.preprocess is transform
    stated = made(
        small(arguments={"width": 5, "flag": True}, preprocess=Preprocess(size=32)), factory=factory
    )
    assert stated.preprocess == Preprocessor(Preprocess(size=32))


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        (
            lambda: 1 / 0,
            r"small: mine:small cannot be built: ZeroDivisionError: division by zero, at \S+:\d+$",
        ),
        (lambda x: x, "TypeError"),
        (lambda: "a string", "gives str; a factory gives an nn.Module"),
    ],
)
def test_a_factory_that_fails_is_told_in_one_line(factory, words):
    with pytest.raises(ModelError, match=words) as raised:
        made(small(), factory=factory)
    assert "\n" not in str(raised.value)


BROKEN = """
import torch
def factory():
    return torch.nn.Linear(2, 2)(torch.zeros(3))
class Net(torch.nn.Module):
    def forward(self, x):
        return torch.cat([x, "text"])
"""


def test_what_a_users_code_raises_is_told_with_its_line(tmp_path, monkeypatch):
    """The last line of the user's, also where a library raises."""
    (tmp_path / "bsbroken.py").write_text(BROKEN)
    (tmp_path / "bsmissing.py").write_text("\nx = nothing\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    spec, registry = Model(id="small", source="bsbroken:factory"), Registry(tmp_path)
    with pytest.raises(ModelError, match=r"RuntimeError: .*, at bsbroken\.py:4$"):
        build(spec, lambda file: file, registry)
    import bsbroken

    with pytest.raises(ModelError, match=r"image fails: TypeError: .*, at bsbroken\.py:7$"):
        shown(network(bsbroken.Net()), [_picture()])
    with (
        pytest.raises(ModelError, match=r"\(3, 16, 16\) fails: TypeError: .*, at bsbroken\.py:7$"),
        extract(network(bsbroken.Net()), images(2), ("final",)),
    ):
        pass
    with pytest.raises(SpecError, match=r"cannot be imported \(NameError: .*\), at bsmissing\.py:2$"):
        registry("bsmissing:net")


def test_weights_by_name_are_none_of_a_factorys():
    with pytest.raises(ValueError, match=r"weights of a factory .* write `weights: \{file: net\.pth\}`"):
        small(weights="net.pth")


# published weights


def test_names_that_the_source_does_not_know():
    with pytest.raises(ModelError, match="torchvision has no model resnet81; did you mean resnet18"):
        made(Model(id="r", source="torchvision", name="resnet81"))
    with pytest.raises(ModelError, match=r"no weights IMAGENET1K_V9 for alexnet; .*IMAGENET1K_V1"):
        made(Model(id="alexnet", source="torchvision", weights="IMAGENET1K_V9"))
    with pytest.raises(ModelError, match="timm has no model resnet10; did you mean resnet10t"):
        made(Model(id="r", source="timm", name="resnet10"))
    with pytest.raises(ModelError, match="timm has no weights c4_in1k for resnet10t; did you mean c3_in1k"):
        made(Model(id="resnet10t", source="timm", weights="c4_in1k"))


def test_offline_weights_that_are_not_here_are_said_to_be_missing(tmp_path):
    with pytest.raises(NotHere, match=r"alexnet-owt-7be5be79\.pth"):
        made(Model(id="alexnet", source="torchvision", weights="IMAGENET1K_V1"))
    with pytest.raises(NotHere, match="hf download timm/resnet10t"):
        made(Model(id="resnet10t", source="timm", weights="c3_in1k"), cache=tmp_path)


def in_hub(tmp_path, name, content):
    path = tmp_path / "hub" / "checkpoints" / name
    path.parent.mkdir(parents=True)
    torch.save(content, path)
    return path


def test_a_file_in_the_hub_cache_has_the_hash_of_its_name(tmp_path):
    path = in_hub(tmp_path, "squeezenet1_1-b8a52dc0.pth", {})
    with pytest.raises(ModelError, match=r"b8a52dc0.*delete it"):
        made(Model(id="squeezenet1_1", source="torchvision", weights="IMAGENET1K_V1"))
    assert path.exists()


def test_torchvisions_weights_come_from_the_hub_cache(tmp_path, monkeypatch):
    torch.manual_seed(4)
    content = torchvision.models.squeezenet1_1(weights=None).state_dict()
    path = in_hub(tmp_path, "squeezenet1_1-b8a52dc0.pth", content)
    monkeypatch.setattr(published, "hash_of", lambda _: "b8a52dc0" + 56 * "0")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    net = made(Model(id="squeezenet1_1", source="torchvision", weights="IMAGENET1K_V1"))
    assert path.exists()
    assert torch.equal(net.module.state_dict()["features.0.weight"], content["features.0.weight"])
    assert net.preprocess == Preprocessor(Preprocess())


def test_timms_weights_come_from_the_hugging_face_cache_and_may_not_change(tmp_path):
    import timm

    torch.manual_seed(4)
    content = timm.create_model("resnet10t", pretrained=False).state_dict()
    commit, folder = "a" * 40, tmp_path / "hf" / "models--timm--resnet10t.c3_in1k"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(commit)
    path = folder / "snapshots" / commit / "model.safetensors"
    path.parent.mkdir(parents=True)
    save_file(content, path)
    spec = Model(id="resnet10t", source="timm", weights="c3_in1k")
    for _ in range(2):
        net = made(spec, cache=tmp_path / "cache")
    assert torch.equal(net.module.state_dict()["conv1.0.weight"], content["conv1.0.weight"])
    assert hashlib.sha256(path.read_bytes()).hexdigest() in (tmp_path / "cache" / "weights.json").read_text()
    save_file({**content, "fc.bias": content["fc.bias"] + 1}, path)
    with pytest.raises(ModelError, match="not what went by this name before"):
        made(spec, cache=tmp_path / "cache")


def test_a_preprocessing_of_the_spec_stands_before_the_sources():
    net = made(Model(id="squeezenet1_1", source="torchvision", preprocess=Preprocess(size=96)))
    assert net.preprocess(_picture()).shape == (3, 96, 96)


@pytest.mark.parametrize(("name", "size"), [("squeezenet1_1", 224), ("efficientnet_b1", 240)])
def test_torchvisions_networks_see_the_side_they_were_made_for(name, size):
    assert made(Model(id=name, source="torchvision")).preprocess(_picture()).shape == (3, size, size)


def test_parameters_want_no_gradients():
    net = made(small(), factory=Small)
    assert not any(parameter.requires_grad for parameter in net.module.parameters())
    assert isinstance(net.module, nn.Module)


# what a file of weights may not be


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html>\n<html><body>Not found</body></html>", "text: <!DOCTYPE html>"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
        ("Zugriff verweigert – später".encode(), "text: Zugriff"),
    ],
)
@pytest.mark.parametrize("name", ["odd.pth", "odd.safetensors"])
def test_text_is_not_a_weights_file(tmp_path, content, words, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="is not a weights file") as raised:
        made(small(weights=File(file=name)), tmp_path / name, Small)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_names_that_are_numbers_are_an_error(tmp_path):
    path = saved(tmp_path, "odd.pth", {0: torch.zeros(2)})
    with pytest.raises(ModelError, match="its names are int"):
        made(small(weights=File(file="odd.pth")), path, Small)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.int64])
def test_numbers_of_another_kind_are_an_error(tmp_path, state, dtype):
    path = saved(tmp_path, "odd.pth", {**state, "readout.bias": state["readout.bias"].to(dtype)})
    with pytest.raises(ModelError, match=rf"readout\.bias is {dtype}, not torch\.float32"):
        made(small(weights=File(file="odd.pth")), path, Small)


@pytest.mark.parametrize("prefix", ["module.module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
def test_prefixes_of_wrappers_are_taken_off(tmp_path, state, prefix):
    path = saved(tmp_path, "wrapped.pth", {prefix + name: value for name, value in state.items()})
    assert made(small(weights=File(file="wrapped.pth")), path, Small).weights_digest == weights_digest(
        _with(state)
    )


def test_a_factory_that_sets_the_default_dtype_sets_it_for_none_but_itself():
    def factory():
        torch.set_default_dtype(torch.float64)
        return Small()

    made(small(), factory=factory)
    assert torch.get_default_dtype() == torch.float32
