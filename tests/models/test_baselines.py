"""Baselines: pixels score what the reference's recipe scores; Gabor filters prefer their gratings."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from PIL import Image
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression
from sklearn.model_selection import StratifiedShuffleSplit

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.stimuli import Stimuli
from pytest_brainscore.errors import SelectionError
from pytest_brainscore.machine import Device
from pytest_brainscore.models.activations import extract
from pytest_brainscore.models.baselines import GRID, LEVELS, ORIENTATIONS, gabor
from pytest_brainscore.models.build import build
from pytest_brainscore.models.network import Network
from pytest_brainscore.specs.cases import load_cases
from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.registry import Registry
from pytest_brainscore.specs.zoo import load_zoo
from pytest_brainscore.suite.selection import select
from pytest_brainscore.workbench import Workbench
from tests import brainio_files

ROOT = Path(__file__).parents[2]
ZOO = load_zoo(ROOT / "models.yaml")
SIDE = 224
DEGREES = 8.0
CYCLES_PER_DEGREE = (8, 4, 2, 1, 0.5)
SPLITS = 2

BENCHMARK = """
dataset:
  id: Tiny
  reader: brainio
  stimuli: {{csv: {csv}, zip: {zip}, visual_degrees: 8}}
  recordings: {{netcdf: {netcdf}, coords: {{subject: animal}}}}
benchmarks:
  - region: IT
    metric: {{name: pls, components: 2}}
    splits: {{n: {n}, train: 0.8, stratify: object_name, seed: 1}}
    ceiling: internal_consistency
"""


def built(id: str) -> Network:
    return build(ZOO.models[id], lambda file: file, Registry())


def of_the_reference(made: brainio_files.Made) -> np.ndarray:
    """Pixels by Brain-Score's recipe, rows by stimulus_id: RGB, 256 x 256 by PIL's default filter, flat."""
    with zipfile.ZipFile(made.zip) as archive:
        opened = {Path(name).stem: Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    shown = [opened[id].convert("RGB").resize((256, 256)) for id in sorted(opened)]
    return np.stack([np.array(image).reshape(-1) for image in shown])


def recipe(made: brainio_files.Made) -> float:
    """Median over neuroids of r on held-out stimuli, mean over splits, by scikit-learn."""
    with xr.open_dataset(made.netcdf, engine="h5netcdf") as assembly:
        values = assembly["data"].values[:, assembly["region"].values == "IT", 0]
    shown = made.presentations["stimulus_id"]
    ids = sorted(set(shown))
    y = np.stack([values[shown == id].mean(0, dtype=np.float64) for id in ids])
    x = of_the_reference(made).astype(np.float64)
    label = made.table.set_index("stimulus_id")["object_name"].loc[ids].to_numpy()
    draws = StratifiedShuffleSplit(SPLITS, train_size=0.8, test_size=0.2, random_state=1).split(x, label)
    medians = []
    for train, test in draws:
        fitted = PLSRegression(2, scale=False, tol=1e-14, max_iter=2000).fit(x[train], y[train])
        found = fitted.predict(x[test])
        medians.append(np.median([pearsonr(found[:, i], y[test][:, i])[0] for i in range(y.shape[1])]))
    return float(np.mean(medians))


def test_pixels_score_what_the_recipe_scores(tmp_path):
    made = brainio_files.responses(tmp_path, n=30)
    files = {"csv": made.csv.name, "zip": made.zip.name, "netcdf": made.netcdf.name}
    (tmp_path / "tiny.yaml").write_text(BENCHMARK.format(n=SPLITS, **files), "utf-8")
    (case,) = load_cases(tmp_path / "tiny.yaml")
    cpu = Device(torch.device("cpu"), torch.device("cpu"))
    bench = Workbench(cpu, Fetcher(tmp_path / "cache"), Registry(), None)
    score = bench.score(case, ZOO.models["pixels"], ROOT)
    assert score.raw == pytest.approx(recipe(made), abs=1e-6)
    assert score.about["layer"] == "pixels"
    assert score.about["layer_source"].startswith("a baseline")


def test_pixels_are_the_bytes_of_the_reference_channel_by_channel(tmp_path):
    made = brainio_files.stimuli(tmp_path, ["a", "b", "c"])
    with zipfile.ZipFile(made.zip) as archive:
        archive.extractall(tmp_path)
    shown = Stimuli(("a", "b", "c"), tuple(tmp_path / f"{id}.png" for id in "abc"), visual_degrees=8.0)
    with extract(built("pixels"), shown, ("pixels",)) as answers:
        found = answers["pixels"].matrix().reshape(3, 3, 256, 256).permute(0, 2, 3, 1)
    assert (found.reshape(3, -1).numpy() == of_the_reference(made)).all()


def grating(cycles_per_degree: float, orientation: int, phase: float = 0.0) -> torch.Tensor:
    """A full-contrast grating, (1, 3, 224, 224), its bars turned counterclockwise from horizontal."""
    degrees = ((torch.arange(SIDE, dtype=torch.float64) + 0.5) / SIDE - 0.5) * DEGREES
    angle = orientation * math.pi / ORIENTATIONS
    along = degrees[:, None] * math.cos(angle) + degrees[None, :] * math.sin(angle)
    wave = 0.5 + 0.5 * torch.cos(2 * math.pi * cycles_per_degree * along + phase)
    return wave.float().expand(1, 3, SIDE, SIDE)


def cells(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Simple cells (level, phase, orientation, y, x) and complex ones (level, orientation, y, x)."""
    bank, found = gabor(), {}
    for name in ("simple", "complex", "cells"):
        bank.get_submodule(name).register_forward_hook(lambda _, __, y, name=name: found.update({name: y}))
    assert torch.equal(bank(image), torch.cat([found["simple"], found["complex"]], dim=1))
    assert found["cells"].shape == (1, 39_200)
    return (
        found["simple"].reshape(LEVELS, 4, ORIENTATIONS, GRID, GRID),
        found["complex"].reshape(LEVELS, ORIENTATIONS, GRID, GRID),
    )


