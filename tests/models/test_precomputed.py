"""Precomputed activations: rows find their stimuli by name, and what cannot be read is said in one line."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from PIL import Image
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import from_arrays
from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import DataError, FetchError, ModelError, SpecError
from pytest_brainscore.machine import Device
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.build import build
from pytest_brainscore.models.kinds import ACTIVATIONS, COORDINATES
from pytest_brainscore.models.layers import resolve_layers
from pytest_brainscore.models.precomputed import Precomputed
from pytest_brainscore.models.represent import represent
from pytest_brainscore.models.store import Store
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.cases import Case, load_cases
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.validation import validated
from pytest_brainscore.workbench import Workbench
from tests import brainio_files

from .fakes import images, network

NAMES = [f"im{i}" for i in range(6)]
ORDER = [4, 0, 5, 2, 1, 3]
"""Which stimulus each row of the files is of."""
MIXED = np.random.RandomState(1).permutation(22)
"""Units of two layers, of 12 and 10, in no order."""


def values(p: int, seed: int = 0) -> np.ndarray:
    return np.random.RandomState(seed).standard_normal((6, p)).astype(np.float32)


LAYERS = {"conv": values(12).reshape(6, 3, 2, 2), "final": values(10, seed=1)}


def shown(names=NAMES, folder: str = "") -> Stimuli:
    """Stimuli of which the files have rows, in the order of their numbers."""
    return Stimuli(tuple(names), tuple(Path(folder) / f"{name}.png" for name in names))


def rows(array: np.ndarray) -> np.ndarray:
    """The array as a file has it, its rows out of order."""
    return array[ORDER]


def names(forms: str = "{}") -> list[str]:
    return [forms.format(NAMES[i]) for i in ORDER]


def npz(path: Path, stimuli=None, **layers: np.ndarray) -> Path:
    arrays = layers or {name: rows(array) for name, array in LAYERS.items()}
    np.savez(path, stimuli=np.array(names() if stimuli is None else stimuli), **arrays)
    return path.with_suffix(".npz")


def safetensors(path: Path) -> Path:
    arrays = {name: np.ascontiguousarray(rows(array)) for name, array in LAYERS.items()}
    save_file(arrays, path, {"stimuli": json.dumps(names())})
    return path


def arrays_by_layer(path: Path) -> Path:
    dims = {"conv": ("stimulus", "channel", "y", "x"), "final": ("stimulus", "unit")}
    arrays = {name: (dims[name], rows(array)) for name, array in LAYERS.items()}
    xr.Dataset(arrays, {"stimulus": names()}).to_netcdf(path, engine="h5netcdf")
    return path


def of_brain_score(path: Path, mixed: bool = False) -> Path:
    """One array of all layers, with the coords that Brain-Score's wrapper of networks gives its answers."""
    flat = np.concatenate([rows(array).reshape(6, -1) for array in LAYERS.values()], axis=1)
    order = MIXED if mixed else np.arange(22)
    layers = np.repeat(list(LAYERS), [12, 10])
    coords = {
        "stimulus_path": ("presentation", names("/home/me/.brain-score/stimuli/{}.png")),
        "layer": ("neuroid", layers[order]),
        "model": ("neuroid", ["alexnet"] * 22),
        "neuroid_num": ("neuroid", np.arange(22)),
    }
    xr.DataArray(flat[:, order], coords, ("presentation", "neuroid")).to_netcdf(path, engine="h5netcdf")
    return path


def opened(path: Path, **spec) -> Precomputed:
    entry = {"id": "mine", "source": "precomputed", "activations": {"file": str(path)}, **spec}
    model = validated(Model, entry, "test")
    return build(model, lambda file: Path(file.file), None, cache=path.parent / "cache")


def answers(model: Precomputed, layer: str, stimuli: Stimuli | None = None) -> np.ndarray:
    with extract(model, stimuli or shown(), (layer,)) as found:
        return found[layer].matrix().numpy()


