"""Write pytest_brainscore/specs/catalogue.json: what the installed torchvision and timm know, and sizes.

Sizes are those of the architectures of models.yaml, built on the meta device, which has no numbers.
"""

from __future__ import annotations

import importlib
import json
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from pytest_brainscore.specs.models import Model
from pytest_brainscore.specs.zoo import load_zoo

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "pytest_brainscore" / "specs" / "catalogue.json"


def names() -> dict[str, dict[str, list[str]]]:
    """Library to network to names of weights, the default first: what answers to one still image."""
    return {"torchvision": _torchvision(), "timm": _timm()}


def _torchvision() -> dict[str, list[str]]:
    from torchvision import models

    found = {}
    for name in models.list_models(module=models):
        known = models.get_model_weights(name)
        default = known["DEFAULT"].name if len(known) else ""
        found[name] = sorted((weights.name for weights in known), key=lambda weights: weights != default)
    return found


def _timm() -> dict[str, list[str]]:
    import timm

    found: dict[str, list[str]] = {name: [] for name in timm.list_models()}
    for full in timm.list_pretrained():
        name, _, tag = full.partition(".")
        if tag:
            found[name].append(tag)
    for name, tags in found.items():
        default = timm.models.get_pretrained_cfg(name)
        tags.sort(key=lambda tag: (tag != (default.tag if default else ""), tag))
    return found


def files() -> dict[str, dict[str, str]]:
    """Where published weights lie, by library and ``network.weights``.

    For torchvision the name of the file; for timm the repository on the Hugging Face hub, or the file, where
    it is not the repository of that name.
    """
    import timm
    from torchvision.models import get_model_weights

    theirs = {full: timm.models.get_pretrained_cfg(full) for full in timm.list_pretrained()}
    places = {full: known.hf_hub_id or known.url.rsplit("/", 1)[-1] for full, known in theirs.items()}
    enums = {name: get_model_weights(name) for name in _torchvision()}
    return {
        "torchvision": {
            f"{name}.{weights.name}": weights.url.rsplit("/", 1)[-1]
            for name, known in enums.items()
            for weights in known
        },
        "timm": {full: place for full, place in places.items() if place != f"timm/{full}"},
    }


def sizes() -> dict[str, dict[str, list[int]]]:
    """Source to architecture to [parameters, multiply-accumulates], of all that models.yaml names.

    An architecture counts as its first entry has it; where other weights change it, ``name.weights`` follows.
    """
    found: dict[str, dict[str, list[int]]] = {}
    models = load_zoo(ROOT / "models.yaml").models.values()
    for model in (model for model in models if model.training is None):
        known = found.setdefault(model.source, {})
        size = size_of(built(model), side(model))
        if known.setdefault(model.architecture, size) != size:
            known[f"{model.architecture}.{model.weights}"] = size
    return found


def built(model: Model) -> nn.Module:
    """The architecture of an entry as its weights or factory have it, on the meta device, in eval mode."""
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        return _constructed(model).eval().requires_grad_(False)


def _constructed(model: Model) -> nn.Module:
    if model.source == "torchvision":
        return importlib.import_module("torchvision").models.get_model(
            model.architecture, weights=None, **model.arguments
        )
    if model.source == "timm":
        return importlib.import_module("timm").create_model(_tagged(model), **model.arguments)
    module, _, function = model.source.partition(":")
    made = getattr(importlib.import_module(module), function)(**model.arguments)
    return made[0] if isinstance(made, tuple) else made


def _tagged(model: Model) -> str:
    return f"{model.architecture}.{model.weights}" if model.trained else model.architecture


def side(model: Model) -> int:
    """Width in pixels of the square that the network takes."""
    if model.preprocess:
        return model.preprocess.size
    if model.source == "torchvision":
        known = importlib.import_module("torchvision").models.get_model_weights(model.architecture)
        return int(known[model.weights].transforms().crop_size[0])
    if model.source == "timm":
        timm = importlib.import_module("timm")
        return int(timm.models.get_pretrained_cfg(_tagged(model)).input_size[-1])
    return 224


def size_of(module: nn.Module, side: int) -> list[int]:
    """[parameters, multiply-accumulates for one image (3, side, side)]; torch counts each as two FLOPs."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module(torch.empty(1, 3, side, side, device="meta"))
    return [sum(p.numel() for p in module.parameters()), counter.get_total_flops() // 2]


def versions() -> dict[str, str]:
    """The versions that are installed."""
    import timm
    import torchvision

    return {"torchvision": torchvision.__version__.split("+")[0], "timm": timm.__version__}


def committed_versions() -> dict[str, str]:
    """The versions that the committed file was made with."""
    found: dict[str, str] = json.loads(TARGET.read_text("utf-8"))["made_with"]
    return found


def main() -> None:
    """Write the file."""
    made = {"made_with": versions(), "sizes": sizes(), "files": files(), "names": names()}
    TARGET.write_text(_short(json.dumps(made, indent=1)) + "\n", "utf-8")


def _short(text: str) -> str:
    """One line per network."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if inside:
            lines[-1] += line.strip() if line.strip().startswith("]") else line.strip().replace(",", ", ")
        else:
            lines.append(line)
        inside = line.endswith("[") or (inside and not line.strip().startswith("]"))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
