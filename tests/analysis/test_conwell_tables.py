"""Numbers of Conwell et al. 2024, recomputed from the published files by what users call on their own.

Every entry of conwell_tables.yaml is one test: its id names the function here that answers it.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from pytest_brainscore import suite
from pytest_brainscore.analysis.population import contrasts, correlates, summaries
from pytest_brainscore.analysis.population.members import sort
from pytest_brainscore.analysis.population.networks import networks, select
from pytest_brainscore.analysis.population.units import Question, by_part
from pytest_brainscore.analysis.statistics import estimates
from pytest_brainscore.analysis.statistics.rank_correlation import spearman
from pytest_brainscore.data import voxels
from pytest_brainscore.data.published import conwell2024
from pytest_brainscore.specs.contrasts import OtherThan
from pytest_brainscore.specs.datasets.voxels import VoxelsDataset
from pytest_brainscore.specs.namesakes import load_namesakes
from pytest_brainscore.suite.contrasts import contrasts as shipped

SHARED = Path(os.environ.get("BRAINSCORE_SHARED", Path(__file__).parents[3] / "shared"))
TABLES, FOLDER = SHARED / "parity" / "conwell_tables.yaml", SHARED / "data" / "conwell2024"
METRIC = {"crsa": "crsa", "wrsa": "versa", "srpr": "encoding"}
STUDY_TRAINED = {"train_task": OtherThan(other_than="random")}
DIMENSIONALITY = "dimensionality_projected"
ANSWERS = {}


def entries():
    if not TABLES.is_file() or not FOLDER.is_dir():
        reason = f"no published files at {SHARED} (set BRAINSCORE_SHARED)"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")]
    return [pytest.param(one, id=one["id"]) for one in yaml.safe_load(TABLES.read_text())["items"]]


@pytest.mark.parametrize("entry", entries())
def test_entry(entry, request):
    answer = ANSWERS[entry["id"]]
    of_voxels = "voxel_metadata_OTC.csv" in entry["files"]
    found = answer(request.getfixturevalue("the_voxels")) if of_voxels else answer()
    compare(found, entry["value"], entry["tolerance"], entry["id"])


def compare(found, due, tolerance, where):
    """All that is due is found, within the tolerance, and nothing else."""
    if isinstance(due, dict):
        assert {str(key) for key in found} == {str(key) for key in due}, where
        by_text = {str(key): value for key, value in found.items()}
        for key, value in due.items():
            compare(by_text[str(key)], value, tolerance, f"{where}.{key}")
    elif isinstance(due, list):
        assert len(found) == len(due), where
        for i, (one, other) in enumerate(zip(found, due, strict=True)):
            compare(one, other, tolerance, f"{where}[{i}]")
    else:
        assert found == pytest.approx(due, abs=tolerance, rel=0), where


def answers(id):
    return lambda function: ANSWERS.setdefault(id, function)


# --- the published files, as results


@cache
def scores():
    """Metric of the tables to the networks of its benchmark."""
    found = networks(conwell2024.read(FOLDER, load_namesakes("conwell2024").models).rows)
    return {old: found[f"{conwell2024.DATASET}.OTC-{new}"] for old, new in METRIC.items()}


@cache
def shipped_contrasts():
    return {one.id: one for one in shipped(suite.benchmarks().parent)}


@cache
def analysed():
    """The shipped contrasts on all three metrics."""
    return contrasts.contrasted(tuple(shipped_contrasts().values()), scores())


def each(function, among=None):
    """The function of each metric's networks."""
    return {metric: function(found) for metric, found in (among or scores()).items()}


def only(**where):
    return {metric: select(found, where) for metric, found in scores().items()}


def mean(networks):
    return summaries.summary(networks).mean


def of_group(contrast, group):
    return {
        one.benchmark: one.mean for one in analysed().groups if (one.contrast, one.group) == (contrast, group)
    }


def effects(contrast, unit, metrics=METRIC):
    """Metric to group to [difference, low, high]."""
    found = {metric: {} for metric in metrics}
    for one in analysed().effects:
        if (one.contrast, one.unit) == (contrast, unit) and one.benchmark in metrics:
            found[one.benchmark][one.group] = [one.difference, one.low, one.high]
    return found


