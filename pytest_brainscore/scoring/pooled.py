"""Pooled: of the layers of a pool the best on the training stimuli, scored on the test stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from ..errors import MetricError
from ..metrics.measurement import Measurement, by_part
from ..scores import finite

Per = Literal["subject", "model"]
_ROUNDING = 1e-9
"""Scores that differ by less are equal: in company a regression may round its last digits otherwise."""


@dataclass(frozen=True, eq=False)
class Picked:
    """What the chosen layers measure together, and which they are: by split, for each part.

    A part is a subject, or all neuroids where they are one population.
    """

    measured: Measurement
    layers: tuple[tuple[str, ...], ...]

    @property
    def distinct(self) -> tuple[str, ...]:
        """Every layer that was chosen, once."""
        return tuple(dict.fromkeys(layer for split in self.layers for layer in split))

    def of_part(self, part: int) -> str:
        """The layer of one part; of several splits all that were chosen."""
        return ", ".join(dict.fromkeys(split[part] for split in self.layers))

    def train(self) -> float:
        """The score on the training stimuli: the mean over parts and splits."""
        return float(_parts(self.measured, self.measured.also["train"]).mean())


@dataclass
class Best:
    """The best layer so far, for each split and part, with what it measured; of the others nothing is kept.

    per: whether each subject has a layer of its own, or the mean over subjects decides for all of them.
    """

    per: Per
    _picked: Picked | None = None
    _score: Tensor = field(default_factory=lambda: torch.empty(0))

    def offer(self, layer: str, measured: Measurement) -> None:
        """Take a layer where it does better on the training stimuli than all before; of equals the first."""
        score = _parts(measured, measured.also["train"])
        if self.per == "model":
            score = score.mean(dim=1, keepdim=True).expand_as(score)
        if self._picked is None:
            self._score = torch.full_like(score, -torch.inf)
            self._picked = _nobody(measured)
        better = score > self._score + _ROUNDING
        if bool(better.any()):
            self._score = torch.where(better, score, self._score)
            self._picked = _with(self._picked, better, layer, measured)

    def picked(self) -> Picked:
        """What was chosen. Raises MetricError where no layer has a score on the training stimuli."""
        if self._picked is None or all(not layer for split in self._picked.layers for layer in split):
            raise MetricError("no layer has a score on the training stimuli")
        return self._picked


def per_subject(measured: Measurement, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """The scores of one layer on the training and on the test stimuli, by subject, mean over splits."""
    sides = {"train": measured.also["train"], "test": measured.values}
    return {
        side: dict(zip(names, map(finite, _parts(measured, values).mean(dim=0).tolist()), strict=True))
        for side, values in sides.items()
    }


def _parts(measured: Measurement, values: Tensor) -> Tensor:
    """Return (n_splits, n_parts)."""
    return by_part(values, measured.groups, measured.centre)


def _columns(measured: Measurement) -> Sequence[Tensor]:
    """The columns of the values that make up each part."""
    every = torch.arange(measured.values.shape[1])
    return [every] if measured.groups is None else measured.groups


def _nobody(like: Measurement) -> Picked:
    """A measurement of that shape without a number; of a single split each part has an RDM of its own."""
    values = torch.full_like(like.values, torch.nan)
    also = {name: torch.full_like(_wide(figure, like), torch.nan) for name, figure in like.also.items()}
    n_parts = len(_columns(like))
    rdms = tuple(rdm[:1].expand(n_parts, -1, -1) for rdm in like.rdms) if len(values) == 1 else ()
    layers = (("",) * n_parts,) * len(values)
    return Picked(replace(like, values=values, also=also, rdms=rdms), layers)


def _with(picked: Picked, better: Tensor, layer: str, new: Measurement) -> Picked:
    """The same, but for the splits and parts (n_splits, n_parts) in which another layer does better."""
    old, columns = picked.measured, _columns(new)
    taken = torch.zeros_like(new.values, dtype=torch.bool)
    for part, some in enumerate(columns):
        taken[:, some.to(taken.device)] = better[:, part : part + 1]
    also = {name: torch.where(taken, _wide(figure, new), old.also[name]) for name, figure in new.also.items()}
    rdms = tuple(
        torch.where(wins[:, None, None], rdm, before)
        for wins, rdm, before in zip(better, new.rdms, old.rdms, strict=False)
    )
    layers = tuple(
        tuple(layer if wins else before for wins, before in zip(row, names, strict=True))
        for row, names in zip(better.tolist(), picked.layers, strict=True)
    )
    values = torch.where(taken, new.values, old.values)
    return Picked(replace(new, values=values, also=also, rdms=rdms), layers)


def _wide(figure: Tensor, like: Measurement) -> Tensor:
    """A figure of each split as one of each target."""
    if figure.shape == like.values.shape:
        return figure
    return figure.reshape(len(figure), 1).to(torch.float64).expand_as(like.values)


def names_of(measured: Measurement, subjects: Sequence[str]) -> tuple[str, ...]:
    """What the parts of a measurement are called: the subjects, or all together."""
    n_parts = len(_columns(measured))
    return tuple(subjects) if measured.groups is not None and len(subjects) == n_parts else ("all",)
