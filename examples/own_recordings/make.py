"""Draw 120 images and simulate V1 recordings: 24 neuroids, 4 repetitions, missing trials.

Each neuroid is a complex cell: the energy of a Gabor filter of random place, orientation and frequency, plus
noise. In a project of your own, images/ and responses.npy are what you recorded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent / "benchmarks"
SIZE, IMAGES, NEUROIDS, REPETITIONS = 64, 120, 24, 4


def draw(rng: np.random.RandomState) -> np.ndarray:
    """One image (64, 64, 3) uint8: patches of grating on a coloured ground."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    image = np.ones((SIZE, SIZE, 3)) * rng.uniform(0.2, 0.8, 3)
    for _ in range(6):
        cx, cy, angle, frequency, phase = rng.uniform([0, 0, 0, 3, 0], [1, 1, np.pi, 12, 2 * np.pi])
        window = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.02)
        wave = np.sin(2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)) + phase)
        image += (window * wave)[..., None] * rng.uniform(-0.6, 0.6, 3)
    return (255 * image.clip(0, 1)).astype(np.uint8)


def energy(grey: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """One complex cell's answer to each image (n, 64, 64)."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    cx, cy, angle, frequency = rng.uniform([0.2, 0.2, 0, 3], [0.8, 0.8, np.pi, 10])
    window = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.03)
    along = 2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle))
    filters = (window * np.exp(1j * along)).ravel()
    return np.abs(grey.reshape(len(grey), -1) @ filters)


def main() -> None:
    rng = np.random.RandomState(0)
    images = [draw(rng) for _ in range(IMAGES)]
    (HERE / "images").mkdir(exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(HERE / "images" / f"image{i + 1}.png")
    grey = np.stack(images).mean(axis=3) - 128
    signal = np.stack([energy(grey, rng) for _ in range(NEUROIDS)], axis=1)
    signal = (signal - signal.mean(0)) / signal.std(0)
    responses = signal[..., None] + 0.7 * rng.standard_normal((*signal.shape, REPETITIONS))
    responses[rng.uniform(size=(IMAGES, 1, REPETITIONS)).repeat(NEUROIDS, 1) < 0.05] = np.nan
    np.save(HERE / "responses.npy", responses)
    print(f"{IMAGES} images and responses {responses.shape} in {HERE}")


if __name__ == "__main__":
    main()
