"""Metrics that predict single neuroids, or single units."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .ground import Alpha, Metric, Positive, Predictive


class Pls(Predictive):
    """Partial least squares regression (PLS2), unscaled: neural predictivity."""

    function = "pytest_brainscore.metrics.predictivity:pls"
    name: Literal["pls"]
    components: Positive = 25


class Ridge(Predictive):
    """Ridge regression with one fixed penalty."""

    function = "pytest_brainscore.metrics.predictivity:ridge"
    name: Literal["ridge"]
    alpha: Alpha = 1.0


class RidgeCV(Predictive):
    """Ridge regression whose penalty is chosen by exact leave-one-out on the training stimuli."""

    function = "pytest_brainscore.metrics.predictivity:ridgecv"
    name: Literal["ridgecv"]
    alphas: Annotated[tuple[Alpha, ...], Field(min_length=1)] | None = None
    per_neuroid: bool = False
    criterion: Literal["squared_error", "pearson"] = "squared_error"


class Linear(Predictive):
    """Ordinary least squares, of minimum norm where it is not unique."""

    function = "pytest_brainscore.metrics.predictivity:linear"
    name: Literal["linear"]


class TemporalPls(Predictive):
    """`pls` of responses over time: one fit of all stimuli and time bins, and r per bin."""

    function = "pytest_brainscore.metrics.temporal:temporal_pls"
    over_time = True
    name: Literal["temporal_pls"]
    components: Positive = 25


class ReversePls(Metric):
    """The responses predict each unit of the network: what of it the brain has, too."""

    function = "pytest_brainscore.metrics.predictivity:reverse_pls"
    sees = "activations"
    splits_as_listed = True
    name: Literal["reverse_pls"]
    components: Positive = 25


class NeuronToNeuron(Predictive):
    """Each neuroid predicted by the one unit that correlates best with it in training."""

    function = "pytest_brainscore.metrics.predictivity:neuron_to_neuron"
    sees = "activations"
    name: Literal["neuron_to_neuron"]


class PcaRidge(Predictive):
    """Ridge regression on principal components; reports explained variance beside r."""

    function = "pytest_brainscore.metrics.predictivity:pca_ridge"
    name: Literal["pca_ridge"]
    components: Positive = 100
    alpha: Alpha = 1.0
