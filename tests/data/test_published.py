"""The published tables of Conwell et al. 2024, on a made-up folder of their layout."""

from __future__ import annotations

import pandas as pd
import pytest

from pytest_brainscore.data.published.conwell2024 import FILES, read
from pytest_brainscore.errors import DataError

NAN = float("nan")
COLUMNS = (
    *("model_string", "model", "train_task", "train_data", "architecture", "model_class"),
    *("compare_goal_taskonomy_cluster", "compare_goal_taskonomy_tasks", "compare_goal_contrastive"),
)
MODELS = [
    ("alexnet_classification", "alexnet", "classification", "imagenet", "alexnet", "Convolutional"),
    ("alexnet_random", "alexnet", "random", NAN, "alexnet", "Convolutional"),
    ("gmixer_24_224_random", "gmixer_24_224", "random", NAN, "gmixer_24_224", "Convolutional"),
    ("big_in22ft1k_classification", "big_in22ft1k", "classification", "imagenet21k", "big", "MLP-Mixer"),
    ("googlenet_classification", "googlenet", "classification", "imagenet", "googlenet", "Convolutional"),
    ("alexnet_gn_ipcl_a_ipcl", "alexnet_gn_ipcl_a", "ipcl", "places256", "alexnet_gn", "Convolutional"),
    ("RN50_clip", "RN50", "clip", "openai400M", "ResNet50", "Convolutional"),
    ("RegNet-SEER-INFT_seer", "RegNet-SEER-INFT", "seer", "random1B", "RegNet", "Convolutional"),
    ("ViT-B/16_clip", "ViT-B/16", "clip", "openai400M", "ViT-B/16", "Transformer"),
    ("ViT-L-SLIP-CC12M_slip", "ViT-L-SLIP-CC12M", "slip", "YFCC15M", "ViT-L", "Transformer"),
    ("ViT-S-SimCLR_slip", "ViT-S-SimCLR", "slip", "YFCC15M", "ViT-S", "Transformer"),
    ("MiDaS_monoculardepth", "MiDaS", "monoculardepth", "ReDWeb,DIML", "MiDaS", NAN),
    ("dino_vitb16_selfsupervised", "dino_vitb16", "selfsupervised", "imagenet", "vitb16", "Transformer"),
    *(
        (f"{task}_taskonomy", task, "taskonomy", data, "resnet50", "Convolutional", cluster, task)
        for task, data, cluster in (
            ("autoencoding", "taskonomy", "2D"),
            ("random_weights", NAN, "Random"),
        )
    ),
    *(
        (f"{m}_selfsupervised", m, "selfsupervised", "imagenet", "ResNet50", "Convolutional", NAN, NAN, goal)
        for m, goal in (("ResNet50-MoCoV2-BS256", "Contrastive"), ("ResNet50-RotNet", "Non-Contrastive"))
    ),
]
SUBJECTS = {"1": 0.31, "2": 0.32, "5": 0.33, "7": 0.36}


def tables():
    names = [one[0] for one in MODELS]
    filled = [(*one, *(NAN,) * (len(COLUMNS) - len(one))) for one in MODELS]
    base = pd.DataFrame(filled, columns=COLUMNS).assign(display_name="shown")
    scores = {"crsa": 0.33, "wrsa": 0.6, "srpr": 0.4}
    side = [name.removesuffix("_ipcl") if "ipcl" in name else name for name in names]
    npid = "ResNet50-NPID-4KNegative_selfsupervised"
    sizes = [(name, p, 10.0 + i + 5 * (not p)) for i, name in enumerate([*side, npid]) for p in (False, True)]
    by_subject = list(SUBJECTS.items())
    return {
        FILES[0]: pd.concat([base.assign(metric=m, score=s) for m, s in scores.items()]),
        FILES[1]: pd.DataFrame(
            [("alexnet", "CNN", "crsa", *pair) for pair in by_subject],
            columns=["architecture", "contrast", "metric", "subj_id", "score"],
        ),
        FILES[2]: pd.DataFrame(
            [("RN50", "clip", "crsa", *pair) for pair in by_subject],
            columns=["model", "train_task", "metric", "subj_id", "score"],
        ),
        FILES[3]: pd.DataFrame(sizes, columns=["model_string", "random_projection", "effective_dimensions"]),
        FILES[4]: pd.DataFrame({"model_string": names[:4], "imagnet1k_top1": [56.5, NAN, NAN, 80.0]}),
        FILES[5]: pd.DataFrame(
            [(name, 1000 + i) for i, name in enumerate(side) if "googlenet" not in name],
            columns=["model_string", "total_params"],
        ),
    }


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path, tables())


