"""Predicting: a network is trained on the training stimuli of each split, and predicts its test stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...data.stimuli import Stimuli
from ...errors import ModelError
from ...metrics.prediction import Prediction
from ...metrics.splits import Split
from ...progress import Tell, untold
from ...specs.base import digest_of
from ...specs.benchmarks import BEHAVIOUR
from ...specs.data_driven import AnyTraining, Cnn, TwoHeads
from ...specs.models import Model
from ..build import Fetch, Resolve, build
from ..layers import resolve_layers
from ..network import Network
from ..untouched import untouched
from . import search
from .architecture import Make, convolutions, two_headed
from .keeping import Shelf
from .lessons import Lesson, labels_of, lesson_of, pixels_of
from .training import predicted

VERSION = 1
"""Raised where the same training comes to other numbers."""
_RESULT = "result"


@dataclass(frozen=True)
class Trainer:
    """Trains the networks of one entry of models.yaml.

    fetch, resolve, offline: as `build` takes them, for a backbone. cache: the folder under which trainings
    are kept. tell: hears which of how many settings is trained, over all splits.
    """

    model: Model
    fetch: Fetch
    resolve: Resolve
    cache: Path
    device: torch.device
    offline: bool = False
    tell: Tell = untold

    @property
    def plan(self) -> AnyTraining:
        """What the entry says of the training."""
        assert self.model.training is not None  # the spec's own rule
        return self.model.training

    def predictions(
        self, stimuli: Stimuli, y: Tensor, splits: Sequence[Split]
    ) -> tuple[list[Prediction], str]:
        """What is predicted of the test stimuli of each split, with what chose; the digest of all trainings.

        stimuli: of the rows of y, the responses (n, m) float64. Of a split only the images and responses of
        its training rows are learnt from, and the images of its test rows shown: what was recorded for
        these changes nothing.
        Raises ModelError for fewer than 4 training stimuli, a coord of objects that is not there, a backbone
        that cannot be built, and a training without a number.
        """
        with untouched(self.plan.seed, [self.device]):
            images, backbone = pixels_of(stimuli, self.plan.size), self._backbone()
            labels = labels_of(stimuli, self.plan)
            lessons = [lesson_of(stimuli, images, y, labels, split, self.plan) for split in splits]
            done = [self._learnt(lesson, backbone, i, len(splits)) for i, lesson in enumerate(lessons)]
        keys = [self._key(lesson, backbone) for lesson in lessons]
        return done, digest_of(keys)

    def _learnt(self, lesson: Lesson, backbone: Network | None, i: int, n: int) -> Prediction:
        shelf = Shelf(self.cache, self._key(lesson, backbone))
        with shelf.lock():
            kept = shelf.get(_RESULT)
            if kept is None:
                kept = self._made(lesson, backbone, shelf, i, n)
                shelf.put(_RESULT, kept)
                for number in range(len(search.settings(self.plan.search, self.plan.seed))):
                    shelf.drop(search.name_of(number))
        chose = {name: torch.tensor(value, dtype=torch.float64) for name, value in kept["figures"].items()}
        return Prediction(kept["predictions"], chose)

    def _made(self, lesson: Lesson, backbone: Network | None, shelf: Shelf, i: int, n: int) -> dict[str, Any]:
        """The predicted responses (k, m) float64, in their own unit, and the figures of the search."""

        def heard(done: int, of: int) -> None:
            self.tell("training", i * of + done, n * of)

        make = self._make(lesson, backbone)
        try:
            found = search.find(make, lesson.material, self.plan, self.device, shelf, heard)
        except ModelError as why:
            raise ModelError(f"{self.model.id}: {why}") from None
        answers = predicted(found.network.to(self.device), lesson.test, self.device)
        return {"predictions": lesson.put_back(answers), "figures": found.figures()}

    def _make(self, lesson: Lesson, backbone: Network | None) -> Make:
        neuroids, plan = lesson.material.responses.shape[1], self.plan
        if isinstance(plan, Cnn):
            return convolutions(plan, neuroids)
        assert backbone is not None
        (layer,), _ = resolve_layers(backbone, _as_model(self.model.id, plan), BEHAVIOUR)
        return two_headed(backbone.module, layer, plan.size, neuroids, lesson.objects)

    def _backbone(self) -> Network | None:
        """The network that two heads are put on, with its first weights."""
        if not isinstance(self.plan, TwoHeads):
            return None
        spec = _as_model(self.model.id, self.plan)
        network = build(spec, self.fetch, self.resolve, offline=self.offline, cache=self.cache)
        assert isinstance(network, Network)  # of torchvision or timm
        return network

    def _key(self, lesson: Lesson, backbone: Network | None) -> str:
        return digest_of(
            {
                "version": VERSION,
                "training": self.plan.model_dump(mode="json"),
                "backbone": backbone and [backbone.weights_digest, backbone.architecture_digest],
                "torch": torch.__version__,
                "device": self.device.type,
                **lesson.digests,
            }
        )


def _as_model(id: str, plan: TwoHeads) -> Model:
    """The backbone as a line of models.yaml."""
    backbone = plan.backbone
    return Model(id=id, source=backbone.source, name=backbone.name, weights=backbone.weights, seed=plan.seed)
