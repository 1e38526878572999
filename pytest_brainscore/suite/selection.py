"""Which models: what ``--models`` names, as specs ready to build."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..errors import SelectionError, nearest
from ..specs.catalogue import catalogue
from ..specs.models import SOURCES, Model
from ..specs.zoo import FILE, Zoo, place_of

UNTRAINED = "untrained"
_TWIN = re.compile(rf"^{UNTRAINED}(\d*):(.*)")
_LONGEST_SEED = 9


@dataclass(frozen=True)
class Candidate:
    """A model to score, and the folder that its relative paths start from."""

    model: Model
    folder: Path

    @property
    def id(self) -> str:
        """The model's id."""
        return self.model.id


def select(requests: str, zoo: Zoo, folder: Path) -> tuple[Candidate, ...]:
    """The candidates that comma-separated `requests` name, in their order, each once.

    `folder` is where relative paths of models outside the zoo start.
    Raises SelectionError where a name matches nothing or two models would share an id.
    """
    chosen: dict[str, Candidate] = {}
    for request in filter(None, (part.strip() for part in requests.split(","))):
        for model in _models(request, zoo):
            home = zoo.folders.get(model.id, folder)
            candidate = chosen.setdefault(model.id, Candidate(model, home))
            if candidate.model != model:
                raise SelectionError(
                    f"--models: {request}: two different models would be called {model.id};"
                    " give one of them a line of its own in models.yaml"
                )
    if not chosen:
        raise SelectionError("--models: no model is named")
    return tuple(chosen.values())


def requests_of(model: str) -> Iterator[str]:
    """What may have been asked for where a model has this id."""
    model = re.sub(rf"_{UNTRAINED}\d*$", "", model)
    yield model
    yield from (f"{source}:{model.removeprefix(f'{source}_')}" for source in SOURCES)
    module, _, function = model.rpartition(".")
    if module:
        yield f"{module}:{function}"


def packages(requests: str) -> tuple[str, ...]:
    """Top-level packages of the factories that `requests` name: naming them there is trusting them."""
    parts = (_TWIN.sub(r"\2", part.strip()) for part in requests.split(","))
    return tuple(p.split(":")[0].split(".")[0] for p in parts if ":" in p and p.split(":")[0] not in SOURCES)


def _models(request: str, zoo: Zoo) -> Iterator[Model]:
    prefix, _, rest = request.partition(":")
    if request.startswith("@"):
        yield from _set(request[1:], zoo)
    elif twin := _TWIN.fullmatch(request):
        _refuse_unclear_twin(request, *twin.groups())
        models = list(_models(twin[2], zoo))
        some = [model for model in models if model.has_twin or len(models) == 1]
        yield from (_twin(model, twin[1], zoo.folders.get(model.id)) for model in some)
    elif prefix in SOURCES and rest:
        yield from _listed(rest, prefix, f"{prefix}_")
    elif ":" in request:
        yield _factory(request)
    else:
        yield from _bare(request, zoo)


def _factory(request: str) -> Model:
    prefix, _, function = request.partition(":")
    hint = nearest(prefix, (*SOURCES, UNTRAINED))
    if hint and find_spec(prefix.split(".")[0]) is None:
        raise SelectionError(f"--models: {request}: there is no {prefix}{hint}")
    if not all(part.isidentifier() for part in (*prefix.split("."), function)):
        raise SelectionError(f"--models: {request}: a factory is named package.module:function")
    return Model(id=_as_id(f"{prefix}.{function}"), source=request)


def _refuse_unclear_twin(request: str, seed: str, name: str) -> None:
    """Raise SelectionError for a twin of nothing, a twin of a twin, and a seed that is too long."""
    wrong = ""
    if not name:
        wrong = f"names no model: write {UNTRAINED}{seed}:alexnet, for instance"
    elif _TWIN.match(name):
        wrong = f"is untrained twice: write {name}"
    elif len(seed) > _LONGEST_SEED:
        wrong = f"a seed has {_LONGEST_SEED} digits at most"
    if wrong:
        raise SelectionError(f"--models: {request}: {wrong}")