def effect(contrast, unit, metrics=METRIC):
    return {metric: next(iter(found.values())) for metric, found in effects(contrast, unit, metrics).items()}


BY_SUBJECT = ("crsa", "wrsa")


# --- sets


@answers("sets.counts")
def _():
    found = scores()["wrsa"]
    tasks = summaries.counts(select(found, STUDY_TRAINED), "train_task")
    words = {"cnn": "Convolutional", "transformer": "Transformer", "mlp_mixer": "MLP-Mixer"}
    words |= {"hybrid": "Hybrid", None: "missing"}
    classes = {words[word]: n for word, n in summaries.counts(found, "family").items()}
    untrained = select(found, {"train_task": "random"})
    return {
        "total": len(found),
        "trained": sum(tasks.values()),
        "untrained": len(untrained),
        "train_task": tasks,
        "model_class": classes,
    }


ANSWERS["sets.trained160"] = lambda: each(mean, only(**STUDY_TRAINED))
ANSWERS["sets.trained159"] = lambda: each(mean, only(trained=True))


@answers("sets.untrained64")
def _():
    found = each(summaries.summary, only(train_task="random"))
    return {
        "mean": {metric: one.mean for metric, one in found.items()},
        "max": {metric: one.high for metric, one in found.items()},
    }


@answers("sets.top124")
def _():
    names = tuple(one.model for one in summaries.best(scores()["wrsa"], 124))
    assert len(names) == 124
    assert all(one.about["trained"] for one in only(model=names)["wrsa"])
    found = each(summaries.summary, only(model=names))
    words = {"mean": "mean", "min": "low", "max": "high"}
    return {key: {metric: getattr(one, word) for metric, one in found.items()} for key, word in words.items()}


ANSWERS["sets.near_best"] = lambda: each(lambda found: len(summaries.near_best(found)))
ANSWERS["sets.best"] = lambda: each(
    lambda found: {one.about["model_string"]: one.score for one in summaries.best(found, 2)}
)


@answers("sets.bit11")
def _():
    found = each(summaries.summary, only(task="bit_expert"))
    assert {one.n for one in found.values()} == {11}
    return {metric: [one.low, one.high] for metric, one in found.items()}


# --- means of groups

for id, contrast, group in (
    ("arch.mean.cnn", "architecture", "cnn"),
    ("arch.mean.transformer", "architecture", "transformer"),
    ("arch.mean.mixer", "architecture", "mlp_mixer"),
    ("arch.mean.hybrid", "architecture", "hybrid"),
    ("ssl.mean.contrastive", "self-supervision", "contrastive"),
    ("ssl.mean.noncontrastive", "self-supervision", "non-contrastive"),
    ("ssl.mean.supervised", "self-supervision", "supervised"),
    ("slip.mean.simclr", "slip", "simclr"),
    ("slip.mean.clip", "slip", "clip"),
    ("slip.mean.slip", "slip", "slip"),
):
    ANSWERS[id] = lambda contrast=contrast, group=group: of_group(contrast, group)


@answers("taskonomy.cluster_means")
def _():
    return {name: of_group("taskonomy", name.lower()) for name in ("2D", "3D", "Geometric", "Semantic")}


@answers("taskonomy.three_rows")
def _():
    names = ("class_object_taskonomy", "autoencoding_taskonomy", "random_weights_taskonomy")
    return {name: each(mean, only(model_string=name)) for name in names}


@answers("training.means")
def _():
    words = {"classification": "trained", "random": "untrained"}
    return {name: of_group("training", word) for name, word in words.items()}


# --- effects

for id, contrast, unit, metrics in (
    ("arch.effect.subject_rows", "architecture", "released", BY_SUBJECT),
    ("arch.effect.subject_rows_clustered", "architecture", "clustered", BY_SUBJECT),
    ("arch.effect.model_rows", "architecture", "networks", METRIC),
    ("ssl.effect.subject_rows", "self-supervision", "released", BY_SUBJECT),
    ("ssl.effect.model_rows", "self-supervision", "networks", METRIC),
    ("taskonomy.object_minus_autoencoder", "object-and-image", "subjects", BY_SUBJECT),
    ("training.effect.paired", "training", "networks", METRIC),
):
    ANSWERS[id] = lambda contrast=contrast, unit=unit, metrics=metrics: effect(contrast, unit, metrics)


