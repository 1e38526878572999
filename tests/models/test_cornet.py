"""CORnet: names and shapes of the public checkpoints, time steps, and weights that are fetched by URL."""

from __future__ import annotations

import hashlib
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch.nn import functional as F

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.errors import FetchError, ModelError, NotHere
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.build import build
from pytest_brainscore.models.cornet import AREAS, cornet_rt, cornet_s, cornet_z
from pytest_brainscore.models.layers import called_leaves, resolve_layers
from pytest_brainscore.models.network import from_module
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.models import Model, Preprocess

from .fakes import images, inputs

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("BRAINSCORE_SHARED", ROOT.parent / "shared"))
FACTORIES = {"cornet_z": cornet_z, "cornet_s": cornet_s, "cornet_rt": cornet_rt}
WIDTHS = dict(zip(AREAS, (64, 128, 256, 512), strict=True))
STEPS = {"V2": 2, "V4": 4, "IT": 2}
SIDE = {"cornet_z": 32, "cornet_s": 64, "cornet_rt": 64}


@pytest.fixture(scope="module")
def nets():
    """Each network with weights and running statistics that are no constants."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = {name: factory().eval().requires_grad_(False) for name, factory in FACTORIES.items()}
        for module in made.values():
            for name, value in module.state_dict().items():
                if "norm" in name and value.is_floating_point():
                    value.uniform_(0.5, 1.5)
    return made


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.delenv("BRAINSCORE_MIRROR", raising=False)
    return tmp_path / "hub" / "checkpoints"


# structure


def norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.num_batches_tracked": (), **{f"{name}.{part}": (width,) for part in parts}}


def weight_and_bias(name: str, *shape: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def expected(net: str) -> dict[str, tuple[int, ...]]:
    shapes = weight_and_bias("decoder.linear", 1000, 512)
    for below, area in pairwise((None, *AREAS)):
        made, given = WIDTHS[area], WIDTHS.get(below, 3)
        side = 7 if area == "V1" else 3
        if net == "cornet_z":
            shapes |= weight_and_bias(f"{area}.conv", made, given, side, side)
        elif net == "cornet_rt":
            shapes |= weight_and_bias(f"{area}.conv_input", made, given, side, side)
            shapes |= {f"{area}.conv1.weight": (made, made, 3, 3)}
            shapes |= weight_and_bias(f"{area}.norm_input", made) | weight_and_bias(f"{area}.norm1", made)
        elif area == "V1":
            shapes |= {"V1.conv1.weight": (64, 3, 7, 7), "V1.conv2.weight": (64, 64, 3, 3)}
            shapes |= norm("V1.norm1", 64) | norm("V1.norm2", 64)
        else:
            convolutions = {"conv_input": (made, given, 1, 1), "skip": (made, made, 1, 1)}
            convolutions |= {"conv1": (4 * made, made, 1, 1), "conv2": (4 * made, 4 * made, 3, 3)}
            convolutions |= {"conv3": (made, 4 * made, 1, 1)}
            shapes |= {f"{area}.{name}.weight": shape for name, shape in convolutions.items()}
            shapes |= norm(f"{area}.norm_skip", made)
            for t in range(STEPS[area]):
                shapes |= norm(f"{area}.norm1_{t}", 4 * made) | norm(f"{area}.norm2_{t}", 4 * made)
                shapes |= norm(f"{area}.norm3_{t}", made)
    return shapes


@pytest.mark.parametrize("name", FACTORIES)
def test_weights_have_the_names_and_shapes_of_the_checkpoints(nets, name):
    assert {key: tuple(value.shape) for key, value in nets[name].state_dict().items()} == expected(name)


# behaviour, against loops over functions of torch


def batch_normed(w, name, x):
    mean, var = (w[f"{name}.running_{what}"][:, None, None] for what in ("mean", "var"))
    scaled = (x - mean) / (var + 1e-5).sqrt()
    return scaled * w[f"{name}.weight"][:, None, None] + w[f"{name}.bias"][:, None, None]


def group_normed(w, name, x):
    groups = x.reshape(len(x), 32, -1)
    deviation = (groups.var(2, unbiased=False, keepdim=True) + 1e-5).sqrt()
    scaled = ((groups - groups.mean(2, keepdim=True)) / deviation).reshape(x.shape)
    return scaled * w[f"{name}.weight"][:, None, None] + w[f"{name}.bias"][:, None, None]


def states_of_s(w, x) -> dict[str, list[torch.Tensor]]:
    """What each area of CORnet-S answers at each of its steps."""
    x = batch_normed(w, "V1.norm1", F.conv2d(x, w["V1.conv1.weight"], stride=2, padding=3)).relu()
    x = F.conv2d(F.max_pool2d(x, 3, 2, 1), w["V1.conv2.weight"], padding=1)
    states = {"V1": [batch_normed(w, "V1.norm2", x).relu()]}
    for below, area in pairwise(AREAS):
        x = F.conv2d(states[below][-1], w[f"{area}.conv_input.weight"])
        states[area] = []
        for t in range(STEPS[area]):
            first = t == 0
            skip = x
            if first:
                skip = F.conv2d(x, w[f"{area}.skip.weight"], stride=2)
                skip = batch_normed(w, f"{area}.norm_skip", skip)
            y = batch_normed(w, f"{area}.norm1_{t}", F.conv2d(x, w[f"{area}.conv1.weight"])).relu()
            y = F.conv2d(y, w[f"{area}.conv2.weight"], stride=2 if first else 1, padding=1)
            y = batch_normed(w, f"{area}.norm2_{t}", y).relu()
            y = batch_normed(w, f"{area}.norm3_{t}", F.conv2d(y, w[f"{area}.conv3.weight"]))
            x = (y + skip).relu()
            states[area].append(x)
    return states


def states_of_rt(w, images) -> dict[str, list[torch.Tensor]]:
    """What each area of CORnet-RT answers at each of five steps; nothing has been heard before the first."""
    states = {area: [] for area in AREAS}
    sides = dict(zip(AREAS, (16, 8, 4, 2), strict=True))
    for t in range(5):
        for below, area in pairwise((None, *AREAS)):
            drive = torch.zeros(len(images), WIDTHS[area], sides[area], sides[area])
            heard = images if below is None else states[below][t - 1] if t > 0 else None
            if heard is not None:
                stride, padding = (4, 3) if area == "V1" else (2, 1)
                kernel, bias = w[f"{area}.conv_input.weight"], w[f"{area}.conv_input.bias"]
                x = F.conv2d(heard, kernel, bias, stride, padding)
                drive = drive + group_normed(w, f"{area}.norm_input", x).relu()
            if t > 0:
                drive = drive + states[area][t - 1]
            y = group_normed(w, f"{area}.norm1", F.conv2d(drive, w[f"{area}.conv1.weight"], padding=1))
            states[area].append(y.relu())
    return states


def states_of_z(w, x) -> dict[str, list[torch.Tensor]]:
    states = {}
    for area in AREAS:
        stride, padding = (2, 3) if area == "V1" else (1, 1)
        x = F.conv2d(x, w[f"{area}.conv.weight"], w[f"{area}.conv.bias"], stride, padding).relu()
        x = F.max_pool2d(x, 3, 2, 1)
        states[area] = [x]
    return states


ORACLES = {"cornet_z": states_of_z, "cornet_s": states_of_s, "cornet_rt": states_of_rt}


@pytest.mark.parametrize("name", FACTORIES)
def test_areas_steps_and_readout_answer_as_loops_do(nets, name):
    """Through the ordinary taps: an area's answer is that of its last step."""
    net = from_module(nets[name], id=name, preprocess=Preprocess(size=SIDE[name]), batch_size=2)
    stimuli, w = images(3, side=SIDE[name]), nets[name].state_dict()
    states = ORACLES[name](w, inputs(net, stimuli))
    steps = {
        f"{area}.steps.{t}": state
        for area, of in states.items()
        for t, state in enumerate(of)
        if name == "cornet_rt" or len(of) > 1
    }
    assert len(steps) == {"cornet_z": 0, "cornet_s": 8, "cornet_rt": 20}[name]
    pooled = states["IT"][-1].mean((2, 3))
    readout = {
        "decoder.avgpool": pooled,
        "decoder.linear": pooled @ w["decoder.linear.weight"].T + w["decoder.linear.bias"],
    }
    answers = {**{area: of[-1] for area, of in states.items()}, **steps, **readout}
    with extract(net, stimuli, answers) as found:
        for layer, answer in answers.items():
            wanted = answer.flatten(1)
            torch.testing.assert_close(
                found[layer].matrix(), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()), msg=layer
            )


