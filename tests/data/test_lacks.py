"""Lacks: which files a run will have to fetch, without looking into any."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_brainscore.data import lacks
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.lacks import Lack
from pytest_brainscore.data.mirrors import listing
from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.catalogue import size
from pytest_brainscore.specs.models import Model

URL = "https://example.org/"
SHA = "c0" * 32


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any file, and with caches in their usual places."""
    for name in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    listing.cache_clear()
    return tmp_path


def fetcher(home: Path) -> Fetcher:
    return Fetcher(home / "cache", (home / "mirror",))


def put(path: Path, content: bytes = b"content") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def of_data(home: Path, file: File) -> list[Lack]:
    return list(lacks.of_data({"stimuli": {"images": [file]}}, home / "project", fetcher(home)))


def test_a_file_with_a_url_that_is_nowhere_is_lacking(home: Path):
    assert of_data(home, File(url=URL + "a.zip", sha256=SHA, bytes=12)) == [Lack("a.zip", 12)]
    assert of_data(home, File(url=URL + "a.zip", sha256=SHA)) == [Lack("a.zip", None)]


def test_what_cannot_be_fetched_is_not_to_be_fetched(home: Path):
    assert of_data(home, File(file="a.npy")) == []
    assert of_data(home, File(sha256=SHA)) == []
    assert of_data(home, File(url=URL + "a.zip")) == []  # without a hash it is refused


def test_what_lies_beside_the_yaml_or_in_the_cache_is_here(home: Path):
    file = File(url=URL + "a.zip", file="a.zip", sha256=SHA)
    assert len(of_data(home, file)) == 1
    put(fetcher(home).place(file))
    assert of_data(home, file) == []
    fetcher(home).place(file).unlink()
    put(home / "project" / "a.zip")
    assert of_data(home, file) == []


@pytest.mark.parametrize("name", ["a.zip", SHA, f"{SHA}.zip", "other.zip"])
def test_a_mirror_has_it_by_name_hash_or_size(home: Path, name: str):
    file = File(url=URL + "a.zip", sha256=SHA, bytes=7)
    put(home / "mirror" / "deep" / "else.zip", b"123")
    assert len(of_data(home, file)) == 1
    listing.cache_clear()
    put(home / "mirror" / "deep" / name)
    assert of_data(home, file) == []


def test_a_mirror_has_it_by_its_checksum_list(home: Path):
    file = File(url=URL + "a.zip", sha256=SHA)
    put(home / "mirror" / "b.bin")
    put(home / "mirror" / "SHA256SUMS", f"{SHA}  b.bin\n".encode())
    assert of_data(home, file) == []
    put(home / "mirror" / "SHA256SUMS", f"{SHA}  gone.bin\n".encode())
    assert len(of_data(home, file)) == 1


def test_files_of_a_reader_of_ones_own_are_plain_mappings(home: Path):
    spec = {
        "stimuli": {"a": {"url": URL + "a.npy", "sha1": "0" * 40}},
        "recordings": [{"url": "word", "rate": 3}],
    }
    assert [lack.name for lack in lacks.of_data(spec, home, fetcher(home))] == ["a.npy"]


@pytest.mark.parametrize(
    "given",
    [
        {"url": ["a", "b"], "sha256": SHA},
        {"url": URL + "a.npy", "sha256": [1]},
        {"url": URL + "a.npy", "sha256": "no hash"},
        {"url": "word"},
        {"file": "word", "sha256": SHA},
        {1: 2},
        {},
    ],
)
def test_what_a_reader_of_ones_own_is_told_need_not_be_a_file(home: Path, given: dict[str, object]):
    within = {"file": {"url": URL + "b.npy", "sha256": SHA, "bytes": 7}}
    spec = {"stimuli": within, "recordings": given}
    assert list(lacks.files_in(spec)) == [File(**within["file"])]
    assert list(lacks.of_data(spec, home, fetcher(home))) == [Lack("b.npy", 7)]


def of_model(home: Path, **said: object) -> list[Lack]:
    return list(lacks.of_model(Model(id="net", **said), home / "project", fetcher(home)))


def test_weights_of_torchvision_lie_in_torchs_cache(home: Path, monkeypatch: pytest.MonkeyPatch):
    alexnet = {"source": "torchvision", "name": "alexnet", "weights": "IMAGENET1K_V1"}
    known = size("torchvision", "alexnet")
    assert of_model(home, **alexnet) == [Lack("alexnet-owt-7be5be79.pth", 4 * known.parameters, exact=False)]
    put(home / "caches" / "torch" / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth")
    assert of_model(home, **alexnet) == []
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    assert len(of_model(home, **alexnet)) == 1
    put(home / "torch" / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth")
    assert of_model(home, **alexnet) == []


def test_other_weights_of_the_same_architecture_do_not_count(home: Path):
    put(home / "caches" / "torch" / "hub" / "checkpoints" / "resnet50-0676ba61.pth")
    resnet = {"source": "torchvision", "name": "resnet50"}
    assert of_model(home, weights="IMAGENET1K_V1", **resnet) == []
    assert [lack.name for lack in of_model(home, weights="IMAGENET1K_V2", **resnet)] == [
        "resnet50-11ad3fa6.pth"
    ]


@pytest.mark.parametrize(
    ("variable", "folder"),
    [("", "caches/huggingface/hub"), ("HF_HOME", "home/hub"), ("HF_HUB_CACHE", "home")],
)
def test_weights_of_timm_lie_in_hugging_faces_cache(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, folder: str
):
    resnet = {"source": "timm", "name": "resnet18", "weights": "a1_in1k"}
    if variable:
        monkeypatch.setenv(variable, str(home / "home"))
    assert [lack.name for lack in of_model(home, **resnet)] == ["timm/resnet18.a1_in1k"]
    repository = home / folder / "models--timm--resnet18.a1_in1k"
    (repository / "refs").mkdir(parents=True)
    assert len(of_model(home, **resnet)) == 1
    put(repository / "snapshots" / "0123" / "model.safetensors")
    assert of_model(home, **resnet) == []


def test_weights_in_a_file_of_ones_own(home: Path):
    pinned = {"source": "nets:net", "weights": File(url=URL + "w.pth", sha256=SHA, bytes=9)}
    assert of_model(home, **pinned) == [Lack("w.pth", 9)]
    named = {"source": "nets:net", "weights": File(url=URL + "net-0123abcd.pth")}
    assert of_model(home, **named) == [Lack("net-0123abcd.pth", None, exact=False)]
    put(home / "caches" / "torch" / "hub" / "checkpoints" / "net-0123abcd.pth")
    assert of_model(home, **named) == []


def test_untrained_twins_and_factories_fetch_nothing(home: Path):
    assert of_model(home, source="torchvision", name="alexnet") == []
    assert of_model(home, source="nets:net") == []


def test_a_cache_that_nobody_may_look_into_lacks_everything(home: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "no", path)

    monkeypatch.setattr(Path, "exists", refuse)
    file = File(url=URL + "a.zip", file="a.zip", sha256=SHA)
    assert of_data(home, file) == [Lack("a.zip", None)]
