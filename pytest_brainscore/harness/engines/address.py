"""The address of a Dask scheduler, as --brainscore-dask takes it."""

from __future__ import annotations

import re

from ...errors import nearest

LOCAL = "local"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+)"
_FORM = re.compile(rf"(?:(?:tcp|tls|ucx|ucxx)://)?{_HOST}:\d{{1,5}}|wss?://{_HOST}:\d{{1,5}}(?:/\S*)?")


def fault(address: str) -> str | None:
    """What is wrong with an address, and how it is written; None where it can be one.

    The transports are those of distributed. What is no address is not tried: to fail takes half a minute.
    """
    if address == LOCAL or _FORM.fullmatch(address):
        return None
    forms = "tcp://host:8786, tls://host:8786, host:8786, or local"
    return f"{address} is no address of a Dask scheduler: {forms}{nearest(address, [LOCAL])}"
