"""Direct: nothing stands for a region in a network that was trained to predict its responses itself."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from .. import scoring
from ..errors import ModelError
from ..models.data_driven import Trainer
from ..opened import Opened
from ..scores import Score
from ..scoring.inferred import Plan
from ..specs.cases import Case
from ..specs.data_driven import DATA_DRIVEN

SOURCE = "a direct prediction: trained on the training stimuli of each split; no layer is mapped"


def directly(trainer: Trainer, case: Case, layer: str | None, opened: Opened, plan: Plan) -> Score:
    """Train on the case's training stimuli, predict its test stimuli, and score that, with its provenance.

    plan: of the score's intervals.
    Raises ModelError where a layer is named, Unsuited where the metric does not predict single neuroids.
    """
    model, (recordings, fetch_seconds) = trainer.model, opened.recordings(case)
    if layer is not None or model.layers:
        raise ModelError(f"{model.id} predicts responses itself, so that no layer can be named for it")
    target, target_seconds = opened.target(case)
    to = scoring.direct_target(case.benchmark, target)
    start = time.perf_counter()
    stimuli = recordings.stimuli.take(to.rows.tolist())
    predictions, digest = trainer.predictions(stimuli, to.y, to.splits)
    trained = time.perf_counter()
    score = scoring.direct_score(case.benchmark, predictions, to, plan)
    seconds = {
        "fetch": fetch_seconds,
        "target": target_seconds,
        "training": trained - start,
        "metric": time.perf_counter() - trained,
    }
    about: dict[str, Any] = {
        "benchmark": case.name,
        "model": model.id,
        "layer": DATA_DRIVEN,
        "layer_source": SOURCE,
        "stimuli": len(to.rows),
        "digests": {"weights": digest, **opened.digests(case)},
        "device": str(trainer.device),
        "seconds": {part: round(taken, 3) for part, taken in seconds.items()},
    }
    return replace(score, about=about, notes=(*recordings.notes, *score.notes))
