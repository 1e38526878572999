"""Write pytest_brainscore/specs/catalogue.json: the names that the installed torchvision and timm know."""

from __future__ import annotations

import json
from pathlib import Path

TARGET = Path(__file__).parents[1] / "pytest_brainscore" / "specs" / "catalogue.json"


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
    text = json.dumps({"made_with": versions(), "names": names()}, indent=1)
    TARGET.write_text(_short(text) + "\n", "utf-8")


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