def test_what_the_image_changes_goes_up_one_area_a_step(nets):
    net = from_module(nets["cornet_rt"], id="cornet_rt", preprocess=Preprocess(size=64))
    layers = [f"{area}.steps.{t}" for area in AREAS for t in range(5)]
    with extract(net, images(2, side=64), layers) as found:
        same = {layer: len(set(map(tuple, found[layer].matrix().tolist()))) == 1 for layer in layers}
    assert same == {f"{area}.steps.{t}": t < i for i, area in enumerate(AREAS) for t in range(5)}


def test_a_step_is_read_without_the_areas_after_it(nets):
    """The pass ends at the step that is asked for."""
    module, called = nets["cornet_s"], []
    handle = module.IT.register_forward_hook(lambda *_: called.append("IT"))
    net = from_module(module, id="cornet_s", preprocess=Preprocess(size=32), batch_size=1)
    with extract(net, images(4, side=32), ["V4.steps.1"]) as found:
        assert found["V4.steps.1"].p == 256 * 2 * 2
    handle.remove()
    assert called == ["IT"]  # in the first batch, from which it is learned how often a layer is called


@pytest.mark.parametrize("name", FACTORIES)
def test_the_zoo_maps_areas_to_regions_and_reads_behaviour_before_the_classifier(nets, name):
    entry = yaml.safe_load((ROOT / "models.yaml").read_text("utf-8"))[name]
    spec = Model.model_validate({"id": name, **entry}, strict=False)
    net = from_module(nets[name], id=name, preprocess=Preprocess(size=64))
    assert [resolve_layers(net, spec, area)[0] for area in AREAS] == [(area,) for area in AREAS]
    assert resolve_layers(net, spec, "behaviour")[0] == ("decoder.avgpool",)
    assert spec.source == f"pytest_brainscore.models.cornet:{name}"
    assert not any("steps" in leaf for leaf in called_leaves(net))


