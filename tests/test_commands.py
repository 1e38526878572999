"""``python -m pytest_brainscore``: the commands that score nothing."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest
import yaml

from pytest_brainscore.__main__ import main

BENCHMARK = """\
dataset:
  id: Own
  reader: arrays
  stimuli: {{images: {{url: {url}/images.zip}}}}  # a comment that stays
  recordings:
    file:
      url: {url}/responses.npy
    region: IT
benchmarks:
  - {{region: IT, metric: rdm}}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("BRAINSCORE_MIRROR", raising=False)


@pytest.fixture
def served(tmp_path):
    """A local server of two files; its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "images.zip").write_bytes(b"images")
    (folder / "responses.npy").write_bytes(b"responses")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_list_says_where_answers_come_from_that_no_weights_give(tmp_path, capsys):
    (tmp_path / "here.npz").write_bytes(b"activations")
    (tmp_path / "models.yaml").write_text(
        "saved: {source: precomputed, activations: here.npz, layers: {IT: conv5}}\n"
        "gone: {source: precomputed, activations: gone.npz}\n"
        "chosen: {source: torchvision, name: alexnet, layers: auto}\n"
        "final: {source: torchvision, name: alexnet, layers: final}\n"
    )
    assert main(["list", "models", "--root", str(tmp_path)]) == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    shown = {cells[0]: [cell.strip() for cell in cells if cell] for cells in lines}
    assert shown["saved"][1:] == ["IT", "here.npz", "on disk", "precomputed"]
    assert shown["gone"][1:] == ["its only layer", "gone.npz", "to fetch", "precomputed"]
    assert shown["chosen"][2:4] == ["by score", "none"]
    assert shown["final"][2:4] == ["by its answer", "none"]
    assert shown["pixels"][1:4] == ["0.0 M", "V1, V2, V4, IT", "baseline"]


def test_list_shows_benchmarks_models_and_what_is_on_disk(tmp_path, capsys, monkeypatch):
    for name in ("BRAINSCORE_IMAGENET", "BRAINSCORE_THINGS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "net.pth").write_bytes(b"weights")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    entry = f"mine: {{source: torchvision, name: alexnet, weights: {{file: net.pth, sha256: {sha256}}}}}\n"
    (tmp_path / "models.yaml").write_text(entry)
    assert main(["list", "--root", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(
        line.startswith("Cowley2023.V4-pls") and "to fetch: 2 file(s), 4.4 MB" in line for line in lines
    )
    ends = {line.index("to fetch") for line in lines if line.startswith(("Majaj", "Allen", "FreemanZ"))}
    assert ends == {lines[0].index("data")}
    assert any(line.startswith("mine ") and " on disk " in line for line in lines)
    data = {line.split()[0]: line.split(maxsplit=3)[3] for line in lines if len(line.split()) > 3}
    assert data["ImageNet.top1"] == "to obtain: imagenet"
    assert data["Hebart2023_fmri.IT-ridge"] == "to fetch: 4 file(s); to obtain: things"
    assert data["MajajHong2015.private.IT-pls"] == "to fetch: 3 file(s), private"
    assert any(line.startswith("alexnet ") and " to fetch " in line for line in lines)
    assert any(line.startswith("@small: alexnet") for line in lines)


def test_pin_writes_the_hashes_and_keeps_the_rest(tmp_path, served, capsys):
    path = tmp_path / "own.yaml"
    path.write_text(BENCHMARK.format(url=served))
    before = yaml.safe_load(path.read_text())
    assert main(["pin", str(path)]) == 0
    after = yaml.safe_load(path.read_text())
    images, responses = after["dataset"]["stimuli"]["images"], after["dataset"]["recordings"]["file"]
    assert images.pop("sha256") == hashlib.sha256(b"images").hexdigest()
    assert responses.pop("sha256") == hashlib.sha256(b"responses").hexdigest()
    assert after == before
    assert "# a comment that stays" in path.read_text()
    assert capsys.readouterr().out.count("sha256: ") == 2
    pinned = path.read_text()
    assert main(["pin", str(path)]) == 0
    assert path.read_text() == pinned


def test_pin_without_writing_and_without_a_server(tmp_path, served, capsys):
    path = tmp_path / "own.yaml"
    path.write_text(BENCHMARK.format(url=served))
    assert main(["pin", "--dry-run", str(path)]) == 0
    assert path.read_text() == BENCHMARK.format(url=served)
    path.write_text(BENCHMARK.format(url="http://127.0.0.1:9"))
    assert main(["pin", str(path)]) == 2
    assert "http://127.0.0.1:9/images.zip" in capsys.readouterr().err


def test_cache_shows_and_clears(tmp_path, capsys):
    kept = tmp_path / "cache" / "files" / "ab" / "data.npy"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"x" * 2_000_000)
    assert main(["cache"]) == 0
    assert "files             1 file(s)        2.0 MB" in capsys.readouterr().out
    assert main(["cache", "clear", "--part", "activations"]) == 0
    assert kept.exists()
    assert main(["cache", "clear"]) == 0
    assert not kept.exists()


def test_an_unknown_command_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["lst"])
    assert stop.value.code == 2
    assert "lst" in capsys.readouterr().err