def write(folder, tables):
    for name, table in tables.items():
        table.to_csv(folder / name, index=False)
    return folder


def about(folder, **options):
    return {row.about["model_string"]: row for row in read(folder, **options).rows if row.metric == "crsa"}


def test_every_network_has_a_row_for_each_metric(folder):
    found = read(folder)
    assert len(found.rows) == 3 * len(MODELS)
    assert {row.benchmark: row.raw for row in found.rows} == {
        "NSD.Conwell2024.released.OTC-crsa": 0.33,
        "NSD.Conwell2024.released.OTC-versa": 0.6,
        "NSD.Conwell2024.released.OTC-encoding": 0.4,
    }
    assert {(row.region, row.species, row.status) for row in found.rows} == {("OTC", "human", "scored")}
    assert "ResNet50-NPID-4KNegative_selfsupervised: has no score and is left out" in found.notes


def test_scores_by_subject_stand_where_they_are_published(folder):
    rows = about(folder)
    due = {f"raw.{subject}": score for subject, score in SUBJECTS.items()}
    assert rows["alexnet_classification"].also == rows["RN50_clip"].also == due
    assert rows["alexnet_random"].also == rows["googlenet_classification"].also == {}


def test_words_are_ours(folder):
    rows = about(folder)

    def said(name, *words):
        return tuple(rows[name].about.get(word) for word in words)

    four = ("task", "diet", "objective", "architecture")
    assert said("alexnet_classification", *four) == ("classification", "imagenet-1k", "supervised", "alexnet")
    assert said("RN50_clip", *four) == ("clip", "wit-400m", "contrastive language-image", "clip_resnet50")
    assert said("ViT-S-SimCLR_slip", *four) == ("simclr", "yfcc-15m", "contrastive", "vit_s")
    assert said("ViT-L-SLIP-CC12M_slip", *four)[:2] == ("slip", "cc-12m")
    assert said("autoencoding_taskonomy", *four, "cluster") == (
        *("autoencoding", "taskonomy", "autoencoding", "resnet50_taskonomy"),
        "2d",
    )
    moco, rotation = "ResNet50-MoCoV2-BS256_selfsupervised", "ResNet50-RotNet_selfsupervised"
    assert said(moco, *four) == ("mocov2", "imagenet-1k", "contrastive", "resnet50")
    assert said(rotation, *four) == ("rotnet", "imagenet-1k", "non-contrastive", "resnet50")
    assert said("dino_vitb16_selfsupervised", *four) == (
        *("dino", "imagenet-1k", "self-distillation", "vit_base_patch16_224"),
    )
    assert said("alexnet_gn_ipcl_a_ipcl", *four) == ("ipcl", "places-365", "contrastive", "alexnet_gn")
    assert said("big_in22ft1k_classification", "family", "diet") == ("mlp_mixer", "imagenet-21k, imagenet-1k")
    assert said("RegNet-SEER-INFT_seer", "diet") == ("instagram-1b, imagenet-1k",)
    assert said("MiDaS_monoculardepth", "family", "task") == (None, "monocular_depth")


def test_of_random_weights_nothing_is_said_of_training(folder):
    rows = about(folder)
    trained = {name: row.about["trained"] for name, row in rows.items()}
    assert [name for name, known in trained.items() if not known] == [
        *("alexnet_random", "gmixer_24_224_random", "random_weights_taskonomy"),
    ]
    for name, known in trained.items():
        assert known or not {"task", "diet", "objective", "cluster"} & set(rows[name].about)
    assert rows["random_weights_taskonomy"].about["train_task"] == "taskonomy"


def test_numbers_are_joined_with_the_names_put_right(folder):
    rows = about(folder)
    known = rows["alexnet_classification"].about
    assert (known["top1"], known["parameters"]) == (56.5, 1000)
    assert (known["dimensionality"], known["dimensionality_projected"]) == (15.0, 10.0)
    repaired = rows["alexnet_gn_ipcl_a_ipcl"].about
    assert (repaired["parameters"], repaired["dimensionality_projected"]) == (1005, 15.0)
    assert "parameters" not in rows["googlenet_classification"].about
    assert rows["googlenet_classification"].notes == ("parameter_count.csv has no line of it",)
    assert "top1" not in rows["alexnet_random"].about


