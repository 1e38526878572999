"""Training: one network at one setting, epoch by epoch, until held-out stimuli are predicted no better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...specs.data_driven import Trained
from ..untouched import exact, seeded, untouched
from .architecture import Answers, Make
from .keeping import Shelf

_SHOWN = 256


@dataclass(frozen=True)
class Setting:
    """What AdamW is told."""

    learning_rate: float
    weight_decay: float
    batch_size: int


@dataclass(frozen=True, eq=False)
class Material:
    """What a network may learn from: the training stimuli of one split.

    images: (n, 3, s, s) uint8. responses: (n, m) float32, z-scored. fitted, held_out: disjoint rows of both.
    objects: (n,) int64, where there is a head for them; object_weight: of their cross-entropy.
    """

    images: Tensor
    responses: Tensor
    fitted: Tensor
    held_out: Tensor
    objects: Tensor | None = None
    object_weight: float = 0.0


@dataclass(frozen=True, eq=False)
class Course:
    """How far a training has come.

    losses: mean squared error on the held-out stimuli after each epoch. best: the weights of the epoch with
    the lowest; of equals the first.
    """

    losses: tuple[float, ...] = ()
    best: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """The lowest; infinite where there is no number."""
        return min((loss for loss in self.losses if math.isfinite(loss)), default=math.inf)

    @property
    def best_epoch(self) -> int:
        """Its epoch, from 1; 0 where there is none."""
        return self.losses.index(self.loss) + 1 if math.isfinite(self.loss) else 0

    def is_over(self, plan: Trained) -> bool:
        """Whether all epochs are done, patience is, or the loss is no number any more."""
        diverged = any(not math.isfinite(loss) for loss in self.losses[-1:])
        waited = len(self.losses) - self.best_epoch
        return diverged or len(self.losses) >= plan.epochs or waited >= plan.patience

    def after(self, loss: float, network: nn.Module) -> Course:
        """The course an epoch later, whose held-out loss this is."""
        best = _copied(network) if loss < self.loss else self.best
        return Course((*self.losses, loss), best)


def train(
    make: Make,
    material: Material,
    setting: Setting,
    plan: Trained,
    device: torch.device,
    shelf: Shelf,
    name: str,
) -> Course:
    """Train a network from its first weights, or from where the shelf has it under `name`.

    Random numbers are those of the plan's seed and the epoch, so that a training that was interrupted comes
    out to the bit as one that was not, on the same device and number of threads.
    """
    with untouched(plan.seed, [device]), torch.enable_grad():
        exact()
        network = make().to(device)
        rate, decay = setting.learning_rate, setting.weight_decay
        optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
        course = _resumed(shelf.get(name), network, optimiser)
        while not course.is_over(plan):
            seeded(plan.seed + 1 + len(course.losses), [device] if device.type == "cuda" else [])
            _epoch(network, optimiser, material, setting.batch_size, device)
            course = course.after(held_out_loss(network, material, device), network)
            shelf.put(name, _state(course, network, optimiser))
    return course


def predicted(network: nn.Module, images: Tensor, device: torch.device) -> Tensor:
    """Predicted responses (n, m) float32 on the CPU to images (n, 3, s, s) uint8, in eval mode."""
    network.eval()
    with torch.no_grad():
        return torch.cat([network(some.to(device)).responses.cpu() for some in _batches(images)])


def held_out_loss(network: nn.Module, material: Material, device: torch.device) -> float:
    """Mean squared error of the responses to the held-out stimuli; the objects do not count."""
    answers = predicted(network, material.images[material.held_out], device)
    return float(functional.mse_loss(answers, material.responses[material.held_out]))


def loss(answers: Answers, responses: Tensor, objects: Tensor | None, object_weight: float) -> Tensor:
    """Mean squared error of the responses, and the objects' weighted cross-entropy where there is a head."""
    error = functional.mse_loss(answers.responses, responses)
    if objects is None or answers.objects is None:
        return error
    return error + object_weight * functional.cross_entropy(answers.objects, objects)


def _batches(images: Tensor) -> tuple[Tensor, ...]:
    return images.tensor_split(math.ceil(len(images) / _SHOWN))


def _epoch(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    material: Material,
    batch_size: int,
    device: torch.device,
) -> None:
    network.train()
    order = material.fitted[torch.randperm(len(material.fitted))]
    # Batches of almost one size: the last one alone could be a single image, which none can normalise.
    for rows in order.tensor_split(math.ceil(len(order) / batch_size)):
        optimiser.zero_grad()
        answers = network(material.images[rows].to(device))
        objects = None if material.objects is None else material.objects[rows].to(device)
        lost = loss(answers, material.responses[rows].to(device), objects, material.object_weight)
        lost.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _state(course: Course, network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    return {
        "losses": list(course.losses),
        "best": dict(course.best),
        "weights": network.state_dict(),
        "optimiser": optimiser.state_dict(),
    }


def _resumed(state: Any, network: nn.Module, optimiser: torch.optim.Optimizer) -> Course:
    if state is None:
        return Course()
    network.load_state_dict(state["weights"])
    optimiser.load_state_dict(state["optimiser"])
    return Course(tuple(state["losses"]), state["best"])


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: values.detach().cpu().clone() for name, values in network.state_dict().items()}
