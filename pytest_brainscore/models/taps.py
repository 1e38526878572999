"""Taps: hooks that copy what the layers of a network answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import nn

from ..errors import ModelError
from .network import Network

BATCH_BYTES = 2**29


class TooMuch(BaseException):
    """Ends a forward pass whose answers take more memory than they may; no Exception, as below."""


class Taps:
    """Hooks that copy what the layers answer, and end a forward pass once all have answered.

    limit: bytes that the answers to one batch may take; to a single image they take what they need.
    """

    def __init__(self, network: Network, names: tuple[str, ...], limit: int = BATCH_BYTES) -> None:
        self.network, self._names, self._limit = network, names, limit
        self._calls: Counter[str] = Counter()
        self._expected: Counter[str] | None = None
        self._answers: dict[str, torch.Tensor] = {}
        self._several = False

    def __enter__(self) -> Taps:
        self._handles = [
            self.network.part(name).register_forward_hook(self._hook(name)) for name in self._names
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._answers = {}

    def __call__(self, images: torch.Tensor) -> dict[str, torch.Tensor | ModelError]:
        """Answers of each layer to images (b, 3, h, w): (b, p) float32 on the CPU, or why it has none.

        Raises TooMuch where those to several images exceed the limit.
        """
        self._calls, self._answers, self._several = Counter(), {}, len(images) > 1
        with suppress(_AllAnswered):
            self.network.module(images)
        self._expected = self._expected or Counter(self._calls)
        answers, self._answers = self._answers, {}
        return {name: self._per_stimulus(name, answers.get(name), len(images)) for name in self._names}

    def _hook(self, name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            answer = first_tensor(output)
            if answer is not None:
                self._answers.pop(name, None)
                self._require_memory(answer)
                # What follows may change the tensor in place, as ReLU(inplace=True) does.
                self._answers[name] = answer.detach().clone()
            self._calls[name] += 1
            if self._expected and all(self._calls[n] >= k for n, k in self._expected.items()):
                raise _AllAnswered

        return hook

    def _require_memory(self, answer: torch.Tensor) -> None:
        held = sum(tensor.nbytes for tensor in self._answers.values())
        if self._several and held + answer.nbytes > self._limit:
            raise TooMuch

    def _per_stimulus(self, name: str, answer: torch.Tensor | None, n: int) -> torch.Tensor | ModelError:
        if not self._calls[name]:
            fault = "is not called in the forward pass; name another, for instance its parent"
        elif answer is None:
            fault = "answers with no tensor"
        elif not (fault := _fault(answer, n)):
            return answer.reshape(n, -1).to("cpu", torch.float32)
        return ModelError(f"{self.network.id}: layer {name} {fault}")


def _fault(answer: torch.Tensor, n: int) -> str:
    """Why an answer to n images is not n rows of real numbers; empty where it is."""
    shape = tuple(answer.shape)
    if answer.ndim == 0 or shape[0] != n:
        return f"answers with shape {shape} to {n} images: its first axis is not the stimuli"
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


def first_tensor(output: Any) -> torch.Tensor | None:
    """The first tensor in what a module answers, also within a tuple, list or dict; None without any."""
    if torch.is_tensor(output):
        return output
    parts = (
        output.values()
        if isinstance(output, Mapping)
        else output
        if isinstance(output, (list, tuple))
        else ()
    )
    return next((tensor for part in parts if (tensor := first_tensor(part)) is not None), None)
