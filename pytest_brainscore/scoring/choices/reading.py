"""Reading: how likely a network thinks each object, from a fitted readout or from its own classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ...data.recordings import Recordings
from ...errors import MetricError, nearest
from ...metrics import readout
from ...specs.classes import IMAGENET, IMAGENET16
from ...specs.readouts import Readout

_SHOWN = 12


@dataclass(frozen=True, eq=False)
class FittedReading:
    """Logistic regression from activations to the objects of the stimuli that it is fitted on.

    names: objects, in the order of their first appearance. fit (n_fit,): rows of the data set's full list of
    stimuli, and labels (n_fit,) their objects.
    """

    names: tuple[str, ...]
    fit: Tensor
    labels: Tensor
    c: float

    def probabilities(self, x: Tensor, rows: Tensor) -> Tensor:
        """Of each object (len(rows), n_objects), from activations of all stimuli (n, p)."""
        return readout.probabilities(x, self.fit, self.labels, c=self.c)[rows]

    def choices(self, x: Tensor, rows: Tensor) -> Tensor:
        """The most probable object of the stimuli at `rows`, codes of `names` (len(rows),)."""
        return self.probabilities(x, rows).argmax(dim=1)

    def notes(self, rows: Tensor) -> tuple[str, ...]:
        """What a reader of the score should know of the readout, tested on the stimuli at `rows`."""
        seen = int(torch.isin(rows, self.fit).sum())
        if not seen:
            return ()
        return (f"the readout is fitted on {seen} of the {len(rows)} stimuli that it is tested on, too",)


@dataclass(frozen=True, eq=False)
class ClassReading:
    """A network's own answer: logits of the classes of ImageNet, which make up objects.

    names: objects. classes: of each object, numbers from 0.
    """

    names: tuple[str, ...]
    classes: tuple[tuple[int, ...], ...]

    def probabilities(self, x: Tensor, rows: Tensor) -> Tensor:
        """Of each object (len(rows), n_objects), from logits of all stimuli (n, 1000)."""
        return readout.class_probabilities(_logits(x)[rows], self.classes)

    def choices(self, x: Tensor, rows: Tensor) -> Tensor:
        """The most probable object of the stimuli at `rows`, codes of `names` (len(rows),)."""
        if len(self.names) < IMAGENET:
            return self.probabilities(x, rows).argmax(dim=1)
        logits = _logits(x)[rows]
        readout.finite_logits(logits)
        return logits.argmax(dim=1)

    def notes(self, _: Tensor) -> tuple[str, ...]:
        """Nothing: no stimulus is fitted on."""
        return ()


Reading = FittedReading | ClassReading


def reading(spec: Readout, whole: Recordings, device: torch.device) -> Reading:
    """How a benchmark reads objects. Of 16 classes, those count that an image of the data set shows.

    Raises MetricError where no stimulus has the label that is fitted, DataError where `fit` selects nothing.
    """
    if spec.classes is None:
        rows, labels, names = _fitting(spec, whole)
        fit, codes = (torch.as_tensor(array, device=device) for array in (rows, labels))
        return FittedReading(names, fit, codes, spec.c)
    if spec.classes == "imagenet":
        return ClassReading(_synsets(), tuple((i,) for i in range(IMAGENET)))
    offered = tuple(sorted(set(IMAGENET16) & set(whole.data["truth"].values.astype(str).tolist())))
    return ClassReading(offered, tuple(IMAGENET16[name] for name in offered))


def places(objects: Sequence[str], known: Reading) -> list[int]:
    """Where each of the objects is among those that are read. Raises MetricError for one that is not."""
    place = {name: i for i, name in enumerate(known.names)}
    for name in objects:
        if name not in place:
            raise MetricError(_unknown(name, known))
    return [place[name] for name in objects]


def refuse_other_names(spec: Readout, whole: Recordings, rows: np.ndarray, truth: np.ndarray) -> None:
    """Raise MetricError where a fitted readout's label of a stimulus is not what its trials say."""
    if spec.classes is not None:
        return
    labels = whole.stimuli.coords[spec.label][rows]
    wrong = np.flatnonzero(_labelled(labels) & (labels.astype(str) != truth))
    if len(wrong):
        i = wrong[0]
        raise MetricError(
            f"readout: {spec.label} of stimulus {whole.stimuli.ids[rows[i]]} is {labels[i]}, and its trials"
            f" say {truth[i]}: name the label that the subjects chose among"
        )


def _unknown(name: str, known: Reading) -> str:
    hint, names = nearest(name, known.names), ", ".join(known.names[:_SHOWN])
    if isinstance(known, FittedReading):
        return f"readout: no stimulus that it is fitted on shows {name}{hint} (they show {names})"
    more = ", ..." if len(known.names) > _SHOWN else ""
    return f"readout: the classes that it reads have no {name}{hint} (they are {names or 'none'}{more})"


def _logits(x: Tensor) -> Tensor:
    if x.ndim != 2 or x.shape[1] != IMAGENET:
        raise MetricError(
            f"readout: `classes` reads {IMAGENET} logits of ImageNet, and the network answers with"
            f" {x[0].numel()} numbers per image: take a model that classifies ImageNet, or write"
            " `readout: {label: ...}` to fit one"
        )
    return x


def _synsets() -> tuple[str, ...]:
    """Names of the classes of ImageNet, in the order of the logits."""
    from timm.data.imagenet_info import ImageNetInfo

    info: Any = ImageNetInfo("imagenet-1k")
    return tuple(str(name) for name in info.label_names())


def _fitting(spec: Readout, whole: Recordings) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Rows that have a label, its code, and the labels, in the order of their first appearance."""
    if spec.label not in whole.stimuli.coords:
        raise MetricError(_no_label(spec.label, list(whole.stimuli.coords)))
    values, rows = whole.stimuli.coords[spec.label], whole.rows(**spec.fit)
    rows = rows[_labelled(values[rows])]
    codes, names = pd.factorize(values[rows].astype(str))
    return rows, codes.astype(np.int64), tuple(str(name) for name in names)


def _no_label(label: str, known: list[str]) -> str:
    give = f'give `coords={{"{label}": ...}}` to from_trials, or a column `{label}` to the table of stimuli'
    if not known:
        return f"readout: the stimuli have no coord {label}, nor any other: {give}"
    return (
        f"readout: the stimuli have no coord {label}{nearest(label, known)} (there are {', '.join(known)});"
        f" write `label:` with one of them, or {give}"
    )


def _labelled(values: np.ndarray) -> np.ndarray:
    there: np.ndarray = ~pd.isna(values) & (values.astype(str) != "")
    return there
