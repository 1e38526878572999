"""Taps: hooks that copy what the layers of a network answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ..errors import ModelError
from ..specs.views import Projection
from . import attention
from .addresses import Address
from .kinds import Reading, layer_of
from .network import Network

BATCH_BYTES = 2**29

Project = Callable[[torch.Tensor], torch.Tensor]


class TooMuch(BaseException):
    """Ends a forward pass whose answers take more memory than they may; no Exception, as below."""


class Taps:
    """Hooks that copy what the layers answer, and end a forward pass once all have answered.

    readings: layers, or layers and projections, of which no more than the projected answer is held.
    limit: bytes that the answers to one batch may take; to a single image they take what they need.
    project: what makes (b, k) of activations (b, p), by projection.
    """

    def __init__(
        self,
        network: Network,
        readings: Iterable[Reading],
        limit: int = BATCH_BYTES,
        project: Mapping[Projection, Project] | None = None,
    ) -> None:
        self.network, self._readings, self._limit = network, tuple(readings), limit
        self._project = project or {}
        self._at = {layer: network.address(layer) for layer in map(layer_of, self._readings)}
        self._calls: Counter[str] = Counter()
        self._expected: Mapping[str, int] = {}
        self._answers: dict[Reading, torch.Tensor | ModelError] = {}
        self._n = 0

    def __enter__(self) -> Taps:
        self._handles = [self._listen(layer, address) for layer, address in self._at.items()]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._answers = {}

    def __call__(self, images: torch.Tensor) -> dict[Reading, torch.Tensor | ModelError]:
        """Answers of each layer to images (b, 3, h, w): (b, p) float32 on the CPU, or why it has none.

        Raises TooMuch where those to several images exceed the limit.
        """
        self._calls, self._answers, self._n = Counter(), {}, len(images)
        with suppress(_AllAnswered):
            self.network.module(images)
        self._expected = self._expected or {
            layer: min(calls, self._at[layer].call or calls) for layer, calls in self._calls.items()
        }
        answers, self._answers = self._answers, {}
        return {reading: self._found(reading, answers.pop(reading, None)) for reading in self._readings}

    def _listen(self, layer: str, address: Address) -> RemovableHandle:
        module = self.network.part(layer)
        if address.part:
            return attention.listen(module, address.part, lambda output: self._note(layer, output))
        return module.register_forward_hook(lambda _, __, output: self._note(layer, output))

    def _note(self, layer: str, output: Any) -> None:
        self._calls[layer] += 1
        address = self._at[layer]
        answer = nth_tensor(output, address.tensor)
        if answer is not None and address.call in (None, self._calls[layer]):
            for reading in [reading for reading in self._readings if layer_of(reading) == layer]:
                self._take(reading, answer.detach(), address.axis)
        if self._expected and all(self._calls[name] >= k for name, k in self._expected.items()):
            raise _AllAnswered

    def _take(self, reading: Reading, answer: torch.Tensor, axis: int) -> None:
        self._answers.pop(reading, None)
        if fault := _fault(answer, self._n, axis):
            self._answers[reading] = self._error(reading, fault)
        elif isinstance(reading, str):
            self._require_memory(answer)
            # What follows may change the tensor in place, as ReLU(inplace=True) does.
            self._answers[reading] = _by_stimulus(answer, axis).clone()
        else:
            self._answers[reading] = self._project[reading[1]](_by_stimulus(answer, axis).float())

    def _require_memory(self, answer: torch.Tensor) -> None:
        held = sum(held.nbytes for held in self._answers.values() if torch.is_tensor(held))
        if self._n > 1 and held + answer.nbytes > self._limit:
            raise TooMuch

    def _found(self, reading: Reading, answer: torch.Tensor | ModelError | None) -> torch.Tensor | ModelError:
        if torch.is_tensor(answer):
            return answer.to("cpu", torch.float32)
        layer = layer_of(reading)
        return answer or self._error(reading, missing(self._at[layer], self._calls[layer]))

    def _error(self, reading: Reading, fault: str) -> ModelError:
        return ModelError(f"{self.network.id}: layer {layer_of(reading)} {fault}")


def missing(address: Address, calls: int) -> str:
    """Why a layer has no answer, where its module, or that part of it, was called so often."""
    if not calls:
        return "is not called in the forward pass; name another, for instance its parent"
    if address.call and address.call > calls:
        return f"is called {calls} times in a forward pass, not {address.call}"
    if address.tensor:
        return f"answers with fewer than {address.tensor + 1} tensors"
    return "answers with no tensor" if not address.part else "does not tell its heads apart"


def _by_stimulus(answer: torch.Tensor, axis: int) -> torch.Tensor:
    rows = answer.movedim(axis, 0)
    return rows.reshape(len(rows), -1)


def _fault(answer: torch.Tensor, n: int, axis: int) -> str:
    """Why an answer to n images is not n rows of real numbers; empty where it is."""
    shape = tuple(answer.shape)
    if answer.ndim <= axis or shape[axis] != n:
        which = f"axis {axis}" if axis else "first axis"
        return f"answers with shape {shape} to {n} images: its {which} is not the stimuli"
    if answer.numel() == 0:
        return f"answers with no numbers: shape {shape}"
    if answer.is_complex():
        return (
            "answers with complex numbers, of which metrics know nothing; name a layer after it,"
            " or one that gives their magnitude"
        )
    return ""


class _AllAnswered(BaseException):
    """Ends a forward pass; no Exception, so that no network's own `except Exception` takes it."""


def tensors_in(output: Any) -> Iterator[torch.Tensor]:
    """All tensors in what a module answers, also within a tuple, list or dict, in their order."""
    if torch.is_tensor(output):
        yield output
    elif isinstance(output, (Mapping, list, tuple)):
        for part in output.values() if isinstance(output, Mapping) else output:
            yield from tensors_in(part)


def nth_tensor(output: Any, n: int) -> torch.Tensor | None:
    """The n-th tensor, from 0, in what a module answers; None where there are no more than n."""
    return next((tensor for i, tensor in enumerate(tensors_in(output)) if i == n), None)


def first_tensor(output: Any) -> torch.Tensor | None:
    """The first tensor in what a module answers; None without any."""
    return nth_tensor(output, 0)
