"""The Python door: the same score without pytest, and without YAML."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from .conftest import draw_images, make_responses


def in_script(project, code: str) -> dict:
    """What a script of the user's prints, as JSON."""
    project.write("script.py", code)
    done = subprocess.run([sys.executable, "script.py"], cwd=project.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_twenty_images_and_an_array_give_the_score_of_the_ten_line_yaml(project):
    project.run("--models", "small")
    (path,) = (project.root / "reports").glob("*/results.jsonl")
    by_pytest = json.loads(path.read_text())
    printed = in_script(
        project,
        """
        import json
        from pathlib import Path
        import numpy as np
        from pytest_brainscore import score

        images = [Path(f"benchmarks/images/image{i + 1}.png") for i in range(20)]
        found = score(
            "small", stimuli=images, recordings=np.load("benchmarks/responses.npy"), region="IT",
            metric={"name": "ridge", "alpha": 1.0}, splits={"n": 4, "train": 0.75, "seed": 1},
            ceiling="internal_consistency",
        )
        print(json.dumps([found.raw, found.ceiling, found.ceiled, list(found.to_xarray().dims)]))
        """,
    )
    assert printed[:3] == pytest.approx(
        [by_pytest["raw"], by_pytest["ceiling"], by_pytest["ceiled"]], abs=1e-12
    )
    assert printed[3] == ["split", "neuroid"]


def test_a_benchmark_by_name_and_a_module_of_ones_own(project):
    printed = in_script(
        project,
        """
        import json, torch
        import numpy as np
        from torch import nn
        from pytest_brainscore import score
        from nets import small

        def transform(image):
            pixels = np.asarray(image.resize((32, 32)), dtype=np.float32)
            return torch.from_numpy(pixels / 255).permute(2, 0, 1)

        by_name = score("small", "Own.IT-ridge")
        module = score(small(), "Own.IT-ridge", layer="3", transform=transform)
        both = score(small(), "Own.IT-ridge", layer=["1", "3"], transform=transform)
        print(json.dumps([by_name.raw, module.raw, both.raw, module.about["layer"], both.about["layer"]]))
        """,
    )
    assert printed[0] != printed[1] != printed[2]
    assert printed[3:] == ["3", "1+3"]


def test_what_is_missing_or_misspelt_says_so(project, monkeypatch):
    from pytest_brainscore import score
    from pytest_brainscore.errors import BrainScoreError

    monkeypatch.chdir(project.root)
    with pytest.raises(BrainScoreError, match=r"did you mean Own\.IT-ridge"):
        score("small", "Own.IT-rigde")
    with pytest.raises(BrainScoreError, match="needs a benchmark"):
        score("small")
    with pytest.raises(BrainScoreError, match="says itself what metric would"):
        score("small", "Own.IT-ridge", metric="pls")
    with pytest.raises(BrainScoreError, match="says itself what stimuli"):
        score("small", "Own.IT-ridge", stimuli=[np.zeros((4, 4, 3), np.uint8)])
    with pytest.raises(BrainScoreError, match="not int"):
        score(3, "Own.IT-ridge")
    with pytest.raises(BrainScoreError, match="did you mean ridge"):
        score("small", stimuli=[np.zeros((4, 4, 3), np.uint8)], recordings=np.zeros((1, 2)), metric="rigde")


def test_images_in_memory(tmp_path):
    draw_images(tmp_path / "images")
    make_responses(tmp_path / "responses.npy")
    from PIL import Image
    from torch import nn

    from pytest_brainscore import score

    paths = [tmp_path / "images" / f"image{i + 1}.png" for i in range(20)]
    recordings = np.load(tmp_path / "responses.npy")
    net = nn.Sequential(nn.Conv2d(3, 4, 8, stride=8), nn.ReLU())
    arguments = {
        "recordings": recordings,
        "region": "V1",
        "metric": "ridge",
        "layer": "1",
        "splits": {"n": 2},
    }
    from_files = score(net, stimuli=paths, **arguments)
    from_arrays = score(net, stimuli=[np.asarray(Image.open(p)) for p in paths], **arguments)
    from_pil = score(net, stimuli=[Image.open(p) for p in paths], **arguments)
    assert from_files.raw == pytest.approx(from_arrays.raw, abs=1e-12)
    assert from_files.raw == pytest.approx(from_pil.raw, abs=1e-12)
