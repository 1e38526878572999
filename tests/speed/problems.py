"""The problems whose speed is promised: a real layer on real recordings, and one of Brain-Score's size."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pytest_brainscore.metrics.splits import Split, shuffle, stratified


@dataclass(frozen=True, eq=False)
class Problem:
    x: Tensor
    y: Tensor
    splits: list[Split]
    strata: np.ndarray | None = None


def squeezenet_on_v4(shared: Path) -> Problem:
    """640 images x 86,528 units of squeezenet1_1 features.12 against 50 V4 neurons (Cowley et al. 2023)."""
    folder = shared / "data" / "cowley2023"
    images = _images(folder / "images_210325.zip")
    y = torch.from_numpy(np.load(folder / "responses_repeat_averaged_210325.npy").T.copy())
    return Problem(_features(shared, images), y, shuffle(len(y), n_splits=10, train=0.9, seed=1))


def of_brainscore_size(n: int = 2560, p: int = 1000, m: int = 168) -> Problem:
    """As large as MajajHong2015 IT and a layer of 1,000 units: power-law spectrum, noisy linear responses."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((n, p)) / np.sqrt(np.arange(1, p + 1))
    x = latent @ np.linalg.qr(rng.standard_normal((p, p)))[0]
    y = latent @ rng.standard_normal((p, m)) + 2 * rng.standard_normal((n, m))
    strata = np.arange(n) % 64
    splits = stratified(strata.tolist(), n_splits=10, train=0.9, seed=1)
    return Problem(torch.from_numpy(x), torch.from_numpy(y), splits, strata)


def _images(path: Path) -> Tensor:
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg")))
        return torch.stack([_prepared(archive, name) for name in names])


def _prepared(archive: zipfile.ZipFile, name: str) -> Tensor:
    with archive.open(name) as file:
        image = Image.open(file).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255
    mean, sd = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (pixels - mean[:, None, None]) / sd[:, None, None]


@torch.inference_mode()
def _features(shared: Path, images: Tensor) -> Tensor:
    from torchvision.models import squeezenet1_1

    network = squeezenet1_1(weights=None)
    network.load_state_dict(torch.load(shared / "data" / "weights" / "squeezenet1_1.pth", weights_only=True))
    layers = network.eval().features[:13]
    return torch.cat([layers(batch).flatten(1) for batch in images.split(32)]).clone()