@pytest.mark.parametrize("level", range(LEVELS))
@pytest.mark.parametrize("orientation", [0, 1, 3, 6])
def test_a_complex_cell_answers_most_to_its_own_grating_and_with_1(level, orientation):
    _, found = cells(grating(CYCLES_PER_DEGREE[level], orientation))
    middle = found[:, :, 4:10, 4:10].mean((2, 3))
    assert divmod(int(middle.argmax()), ORIENTATIONS) == (level, orientation)
    assert float(middle[level, orientation]) == pytest.approx(1, abs=0.01)
    assert float(middle[level, (orientation + 4) % ORIENTATIONS]) < 0.02
    octaves_off = [abs(other - level) >= 2 for other in range(LEVELS)]
    assert float(middle[octaves_off, orientation].max()) < 0.06  # of the edges, where the grating ends


def test_energy_is_the_same_in_every_phase_and_simple_cells_are_not():
    answers = [cells(grating(0.5, 2, phase)) for phase in (0, math.pi / 2, math.pi, 3 * math.pi / 2)]
    middle = [complex_[4, 2, 7, 7] for _, complex_ in answers]
    assert torch.stack(middle).tolist() == pytest.approx([1] * 4, abs=0.02)
    preferred = [simple[4, :, 2, 7, 7] for simple, _ in answers]
    assert torch.stack(preferred).max(0).values.tolist() == pytest.approx([1] * 4, abs=0.2)
    assert torch.stack(preferred).min(0).values.tolist() == pytest.approx([0] * 4, abs=0.01)
    assert torch.allclose(preferred[0][:2], preferred[2][:2].flip(0), atol=0.02)  # half a period is a sign


def test_a_flat_image_moves_no_cell_and_contrast_is_linear():
    assert cells(torch.full((1, 3, SIDE, SIDE), 0.7))[1].abs().max() < 1e-5
    wave = grating(2, 5)
    full, half = cells(wave)[1], cells(0.25 + 0.5 * wave)[1]
    assert torch.allclose(half, full / 2, atol=1e-5)


def test_the_bank_takes_what_the_zoo_shows_it():
    noise = np.random.RandomState(0).randint(0, 256, (2, 50, 40, 3), dtype=np.uint8)
    with extract(
        built("gabor"), Stimuli(("a", "b"), tuple(noise)), ("simple", "complex", "cells")
    ) as answers:
        assert {name: layer.p for name, layer in answers.items()} == {
            "simple": 31_360,
            "complex": 7_840,
            "cells": 39_200,
        }


@pytest.mark.parametrize("id", ZOO.sets["baselines"])
def test_a_baseline_says_so_and_has_no_untrained_twin(id):
    model = ZOO.models[id]
    assert (model.about.family, model.weights) == ("baseline", "none")
    assert built(id).architecture_digest
    with pytest.raises(
        SelectionError, match=f"untrained:{id}: a baseline has no weights that could be random"
    ):
        select(f"untrained:{id}", ZOO, ROOT)


def test_a_pattern_of_twins_passes_over_what_has_none():
    twins = [candidate.id for candidate in select("untrained:*", ZOO, ROOT)]
    none = {*ZOO.sets["baselines"], *(id for id in ZOO.models if id.startswith("data_driven"))}
    assert twins == [f"{id}_untrained" for id in ZOO.models if id not in none]


def test_precomputed_activations_have_no_untrained_twin(tmp_path):
    (tmp_path / "models.yaml").write_text("mine: {source: precomputed, activations: mine.npz}\n")
    with pytest.raises(SelectionError, match="untrained:mine: precomputed activations have no weights"):
        select("untrained:mine", load_zoo(tmp_path / "models.yaml"), tmp_path)
    assert not Model(id="mine", source="precomputed", activations="mine.npz").has_twin
