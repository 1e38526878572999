"""Results that nobody measured: intervals, errors, skips, untrained twins, and hostile names."""

from __future__ import annotations

import math
import random
from pathlib import Path

from pytest_brainscore.specs.results import Guarded, Interval, Null, Row, Run

HOSTILE = "<script>window.hacked=1</script>"
MESSAGE = (
    "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'> no layer conv9 & more"
)
REGIONS = {"V1": "macaque", "V2": "macaque", "V4": "macaque", "IT": "macaque", "OTC": "human"}
METRICS = ("pls", "ridgecv", "rdm")
FAMILIES = ("cnn", "transformer", "mlp")
COMPOSITE = """\
composites:
  - id: Both
    title: the mean of two benchmarks
    of: raw
    missing: skip
    mean: [{}, {}]
"""


def names(count):
    """Models: pixels, a hostile name, then networks and their untrained twins."""
    pairs = [name for i in range(count) for name in (f"net{i}", f"net{i}_untrained")]
    return ["pixels", HOSTILE, *pairs][:count]


def benchmarks(count):
    """(data set, region, metric) of so many benchmarks."""
    every = [
        (f"Set{i}.public", region, metric) for i in range(99) for metric in METRICS for region in REGIONS
    ]
    return every[:count]


def about(model, place):
    if model == "pixels":
        return {"family": "baseline", "trained": False}
    known = {"family": FAMILIES[place // 2 % 3], "year": 2012 + place % 12, "parameters": 1000 * (place + 1)}
    return {**known, "trained": not model.endswith("_untrained")}


def interval(value, half):
    return Interval(
        low=value - half, high=value + half, over=("stimulus", "neuroid"), by={"stimulus": "bootstrap"}
    )


def scored(row, raw, draw):
    """The row with a score and all that goes with one."""
    splits = tuple(round(raw + 0.02 * (draw.random() - 0.5), 6) for _ in range(10))
    digest = "".join(draw.choice("0123456789abcdef") for _ in range(64))
    return row.model_copy(
        update={
            "raw": raw,
            "error": 0.004,
            "ceiling": 0.8,
            "ceiling_error": 0.01,
            "ceiled": math.copysign(raw * raw, raw) / 0.8,
            "normalise": "r2_over_ceiling",
            "interval": interval(raw, 0.03),
            "ceiled_interval": interval(math.copysign(raw * raw, raw) / 0.8, 0.05),
            "null": Null(p=0.001, high=0.06, mean=0.0, permutations=999),
            "splits": splits,
            "layer": "features.12",
            "layer_source": "best of 13 layers on the training stimuli",
            "over": "neuroid",
            "targets": 160,
            "left_out": {"constant": ("n1", "n2")},
            "stimuli": 640,
            "digests": {"weights": row.model[:8].encode().hex(), "stimuli": row.dataset, "choice": digest},
            "versions": {"torch": "2.6.0", "numpy": "2.1.0"},
            "device": "cpu",
            "seconds": {"forward": round(draw.random(), 3)},
            **judged(row.model, raw),
        }
    )


def judged(model, raw):
    """What a guard says: `net1` fell by 0.05, all others are as they were."""
    word, delta = ("regressed", -0.05) if model == "net1" else ("same", 0.0)
    message = f"{word}: {raw:.4f}, {delta:+.4f} from its baseline"
    guard = Guarded(
        baseline="b.json", key=model, message=message, delta_in_se=delta / 0.004, moved=False, updates=False
    )
    return {"verdict": word, "delta": delta, "guard": guard}


def results(models=12, columns=8, run=0):
    """A row for each pair; of `net2` an error, of `net3` a skip, and one pair that was not run."""
    draw, later, rows = random.Random(0), random.Random(run), []
    for i, model in enumerate(names(models)):
        for j, (dataset, region, metric) in enumerate(benchmarks(columns)):
            row = Row(
                benchmark=f"{dataset}.{region}-{metric}",
                model=model,
                dataset=dataset,
                species=REGIONS[region],
                region=region,
                metric=metric,
                status="scored",
                about=about(model, i),
            )
            if (model, j) == ("net2", 1):
                rows.append(row.model_copy(update={"status": "error", "message": MESSAGE}))
            elif (model, j) == ("net3", 2):
                rows.append(row.model_copy(update={"status": "skipped", "message": "offline"}))
            elif (model, j) != ("net3", 3):
                raw = 0.7 * draw.random() - 0.05
                rows.append(scored(row, round(raw + 0.001 * later.gauss(0, 1), 6), draw))
    return rows


def write(project: Path, name="run", started="2026-11-21T05:00:00+00:00", **sizes):
    """A project folder with reports/<name>/results.json, and a composite of the first two benchmarks."""
    rows = results(**sizes)
    folder = project / "reports" / name
    folder.mkdir(parents=True)
    document = Run(run=name, started=started, seconds=1, complete=True, results=tuple(rows))
    (folder / "results.json").write_text(document.text(), encoding="utf-8")
    composites = project / "benchmarks" / "composites"
    composites.mkdir(parents=True, exist_ok=True)
    pair = list(dict.fromkeys(row.benchmark for row in rows))[:2]
    (composites / "both.yaml").write_text(COMPOSITE.format(*pair), encoding="utf-8")
    return folder
