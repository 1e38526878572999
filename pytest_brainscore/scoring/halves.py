"""Halves: of metrics that score the training stimuli of a split, too, what a score says of both."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..metrics.measurement import Measurement
from ..scores import Table
from ..specs.metrics import Metric
from .targets import Target

_NEARLY_ONE = 1 - 1e-7


def by_subject(measured: Measurement) -> Measurement:
    """The same, every subject a part: with a raw score, a ceiling and a ceiled score of its own."""
    if measured.over != "subject":
        return measured
    return replace(measured, groups=tuple(torch.arange(measured.values.shape[1])[:, None]))


def tables(measured: Measurement, to: Target, metric: Metric) -> dict[str, Table]:
    """The scores on the training stimuli, per split and target, and the network's RDM on the test stimuli.

    The RDM is there for a single split; where subjects have RDMs of their own it is their mean.
    """
    found: dict[str, Table] = {}
    train = measured.also.get("train")
    if metric.tells_train and train is not None:
        dim = "target" if measured.over == "all" else measured.over
        found["train"] = Table(train.flatten(1).cpu().numpy(), ("split", dim))
    if len(measured.rdms) == 1 and len(to.splits) == 1:
        names = tuple(to.stimuli[i] for i in to.splits[0].test.tolist())
        rdm = mean_rdm(measured.rdms[0], getattr(metric, "distance", "pearson")).float().cpu().numpy()
        found["rdm"] = Table(rdm, ("stimulus", "stimulus_"), {"stimulus": names})
    return found


def mean_rdm(rdms: Tensor, distance: str) -> Tensor:
    """Return (k, k) from (s, k, k): 1 minus the mean of the similarities, averaged as Fisher's z.

    Distances that are no angles (euclidean) are averaged as they are. A subject without an RDM (NaN) is left
    out.
    """
    there = rdms.isfinite().all(dim=2).all(dim=1)
    rdms = rdms[there] if bool(there.any()) else rdms
    if len(rdms) == 1:
        return rdms[0]
    if distance not in ("pearson", "cosine"):
        return rdms.mean(dim=0)
    z = (1 - rdms).clamp(-_NEARLY_ONE, _NEARLY_ONE).arctanh()
    return (1 - z.mean(dim=0).tanh()).fill_diagonal_(0.0)
