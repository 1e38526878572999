"""About: what a row says of its network, so that contrasts find it without models.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...specs.catalogue import size_of
from ...specs.models import BASELINE, PRECOMPUTED, SOURCES, Model
from ...specs.results import Row
from ...specs.twins import is_twin

_OF_TRAINING = frozenset({"objective", "task", "cluster", "diet", "top1"})
_NO_WEIGHTS = "no `weights` given: random, unless the function in `source` loads some"
Said = dict[str, str | bool | int | float | None]


def about(model: Model) -> Said:
    """What is known of a model: whether it was trained, its `about:`, its architecture and its parameters.

    Of random weights nothing is said of training: neither task nor diet, nor how accurate others are.
    """
    known = trained(model)
    size = None if model.source == PRECOMPUTED else size_of(model)
    said = {
        "trained": known,
        "architecture": None if model.source == PRECOMPUTED else model.architecture,
        "parameters": size.parameters if size else None,
        **model.about.model_dump(exclude_none=True),
    }
    dropped = _OF_TRAINING if known is False else frozenset()
    return {word: value for word, value in said.items() if value is not None and word not in dropped}


def trained(model: Model) -> bool | None:
    """Whether the weights were trained; None where only the user's own factory, or file, knows."""
    if model.trained:
        return True
    random = model.source in SOURCES or model.about.family == BASELINE or is_twin(model.id)
    return False if random else None


def without_weights(model: Model) -> tuple[str, ...]:
    """A note on a network whose entry does not say where weights come from, not even `weights: none`."""
    says = "weights" in model.model_fields_set or is_twin(model.id)
    return () if says or not model.has_twin else (_NO_WEIGHTS,)


def unsaid(rows: Sequence[Row]) -> Iterator[str]:
    """A line where networks have that note: which, and what to write."""
    models = dict.fromkeys(row.model for row in rows if _NO_WEIGHTS in row.notes)
    if models:
        yield f"{', '.join(models)}: {_NO_WEIGHTS} (`weights: none` says it is meant)"
