"""Building: a line of models.yaml made into a network."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from platformdirs import user_cache_path
from torch import nn

from ..data.fetch import Fetcher
from ..errors import BrainScoreError, FetchError, ModelError, first_line, nearest
from ..frames import own_line
from ..specs.base import File
from ..specs.data_driven import DATA_DRIVEN
from ..specs.models import PRECOMPUTED, Model, Preprocess
from ..specs.zoo import place
from .network import from_module
from .precomputed import AnyNetwork, open_precomputed
from .preprocess import Preprocessor, Transform
from .published import from_hugging_face, from_torch_hub, hub_url, same_as_before
from .untouched import untouched
from .weights import load_weights, read_weights

Fetch = Callable[[File], Path]
Resolve = Callable[[str], Callable[..., Any]]
Built = tuple[nn.Module, Transform]
_HUGGING_FACE_FILES = ("model.safetensors", "pytorch_model.bin")


def build(
    spec: Model, fetch: Fetch, resolve: Resolve, *, offline: bool = False, cache: Path | None = None
) -> AnyNetwork:
    """The network of a spec: in eval mode, float32, on the CPU; or the file of its answers.

    fetch: gives the local path of a `File`, verified. resolve: the callable of ``package.module:factory``.
    offline: opens no socket. cache: where the digests of timm's weights are kept (default: the user's).

    Random weights are those of ``torch.manual_seed(spec.seed)`` before the constructor; the caller's random
    numbers stay as they are.
    Raises NotHere where published weights are on no disk and may not be fetched, and ModelError where the
    source has no such network, its constructor fails, or the weights are not its own.
    """
    cache = cache or user_cache_path("pytest-brainscore")
    if spec.source == DATA_DRIVEN:
        raise ModelError(
            f"{spec.id}: is trained on the recordings of each benchmark, and has no layers to choose among"
        )
    if spec.source == PRECOMPUTED:
        return open_precomputed(spec, fetch, cache)
    with untouched(spec.seed), _one_line(spec):
        module, transform = _made(spec, resolve, offline, cache)
        if isinstance(spec.weights, File):
            load_weights(module, _fetched(spec.weights, fetch, spec.id, offline), spec.id)
        return from_module(
            module.requires_grad_(False),
            Preprocessor(spec.preprocess) if spec.preprocess else transform,
            id=spec.id,
            visual_degrees=spec.visual_degrees,
            batch_size=spec.batch_size,
        )


def file_of(model: Model, folder: Path, fetcher: Fetcher, file: File) -> Path:
    """The local path of a file that a network is built from.

    Raises FetchError; where the mistake is in the file's entry, at its line of models.yaml.
    """
    try:
        return fetcher(file, folder)
    except FetchError as why:
        if type(why) is not FetchError:  # it cannot be had now: no mistake of that line
            raise
        key = "weights" if model.activations is None else "activations"
        raise FetchError(f"{place(model.id, key, folder)}{why}") from None


def _made(spec: Model, resolve: Resolve, offline: bool, cache: Path) -> Built:
    """The module and its transform, from the source that the spec names."""
    if spec.source == "torchvision":
        return _torchvision(spec, offline)
    return _timm(spec, offline, cache) if spec.source == "timm" else _factory(spec, resolve)


def _fetched(file: File, fetch: Fetch, model: str, offline: bool) -> Path:
    """A file of weights, verified: by its hash, or by the beginning of one in its name."""
    url = hub_url(file)
    return from_torch_hub(url, model, offline=offline) if url else fetch(file)


def _torchvision(spec: Model, offline: bool) -> Built:
    from torchvision.models import get_model_builder, get_model_weights, list_models

    try:
        builder, known = get_model_builder(spec.architecture), get_model_weights(spec.architecture)
    except ValueError:
        hint = nearest(spec.architecture, list_models())
        raise ModelError(f"{spec.id}: torchvision has no model {spec.architecture}{hint}") from None
    if not isinstance(spec.weights, str) or not spec.trained:
        module = builder(weights=None, **spec.arguments)
        return module, Preprocessor(_untrained_eyes(module, known))
    if spec.weights not in known.__members__:
        raise ModelError(
            f"{spec.id}: torchvision has no weights {spec.weights} for {spec.architecture}"
            f"{nearest(spec.weights, known.__members__)} (there are {', '.join(known.__members__)})"
        )
    weights = known[spec.weights]
    read_weights(from_torch_hub(weights.url, spec.id, offline=offline))
    return builder(weights=weights, progress=False, **spec.arguments), Preprocessor(_eyes(weights))


def _eyes(weights: Any) -> Preprocess:
    """A squash to the side, and the mean and deviation, that published weights were evaluated with."""
    preset = weights.transforms()
    return Preprocess(size=preset.crop_size[0], mean=tuple(preset.mean), std=tuple(preset.std))


def _untrained_eyes(module: nn.Module, known: Any) -> Preprocess:
    """The input that the module insists on, else the smallest that published weights of it take."""
    size = getattr(module, "image_size", None)
    if not isinstance(size, int):
        size = min((weights.transforms().crop_size[0] for weights in known), default=224)
    return Preprocess(size=size)


def _timm(spec: Model, offline: bool, cache: Path) -> Built:
    timm = _untyped("timm")
    if not timm.is_model(spec.architecture):
        hint = nearest(spec.architecture, timm.list_models())
        raise ModelError(f"{spec.id}: timm has no model {spec.architecture}{hint}")
    if isinstance(spec.weights, str) and spec.trained:
        full = f"{spec.architecture}.{spec.weights}"
        path = _timm_weights(full, spec.id, offline)
        same_as_before(f"timm:{full}", path, cache)
        overlay = {"file": str(path)}
        module = timm.create_model(full, pretrained=True, pretrained_cfg_overlay=overlay, **spec.arguments)
    else:
        module = timm.create_model(spec.architecture, pretrained=False, **spec.arguments)
    eyes = timm.data.resolve_model_data_config(module)
    _make_tables(module, eyes["input_size"])
    return module, timm.data.create_transform(**eyes, is_training=False)


def _make_tables(module: nn.Module, size: tuple[int, int, int]) -> None:
    """Show a black image to what makes its table of places at the first one, and so would change: ConViT."""
    if any(name.endswith("rel_indices") for name, _ in module.named_buffers()):
        with torch.no_grad():
            module.eval()(torch.zeros(1, *size))


def _timm_weights(full: str, model: str, offline: bool) -> Path:
    timm = _untyped("timm")
    if not timm.is_model_pretrained(full):
        base, _, tag = full.partition(".")
        tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{base}.*")]
        raise ModelError(
            f"{model}: timm has no weights {tag} for {base}{nearest(tag, tags)} (there are {', '.join(tags)})"
        )
    found = timm.models.get_pretrained_cfg(full)
    if found.hf_hub_id:
        names = (found.hf_hub_filename,) if found.hf_hub_filename else _HUGGING_FACE_FILES
        return from_hugging_face(found.hf_hub_id, names, model, offline=offline)
    return from_torch_hub(found.url, model, offline=offline)


def _untyped(name: str) -> Any:
    return importlib.import_module(name)


def _factory(spec: Model, resolve: Resolve) -> Built:
    with untouched(spec.seed):  # importing may draw random numbers, and happens in one of several builds only
        factory = resolve(spec.source)
    made = factory(**spec.arguments)
    module, transform = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(module, nn.Module):
        raise ModelError(
            f"{spec.id}: {spec.source} gives {type(module).__name__}; a factory gives an nn.Module,"
            " or an nn.Module and its transform"
        )
    return module, transform or Preprocessor(Preprocess())


@contextmanager
def _one_line(spec: Model) -> Iterator[None]:
    """What a constructor raises, as a ModelError of one line; what it warns of on the way is nobody's."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except BrainScoreError:
        raise
    except (Exception, SystemExit) as why:
        reason = first_line(why, "no message")
        what = spec.source if ":" in spec.source else f"{spec.source}:{spec.architecture}"
        raise ModelError(
            f"{spec.id}: {what} cannot be built: {type(why).__name__}: {reason}{own_line(why)}"
        ) from why