def test_what_was_put_right_or_left_is_said(folder):
    notes = {name: " ".join(row.notes) for name, row in about(folder).items()}
    assert "its weights are random" in notes["random_weights_taskonomy"]
    assert "gives it no class" in notes["MiDaS_monoculardepth"]
    assert "it is an MLP-mixer" in notes["gmixer_24_224_random"]
    assert "its name says CC12M" in notes["ViT-L-SLIP-CC12M_slip"]
    assert (
        "gives imagenet21k as its diet; its name says it was tuned on ImageNet-1k"
        in notes["big_in22ft1k_classification"]
    )
    assert notes["alexnet_classification"] == ""


def test_ids_are_made_of_names_or_are_ours(folder):
    ids = {name: row.model for name, row in about(folder).items()}
    assert ids["ViT-B/16_clip"] == "ViT_B_16_clip"
    ids = {
        name: row.model
        for name, row in about(folder, ids={"alexnet_classification": "alexnet", "RN50_clip": "rn"}).items()
    }
    assert (ids["alexnet_classification"], ids["alexnet_random"], ids["RN50_clip"]) == (
        *("alexnet", "alexnet_untrained"),
        "rn",
    )
    assert ids["gmixer_24_224_random"] == "gmixer_24_224_random"
    with pytest.raises(DataError, match="RN50_clip, ViT-B/16_clip: would share an id"):
        read(folder, {"RN50_clip": "x", "ViT-B/16_clip": "x"})


def test_a_missing_file_is_named(folder):
    (folder / "Figure3.csv").unlink()
    with pytest.raises(DataError, match=r"Figure3\.csv: is not there; the folder holds results_summary"):
        read(folder)


def dropped(name, column):
    return lambda all_: {**all_, name: all_[name].drop(columns=column)}


def doubled(name):
    return lambda all_: {**all_, name: pd.concat([all_[name], all_[name].head(1).assign(score=0.33)])}


def emptied(name):
    return lambda all_: {**all_, name: all_[name].head(0)}


def changed(name, column, value):
    def change(all_):
        table = all_[name].astype({column: object})
        table.iloc[0, list(table.columns).index(column)] = value
        return {**all_, name: table}

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dropped("results_summary.csv", "score"), "results_summary.csv: no column score"),
        (dropped("imagenet1k.csv", "imagnet1k_top1"), "imagenet1k.csv: no column imagnet1k_top1"),
        (dropped("Figure2.csv", "subj_id"), "Figure2.csv: no column subj_id"),
        (doubled("results_summary.csv"), "alexnet_classification: is there twice for crsa"),
        (changed("Figure2.csv", "score", 0.5), "the score is 0.33, and its subjects' mean is another"),
        (changed("results_summary.csv", "metric", "rsa"), "no metric rsa (metrics: crsa, wrsa, srpr)"),
        (
            changed("parameter_count.csv", "model_string", "alexnet_random"),
            "alexnet_random has two numbers for its parameters",
        ),
        (emptied("results_summary.csv"), "results_summary.csv: has no rows, only the names of columns"),
        (emptied("Figure2.csv"), "Figure2.csv: has no rows"),
        *(
            (changed("results_summary.csv", column, NAN), f"summary.csv: row 1, column {column}: is empty")
            for column in ("model_string", "model", "train_task", "architecture", "metric", "score")
        ),
        (changed("results_summary.csv", "score", "inf"), "row 1, column score: 'inf' is no number"),
        (
            changed("results_summary.csv", "train_task", "slip"),
            "row 1, column model: alexnet names no method",
        ),
        (changed("Figure2.csv", "score", "high"), "Figure2.csv: row 1, column score: 'high' is no number"),
        (changed("Figure2.csv", "score", NAN), "Figure2.csv: row 1, column score: is empty"),
        (changed("Figure2.csv", "subj_id", NAN), "Figure2.csv: row 1, column subj_id: is empty"),
        (changed("dimensionality.csv", "effective_dimensions", NAN), "column effective_dimensions: is empty"),
        (changed("dimensionality.csv", "random_projection", "no"), "'no' is neither True nor False"),
        (changed("imagenet1k.csv", "imagnet1k_top1", "x"), "column imagnet1k_top1: 'x' is no number"),
        (changed("parameter_count.csv", "total_params", "many"), "column total_params: 'many' is no number"),
        (changed("parameter_count.csv", "total_params", 0.5), "total_params: 0.5 is no whole number from 0"),
    ],
)
def test_what_is_not_as_published_is_an_error(tmp_path, change, said):
    with pytest.raises(DataError) as why:
        read(write(tmp_path, change(tables())))
    assert said in str(why.value)
