"""The laws that metric families share: what a metric must not see, and what it must.

Each takes a `Case`, data and a seed, and asserts. Which metric is held to which law stands in the law files;
`python -m tests.metrics.law_table` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor

from pytest_brainscore.metrics.measurement import Measurement
from pytest_brainscore.metrics.splits import Split, shuffle
from pytest_brainscore.models import columns
from pytest_brainscore.models.coordinates import coordinates, coordinates_of
from pytest_brainscore.specs.metrics import AnyMetric
from tests.accelerator import accelerator
from tests.strategies import normal, permutation, related, rotation

each_device = pytest.mark.parametrize(
    "device", ["cuda"], ids=["cuda" if torch.cuda.is_available() else "simulated_cuda"]
)
"""Of tests that run within `accelerator()`."""


@dataclass(frozen=True, eq=False)
class Case:
    """A metric of the registry with parameters; its id begins with the metric's name."""

    id: str
    measure: Callable[[Tensor, Tensor, Sequence[Split]], Measurement]
    sees: str

    def __call__(self, x: Tensor, y: Tensor, splits: Sequence[Split] | None = None) -> Measurement:
        """Measure on the given splits, or on two that test 30 % of the stimuli."""
        return self.measure(x, y, halves(len(x)) if splits is None else splits)


def case(name: str, label: str = "", **parameters: object) -> Case:
    """The metric as a benchmark would name it, resolved through its spec."""
    spec = TypeAdapter(AnyMetric).validate_python({"name": name, **parameters})
    module, function = spec.function.split(":")
    measure = partial(getattr(import_module(module), function), **spec.parameters())
    return Case(f"{name}-{label}" if label else name, measure, spec.sees)


