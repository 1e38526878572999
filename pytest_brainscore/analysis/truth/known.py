"""Known truth: images, and recordings that are made from a layer, so that it is known what is in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...data.simulated import bits, objects, scenes
from ...data.stimuli import Stimuli
from ...errors import MetricError
from ...metrics.linalg import EPSILON, centre, eigh, svd_of_centred

Floats = npt.NDArray[np.float64]

_SCENES = 20263
_EXEMPLARS = range(8)


def rendered(at_least: int) -> Stimuli:
    """Images of objects over clutter, `at_least` so many: equally many of each exemplar of each category.

    They are of the simulated benchmark's kind, but none of its images.
    """
    kinds = len(objects.BENCHMARK_CATEGORIES) * len(_EXEMPLARS)
    drawn = scenes.draw(objects.BENCHMARK_CATEGORIES, _EXEMPLARS, -(-at_least // kinds), _SCENES)
    ids = tuple(f"scene{i:05}" for i in range(len(drawn)))
    categories = np.array([scene.category for scene in drawn])
    return Stimuli(ids, tuple(map(scenes.render, drawn)), {"object_name": categories})


@dataclass(frozen=True, eq=False)
class KnownRecordings:
    """Simulated recordings and what they are made of.

    responses: (n_stimuli, n_neuroids, n_repetitions), signal and noise. signal: (n_stimuli, n_neuroids), each
    column of mean 0 and variance 1 over the stimuli. ceiling: in closed form, the share of signal in the
    variance of the responses averaged over repetitions, the median over neuroids; its root is the highest r
    that can be expected.
    """

    responses: Floats
    signal: Floats
    ceiling: float


def recordings_from(
    activations: Tensor,
    *,
    components: int | None = 20,
    neuroids: int = 50,
    reliability: float | Floats = 0.9,
    repetitions: int = 10,
    seed: int = 1,
) -> KnownRecordings:
    """Simulate neuroids that read a layer: random combinations of what it tells of the stimuli, and noise.

    activations: (n_stimuli, n_units), or coordinates of them, which have the same principal components.
    components: how many of the first principal components are combined; each has the same variance, and so
        the same weight, whatever its rank. None: the units as they are, each with a normal weight, so that
        distances between stimuli are kept.
    reliability: of the responses averaged over `repetitions`, one for all neuroids or one for each
        (neuroids,). Noise is normal, and independent between
        neuroids, stimuli and repetitions, of variance repetitions * (1 - reliability) / reliability.
    seed: names the random numbers, which are the same on every machine.

    Raises MetricError for a reliability not in (0, 1], for fewer than 1 neuroid or repetition, and where the
    activations have fewer components than asked.
    """
    reliable = np.broadcast_to(np.asarray(reliability, np.float64), (max(neuroids, 1),))
    if not ((reliable > 0) & (reliable <= 1)).all():
        raise MetricError(f"a reliability is above 0 and at most 1, not {reliability}")
    if neuroids < 1 or repetitions < 1:
        raise MetricError(f"{neuroids} neuroid(s) and {repetitions} repetition(s): there must be one of each")
    read = _centred(activations) if components is None else principal_components(activations, components)
    combined = read @ _normals((read.shape[1], neuroids), seed, "weights")
    signal = combined / combined.std(axis=0)
    shape = (*signal.shape, repetitions)
    spread = np.sqrt(repetitions * (1 - reliable) / reliable)[:, None]
    responses = signal[..., None] + spread * _normals(shape, seed, "noise")
    return KnownRecordings(responses, signal, float(np.median(reliable)))


def _centred(activations: Tensor) -> Floats:
    """The units as they are, (n_stimuli, n_units), each of mean 0. Raises MetricError where none varies."""
    x = centre(activations.detach().to("cpu", torch.float64))[0].numpy()
    if not x.any():
        raise MetricError("the activations of this layer are constant: the same for all stimuli")
    return np.asarray(x)


def principal_components(activations: Tensor, k: int) -> Floats:
    """The scores of the first `k` principal components over stimuli, (n_stimuli, k), each of variance 1.

    The sign of each is such that its score of largest size is positive.
    Raises MetricError where there are fewer than `k`.
    """
    x, mean = centre(activations.detach().to("cpu", torch.float64))
    u = _left_singular_vectors(x, mean)
    if not 1 <= k <= u.shape[1]:
        raise MetricError(
            f"{k} principal components are asked for, and there are {u.shape[1]} ({len(x)} stimuli,"
            f" {x.shape[1]} units)"
        )
    scores = u[:, :k].numpy() * np.sqrt(len(x))
    largest = np.abs(scores).argmax(axis=0)
    return np.asarray(scores * np.sign(scores[largest, np.arange(k)]))


def _left_singular_vectors(x: Tensor, mean: Tensor) -> Tensor:
    """(n, rank) in descending order, of centred columns (n, p); the smaller Gram matrix is decomposed."""
    if x.shape[0] > x.shape[1]:
        return svd_of_centred(x, mean)[0]
    values, vectors = eigh(x @ x.T)
    rank = int((values > EPSILON * len(x) * values[-1]).sum())
    return vectors.flip(1)[:, : min(rank, len(x) - 1)]


def _normals(shape: tuple[int, ...], seed: int, what: str) -> Floats:
    return bits.normals(int(np.prod(shape)), seed, "known", what).reshape(shape)
