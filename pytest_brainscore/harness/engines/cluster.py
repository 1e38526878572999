"""The Dask cluster of a run: one that is there, or one of processes on this machine."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from distributed import Client, LocalCluster

from ...data.fetch import CACHE, MIRROR, Fetcher
from ...errors import WorkError
from ...versions import OF_NUMBERS, release, versions
from .address import LOCAL
from .seat import SEAT, Seat

PATIENCE_S = 60.0
_CONNECT_S = 15.0
_CLOSE_S = 5.0


class Cluster:
    """A connection to a Dask scheduler whose workers can do our work.

    `run` is its id: others may be on the same cluster at the same time.
    Raises WorkError where there is no scheduler, no worker, or one with other versions than ours, or where
    none can be started here.
    """

    def __init__(self, address: str, models: int, device: str) -> None:
        self.address, self.run = address, uuid4().hex
        self._own: LocalCluster | None = None
        self._empty_since: float | None = None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it, our errors say
        try:
            self._open(models, device)
        except BaseException as why:
            self.close()
            if isinstance(why, WorkError) or not isinstance(why, Exception):
                raise
            failed = "no workers can be started here" if address == LOCAL else "no Dask scheduler answers"
            raise WorkError(f"--brainscore-dask {address}: {failed} ({why})") from None

    def workers(self) -> list[str]:
        """Addresses of the workers that have a seat.

        Raises WorkError where there has been none for a minute, or the scheduler went away.
        """
        if self.client.status != "running":
            raise WorkError(f"the Dask scheduler {self.address} was lost, and what was under way with it")
        known = self.client.scheduler_info(n_workers=-1)["workers"]
        seated = [address for address, worker in known.items() if worker["resources"].get(SEAT)]
        now = time.monotonic()
        self._empty_since = None if seated else self._empty_since or now
        if self._empty_since is not None and now - self._empty_since > PATIENCE_S:
            raise WorkError(f"the Dask cluster {self.address} has had no worker for {PATIENCE_S:.0f} seconds")
        return seated

    def close(self) -> None:
        """Leave a cluster that was there, end one of ours."""
        with suppress(Exception):  # whatever is wrong with it, or if there is no client: the run is over
            if self._own is None and self.client.status == "running":
                self.client.unregister_worker_plugin(self._plugin)
        with suppress(Exception):
            self.client.close(timeout=_CLOSE_S)
        if self._own is not None:
            self._own.close(timeout=_CLOSE_S)

    @property
    def _plugin(self) -> str:
        return f"brainscore-seat-{self.run}"

    def _open(self, models: int, device: str) -> None:
        """Start workers, where they are to be ours, and connect."""
        if self.address == LOCAL:
            self._own = _local(models, device)
        self.workers_here = len(self._own.workers) if self._own else 1
        self.client = Client(self._own or self.address, timeout=_CONNECT_S, set_as_default=False)
        self._admit()

    def _admit(self) -> None:
        """Make sure of workers, like ours, with a seat each."""
        try:
            self.client.wait_for_workers(1, timeout=PATIENCE_S)
        except TimeoutError:
            raise WorkError(
                f"--brainscore-dask {self.address}: no worker came within {PATIENCE_S:.0f} seconds"
            ) from None
        there: Mapping[str, Any] = self.client.run(_asker(OF_NUMBERS))
        for worker, theirs in there.items():
            if unlike := differences(theirs, versions()):
                raise WorkError(f"--brainscore-dask {self.address}: the worker {worker} has {unlike}")
        self.client.register_plugin(Seat(self.run, own=self._own is not None), name=self._plugin)


def differences(theirs: Mapping[str, str | None], ours: Mapping[str, str]) -> str:
    """Which versions of libraries that make the numbers are of another release."""
    unlike = [
        f"{name} {theirs.get(name) or 'not installed'} (here: {ours[name]})"
        for name in OF_NUMBERS
        if name in ours and release(theirs.get(name) or "") != release(ours[name])
    ]
    return ", ".join(unlike)


def _local(models: int, device: str) -> LocalCluster:
    """As many worker processes as there are CUDA devices, or cores, and no more than models."""
    from ...machine import cores, cuda_devices

    gpus = cuda_devices() if device in ("auto", "cuda") else 0
    workers = max(1, min(models, gpus or (1 if device not in ("auto", "cpu") else cores())))
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, cores() // workers))
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # its other pages: not to all, not on 8787
        memory_limit=0,  # it would end a worker that holds a large network
        silence_logs=logging.CRITICAL,
        resources={SEAT: 1},
        env={**_places(), **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads)},
    )


def _places() -> dict[str, str]:
    """Cache and mirrors, as absolute paths."""
    ours = Fetcher.from_environment()
    return {CACHE: str(ours.cache), MIRROR: os.pathsep.join(map(str, ours.mirrors))}


def _asker(names: tuple[str, ...]) -> Any:
    """A function that says the versions of libraries where it runs, also where this package is missing."""

    def ask() -> dict[str, str | None]:
        from importlib.metadata import PackageNotFoundError, version

        found: dict[str, str | None] = {}
        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = None
        return found

    return ask
