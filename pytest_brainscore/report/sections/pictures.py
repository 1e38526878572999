"""Pictures: the images on which people and a model differ most, and how many are easier for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from ...analysis.images import SIDES, Compared, Side, told
from ...data.stimuli import Stimuli
from ...errors import BrainScoreError
from ...scoring.choices.by_image import MODEL, PEOPLE, TRIALS
from ..evidence import Evidence
from ..figures import charts
from ..joining import Found
from ..parts import Figure, Picture, Pictures, Section, Table
from ..rdms import opened
from ..stimuli import OutOfReach, png, stimuli_of

EACH, MOST_BENCHMARKS, MOST_NETWORKS = 4, 6, 12
"""Pictures of each side, benchmarks with pictures, networks in a panel of shares."""
_WORDS = {"people": "easier for people", "model": "easier for the model", "alike": "alike"}
_ORDER: tuple[Side, ...] = ("people", "alike", "model")
DIFFERENT: tuple[Side, ...] = ("people", "model")
_SHARES = {
    "benchmark": "benchmark",
    "model": "network",
    "images": "images",
    **{
        f"for_{side}{end}": f"{_WORDS[side]}{end.replace('_', ', ')}"
        for side in SIDES
        for end in ("", "_low", "_high")
    },
}
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
    "An image is alike where the network's accuracy is within 5 percentage points of people's, or within the"
    " 95 % interval (Wilson) of theirs: about 5 % of images would lie outside it by chance. Of two"
    " alternatives the network's accuracy is its probability of being right in people's own trials; of many"
    " it is right on an image or not."
)


@dataclass(frozen=True, eq=False)
class Sided:
    """A row of choices, and both sides' accuracies by image."""

    found: Found
    compared: Compared

    @property
    def benchmark(self) -> str:
        """Whose images these are."""
        return self.found.row.benchmark

    @property
    def model(self) -> str:
        """The network."""
        return self.found.row.model


def section(evidence: Evidence) -> Section | None:
    """Shares of all networks, and pictures of the one that scores best on each benchmark."""
    every = tuple(_sided(evidence))
    if not every:
        return None
    best = [
        max(_on(every, benchmark), key=_score) for benchmark in dict.fromkeys(one.benchmark for one in every)
    ]
    shares = Table(
        "pictures-shares", "Images by whom they are easier for", [_shares(one) for one in every], _SHARES
    )
    parts: list[Figure | Pictures | Table] = [_figure(every, best), shares]
    says = [_SAYS]
    for one in best[:MOST_BENCHMARKS]:
        parts += _shown(one, evidence)
    if len(best) > MOST_BENCHMARKS:
        says.append(f"Pictures are shown of {MOST_BENCHMARKS} of {len(best)} benchmarks.")
    images = [line for one in best for line in _images(one)]
    parts.append(Table("pictures-images", "All images", images, _IMAGES, shown=False))
    return Section("pictures", "Images on which people and networks differ", parts, says)


def _sided(evidence: Evidence) -> Iterator[Sided]:
    """The rows beside which accuracies by image were kept."""
    for one in evidence.scored:
        path = evidence.values_file(one) if one.row.region == "behaviour" else None
        if path is None:
            continue
        with opened(path) as values:
            if PEOPLE in values and MODEL in values:
                names = tuple(values["stimulus"].values.astype(str).tolist())
                yield Sided(one, Compared(names, *(values[name].values for name in (PEOPLE, MODEL, TRIALS))))


def _on(every: Sequence[Sided], benchmark: str) -> list[Sided]:
    return [one for one in every if one.benchmark == benchmark]


def _score(one: Sided) -> float:
    return one.found.row.raw if one.found.row.raw is not None else float("-inf")


def _shares(one: Sided) -> dict[str, Any]:
    ends = {
        f"for_{side}{end}": value
        for side in SIDES
        for end, value in zip(("", "_low", "_high"), one.compared.share(side), strict=True)
    }
    return {"benchmark": one.benchmark, "model": one.model, "images": len(one.compared.names), **ends}


