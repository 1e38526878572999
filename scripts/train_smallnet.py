"""Train smallnet on rendered objects and write weights/smallnet.safetensors and weights/smallnet.log.

    python scripts/train_smallnet.py

About two minutes on a quiet machine. It takes one core: a second thread gains little on so small a network,
and with one the sums keep their order. Every random number has a seed, so two runs with one version of torch
on one kind of processor give the same bytes.
"""

from __future__ import annotations

import hashlib
import platform
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from pytest_brainscore.data.simulated import bits
from pytest_brainscore.data.simulated.objects import (
    HELD_OUT_EXEMPLARS,
    TRAINING_CATEGORIES,
    TRAINING_EXEMPLARS,
)
from pytest_brainscore.data.simulated.scenes import draw, render
from pytest_brainscore.models.smallnet import smallnet

WEIGHTS = Path(__file__).parents[1] / "weights"
SEED, EPOCHS, BATCH, RATE, DECAY, SMOOTHING, SHIFT = 1, 10, 64, 4e-3, 0.05, 0.1, 4
VIEWS, HELD_OUT_VIEWS = 20, 4
MEAN, STD = 0.5, 0.2
THREADS = 1


class Log:
    """Lines that are printed and kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        """Print a line and keep it."""
        print(line, flush=True)
        self.lines.append(line)


def rendered(exemplars: range, views: int) -> tuple[Tensor, Tensor]:
    """Images (n, 3, 64, 64) uint8 and the number of each one's category, (n,)."""
    scenes = draw(TRAINING_CATEGORIES, exemplars, views, SEED)
    images = np.stack([render(scene) for scene in scenes])
    labels = [TRAINING_CATEGORIES.index(scene.category) for scene in scenes]
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)


def as_input(images: Tensor) -> Tensor:
    """Bytes as the network takes them, as models.yaml says too."""
    return (images.float() / 255 - MEAN) / STD


def shifted(images: Tensor, *labels: int) -> Tensor:
    """A batch, moved as a whole by up to SHIFT pixels; the edge is mirrored."""
    down, right = bits.integers(2 * SHIFT + 1, 2, SEED, "shift", *labels).tolist()
    padded = nn.functional.pad(images, (SHIFT,) * 4, mode="reflect")
    return padded[..., down : down + images.shape[-2], right : right + images.shape[-1]]


def train(images: Tensor, labels: Tensor, held_out: tuple[Tensor, Tensor], log: Log) -> nn.Module:
    """A network after EPOCHS passes over the images."""
    torch.manual_seed(SEED)
    network = smallnet(len(TRAINING_CATEGORIES))
    log(f"parameters: {sum(p.numel() for p in network.parameters())}")
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * steps, pct_start=0.2)
    start = time.perf_counter()
    for epoch in range(EPOCHS):
        order = torch.from_numpy(bits.permutation(len(images), SEED, "order", epoch))
        losses = []
        for step, rows in enumerate(order.split(BATCH)):
            answers = network(as_input(shifted(images[rows], epoch, step)))
            loss = nn.functional.cross_entropy(answers, labels[rows], label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        log(
            f"epoch {epoch + 1:2}: loss {np.mean(losses):.4f}, held-out accuracy"
            f" {accuracy(network, *held_out):.4f}, {time.perf_counter() - start:.0f} s"
        )
    return network.eval()


def accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Part of the images whose category the network names."""
    with torch.inference_mode():
        named = torch.cat([network(as_input(batch)).argmax(1) for batch in images.split(256)])
    return float((named == labels).double().mean())


def main() -> None:
    """Render, train, save."""
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    log, start = Log(), time.perf_counter()
    log(f"python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}")
    log(f"categories: {', '.join(TRAINING_CATEGORIES)}")
    images, labels = rendered(TRAINING_EXEMPLARS, VIEWS)
    held_out = rendered(HELD_OUT_EXEMPLARS, HELD_OUT_VIEWS)
    log(
        f"images: {len(images)} of exemplars {TRAINING_EXEMPLARS[0]} to {TRAINING_EXEMPLARS[-1]};"
        f" held out: {len(held_out[0])} of exemplars {HELD_OUT_EXEMPLARS[0]} to {HELD_OUT_EXEMPLARS[-1]};"
        f" rendered in {time.perf_counter() - start:.0f} s"
    )
    network = train(images, labels, held_out, log)
    written = save(network.state_dict())
    (WEIGHTS / "smallnet.safetensors").write_bytes(written)
    log(f"weights: {len(written)} bytes, sha256 {hashlib.sha256(written).hexdigest()}")
    (WEIGHTS / "smallnet.log").write_text("\n".join(log.lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
