"""Pictures: the images on which people and a model differ most, and how many are easier for whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...analysis.images import Side, Sided, ranked
from ...data.stimuli import Stimuli
from ...errors import BrainScoreError
from ...scoring.choices.by_image import MODEL, PEOPLE, TRIALS
from ..evidence import Evidence
from ..figures import shares
from ..figures.columns import telling
from ..figures.phrases import shortest, slug
from ..images import Kept, kept
from ..parts import Figure, Picture, Pictures, Section, Table
from ..stimuli import OutOfReach, png, stimuli_of

_TITLE = "Images on which people and networks differ"
EACH, MOST_BENCHMARKS = 4, 6
"""Pictures of each side, and benchmarks with pictures."""
DIFFERENT: tuple[Side, ...] = ("people", "model")
_IMAGES = {
    "benchmark": "benchmark",
    "model": "network",
    "stimulus": "stimulus",
    "side": "easier for",
    "people_right": "people right",
    "model_right": "network right",
    "people_trials": "people's trials",
}
_SAYS = (
    "Of two alternatives the network's accuracy is its probability of being right in people's own trials; an"
    " image is alike where that is within 5 percentage points of people's accuracy, or within the 95 %"
    " interval (Wilson) of it. Of many alternatives the network answers once, right or wrong; an image is"
    " alike unless that is a surprise: one more person would answer so with a probability of at most 5 %."
)


def section(evidence: Evidence) -> Section | None:
    """Shares of all networks, and pictures of the one that scores best on each benchmark."""
    found = kept(evidence)
    if not found.sided:
        return Section("pictures", _TITLE, [], found.refused) if found.refused else None
    by_benchmark = ranked(found.sided)
    best = [among[0] for among in by_benchmark.values()]
    names = shortest(row.benchmark for row in evidence.rows)
    parts: list[Figure | Pictures | Table] = [shares.figure(by_benchmark, names)]
    parts += shares.tables(found.sided, names)
    for one in best[:MOST_BENCHMARKS]:
        parts += _shown(one, found, evidence, names)
    images = [line for one in best for line in _images(one)]
    parts.append(Table("pictures-images", "All images", images, _IMAGES, shown=False))
    return Section("pictures", _TITLE, parts, [_SAYS, *_left_out(len(best)), *found.refused])


def _left_out(benchmarks: int) -> Iterator[str]:
    if benchmarks > MOST_BENCHMARKS:
        yield f"Pictures are shown of {MOST_BENCHMARKS} of {benchmarks} benchmarks."


def _images(one: Sided) -> Iterator[dict[str, Any]]:
    compared = one.compared
    columns = compared.names, compared.sides, compared.people, compared.model, compared.trials
    for name, side, people, model, trials in zip(*columns, strict=True):
        said = {"benchmark": one.benchmark, "model": one.model, "stimulus": name, "side": str(side)}
        yield {**said, PEOPLE: float(people), MODEL: float(model), TRIALS: int(trials)}


def _shown(one: Sided, found: Kept, evidence: Evidence, names: Mapping[str, str]) -> list[Pictures | Table]:
    """Pictures of both sides; where they are out of reach, the images' names, and why."""
    name = names[one.benchmark]
    try:
        stimuli = stimuli_of(found.rows[one.benchmark, one.model], evidence.benchmarks)
        made = [_pictures(one, side, stimuli, name) for side in DIFFERENT]
    except BrainScoreError as why:
        return [part for part in [_named(one, why, name)] if part.rows]
    return [pictures for pictures in made if pictures.pictures]


def _pictures(one: Sided, side: Side, stimuli: Stimuli, benchmark: str) -> Pictures:
    places = {name: place for place, name in enumerate(stimuli.ids)}
    whom = "people" if side == "people" else one.model
    made = []
    for i in one.compared.most(side, EACH):
        name = one.compared.names[i]
        if name not in places:
            raise OutOfReach(f"the images on this disk lack {name}")
        made.append(Picture(png(stimuli, places[name]), f"stimulus {name}", f"{name}: {_caption(one, i)}"))
    says = [_how_many(one, side, whom, len(made))]
    return Pictures(f"pictures-{slug(one.benchmark)}-{side}", f"{benchmark}: easier for {whom}", made, says)


def _how_many(one: Sided, side: Side, whom: str, shown: int) -> str:
    count = int((one.compared.sides == side).sum())
    of = f"{count} of {len(one.compared.names)} images are easier for {whom}"
    most = "most surprising answers" if one.compared.once else "largest difference"
    return f"{of}; the {shown} with the {most} are shown."


def _caption(one: Sided, i: int) -> str:
    compared = one.compared
    people = f"people {100 * compared.people[i]:.0f} % right ({int(compared.trials[i])} trials)"
    return f"{people}, {one.model} {100 * compared.model[i]:.0f} %"


def _named(one: Sided, why: BrainScoreError, name: str) -> Table:
    chosen = {i for side in DIFFERENT for i in one.compared.most(side, EACH)}
    lines = [line for i, line in enumerate(_images(one)) if i in chosen]
    says = f"Of {one.model}. The images themselves are not shown: {why}."
    columns = telling(lines, _IMAGES, ("stimulus", "side", PEOPLE, MODEL))
    return Table(f"pictures-{slug(one.benchmark)}", f"{name}: where they differ most", lines, columns, says)