def _images(one: Sided) -> Iterator[dict[str, Any]]:
    compared = one.compared
    columns = compared.names, compared.sides, compared.people, compared.model, compared.trials
    for name, side, people, model, trials in zip(*columns, strict=True):
        said = {"benchmark": one.benchmark, "model": one.model, "stimulus": name, "side": str(side)}
        yield {**said, PEOPLE: float(people), MODEL: float(model), TRIALS: int(trials)}


# --- shares


def _figure(every: Sequence[Sided], best: Sequence[Sided]) -> Figure:
    drawn = best[: charts.MOST_PANELS]
    panels = [_panel(one.benchmark, _on(every, one.benchmark)) for one in drawn]
    words = (
        f"{len(panels)} panels of bars: for each network the share of images that are easier for people,"
        " alike, and easier for it"
    )
    says = [told(one.compared, one.model, one.benchmark) for one in drawn]
    return Figure("pictures-shares-drawn", "Easier for whom", panels, words, says)


def _panel(benchmark: str, among: Sequence[Sided]) -> alt.LayerChart:
    """Stacked bars of the networks that score best, the best on top."""
    first = sorted(among, key=_score, reverse=True)[:MOST_NETWORKS]
    bars = [
        {"network": one.model, "side": _WORDS[side], "place": place, "share": one.compared.share(side)[0]}
        for one in first
        for place, side in enumerate(_ORDER)
    ]
    grey = (charts.COLOURS[0], "#d0d0d0", charts.COLOURS[1])
    colour = alt.Color(
        "side:N",
        scale=alt.Scale(domain=[_WORDS[side] for side in _ORDER], range=grey),
        legend=alt.Legend(title=None, columns=2),
    )
    chart = alt.Chart(charts.inline(bars)).mark_bar()
    encoded = chart.encode(
        x=alt.X(
            "share:Q",
            title="share of images",
            axis=alt.Axis(format="%", values=[0, 0.5, 1]),
            scale=alt.Scale(domain=[0, 1]),
        ),
        y=alt.Y("network:N", title=None, sort=[one.model for one in first], axis=alt.Axis(labelLimit=120)),
        color=colour,
        order="place:Q",
    )
    title = charts.titled(benchmark, "networks in order of their scores")
    return charts.themed(alt.LayerChart(layer=[encoded], title=title)).properties(
        width=200, height=26 * len(first)
    )


# --- pictures


def _shown(one: Sided, evidence: Evidence) -> list[Pictures | Table]:
    """Pictures of both sides; where they are out of reach, the images' names, and why."""
    try:
        stimuli = stimuli_of(one.found.row, evidence.benchmarks)
        made = [_pictures(one, side, stimuli) for side in DIFFERENT]
    except BrainScoreError as why:
        return [_named(one, why)]
    return [pictures for pictures in made if pictures.pictures]


def _pictures(one: Sided, side: Side, stimuli: Stimuli) -> Pictures:
    places = {name: place for place, name in enumerate(stimuli.ids)}
    whom = "people" if side == "people" else one.model
    made = []
    for i in one.compared.most(side, EACH):
        name = one.compared.names[i]
        if name not in places:
            raise OutOfReach(f"the images on this disk lack {name}")
        made.append(Picture(png(stimuli, places[name]), f"stimulus {name}", f"{name}: {_caption(one, i)}"))
    title = f"{one.benchmark}: easier for {whom}"
    return Pictures(f"pictures-{one.benchmark}-{side}", title, made, [_how_many(one, side, whom, len(made))])


def _how_many(one: Sided, side: Side, whom: str, shown: int) -> str:
    count = int((one.compared.sides == side).sum())
    of = f"{count} of {len(one.compared.names)} images are easier for {whom}"
    return f"{of}; the {shown} with the largest difference are shown."


def _caption(one: Sided, i: int) -> str:
    compared = one.compared
    people = f"people {100 * compared.people[i]:.0f} % right ({int(compared.trials[i])} trials)"
    return f"{people}, {one.model} {100 * compared.model[i]:.0f} %"


def _named(one: Sided, why: BrainScoreError) -> Table:
    chosen = {i for side in DIFFERENT for i in one.compared.most(side, EACH)}
    lines = [line for i, line in enumerate(_images(one)) if i in chosen]
    says = f"The images themselves are not shown: {why}."
    return Table(
        f"pictures-{one.benchmark}", f"{one.benchmark}: where they differ most", lines, _IMAGES, says
    )