@answers("slip.effect.subject_rows")
def _():
    found = effects("slip", "released", BY_SUBJECT)
    return {metric: {name.upper(): ends for name, ends in one.items()} for metric, one in found.items()}


@answers("taskonomy.cluster_effect.subject_rows")
def _():
    found = effects("taskonomy", "released", BY_SUBJECT)
    words = {"3d": "3D", "geometric": "Geometric", "semantic": "Semantic"}
    return {metric: {words[name]: ends for name, ends in one.items()} for metric, one in found.items()}


@answers("arch.effect.subject_bootstrap")
def _():
    contrast = shipped_contrasts()["architecture"]
    found = effect("architecture", "subject_bootstrap", BY_SUBJECT)
    return {
        metric: {
            "per_subject": by_part(
                Question(sort(contrast, scores()[metric])[0], "cnn", "transformer", False), "subject"
            ),
            "bootstrap": ends[1:],
        }
        for metric, ends in found.items()
    }


# --- correlates


def rho(word, among):
    return {one.benchmark: one.rho for one in correlates.correlates(among, [word])}


def count(word, among):
    return {one.n for one in correlates.correlates(among, [word])}


ANSWERS["corr.dimensionality.all"] = lambda: rho(DIMENSIONALITY, scores())
ANSWERS["corr.dimensionality.trained"] = lambda: rho(DIMENSIONALITY, only(**STUDY_TRAINED))
ANSWERS["corr.dimensionality.untrained"] = lambda: rho(DIMENSIONALITY, only(train_task="random"))


@answers("corr.top1")
def _():
    (n,) = count("top1", scores())
    return {"n": n, **rho("top1", scores())}


@answers("corr.parameters.trained")
def _():
    (n,) = count("parameters", only(**STUDY_TRAINED))
    return {"n": n, **rho("parameters", only(**STUDY_TRAINED))}


@answers("corr.metrics.trained")
def _():
    return {f"{one.benchmark}-{one.of}": one.rho for one in correlates.agreement(only(**STUDY_TRAINED))}


@answers("dimensionality.projection")
def _():
    found = scores()["wrsa"]
    plain = np.array([one.number("dimensionality") for one in found])
    projected = np.array([one.number(DIMENSIONALITY) for one in found])
    assert len(found) == 224
    gap = estimates.mean(plain - projected)
    return {
        "mean": gap.value,
        "sd": gap.se * np.sqrt(gap.df + 1),
        "spearman": spearman(list(zip(plain.tolist(), projected.tolist(), strict=True))),
        "min": min(plain.min(), projected.min()),
        "max": max(plain.max(), projected.max()),
        "median_true": np.median(projected),
    }


# --- voxels, through the reader, with made-up responses to two images


@answers("ceiling.ncsnr_otc")
def _(the_voxels):
    import torch

    from pytest_brainscore.metrics.ncsnr import noise_ceiling

    ncsnr, subjects, _ = the_voxels
    groups = [torch.as_tensor(np.flatnonzero(subjects == name)) for name in "1257"]
    pooled = noise_ceiling(torch.as_tensor(ncsnr), 1 / 3)
    parts = noise_ceiling(torch.as_tensor(ncsnr), 1 / 3, groups).parts(groups=groups)
    return {
        "n": len(ncsnr),
        "mean_nc": pooled.value,
        "mean_sqrt": pooled.also["ceiling_r"],
        "per_subject": dict(zip("1257", parts.tolist(), strict=True)),
        "mean_of_subjects": float(parts.mean()),
        "mean_ncsnr": float(ncsnr.mean()),
    }


@answers("voxels.otc")
def _(the_voxels):
    _, subjects, regions = the_voxels
    by_subject = [subjects == name for name in "1257"]
    names = ("FFA-1", "FFA-2", "OFA", "EBA", "FBA-1", "FBA-2", "OPA", "PPA", "VWFA-1", "VWFA-2", "OWFA")
    return {
        "rows": [int(one.sum()) for one in by_subject],
        "rois": {name: [int(regions[name][one].sum()) for one in by_subject] for name in names},
    }