WRITERS = {
    "npz": npz,
    "safetensors": safetensors,
    "netcdf": arrays_by_layer,
    "brain-score.nc": of_brain_score,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_gives_the_rows_of_the_stimuli_in_their_order(tmp_path, kind):
    model = opened(WRITERS[kind](tmp_path / f"activations.{kind}"))
    assert sorted(model.layers) == sorted(LAYERS)
    for layer, expected in LAYERS.items():
        assert (answers(model, layer) == expected.reshape(6, -1)).all()
    some = shown([NAMES[i] for i in (5, 1)])
    assert (answers(model, "final", some) == LAYERS["final"][[5, 1]]).all()


def test_layers_whose_units_are_mixed_keep_their_order(tmp_path):
    model = opened(of_brain_score(tmp_path / "mixed.nc", mixed=True))
    found = answers(model, "final")
    assert found.shape == (6, 10)
    assert (found == LAYERS["final"][:, MIXED[MIXED >= 12] - 12]).all()


def test_other_kinds_of_numbers_are_float32(tmp_path):
    whole = np.arange(12, dtype=">i8").reshape(6, 2)
    model = opened(npz(tmp_path / "numbers", whole=whole, half=whole.astype(np.float16), yes=whole > 4))
    assert {layer: answers(model, layer).dtype for layer in model.layers} == dict.fromkeys(model.layers, "f4")
    assert (answers(model, "whole") == whole[np.argsort(ORDER)]).all()
    save_tensors({"b": torch.ones(6, 2).bfloat16()}, tmp_path / "b", {"stimuli": json.dumps(names())})
    assert (answers(opened(tmp_path / "b"), "b") == 1).all()


@pytest.mark.parametrize("form", ["{}", "{}.png", "{}.jpg", "some/where/{}", "/else/where/{}.png"])
def test_a_row_is_its_stimulus_s_by_id_file_name_or_stem(tmp_path, form):
    model = opened(npz(tmp_path / "named", names(form), a=rows(values(3))))
    assert (answers(model, "a") == values(3)).all()
    within = shown([f"set/{name}" for name in NAMES])  # the ids of nested folders
    assert (answers(model, "a", within) == values(3)).all()


def test_whole_numbers_name_stimuli(tmp_path):
    model = opened(npz(tmp_path / "numbers", np.array([7, 3, 5]), a=np.array([[7.0], [3.0], [5.0]])))
    assert answers(model, "a", shown(["3", "5", "7"])).tolist() == [[3], [5], [7]]


def test_an_exact_name_goes_before_one_whose_last_part_is_it(tmp_path):
    stimuli = [*names(), "other/im0.png", "more"]
    model = opened(npz(tmp_path / "exact", stimuli, a=np.concatenate([rows(values(2)), np.ones((2, 2))])))
    assert (answers(model, "a") == values(2)).all()


def test_two_rows_that_could_be_one_stimulus_are_refused(tmp_path):
    stimuli = ["a/im0.png", "b/im0.png"]
    model = opened(npz(tmp_path / "both", stimuli, a=np.ones((2, 2))))
    with pytest.raises(ModelError, match=r"stimulus im0: a/im0\.png and b/im0\.png"):
        answers(model, "a", shown(["im0"]))


def test_stimuli_without_a_row_are_counted_and_the_nearest_name_is_told(tmp_path):
    model = opened(npz(tmp_path / "few"))
    with pytest.raises(ModelError, match=r"no row for 2 of 8 stimuli; the first is imm3; did you mean im3"):
        answers(model, "final", shown([*NAMES, "imm3", "xyz"]))


def test_of_counted_names_the_first_are_told_and_not_the_nearest(tmp_path):
    stimuli = [f"images/im{i:03d}.png" for i in range(71, 77)]
    model = opened(npz(tmp_path / "others", stimuli))
    with pytest.raises(ModelError) as error:
        answers(model, "final", shown(["im001", "im002"]))
    assert str(error.value).endswith(
        "the first is im001; its rows have names such as images/im071.png and images/im072.png"
    )


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300])
def test_nan_is_named_and_other_layers_and_rows_of_no_stimulus_are_read(tmp_path, wrong):
    odd, other = values(4).astype(np.float64), values(4)
    odd[ORDER.index(2), 1] = wrong
    model = opened(npz(tmp_path / "odd", a=odd, b=other))
    with pytest.raises(ModelError, match=r"layer a of odd\.npz answers to 1 of 6 .* the first is im2"):
        answers(model, "a")
    assert (answers(model, "b") == other[np.argsort(ORDER)]).all()
    rest = shown([name for name in NAMES if name != "im2"])
    assert answers(model, "a", rest).shape == (5, 4)


