"""Splits: which stimuli a benchmark fits on and which it tests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..errors import MetricError
from ..metrics import splits
from ..metrics.splits import Split
from ..specs.metrics import Metric
from ..specs.splits import Splits

_SHOWN = 12


def draw(spec: Splits, n: int, coords: Mapping[str, np.ndarray], metric: Metric) -> list[Split]:
    """The splits over n stimuli that a benchmark asks for; by default 10, shuffled, 90 % to train on.

    By default the metrics that score the training stimuli, too, take alternate halves: one split.
    By default at least 10 stimuli are tested on, or half of them where there are fewer than 20.
    The metrics that compare on the test stimuli alone (rdm_cv, cka_cv) take 90 % of them.
    Raises MetricError where a coord is not there or the stimuli are too few: fewer than 3 to test on always
    correlate at 1 or -1.
    """
    drawn = _drawn(spec, n, coords, metric) if metric.uses_splits else []
    fewest = min((len(split.test) for split in drawn), default=3)
    if fewest < 3:
        raise MetricError(
            f"splits: {fewest} of {n} stimuli to test on, and a correlation needs 3; write `splits` with a"
            " larger `test`, or show more stimuli"
        )
    return drawn


def _drawn(spec: Splits, n: int, coords: Mapping[str, np.ndarray], metric: Metric) -> list[Split]:
    if spec.given:
        return _given(spec.given, _coord(coords, spec.given))
    if spec.halves or (metric.tells_train and not spec.model_fields_set - {"seed"}):
        return splits.alternate(n)
    strata = _coord(coords, spec.stratify) if spec.stratify else None
    if spec.folds:
        return splits.kfold(n, spec.folds, seed=spec.seed, strata=strata)
    train, test = spec.train, spec.test
    if train is None and test is None:
        train, test = (None, 0.9) if metric.name in {"rdm_cv", "cka_cv"} else (_train_share(n), None)
    arguments: dict[str, Any] = {"n_splits": spec.n or 10, "train": train, "test": test, "seed": spec.seed}
    return splits.shuffle(n, **arguments) if strata is None else splits.stratified(strata, **arguments)


def _given(name: str, labels: np.ndarray) -> list[Split]:
    named = dict.fromkeys(str(label) for label in labels)
    missing = [side for side in ("train", "test") if side not in named]
    if missing:
        raise MetricError(
            f"splits: given: {name}: no stimulus is {' or '.join(missing)} (its values are {_some(named)});"
            " train and test are due, and stimuli with other values are in neither"
        )
    return splits.given(labels)


def _some(names: Iterable[str]) -> str:
    first = list(names)
    return ", ".join([*first[:_SHOWN], *(["..."] if len(first) > _SHOWN else [])])


def _train_share(n: int) -> float:
    """90 %, or less where that would leave fewer than 10 stimuli to test on."""
    return 0.9 if n >= 100 else 1 - min(10, n // 2) / n


def _coord(coords: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in coords:
        raise MetricError(
            f"splits: the stimuli have no coord {name} (there are {', '.join(coords) or 'none'})"
        )
    return coords[name]
