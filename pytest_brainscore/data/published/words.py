"""Words: what Conwell et al. 2024 say of a network, in the words of `about:`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...specs.contrasts import Word

Said = Mapping[str, str]
"""A row of results_summary.csv: its cells as text; what is empty or NA is not there."""

_FAMILY = {
    "Convolutional": "cnn",
    "Transformer": "transformer",
    "MLP-Mixer": "mlp_mixer",
    "Hybrid": "hybrid",
}
_DIET = {
    "imagenet": "imagenet-1k",
    "imagenet21k": "imagenet-21k",
    "YFCC15M": "yfcc-15m",
    "openai400M": "wit-400m",
    "places256": "places-365",
    "coco2017": "coco-2017",
    "random1B": "instagram-1b",
}
_TASK = {"yolo": "detection", "monoculardepth": "monocular_depth"}
_OBJECTIVE = {
    "classification": "supervised",
    "clip": "contrastive language-image",
    "ipcl": "contrastive",
}
_OF_SLIP = {
    "CLIP": "contrastive language-image",
    "SimCLR": "contrastive",
    "SLIP": "contrastive, and contrastive language-image",
}
_ARCHITECTURE = {"ResNet50-V2": "resnetv2_50", "vitb16": "vit_base_patch16_224"}
_ODD_ARCHITECTURE = {"clip": "clip_{}", "taskonomy": "{}_taskonomy"}
_MIXERS = ("gmixer_24_224", "gmlp_s16_224")
_TUNED_ON_1K = ("in22ft1k", "-INFT")
_ON_CC12M = "-CC12M"


def about(said: Said) -> dict[str, Word]:
    """What is known of a network. Of an untrained one nothing is said of a task, an objective or a diet."""
    facts = {
        "model_string": said["model_string"],
        "title": said.get("display_name"),
        "train_task": said["train_task"],
        "trained": trained(said),
        "family": _FAMILY.get(said.get("model_class", "")),
        "architecture": _architecture(said),
    }
    if trained(said):
        cluster = said.get("compare_goal_taskonomy_cluster")
        facts |= {"task": _task(said), "cluster": cluster and cluster.lower()}
        facts |= {"objective": _objective(said), "diet": _diet(said)}
    return {word: value for word, value in facts.items() if value is not None}


def trained(said: Said) -> bool:
    """Whether it was trained: Taskonomy's random weights were not, though the study counts them so."""
    return said["train_task"] != "random" and said["model_string"] != "random_weights_taskonomy"


def notes(said: Said) -> Iterator[str]:
    """What was put right in a row, and what was left as the study has it."""
    if said["model_string"] == "random_weights_taskonomy":
        yield "the study counts it among its trained networks; its weights are random"
    if "model_class" not in said:
        yield "the study gives it no class: its family is not known"
    if said["model"] in _MIXERS:
        yield "the study has it among the convolutional networks, and so has `family`; it is an MLP-mixer"
    if _ON_CC12M in said["model"]:
        yield "the study gives YFCC15M as its diet; its name says CC12M, and so does `diet`"
    if _tuned(said):
        yield f"the study gives {said['train_data']} as its diet; its name says it was tuned on ImageNet-1k"


def slip_method(model: str) -> str | None:
    """CLIP, SimCLR or SLIP, of a model of that study such as ViT-S-SimCLR; None where it names neither."""
    method = model.split("-")[2:3]
    return method[0] if method and method[0] in _OF_SLIP else None


def _task(said: Said) -> str:
    task, model = said["train_task"], said["model"]
    if task == "taskonomy":
        return said.get("compare_goal_taskonomy_tasks", model)
    if task == "slip":
        return (slip_method(model) or task).lower()
    if task == "selfsupervised":
        return re.sub(r"^ResNet50-", "", model).replace("_", "-").split("-")[0].lower()
    return _TASK.get(task, task)


def _objective(said: Said) -> str | None:
    contrastive = said.get("compare_goal_contrastive")
    if contrastive is not None:
        return contrastive.lower()
    if said["train_task"] == "slip":
        return _OF_SLIP.get(slip_method(said["model"]) or "")
    if said["model"].startswith("dino_"):
        return "self-distillation"
    return "autoencoding" if _task(said) == "autoencoding" else _OBJECTIVE.get(said["train_task"])


def _diet(said: Said) -> str | None:
    if _ON_CC12M in said["model"]:
        return "cc-12m"
    diet = said.get("train_data")
    if diet is None:
        return None
    return _DIET.get(diet, diet) + (", imagenet-1k" if _tuned(said) else "")


def _tuned(said: Said) -> bool:
    return any(mark in said["model"] for mark in _TUNED_ON_1K)


def _architecture(said: Said) -> str:
    """Its name, the same for networks that differ in training alone.

    CLIP's ResNets and Taskonomy's encoder are not the ResNet-50 that their names say.
    """
    name = said["architecture"]
    name = _ARCHITECTURE.get(name, re.sub(r"[^A-Za-z0-9_.]", "_", name).lower())
    return _ODD_ARCHITECTURE.get(said["train_task"], "{}").format(name)
