"""Activations: what the layers of a network answer to stimuli, all in one pass."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import torch

from ..data.stimuli import Stimuli
from ..errors import BrainScoreError, ModelError, first_line
from ..frames import own_line
from ..progress import Tell, untold
from ..specs.views import Trials
from . import fingerprint
from .answers import Record
from .columns import LayerActivations, allocate
from .feed import prepared
from .kinds import Reading, layer_of
from .looks import averaged
from .network import Network
from .precomputed import AnyNetwork, Precomputed
from .projection import Projector
from .settings import OF_THIS_THREAD
from .taps import Taps, TooMuch
from .untouched import exact, plain, settled, untouched

BUDGET = 256 * 2**20
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed")

__all__ = ["BUDGET", "LayerActivations", "extract"]


@contextmanager
def extract(
    network: AnyNetwork,
    stimuli: Stimuli,
    layers: Iterable[Reading],
    *,
    device: torch.device | str = "cpu",
    batch_size: int | None = None,
    spill: Path | None = None,
    budget: int = BUDGET,
    room: int | None = None,
    trials: Trials | None = None,
    tell: Tell = untold,
) -> Iterator[Mapping[Reading, LayerActivations]]:
    """Show the stimuli to the network and hold the answers of its layers, (n, p) each.

    layers: dotted module names, or addresses (models/addresses.py). Of a module that is called several
        times the last call counts; of a tuple, list or dict the first tensor; each stimulus's answer is
        flattened in C order. A layer and a projection is projected as it answers: (n, k) is held alone.
    batch_size: images shown at once (default: the network's), halved where the device's memory is short, or
        where the answers to one batch exceed half a gigabyte.
    spill: the folder for what exceeds `budget` bytes of memory, in files that have no name.
    room: bytes that may lie there (default: all that are free).
    trials: how often each image is shown; the answers to it are averaged (default: once).
    tell: hears after each batch how many of the images were shown.

    The answers are there while the context is open. Equal images are shown once. The forward pass runs in
    eval mode, without gradients, in full float32, with random numbers that are the same each time, and with
    `trials` the same for a batch whatever was shown before it; it stops when the last of the layers has
    answered.
    A layer that is not called, does not answer per stimulus, or answers with NaN or infinity raises its own
    ModelError when it is looked up; the others can be read.
    Precomputed activations are looked up in their file instead, whatever else is asked for.
    Raises ModelError where a layer is not there; where the network fails; where memory does not suffice for
    one image; where the disk is full; and its NoRoom, before anything is held, where the layers need more
    disk than they may have.
    """
    names = tuple(dict.fromkeys(layers))
    if isinstance(network, Precomputed):
        yield network.answers(stimuli)
        return
    for name in names:
        network.require(layer_of(name))
    shown, rows = _distinct(stimuli)
    with ExitStack() as files:
        folder = spill or Path(tempfile.gettempdir())
        hold = partial(allocate, folder=folder, budget=budget, files=files, room=room)
        record = Record(network, stimuli, shown, hold, tell)
        size = batch_size or network.batch_size
        _show(network, stimuli, shown, names, torch.device(device), size, trials, record)
        index = None if len(shown) == len(rows) else torch.tensor(rows)
        yield record.finished(names, index)


def _distinct(stimuli: Stimuli) -> tuple[list[int], list[int]]:
    """The first of each kind of image, and for each stimulus its place among them."""
    place: dict[str, int] = {}
    shown: list[int] = []
    rows: list[int] = []
    for i, digest in enumerate(stimuli.digests):
        if digest not in place:
            place[digest] = len(shown)
            shown.append(i)
        rows.append(place[digest])
    return shown, rows


def _show(
    network: Network,
    stimuli: Stimuli,
    shown: list[int],
    names: tuple[Reading, ...],
    device: torch.device,
    size: int,
    trials: Trials | None,
    record: Record,
) -> None:
    """Run all images through the network and hand each batch's answers to `record`."""
    images = prepared(network, stimuli, shown, ahead=2 * size)
    waiting: deque[torch.Tensor] = deque()
    drawn = {reading[1] for reading in names if not isinstance(reading, str)}
    project = {each: Projector(each, len(stimuli)).rows for each in drawn}
    with _steady(device), Taps(network, names, project=project) as taps, closing(images):
        _move(network, device)
        first = network.fingerprint
        while not record.is_hopeless and (batch := _take(images, waiting, size)):
            if _answered(taps, batch, device, trials, record):
                continue
            if len(batch) == 1:
                raise ModelError(
                    f"{network.id}: one image does not fit into the memory of {device}; use the CPU"
                )
            size = len(batch) // 2
            waiting.extendleft(reversed(batch))
            _free(device)
        network.require_unmoved(first)
        _require_still(network)


def _require_still(network: Network) -> None:
    """Raise ModelError where the network could have answered at random."""
    if part := fingerprint.training(network.module):
        raise ModelError(
            f"{network.id}: {part} went into training mode while stimuli were shown: its answers may depend"
            " on chance or on the batch; leave the mode as eval() sets it"
        )


def _answered(
    taps: Taps, batch: list[torch.Tensor], device: torch.device, trials: Trials | None, record: Record
) -> bool:
    """A batch's answers into the record; False where memory did not suffice, and then nothing is recorded."""
    answers = _answers(taps, batch, device, trials, record.start)
    if answers is not None:
        record.add(answers, len(batch))
    return answers is not None


def _answers(
    taps: Taps, batch: list[torch.Tensor], device: torch.device, trials: Trials | None, first: int
) -> Mapping[Reading, torch.Tensor | ModelError] | None:
    """One forward pass, or the mean of one per trial; None where memory did not suffice."""
    try:
        # Of all other settings a transform, in its thread, may have changed some for a moment.
        with settled(OF_THIS_THREAD), torch.no_grad():
            plain()
            exact()
            images = torch.stack(batch).to(device)
            if trials is None:
                return taps(images)
            return averaged(taps, images, trials, taps.network.visual_degrees, first)
    except TooMuch:
        return None
    except BrainScoreError:
        raise
    except (Exception, SystemExit) as why:
        if _is_no_memory(why):
            return None
        name, shape = taps.network.id, tuple(batch[0].shape)
        reason = first_line(why, "no message")
        raise ModelError(
            f"{name}: the forward pass of images {shape} fails: {type(why).__name__}: {reason}{own_line(why)}"
        ) from why


def _is_no_memory(why: BaseException) -> bool:
    text = str(why).lower()
    known = isinstance(why, RuntimeError) and any(words in text for words in _NO_MEMORY)
    return known or isinstance(why, (torch.OutOfMemoryError, MemoryError))


def _take(images: Iterator[torch.Tensor], waiting: deque[torch.Tensor], size: int) -> list[torch.Tensor]:
    batch = [waiting.popleft() for _ in range(min(size, len(waiting)))]
    while len(batch) < size and (image := next(images, None)) is not None:
        batch.append(image)
    return batch


@contextmanager
def _steady(device: torch.device) -> Iterator[None]:
    """Full float32 and fixed random numbers; the user's settings and generators are as before afterwards."""
    with untouched(0, [device]):
        exact()
        torch.backends.cudnn.benchmark = False
        yield


def _move(network: Network, device: torch.device) -> None:
    try:
        network.module.to(device).eval()
    except (Exception, SystemExit) as why:
        reason = first_line(why)
        raise ModelError(f"{network.id}: the network cannot be moved to {device}: {reason}") from why


def _free(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