def faults(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that cannot be read, and what is said of them."""
    folder.joinpath("text").write_text("neither of them")
    folder.joinpath("cut.npz").write_bytes(npz(folder / "whole").read_bytes()[:300])
    folder.joinpath("cut.nc").write_bytes(arrays_by_layer(folder / "whole.nc").read_bytes()[:3000])
    folder.joinpath("cut.st").write_bytes(safetensors(folder / "whole.st").read_bytes()[:60])
    np.savez(folder / "nameless", a=values(2))
    save_file({"a": values(2)}, folder / "nameless.st")
    xr.Dataset({"a": (("row", "unit"), values(2))}).to_netcdf(folder / "rows.nc", engine="h5netcdf")
    bare = xr.Dataset({"a": (("stimulus", "unit"), values(2))})
    bare.to_netcdf(folder / "bare.nc", engine="h5netcdf")
    film = xr.Dataset({"a": (("stimulus", "unit", "time_bin"), np.ones((2, 3, 4)))}, {"stimulus": ["x", "y"]})
    film.to_netcdf(folder / "film.nc", engine="h5netcdf")
    return {
        "text": (folder / "text", "neither netCDF nor npz nor safetensors"),
        "folder": (folder, "is a folder"),
        "cut npz": (folder / "cut.npz", "no activations can be read"),
        "cut netcdf": (folder / "cut.nc", "cannot be read"),
        "cut safetensors": (folder / "cut.st", "no activations can be read"),
        "npz without names": (folder / "nameless.npz", r"no array `stimuli`.*there are a"),
        "safetensors without names": (folder / "nameless.st", "metadata have no `stimuli`"),
        "netcdf of other dims": (
            folder / "rows.nc",
            r"no dim stimulus or presentation \(dims: there are row",
        ),
        "netcdf without names": (folder / "bare.nc", "no coord of stimulus names the stimuli"),
        "netcdf over time": (folder / "film.nc", "several time bins"),
        "a name twice": (npz(folder / "twice", [*names()[:5], "im4"]), "two rows are of stimulus im4"),
        "objects": (npz(folder / "objects", np.array(names(), object)), "Python objects"),
        "names of two dims": (npz(folder / "square", [names()]), r"<U3 of shape \(1, 6\)"),
    }


def test_a_file_that_is_none_is_one_line(tmp_path):
    for what, (path, words) in faults(tmp_path).items():
        with pytest.raises((ModelError, DataError), match=words) as raised:
            opened(path)
        assert "\n" not in str(raised.value), what
        assert str(path) in str(raised.value), what


@pytest.mark.parametrize(
    "array", [values(2)[:5], values(1)[:, 0], np.array(["a"] * 6), values(2) * 1j, np.array([{}] * 6)]
)
def test_an_array_that_is_no_layer_is_a_fault_of_its_own(tmp_path, array):
    model = opened(npz(tmp_path / "one", wrong=array, right=values(2)))
    with pytest.raises(ModelError, match=r"real numbers of shape \(6, units\) are due|Python objects"):
        answers(model, "wrong")
    assert answers(model, "right").shape == (6, 2)


def test_nothing_is_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    npz(tmp_path / "evil", a=np.array([Evil()] * 6))
    with pytest.raises(ModelError, match="Python objects"):
        answers(opened(tmp_path / "evil.npz"), "a")
    assert not (tmp_path / "ran").exists()


def test_a_layer_that_is_not_there_is_named(tmp_path):
    model = opened(npz(tmp_path / "two"))
    with pytest.raises(ModelError, match=r"mine: two\.npz has no layer conf; did you mean conv\?"):
        answers(model, "conf")
    with pytest.raises(ModelError, match=r"no layer xyz \(there are conv, final\)"):
        model.require("xyz")


def test_the_hash_is_asked_of_the_file(tmp_path):
    path = npz(tmp_path / "hashed")
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    fetcher = Fetcher(tmp_path / "cache")
    assert opened(path).weights_digest == right
    spec = {"id": "mine", "source": "precomputed", "activations": {"file": "hashed.npz", "sha256": "0" * 64}}
    with pytest.raises(FetchError, match=f"its sha256 is {right}"):
        build(validated(Model, spec, "test"), lambda file: fetcher(file, tmp_path), None, cache=tmp_path)


def test_it_is_shown_like_a_network_and_never_stored(tmp_path):
    path, stimuli, store = npz(tmp_path / "wide", a=values(40)), shown(), Store(tmp_path / "store")
    wanted = {("a",): {COORDINATES, ACTIVATIONS}, ("b",): {COORDINATES}}
    found = represent(opened(path), stimuli, wanted, store=store)
    matrix = values(40)[np.argsort(ORDER)]
    assert (found.tensor(("a",), ACTIVATIONS).numpy() == matrix).all()
    turned = found.tensor(("a",), COORDINATES).numpy()
    assert turned.shape == (6, 7)
    assert turned @ turned.T == pytest.approx(matrix.astype(np.float64) @ matrix.T, rel=1e-5)
    assert store.usage().files == 0
    with pytest.raises(ModelError, match=re.escape("wide.npz has no layer b")):
        found.tensor(("b",), COORDINATES)


def test_rows_go_by_name_and_not_by_image(tmp_path):
    """Equal images under two names are two stimuli, which an experiment may have told apart."""
    twice = images(1).take([0, 0])
    stimuli = Stimuli(("one", "two"), twice.images)
    model = opened(npz(tmp_path / "twins", ["two", "one"], a=np.array([[2.0], [1.0]])))
    assert answers(model, "a", stimuli).tolist() == [[1], [2]]


DOCS = (Path(__file__).parents[2] / "docs" / "precomputed.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["mine.npz", "mine.safetensors", "mine.nc"])
def test_what_the_docs_write_is_read(tmp_path, monkeypatch, name):
    blocks = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    (block,) = [block for block in blocks if f'"{name}"' in block and "wrapper" not in block]
    monkeypatch.chdir(tmp_path)
    exec(block, {"ids": NAMES, "activations": LAYERS})
    model = opened(tmp_path / name)
    assert sorted(model.layers) == sorted(LAYERS)
    assert (answers(model, "conv") == LAYERS["conv"].reshape(6, -1)).all()


BENCHMARKS = """
dataset:
  id: Tiny
  reader: brainio
  stimuli: {{csv: {csv}, zip: {zip}}}
  recordings: {{netcdf: {netcdf}, coords: {{subject: animal}}}}
benchmarks:
  - regions: [V4, IT]
    metric: ridge
    splits: {{n: 3, train: 0.8}}
"""


def bench(folder: Path) -> Workbench:
    return Workbench(Device(*[torch.device("cpu")] * 2), Fetcher(folder / "cache"), Registry(), None)


def tiny(folder: Path) -> list[Case]:
    made = brainio_files.responses(folder)
    files = {"csv": made.csv.name, "zip": made.zip.name, "netcdf": made.netcdf.name}
    (folder / "tiny.yaml").write_text(BENCHMARKS.format(**files), "utf-8")
    return load_cases(folder / "tiny.yaml")


def precomputed(folder: Path, case: Case, **spec) -> Model:
    """What a network answers to the stimuli of a case, saved in another order and with one more row."""
    stimuli = bench(folder).opened.recordings(case)[0].stimuli
    with extract(network(), stimuli, ("relu", "readout")) as found:
        arrays = {name: found[name].matrix().numpy() for name in found}
    order = np.random.RandomState(0).permutation(len(stimuli))
    padded = {name: np.concatenate([array[order], array[:1] * np.nan]) for name, array in arrays.items()}
    np.savez(folder / "mine", stimuli=[*(stimuli.ids[i] for i in order), "another"], **padded)
    entry = {"id": "mine", "source": "precomputed", "activations": "mine.npz", **spec}
    return validated(Model, entry, "test")


def test_saved_answers_score_what_the_network_scores(tmp_path):
    v4, it = tiny(tmp_path)
    layers = {"V4": "relu", "IT": ("relu", "readout")}
    saved, live = precomputed(tmp_path, v4, layers=layers), bench(tmp_path)
    live.adopt_network(Model(id="live", source="here:net", layers=layers), network())
    for case in (v4, it):
        score = bench(tmp_path).score(case, saved, tmp_path)
        expected = live.score(case, Model(id="live", source="here:net", layers=layers), tmp_path)
        assert score.splits == expected.splits
        assert score.about["stored"] is None
        assert "architecture" not in score.about["digests"]


def test_one_layer_stands_for_all_regions_and_of_several_one_is_named(tmp_path):
    v4, _ = tiny(tmp_path)
    several = precomputed(tmp_path, v4)
    with pytest.raises(ModelError, match=r"mapped to V4, and mine\.npz has relu, readout; write `layers"):
        bench(tmp_path).score(v4, several, tmp_path)
    with np.load(tmp_path / "mine.npz") as whole:
        np.savez(tmp_path / "mine", stimuli=whole["stimuli"], relu=whole["relu"])
    score = bench(tmp_path).score(v4, several, tmp_path)
    assert score.about["layer"] == "relu"
    with pytest.raises(ModelError, match=r"no layer of mine is mapped to V4 \(mapped: IT\)"):
        bench(tmp_path).score(v4, several.model_copy(update={"layers": {"IT": "relu"}}), tmp_path)


def test_the_spec_says_both_or_neither():
    for entry in ({"source": "precomputed"}, {"source": "timm", "activations": "a.npz"}):
        with pytest.raises(SpecError, match="`source: precomputed` needs `activations`"):
            validated(Model, {"id": "mine", **entry}, "test")
    for key, value in {"weights": "w.pth", "preprocess": {"size": 64}, "stochastic": True}.items():
        entry = {"id": "mine", "source": "precomputed", "activations": "a.npz", key: value}
        with pytest.raises(SpecError, match=f"precomputed activations make nothing of `{key}`"):
            validated(Model, entry, "test")
    assert validated(Model, {"id": "a", "source": "precomputed", "activations": "a.npz"}, "").activations == (
        File(file="a.npz")
    )


GREY = """
dataset: {{id: {}, reader: arrays, stimuli: {{images: i}}, recordings: {{file: r.npy, region: IT}}}}
benchmarks:
  - {{region: IT, metric: ridge, splits: {{folds: 5}}}}
"""


def test_data_sets_whose_images_are_equal_have_rows_of_their_own(tmp_path):
    """Grey stands in for images that may not be shared; one workbench scores both sets, as one run does."""
    random = np.random.RandomState(0)
    y = {"A": random.randn(60, 8), "B": random.randn(60, 8)}
    stimuli = [f"{name}{i:03}" for name in y for i in range(60)]
    np.savez(tmp_path / "mine", stimuli=stimuli, only=np.concatenate(list(y.values())))
    model = validated(Model, {"id": "mine", "source": "precomputed", "activations": "mine.npz"}, "test")
    together, cases = bench(tmp_path), {}
    for name, responses in y.items():
        folder = tmp_path / name
        folder.mkdir()
        for i in range(60):
            Image.new("RGB", (8, 8), (128, 128, 128)).save(folder / f"{name}{i:03}.png")
        (tmp_path / f"{name}.yaml").write_text(GREY.format(name), "utf-8")
        (cases[name],) = load_cases(tmp_path / f"{name}.yaml")
        together.adopt_recordings(cases[name], from_arrays(folder, responses, region="IT"))
    scores = {name: together.score(case, model, tmp_path) for name, case in cases.items()}
    assert scores["A"].about["digests"]["stimuli"] == scores["B"].about["digests"]["stimuli"]
    assert min(score.raw for score in scores.values()) > 0.99


def test_advice_for_behaviour_is_a_readout(tmp_path):
    model = opened(npz(tmp_path / "two"))
    spec = validated(
        Model, {"id": "mine", "source": "precomputed", "activations": "m.npz", "layers": "auto"}, "t"
    )
    with pytest.raises(ModelError, match=r"mapped to behaviour, .* write `readout: \.\.\.` in its entry"):
        resolve_layers(model, spec, "behaviour")


def test_a_layer_coord_of_the_rows_is_refused(tmp_path):
    coords = {"stimulus": names(), "layer": ("stimulus", ["a", "b"] * 3)}
    xr.Dataset({"x": (("stimulus", "unit"), values(2))}, coords).to_netcdf(tmp_path / "x", engine="h5netcdf")
    with pytest.raises(ModelError, match="the coord `layer` of x is of stimulus; it must be of the units"):
        opened(tmp_path / "x")


def test_two_arrays_of_one_layer_are_refused(tmp_path):
    coords = {"stimulus": names(), "layer": ("neuroid", ["a", "b"])}
    array = ("stimulus", "neuroid"), values(2)
    xr.Dataset({"x": array, "y": array}, coords).to_netcdf(tmp_path / "two", engine="h5netcdf")
    with pytest.raises(ModelError, match="x and y both say that they are layer a"):
        opened(tmp_path / "two")


def test_layers_along_a_later_dim_are_taken_there(tmp_path):
    cube = np.arange(6 * 2 * 4, dtype=np.float32).reshape(6, 2, 4)
    coords = {"stimulus": NAMES, "layer": ("unit", ["a", "b", "a", "b"])}
    xr.Dataset({"x": (("stimulus", "part", "unit"), cube)}, coords).to_netcdf(
        tmp_path / "x", engine="h5netcdf"
    )
    model = opened(tmp_path / "x")
    np.testing.assert_array_equal(answers(model, "b"), cube[:, :, 1::2].reshape(6, 4))


def test_a_layer_without_units_is_called_so(tmp_path):
    model = opened(npz(tmp_path / "none", empty=np.empty((6, 0)), right=values(2)))
    with pytest.raises(ModelError, match=r"layer empty has no units: its shape is \(6, 0\)"):
        answers(model, "empty")
    assert answers(model, "right").shape == (6, 2)