# the authors' networks


@pytest.mark.parametrize("name", FACTORIES)
def test_answers_are_those_of_the_authors_networks(name):
    if not (SHARED / "parity" / "cornet.npz").exists():
        pytest.skip("no shared folder: set BRAINSCORE_SHARED")
    facts = yaml.safe_load((SHARED / "facts" / "cornet.yaml").read_text("utf-8"))
    theirs = np.load(SHARED / "parity" / "cornet.npz")
    module = FACTORIES[name]().eval()
    weights = module.state_dict()
    order = facts["state_dict"][name]
    module.load_state_dict({key: stated(key, i, weights[key]) for i, key in enumerate(order)})
    shape = (1, 3, 224, 224) if name == "cornet_rt" else (2, 3, 96, 96)
    answers: dict[str, list[torch.Tensor]] = {area: [] for area in AREAS}
    for area, of in answers.items():
        module.get_submodule(area).register_forward_hook(lambda *got, of=of: of.append(got[2]))
    with torch.no_grad():
        logits = module(torch.sin(0.013 * torch.arange(np.prod(shape)).double()).float().reshape(shape))
    close(logits, theirs[f"{name}.logits"])
    for area, of in answers.items():
        assert len(of) == theirs[f"{name}.{area}.calls"]
        assert list(of[-1].shape) == theirs[f"{name}.{area}.shape"].tolist()
        close(of[-1].mean(), theirs[f"{name}.{area}.last_mean"])
        close(of[-1].std(), theirs[f"{name}.{area}.last_std"])


