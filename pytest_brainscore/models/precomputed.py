"""Precomputed activations: a network that is not here, whose answers to stimuli lie in a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import torch

from ..data.disk import remembered_hash
from ..data.images import known_names
from ..data.stimuli import Stimuli
from ..errors import ModelError, nearest
from ..specs.base import File, digest_of
from ..specs.benchmarks import BEHAVIOUR
from ..specs.models import FINAL, Model
from .columns import InMemory, LayerActivations
from .kinds import Reading, layer_of
from .network import Network
from .saved import Saved, open_saved

_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    lambda name: PurePosixPath(name).name,
    lambda name: PurePosixPath(name).stem,
)
"""What of a name in the file is a stimulus's name: all of it, its last part, that without its suffix."""


@dataclass(frozen=True, eq=False)
class Precomputed:
    """What stands in for a network: a file of what its layers answered.

    It is never stored: which row is whose goes by the names of the stimuli, of which the store knows nothing.
    """

    id: str
    saved: Saved
    weights_digest: str
    visual_degrees: float = 8.0
    preprocess_digest: str = ""
    architecture_digest: None = None
    own_answer: str = FINAL

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers in the file, in its order."""
        return self.saved.layers

    def require(self, layer: str) -> None:
        """Raise ModelError, with the nearest names, where there is no such layer."""
        if layer not in self.layers:
            hint = nearest(layer, self.layers) or f" (there are {', '.join(self.layers) or 'none'})"
            raise ModelError(f"{self.id}: {self.saved.path.name} has no layer {layer}{hint}")

    def only_layer(self, region: str) -> str:
        """The layer that stands for each region where the model has no map: the only one that there is.

        Raises ModelError where there are several.
        """
        if len(self.layers) != 1:
            due = "readout: ..." if region == BEHAVIOUR else f"layers: {{{region}: ...}}"
            raise ModelError(
                f"no layer of {self.id} is mapped to {region}, and {self.saved.path.name} has"
                f" {', '.join(self.layers) or 'none'}; write `{due}` in its entry of models.yaml, or name a"
                " layer for this run"
            )
        return self.layers[0]

    def answers(self, stimuli: Stimuli) -> Mapping[Reading, LayerActivations]:
        """What each layer answered to the stimuli, in their order, read from the file when it is looked up.

        A layer that is not there, is no matrix, or has NaN or infinity raises its own ModelError.
        Raises ModelError where a stimulus has no row, or two.
        """
        return _LookedUp(self, stimuli.ids, torch.tensor(rows_of(self, stimuli)))


AnyNetwork = Network | Precomputed


def answers_key(network: AnyNetwork, stimuli: Stimuli) -> str:
    """Digest of what tells sets of stimuli apart for a network: their images; of precomputed answers, names.

    Two sets of one key have the same answers, row by row.
    """
    if isinstance(network, Precomputed):
        return digest_of([stimuli.ids, sorted(known_names(stimuli).items())])
    return stimuli.digest


def open_precomputed(spec: Model, fetch: Callable[[File], Path], cache: Path) -> Precomputed:
    """The activations of a spec whose source is `precomputed`, from its file, verified.

    Raises FetchError where the file cannot be had, and ModelError where it cannot be read.
    """
    assert spec.activations is not None  # the spec's own rule
    path = fetch(spec.activations)
    saved = open_saved(path)
    digest = remembered_hash(path, "sha256", cache)
    return Precomputed(spec.id, saved, digest)


def rows_of(model: Precomputed, stimuli: Stimuli) -> list[int]:
    """The row in the file of each stimulus, by its id, its file's name, or the stem of that.

    The names in the file may be paths. A name that is a stimulus's as it stands goes before one whose last
    part is. Rows of other stimuli are passed over. Raises ModelError where a stimulus has no row, or two.
    """
    known, found = known_names(stimuli), dict[int, int]()
    for form in _FORMS:
        taken, fresh = set(found.values()), dict[int, int]()
        for row, name in enumerate(model.saved.stimuli):
            stimulus = known.get(form(name))
            if stimulus is None or stimulus in found or row in taken:
                continue
            if stimulus in fresh:
                raise ModelError(_of_two(model, stimuli.ids[stimulus], fresh[stimulus], row))
            fresh[stimulus] = row
        found |= fresh
    missing = [id for i, id in enumerate(stimuli.ids) if i not in found]
    if missing:
        raise ModelError(_without(model, missing, len(stimuli)))
    return [found[i] for i in range(len(stimuli))]


def _of_two(model: Precomputed, stimulus: str, first: int, second: int) -> str:
    one, other = (model.saved.stimuli[row] for row in (first, second))
    return (
        f"{model.id}: two rows of {model.saved.path.name} could be stimulus {stimulus}: {one} and {other};"
        " name them by the stimulus's id"
    )


def _without(model: Precomputed, missing: Sequence[str], n: int) -> str:
    return (
        f"{model.id}: {model.saved.path.name} has no row for {len(missing)} of {n} stimuli; the first is"
        f" {missing[0]}{_alike(missing[0], model.saved.stimuli)}"
    )


def _alike(name: str, known: Sequence[str]) -> str:
    """A hint. Where names are counted each is like the next, so that the first ones are shown instead."""
    counted = [other for other in known if _pattern(other) == _pattern(name)]
    if len(counted) < 2:
        return nearest(name, known)
    return f"; its rows have names such as {counted[0]} and {counted[1]}"


def _pattern(name: str) -> str:
    return re.sub(r"\d+", "0", PurePosixPath(name).stem)


@dataclass(frozen=True, eq=False)
class _LookedUp(Mapping[Reading, LayerActivations]):
    model: Precomputed
    ids: tuple[str, ...]
    rows: torch.Tensor

    def __getitem__(self, reading: Reading) -> LayerActivations:
        layer = layer_of(reading)
        self.model.require(layer)
        values = torch.from_numpy(self.model.saved.matrix(layer))
        means = values.mean(1, dtype=torch.float64)[self.rows]
        self._refuse_nan(layer, means)
        return LayerActivations(len(means), values.shape[1], means, InMemory.of(values), self.rows)

    def __iter__(self) -> Iterator[Reading]:
        return iter(self.model.layers)

    def __len__(self) -> int:
        return len(self.model.layers)

    def _refuse_nan(self, layer: str, means: torch.Tensor) -> None:
        wrong = (~torch.isfinite(means)).nonzero()
        if len(wrong):
            raise ModelError(
                f"{self.model.id}: layer {layer} of {self.model.saved.path.name} answers to"
                f" {len(wrong)} of {len(means)} stimuli with NaN or infinity; the first is"
                f" {self.ids[int(wrong[0])]}"
            )
