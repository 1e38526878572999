"""The feed: stimuli opened and preprocessed ahead of the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from ..data.stimuli import Stimuli
from ..errors import ModelError
from ..frames import own_line
from .field import in_field
from .network import Network


def prepared(
    network: Network, stimuli: Stimuli, shown: list[int], ahead: int
) -> Generator[torch.Tensor, None, None]:
    """Images as the network takes them, in order, opened and preprocessed ahead of time."""
    pool = ThreadPoolExecutor(min(4, torch.get_num_threads()), thread_name_prefix="stimuli")
    queue: deque[Future[torch.Tensor]] = deque()
    try:
        for i in shown:
            queue.append(pool.submit(_prepare, network, stimuli, i))
            if len(queue) > ahead:
                yield queue.popleft().result()
        while queue:
            yield queue.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare(network: Network, stimuli: Stimuli, i: int) -> torch.Tensor:
    image = in_field(stimuli.open(i), network.visual_degrees, stimuli.width(i))
    try:
        tensor = torch.as_tensor(network.preprocess(image)).float()
    except (Exception, SystemExit) as why:
        raise ModelError(
            f"{network.id}: its preprocessing fails on stimulus {stimuli.ids[i]}: {type(why).__name__}: {why}"
            f"{own_line(why)}"
        ) from why
    if tensor.ndim != 3:
        raise ModelError(
            f"{network.id}: its preprocessing gives shape {tuple(tensor.shape)} for stimulus"
            f" {stimuli.ids[i]}; it should give (3, height, width)"
        )
    return tensor
