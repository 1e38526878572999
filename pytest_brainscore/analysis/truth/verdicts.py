"""Verdicts: what a recovery matrix and a power curve come to, in sentences that a reader can quote."""

from __future__ import annotations

from collections.abc import Iterator

from ...specs.recoveries import ENOUGH, NEAR_ZERO, Curve, Matrix, Point
from ..statistics.proportions import reaches, within

_OF = {"stimuli": "stimuli", "neuroids": "neuroids", "noise": "reliability"}


def label(found: Matrix | Curve) -> str:
    """The metric's name and what it is set to, such as ``cka (debiased: False)``."""
    said = ", ".join(f"{name}: {_plain(value)}" for name, value in found.settings.items())
    return f"{found.metric} ({said})" if said else found.metric


def matrix_said(matrix: Matrix) -> Iterator[str]:
    """Whether the metric recovers the layer, the model, and nothing in controls."""
    n, truths = cases(matrix), len(matrix.layers)
    yield _layer_said(matrix)
    yield (
        f"Of {truths} truths {matrix.recovered} are found in at least {percent(ENOUGH)} of their simulations"
        f"{_missed(matrix)}."
    )
    if matrix.models is not None:
        models = sum(matrix.models)
        yield f"It {_recovers(models, n, matrix.controlled)} the model: {share(models, n)}."
    yield (
        f"Controls: independent features score {_control(matrix.independent)}, the true layer with its"
        f" stimuli shuffled {_control(matrix.shuffled)}; {_near(matrix)}."
    )


def finds(matrix: Matrix) -> bool | None:
    """Whether the layer is found in at least `ENOUGH` of simulations; None: these are too few to say."""
    return reaches(ENOUGH, sum(matrix.found), cases(matrix))


def recovers(matrix: Matrix) -> bool:
    """Whether the layer is surely found often enough, and controls score next to nothing."""
    return matrix.controlled and finds(matrix) is True


def cases(matrix: Matrix) -> int:
    """The simulations of all truths together."""
    return matrix.simulations * len(matrix.layers)


def biased(matrix: Matrix) -> str:
    """What follows from controls that are not near 0: ``scores 0.22 where nothing is shared: ...``."""
    if None in matrix.controls:
        return "has a control without a number: what it scores where nothing is shared is not known"
    most = max((mean for mean in matrix.controls if mean is not None), key=abs)
    return f"scores {most:.2f} where nothing is shared: its scores cannot be read as likeness"


def curve_said(curve: Curve) -> str:
    """From which size on the metric recovers the truth, or that it does not within the range."""
    what, first, last = _OF[curve.over], curve.points[0], curve.points[-1]
    if curve.enough is None:
        said = (
            f"does not find the true layer in {percent(ENOUGH)} of simulations within {first.size:g} to"
            f" {last.size:g} {what}: at {last.size:g} it does in {_at(last)}"
        )
    else:
        point = next(one for one in curve.points if one.size == curve.enough)
        sure = reaches(ENOUGH, point.layers, point.simulations)
        said = (
            f"finds the true layer in {percent(ENOUGH)} of simulations from {curve.enough:g} {what} on: in"
            f" {_at(point)}{'' if sure else ', too few simulations to be sure'}"
        )
    if last.models is None:
        return f"{label(curve)} {said}."
    model = curve.enough_for_model
    of_model = f"from {model:g} {what} on" if model is not None else "not within the range"
    return f"{label(curve)} {said}; the true model {of_model}."


def share(count: int, cases: int) -> str:
    """A count among cases, its percentage and the interval of it."""
    low, high = within(count, cases)
    within_words = f"95 % interval {percent(low)} to {percent(high)}"
    return f"{count} of {cases} simulations ({percent(count / cases)}, {within_words})"


def percent(part: float) -> str:
    """A share as it is written: ``83 %``."""
    return f"{100 * part:.0f} %"


def _layer_said(matrix: Matrix) -> str:
    """The verdict on the layer: what was found, how surely, and what it is worth by the controls."""
    count, n = sum(matrix.found), cases(matrix)
    verb = _recovers(count, n, matrix.controlled)
    if matrix.controlled:
        return f"{label(matrix)} {verb} the layer: {share(count, n)}."
    joined = "but" if finds(matrix) else "and"
    return f"{label(matrix)} {verb} the layer, {joined} {biased(matrix)}. Found in {share(count, n)}."


def _recovers(count: int, cases: int, controlled: bool) -> str:
    """What is said of a share; it takes controls near 0 to recover, and not only to find."""
    found = reaches(ENOUGH, count, cases)
    if found is None:
        return "has too few simulations to say whether it finds"
    if found:
        return "recovers" if controlled else "finds"
    return "does NOT recover"


def _near(matrix: Matrix) -> str:
    bound = f"within {NEAR_ZERO:g} of 0"
    return f"both are {bound}" if matrix.controlled else f"NOT both are {bound}"


def _at(point: Point) -> str:
    return share(point.layers, point.simulations)


def _missed(matrix: Matrix) -> str:
    """The truths that are not found often enough, at most six by name."""
    missed = [
        " ".join(matrix.layers[i])
        for i, found in enumerate(matrix.found)
        if found < ENOUGH * matrix.simulations
    ]
    if not missed:
        return ""
    rest = f" and {len(missed) - 6} more" if len(missed) > 6 else ""
    return f"; missed are {', '.join(missed[:6])}{rest}"


def _control(control: tuple[float | None, float | None]) -> str:
    mean, sd = control
    return "no number" if mean is None else f"{mean:.3f}" + ("" if sd is None else f" ± {sd:.3f}")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)