@pytest.fixture(scope="module")
def the_voxels(tmp_path_factory):
    """NCSNR, subject and regions of each voxel."""
    import pandas as pd
    from PIL import Image

    folder = tmp_path_factory.mktemp("voxels")
    metadata = FOLDER / "voxel_metadata_OTC.csv"
    names = ["a.png", "b.png"]
    for i, name in enumerate(names):
        Image.new("RGB", (8, 8), (i, i, i)).save(folder / name)
    pd.DataFrame({"image_name": names}).to_csv(folder / "images.csv", index=False)
    ids = pd.read_csv(metadata, usecols=["voxel_id"])
    ids.assign(**{name: float(i) for i, name in enumerate(names)}).to_csv(folder / "betas.csv", index=False)
    dataset = VoxelsDataset.model_validate(
        {
            "id": "Conwell2024.release",
            "title": "voxels of the release",
            "reader": "voxel_betas",
            "species": "human",
            "stimuli": {"images": tuple(names), "table": "images.csv"},
            "recordings": {"betas": "betas.csv", "metadata": str(metadata)},
        }
    )
    found = voxels.read(dataset, lambda file: folder / (file.file or file.name), folder)
    coords = found.data.coords
    return coords["ncsnr"].values, coords["subject"].values.astype(str), coords


@answers("jl.5920")
def _():
    from pytest_brainscore.metrics.scaling import components_for

    return components_for(1000, 0.1)


# --- what an entry of its own has not


def test_all_groups_are_those_of_the_study(shared):
    """The queries over our words choose what the study's own columns choose."""
    import pandas as pd

    table = pd.read_csv(FOLDER / "results_summary.csv")
    table = table[table.metric == "wrsa"]
    columns = {
        ("architecture", "cnn"): ("compare_architecture", "Convolutional"),
        ("architecture", "transformer"): ("compare_architecture", "Transformer"),
        ("architecture", "mlp_mixer"): ("compare_architecture", "MLP-Mixer"),
        ("architecture", "hybrid"): ("compare_architecture", "Hybrid"),
        ("self-supervision", "contrastive"): ("compare_goal_contrastive", "Contrastive"),
        ("self-supervision", "non-contrastive"): ("compare_goal_contrastive", "Non-Contrastive"),
        ("slip", "simclr"): ("compare_goal_slip", "SimCLR"),
        ("slip", "clip"): ("compare_goal_slip", "CLIP"),
        ("slip", "slip"): ("compare_goal_slip", "SLIP"),
        ("taskonomy", "2d"): ("compare_goal_taskonomy_cluster", "2D"),
        ("taskonomy", "3d"): ("compare_goal_taskonomy_cluster", "3D"),
        ("taskonomy", "geometric"): ("compare_goal_taskonomy_cluster", "Geometric"),
        ("taskonomy", "semantic"): ("compare_goal_taskonomy_cluster", "Semantic"),
        ("diet", "places-365"): ("compare_diet_ipcl", "places256"),
        ("imagenet-size", "imagenet-21k"): ("compare_diet_imagenetsize", "imagenet21k"),
        ("imagenet-size", "imagenet-1k"): ("compare_diet_imagenetsize", "imagenet"),
        ("training", "trained"): ("compare_training", "classification"),
        ("training", "untrained"): ("compare_training", "random"),
    }
    ours = {one.model: one.about["model_string"] for one in scores()["wrsa"]}
    found = {
        (one.contrast, one.group): {ours[model] for model in one.networks}
        for one in analysed().groups
        if one.benchmark == "wrsa"
    }
    for key, (column, value) in columns.items():
        assert found[key] == set(table.model_string[table[column] == value]), key


def test_the_conclusion_on_versa_depends_on_the_unit(shared):
    note = next(one for one in analysed().notes if one.startswith("wrsa, architecture"))
    yes, open_ = note.split("; open by ")
    assert "yes by released" in yes
    assert open_.startswith("networks (-0.001 to +0.020)")
    assert not any(one.startswith("crsa, architecture") for one in analysed().notes)