def _twin(model: Model, seed: str, folder: Path | None) -> Model:
    """The untrained twin whose random weights come from `seed`, as written: no digits are 0.

    `folder` is that of the models.yaml which has the model; None where none has.
    """
    if not model.has_twin:
        raise SelectionError(
            f"--models: {UNTRAINED}{seed}:{model.id}: {_without_twin(model)} no weights that could be random;"
            " leave it out"
        )
    if model.weights == "none" and model.source not in SOURCES:
        raise SelectionError(f"--models: {_without_weights(model, f'{UNTRAINED}{seed}:{model.id}', folder)}")
    return model.untrained(int(seed or 0))


def _without_weights(model: Model, twin: str, folder: Path | None) -> str:
    """Why a model whose factory makes the weights has no twin, and what to do."""
    if folder is not None:
        return (
            f"{twin}: {model.id} has no file of `weights` in {place_of(model.id, folder)}: name one, or leave"
            f" {twin} out"
        )
    return (
        f"{twin}: its factory makes the weights, so only it can leave them random; give the model a line in"
        f" {FILE} with `weights`, or name a factory without training"
    )


def _without_twin(model: Model) -> str:
    if model.training is not None:
        return "a data-driven network is what it learns from the recordings, and has"
    return "precomputed activations have" if model.activations else "a baseline has"


def _set(name: str, zoo: Zoo) -> Iterator[Model]:
    if name not in zoo.sets:
        known = ", ".join(f"@{s}" for s in zoo.sets) or "none"
        raise SelectionError(f"--models: no set @{name}{nearest(name, zoo.sets)} (sets: {known})")
    for member in zoo.sets[name]:
        yield from _models(member, zoo)


def _bare(request: str, zoo: Zoo) -> Iterator[Model]:
    """A name or glob: in models.yaml (a model, then a set), else in torchvision, else in timm."""
    found = [zoo.models[name] for name in _matching(request, zoo.models)]
    if found or request in zoo.sets:
        yield from found or _set(request, zoo)
        return
    for source in SOURCES:
        if _matching(request.split(".")[0], catalogue()[source]):
            yield from _listed(request, source, "")
            return
    _require_no_twin(request, zoo)
    raise SelectionError(
        f"--models: no model {request}{_hint(request, zoo)}"
        f" ({_lacking(zoo)}`python -m pytest_brainscore list` shows those that have a line)"
    )


def _lacking(zoo: Zoo) -> str:
    """That the project has no models.yaml, where that is so: a newcomer may stand in another folder."""
    folders = " or ".join(str(project.absolute()) for project in zoo.without)
    return f"there is no {FILE} in {folders}; " if folders else ""


def _hint(request: str, zoo: Zoo) -> str:
    """First what goes on after the request or orders its letters otherwise, as `resnetv2_50` does."""
    alike = [n for n in zoo.models if n.startswith(request) or sorted(n) == sorted(request)]
    known = [*zoo.models, *zoo.sets, *(name for source in SOURCES for name in catalogue()[source])]
    return nearest(request, alike) or nearest(request, known)


def _require_no_twin(request: str, zoo: Zoo) -> None:
    """Raise SelectionError where `request` is the id of a twin, which is asked for in another way."""
    twin = re.fullmatch(rf"(.+)_{UNTRAINED}(\d*)", request)
    if twin and any(twin[1] in names for names in (zoo.models, *catalogue().values())):
        raise SelectionError(
            f"--models: no model {request}; its twin with random weights is {UNTRAINED}{twin[2]}:{twin[1]}"
        )


def _listed(pattern: str, source: str, prefix: str) -> Iterator[Model]:
    """Models of a library by name, ``name.tag`` or glob, with their default weights pinned by name."""
    listed = catalogue()[source]
    name, _, tag = pattern.partition(".")
    names = _matching(name, listed)
    if not names:
        raise SelectionError(f"--models: {source} has no model {name}{nearest(name, listed)}")
    for match in names:
        tags = listed[match]
        if tag and tag not in tags:
            raise SelectionError(f"--models: {source}:{match} has no weights {tag}{nearest(tag, tags)}")
        weights = tag or (tags[0] if tags else "none")
        full = f"{prefix}{match}.{tag}" if tag else f"{prefix}{match}"
        yield Model(id=_as_id(full), source=source, name=match, weights=weights)


def _matching(pattern: str, names: Mapping[str, object]) -> list[str]:
    if not any(c in pattern for c in "*?["):
        return [pattern] if pattern in names else []
    return [name for name in names if fnmatch.fnmatchcase(name, pattern)]


def _as_id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]", "_", name)