def close(found: torch.Tensor, wanted: np.ndarray) -> None:
    assert np.abs(found.numpy() - wanted).max() <= 1e-4 * np.abs(wanted).max()


def stated(key: str, i: int, like: torch.Tensor) -> torch.Tensor:
    """The weights that the figures were made with."""
    if not like.is_floating_point():
        return like
    a = torch.sin(0.37 * torch.arange(like.numel(), dtype=torch.float64) + i).reshape(like.shape)
    if key.endswith("running_var") or ("norm" in key and key.endswith("weight")):
        return (1 + 0.1 * a).float()
    if like.ndim > 1 and "norm" not in key:
        return (a * (2 / like[0].numel()) ** 0.5).float()
    return (0.05 * a).float()


# the checkpoint, by URL


@pytest.fixture
def served(tmp_path):
    """A folder, and its address on a web server of this machine."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def checkpoint(folder: Path, module: torch.nn.Module) -> Path:
    """A file as the authors publish: torch's old format, a wrapped state dict with DataParallel's prefix."""
    state = {f"module.{key}": value for key, value in module.state_dict().items()}
    path = folder / "part.pth"
    torch.save({"epoch": 43, "state_dict": state}, path, _use_new_zipfile_serialization=False)
    prefix = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return path.rename(folder / f"cornet_z-{prefix}.pth")


def from_url(url: str, *, offline: bool = False):
    spec = Model(id="cornet_z", source="here:cornet_z", weights=File(url=url))
    fetch = partial(Fetcher(Path("nowhere")), folder=Path("folder"))
    return build(spec, fetch, lambda _: cornet_z, offline=offline).module.state_dict()


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_a_url_whose_name_ends_in_a_hash_is_fetched_once_and_loaded_strictly(nets, hub, served):
    folder, address = served
    path = checkpoint(folder, nets["cornet_z"])
    assert same(from_url(f"{address}/{path.name}"), nets["cornet_z"].state_dict())
    path.unlink()
    assert same(from_url(f"{address}/{path.name}", offline=True), nets["cornet_z"].state_dict())
    assert (hub / path.name).exists()


def test_content_that_has_not_the_hash_of_the_name_is_not_kept(nets, hub, served):
    folder, address = served
    path = checkpoint(folder, nets["cornet_z"])
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(FetchError, match="cannot be fetched"):
        from_url(f"{address}/{path.name}")
    assert not [left for left in hub.iterdir() if left.suffix != ".lock"]


def test_offline_it_is_taken_from_a_mirror_if_its_hash_is_right(nets, hub, tmp_path, monkeypatch):
    (tmp_path / "mirror" / "deep").mkdir(parents=True)
    path = checkpoint(tmp_path / "mirror" / "deep", nets["cornet_z"])
    url = f"https://example.org/{path.name}"
    with pytest.raises(NotHere, match=rf"fetch {url} to .*{path.name} or a folder that BRAINSCORE_MIRROR"):
        from_url(url, offline=True)
    monkeypatch.setenv("BRAINSCORE_MIRROR", str(tmp_path / "mirror"))
    assert same(from_url(url, offline=True), nets["cornet_z"].state_dict())
    (hub / path.name).unlink()
    path.write_bytes(b"another")
    with pytest.raises(NotHere):
        from_url(url, offline=True)


def test_weights_of_another_cornet_are_refused(nets, hub, tmp_path):
    hub.mkdir(parents=True)
    path = checkpoint(hub, nets["cornet_rt"])
    with pytest.raises(ModelError, match=r"another architecture: missing IT\.conv\.bias.*unexpected IT"):
        from_url(f"https://example.org/{path.name}", offline=True)


@pytest.mark.parametrize("name", ["cornet_z.pth", "cornet_z-5c427.pth", "cornet-latest.pth"])
def test_a_url_without_a_hash_is_to_be_pinned(hub, name):
    with pytest.raises(FetchError, match=r"has no hash.*pytest_brainscore pin"):
        from_url(f"https://example.org/{name}")
