"""Fetching: servers that break off, send something else, or nothing; and no network at all."""

from __future__ import annotations

import ctypes
import random
import re
import shutil
import sys
from pathlib import Path

from ..children import Ended
from ..faults import RECOVERED, REFUSED, NotPossible, Outcome, kind, require
from ..project import FILES, Project, check_next, check_rows, place

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_NOT_PERMITTED = 77
CAUSES = {
    "broken": "broke off|no connection",
    "short": "its sha256 is|broke off|no connection",
    "wrong": "its sha256 is",
    "error": "503",
}


@kind("server", "the server breaks off, cuts short, flips a bit, fails, or knows no ranges", share=2)
def server(rng: random.Random, folder: Path) -> Outcome:
    manners = {name: rng.choice((*CAUSES, "plain", "unranged")) for name in FILES}
    project = Project.cold(folder)
    for name, manner in manners.items():
        project.served(manner, name)
    ended = project.score()
    check_rows(project, ended)
    for row in project.rows().values():
        if row.status != "scored":
            named = [n for n, m in manners.items() if m in CAUSES and n in (row.message or "")]
            clear = any(re.search(CAUSES[manners[name]], row.message or "") for name in named)
            require(clear, f"{manners}: the cause is not named: {row.message}")
    bad = set(manners.values()) & set(CAUSES)
    require((ended.code == 0) == (not bad), f"{manners}: it ends with {ended.code}: {ended.text[-400:]}")
    check_next(project.served("plain"))
    return REFUSED if bad else RECOVERED


def without_network() -> None:
    """In a child: be in a network namespace that has no interface that is up, not even lo."""
    libc = ctypes.CDLL(None)
    if libc.unshare(_CLONE_NEWNET) and libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        sys.exit(_NOT_PERMITTED)


def without_sockets() -> None:
    """In a child: end with a traceback as soon as anything makes a socket or looks up a host."""

    def hook(event: str, _: tuple[object, ...]) -> None:
        if event in ("socket.__new__", "socket.getaddrinfo", "socket.connect"):
            raise RuntimeError(f"offline, and there is a {event}")

    sys.addaudithook(hook)


def _isolated(ended: Ended) -> Ended:
    if ended.code == 70 and "SystemExit: 77" in ended.text:
        raise NotPossible("a network namespace of its own is not permitted")
    return ended


@kind("no-network", "no network interface at all (unshare -n): the scores are those of a run with network")
def no_network(rng: random.Random, folder: Path) -> Outcome:
    project = Project.warm(folder)
    for part in rng.sample(("activations", "unpacked", "hashes"), rng.randint(0, 3)):
        shutil.rmtree(project.cache / part, ignore_errors=True)
    offline = rng.choice((True, True, False))
    options = ("--brainscore-offline",) if offline else ()

    def before() -> None:
        without_network()
        if offline:
            without_sockets()

    ended = _isolated(project.score(*options, before=before))
    require(ended.code == 0, f"it ends with {ended.code}: {ended.text[-600:]}")
    check_rows(project, ended)
    require(len(project.rows()) == len(place().right), "rows are missing")
    return RECOVERED


@kind("no-network-cold", "no network interface, and an empty cache")
def no_network_cold(rng: random.Random, folder: Path) -> Outcome:
    project = Project.cold(folder)
    offline = rng.random() < 0.5
    options = ("--brainscore-offline",) if offline else ()
    ended = _isolated(project.score(*options, before=without_network))
    check_rows(project, ended)
    cause = "not on this machine, and offline" if offline else "no connection to"
    messages = [row.message or "" for row in project.rows().values()]
    require(messages and all(cause in said for said in messages), f"the cause is not named: {messages[:1]}")
    require(ended.code == int(not offline), f"it ends with {ended.code}")
    check_next(project)
    return REFUSED
