"""Showing: a few images to a network, to see what it is like, wherever it is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import Image

from ..errors import ModelError, first_line
from ..frames import own_line
from .network import Network


def shown(network: Network, images: Sequence[Image.Image]) -> None:
    """Show images (RGB, any size) to the network in one batch; hooks hear what its modules answer.

    Raises ModelError where the network fails, or changes its own weights.
    """
    first = network.fingerprint  # before anything is shown: some change with their first images alone
    batch = torch.stack([torch.as_tensor(network.preprocess(image)).float() for image in images])
    device = next((p.device for p in network.module.parameters()), torch.device("cpu"))
    try:
        with torch.no_grad(), torch.random.fork_rng([device] if device.type == "cuda" else []):
            network.module(batch.to(device))
    except (Exception, SystemExit) as why:
        reason = first_line(why, "no message")
        raise ModelError(
            f"{network.id}: the forward pass of an image fails: {type(why).__name__}: {reason}{own_line(why)}"
        ) from why
    network.require_unmoved(first)
