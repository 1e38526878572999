"""The recovery of one layer as text: all layers, controls, and a verdict."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...analysis.truth.recovery import NEAR_ONE, Recovery, Scores
from ...specs.recoveries import NEAR_ZERO


def table(model: str, found: Recovery) -> Iterator[str]:
    """What was simulated, a line for each layer and control, and what that comes to."""
    truth, width = found.truth, max(map(len, (*found.scores, "independent features")))
    yield (
        f"simulated from {model} {found.layer}: {found.n_stimuli} stimuli, {truth.neuroids} neuroids,"
        f" {truth.components} components, reliability {truth.reliability:g}, {len(found.seeds)} seeds;"
        f" {found.metric}"
    )
    yield f"\n{'layer':{width}}  ceiled ± sd over seeds   wins"
    for layer, scores in found.scores.items():
        wins = "tied" if layer in found.tied else f"{found.wins(layer)}/{len(found.seeds)}"
        note = "  made from" if layer == found.layer else ""
        yield f"{layer:{width}}  {_mean(scores):>22}  {wins:>5}{note}"
    yield f"\n{'independent features':{width}}  {_mean(found.gaussian):>22}"
    yield f"{'shuffled stimuli':{width}}  {_mean(found.shuffled):>22}"
    yield f"{'ceiling as estimated':{width}}  {_mean(found.ceilings):>22}"
    yield f"\n{_verdict(found)}\n"


def _mean(scores: Scores) -> str:
    return f"{np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}"


def _verdict(found: Recovery) -> str:
    """One sentence; where it is not recovered, what does not hold."""
    said = [
        (
            found.found,
            f"wins {found.wins(found.layer)} of {len(found.seeds)} seeds, by {_margin(found)} over"
            f" {found.closest}",
        ),
        (found.complete, f"{found.ceiled:.4f} is within {NEAR_ONE} of 1"),
        (found.controlled, f"both controls are within {NEAR_ZERO} of 0"),
    ]
    holds = "; ".join(text for true, text in said if true)
    fails = "; ".join(text for true, text in said if not true)
    if found.recovered:
        return f"recovered: {found.layer} {holds}"
    return f"NOT RECOVERED: {found.layer}: it does not hold that it {fails}" + (
        f" ({holds})" if holds else ""
    )


def _margin(found: Recovery) -> str:
    text = f"{found.margin:.4f} ± {found.margin_error:.4f}"
    if found.margin_error == 0:
        return text
    return f"{text} ({found.margin / found.margin_error:.0f} standard errors)"