def each(cases: Iterable[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", list(cases), ids=lambda case: case.id)


def halves(n: int) -> list[Split]:
    return shuffle(n, n_splits=2, train=0.7)


def agree(a: Measurement, b: Measurement, within: float = 1e-6) -> None:
    """Assert that two measurements are the same, explained variance included where it is given."""
    close(a.values, b.values, within)
    if "explained_variance" in a.also:
        close(a.also["explained_variance"], b.also["explained_variance"], within)


def close(a: Tensor, b: Tensor, within: float = 1e-6) -> None:
    torch.testing.assert_close(a.cpu(), b.cpu(), rtol=within, atol=within, equal_nan=True)


def rotation_of_activations(case: Case, x: Tensor, y: Tensor, seed: int) -> None:
    agree(case(x @ rotation(seed, x.shape[1]), y), case(x, y))


def order_of_units(case: Case, x: Tensor, y: Tensor, seed: int) -> None:
    agree(case(x[:, permutation(seed, x.shape[1])], y), case(x, y))


def shift_of_units(case: Case, x: Tensor, y: Tensor, seed: int) -> None:
    agree(case(x + 10 * normal(seed, x.shape[1]), y), case(x, y))


def shift_of_neuroids(case: Case, x: Tensor, y: Tensor, seed: int) -> None:
    agree(case(x, y - 10 * normal(seed, y.shape[1])), case(x, y))


def unit_of_responses(case: Case, x: Tensor, y: Tensor, factor: float) -> None:
    agree(case(x, factor * y), case(x, y))


def unit_of_activations(case: Case, x: Tensor, y: Tensor, factor: float) -> None:
    agree(case(factor * x, y), case(x, y))


def order_of_stimuli(case: Case, x: Tensor, y: Tensor, seed: int) -> None:
    """The splits follow their stimuli."""
    order = permutation(seed, len(x))
    place = order.argsort()
    splits = halves(len(x))
    moved = [Split(place[split.train], place[split.test]) for split in splits]
    agree(case(x[order], y[order], moved), case(x, y, splits))


def order_within_splits(case: Case, x: Tensor, y: Tensor, seed: int) -> None:
    """A split is a pair of sets."""
    splits = halves(len(x))
    mixed = [Split(*(rows[permutation(seed, len(rows))] for rows in (s.train, s.test))) for s in splits]
    agree(case(x, y, mixed), case(x, y, splits))


def splits_are_apart(case: Case, x: Tensor, y: Tensor) -> None:
    """Each split is measured as if it were the only one."""
    splits = shuffle(len(x), n_splits=4, train=0.6)
    alone = torch.cat([case(x, y, [split]).values for split in splits])
    close(case(x, y, splits).values, alone)


def bounds(case: Case, x: Tensor, y: Tensor, lowest: float = -1.0) -> None:
    values = case(x, y).values
    assert values.isfinite().all()
    assert ((values >= lowest - 1e-12) & (values <= 1 + 1e-12)).all()


def float32_input(case: Case, x: Tensor, y: Tensor) -> None:
    """Float32 numbers are read as the float64 numbers that they are."""
    narrow = x.float(), y.float()
    close(case(*narrow).values, case(*(v.double() for v in narrow)).values, 0)


def float32_activations(case: Case, seed: int, within: float) -> None:
    """At a real size: activations rounded to float32 on their way, against float64 throughout."""
    x, y = related(seed, 300, 4000, 20, noise=1.0, latents=12)
    x = (x + 2).clamp(min=0)
    seen = coordinates_of if case.sees == "coordinates" else torch.Tensor.clone
    agree(case(seen(x.float()), y), case(x, y), within)


def coordinates_for_activations(case: Case, x: Tensor, y: Tensor) -> None:
    """Asked of every metric whose spec says that it sees coordinates."""
    assert case.sees == "coordinates"
    z = coordinates_of(x)
    assert z.shape == (len(x), len(x) + 1)
    agree(case(z, y), case(x, y))


def batches_and_blocks(case: Case, x: Tensor, y: Tensor, batch: int, block: int) -> None:
    """Activations that came in batches and are read in blocks, in memory or on disk."""
    held = [_passed(x, batch, block, on_disk) for on_disk in (False, True)]
    whole = case(_passed(x, len(x), x.shape[1], on_disk=False)[case.sees], y)
    for passed in held:
        agree(case(passed[case.sees], y), whole)


def _passed(x: Tensor, batch: int, block: int, on_disk: bool) -> dict[str, Tensor]:
    """Activations (n, p) and their coordinates after the way that a layer's answers take."""
    n, p = x.shape
    with ExitStack() as files, mock.patch.multiple(columns, NARROWEST=block, BLOCK_BYTES=1):
        folder = Path(files.enter_context(TemporaryDirectory()))
        held = columns.allocate({"layer": p}, n, folder, 0 if on_disk else 4 * n * p, files)["layer"]
        assert isinstance(held, columns.OnDisk if on_disk else columns.InMemory)
        for start in range(0, n, batch):
            held.write(start, x[start : start + batch].float())
        activations = columns.LayerActivations(n, p, x.float().double().mean(1), held)
        assert len(list(held.blocks())) == -(-p // block)
        return {"coordinates": coordinates(activations), "activations": activations.matrix()}


def device_for_cpu(case: Case, x: Tensor, y: Tensor, device: str) -> None:
    """The same numbers where the accelerator computes them, coordinates included."""
    with accelerator():
        found = [case(x.to(device), y.to(device))]
        if case.sees == "coordinates":
            found.append(case(coordinates_of(x.to(device)), y.to(device)))
        assert found[0].values.device.type == device
    for there in found:
        agree(there, case(x, y), 1e-8)


def noise_never_helps(case: Case, seed: int, draws: int = 16) -> None:
    """On average over draws of noise: less alike with more of it, within 4 standard errors at each step."""
    x, clean = related(seed, 60, 30, 8, noise=0.0)
    raws = torch.tensor(
        [
            [
                case(x, clean + level * normal(seed + 10 + draw, *clean.shape)).raw()
                for level in (0.3, 1, 3, 9)
            ]
            for draw in range(draws)
        ]
    )
    falls = raws[:, :-1] - raws[:, 1:]
    assert (falls.mean(0) >= -4 * falls.std(0) / draws**0.5).all()
    whole = raws[:, 0] - raws[:, -1]
    assert whole.mean() > 4 * whole.std() / draws**0.5
