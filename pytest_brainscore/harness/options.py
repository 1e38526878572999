"""Command line and ini values, read once into frozen settings."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from ..errors import nearest
from ..specs import devices
from . import outputs
from .engines.address import fault
from .ini import misspelt
from .shards import OPTION as SHARD
from .shards import Shard

if TYPE_CHECKING:
    from ..specs.guards import Level, Update
    from ..specs.inference import Intervals

LEVELS = ("off", "warn", "on", "strict")
UPDATES = ("new", "changed", "all", "all!")
INTERVALS = ("stored", "refit", "off")
SHIPPED = "pytest_brainscore.suite"
"""What the shipped suite is called on the command line, after --pyargs."""
_OURS = re.compile(
    r"^datasets?\s*:.*^benchmarks\s*:|^benchmarks\s*:.*^datasets?\s*:", re.MULTILINE | re.DOTALL
)
_OPTIONS: dict[str, tuple[str | None, str]] = {
    "--brainscore-models": ("A,B", "As --models, for where another plugin or conftest has that"),
    "--brainscore-device": ("DEVICE", "auto, cpu, cuda, cuda:1 or mps (default: auto)"),
    "--brainscore-layers": ("A,B", "Score these layers of every model instead of the mapped ones; all: each"),
    "--brainscore-offline": (None, "Never open a socket: what is not on disk is skipped"),
    "--brainscore-reports": ("DIR", "Where runs write (default: reports)"),
    "--brainscore-json": ("FILE", "Write results.json to this file too"),
    "--brainscore-markdown": ("FILE", "Append what moved, and the scores, to this file: Markdown for a PR"),
    "--brainscore-guard": ("LEVEL", "Judge scores by their baselines: off, warn, on or strict (default: on)"),
    "--brainscore-update": ("WHICH", "Write baselines: new, changed (and new) or all; all! where CI is set"),
    "--brainscore-intervals": (
        "HOW",
        "Of every score, whatever its benchmark says: stored, refit (fitted anew, slow) or off",
    ),
    SHARD: ("I/N", "Score the I-th of N shares of the models, for job arrays; join them with `merge`"),
    "--brainscore-dask": (
        "ADDRESS",
        "Score on the workers of this Dask scheduler (tcp://host:8786), or of one of its own: local",
    ),
}
"""What each option takes, None for a switch, and what it means."""
INI: dict[str, tuple[str, str | bool | list[str]]] = {
    "brainscore_models": ("Models to score where --models is not given", ""),
    "brainscore_suite": ("Folder of benchmark files", "benchmarks"),
    "brainscore_device": ("As --brainscore-device", "auto"),
    "brainscore_layers": ("As --brainscore-layers", ""),
    "brainscore_offline": ("As --brainscore-offline", False),
    "brainscore_reports": ("As --brainscore-reports", "reports"),
    "brainscore_guard": ("As --brainscore-guard", "on"),
    "brainscore_intervals": ("As --brainscore-intervals", ""),
    "brainscore_dask": ("As --brainscore-dask", ""),
    "brainscore_trust": ("Packages that dotted names in YAML may run", []),
}
"""What each ini value means, and its default."""
_INI_TYPES: dict[type, Literal["bool", "args"]] = {bool: "bool", list: "args"}
_MODELS = (
    "Models to score: names of models.yaml, torchvision or timm, globs, sets (--models=@small),\n"
    "untrained:NAME (untrained3: with seed 3), timm:NAME, torchvision:NAME, package.module:factory"
)


@dataclass(frozen=True)
class Settings:
    """What the user asked for, and where the project lies."""

    models: str
    root: Path
    here: Path
    suite: Path
    device: str = "auto"
    offline: bool = False
    layers: tuple[str, ...] = ()
    reports: Path = Path("reports")
    json: Path | None = None
    markdown: Path | None = None
    trust: tuple[str, ...] = ()
    guard: Level = "on"
    update: Update | None = None
    intervals: Intervals | None = None
    shard: Shard | None = None
    dask: str | None = None


def add(parser: pytest.Parser) -> None:
    """Add options and their ini twins."""
    group = parser.getgroup("brainscore", "brain scores of vision networks")
    for option, (metavar, meaning) in _OPTIONS.items():
        kind: dict[str, Any] = {"metavar": metavar} if metavar else {"action": "store_true", "default": None}
        group.addoption(option, help=meaning, **kind)
    for name, (meaning, default) in INI.items():
        parser.addini(name, meaning, type=_INI_TYPES.get(type(default)), default=default)


def add_models(parser: pytest.Parser, arguments: list[str]) -> None:
    """Add ``--models``, short for ``--brainscore-models``, where it is asked for and nobody else's.

    A conftest that pytest meets later, as it collects, may still have an option of this name.
    """
    asking = {"-h", "--help"}.intersection(arguments)
    _, unknown = parser.parse_known_and_unknown_args(["--models=x"] if asking else arguments)
    if any(word.partition("=")[0] == "--models" for word in unknown):
        group = parser.getgroup("brainscore")
        group.addoption("--models", dest="brainscore_models", metavar="A,B", help=_MODELS)


def asked(config: pytest.Config) -> bool:
    """Whether this run names models, on the command line or in the ini file."""
    return config.getoption("brainscore_models") is not None or bool(config.getini("brainscore_models"))


def settings(config: pytest.Config) -> Settings:
    """The settings of this run. Raises pytest.UsageError where a value is none, and for misspelt keys."""
    root = config.rootpath
    if odd := "\n".join(misspelt(config, INI)):
        raise pytest.UsageError(odd)
    outputs.refuse_as_root(config)
    return Settings(
        models=str(_either(config, "brainscore_models")),
        root=root,
        here=config.invocation_params.dir,
        suite=root / str(config.getini("brainscore_suite")),
        device=device(config),
        offline=bool(_either(config, "brainscore_offline")),
        layers=tuple(
            name.strip() for name in str(_either(config, "brainscore_layers")).split(",") if name.strip()
        ),
        reports=outputs.folder(config, root / str(_either(config, "brainscore_reports"))),
        json=outputs.file(config, "--brainscore-json"),
        markdown=outputs.file(config, "--brainscore-markdown"),
        trust=tuple(config.getini("brainscore_trust")),
        guard=_level(config),
        update=_update(config),
        intervals=_intervals(config),
        shard=_shard(config),
        dask=_dask(config),
    )


def device(config: pytest.Config) -> str:
    """The name of the device that is asked for. Raises pytest.UsageError where it is none."""
    name = str(_either(config, "brainscore_device"))
    if fault := devices.fault(name):
        raise pytest.UsageError(f"brainscore_device: {fault}")
    return name


def refuse_without_models(config: pytest.Config) -> None:
    """Raise pytest.UsageError where what is asked needs models, and none is named.

    Keys that are misspelt are a warning: `brainscore_models` may be one of them.
    """
    for odd in misspelt(config, INI):
        config.issue_config_time_warning(pytest.PytestConfigWarning(odd), stacklevel=2)
    if config.getoption("brainscore_update") is not None:
        raise pytest.UsageError("--brainscore-update: name the models to score with --models A,B")
    for argument in config.args:
        if names_shipped(argument, config):
            raise pytest.UsageError(
                f"{argument} is the suite of brain scores: name the models to score with --models A,B"
            )
        path = config.invocation_params.dir / argument.split("::")[0]
        if path.suffix in {".yaml", ".yml"} and path.is_file() and _has_our_shape(path):
            raise pytest.UsageError(
                f"{argument} is a brain-score benchmark: name the models to score with --models A,B"
            )


def names_shipped(argument: str, config: pytest.Config) -> bool:
    """Whether an argument of the call is the shipped suite, by its name as a package."""
    return argument == SHIPPED and bool(config.getoption("pyargs"))


def _has_our_shape(path: Path) -> bool:
    return bool(_OURS.search(path.read_text(encoding="utf-8", errors="replace")))


def _level(config: pytest.Config) -> Level:
    given = str(_either(config, "brainscore_guard"))
    if meant := {"true": "on", "false": "off"}.get(given.lower()):
        raise pytest.UsageError(
            f"brainscore_guard: {given} is none of {', '.join(LEVELS)}: write {meant}, and in YAML"
            f' "{meant}" in quotes'
        )
    level: Level = _one_of(LEVELS, given, "brainscore_guard")
    return level


def _update(config: pytest.Config) -> Update | None:
    """Which baselines to write. In CI `all` must be said with emphasis: it accepts whatever comes out."""
    given = config.getoption("brainscore_update")
    if given is None:
        return None
    which = _one_of(UPDATES, given, "--brainscore-update")
    if _level(config) == "off":
        raise pytest.UsageError("--brainscore-update: there are no guards with --brainscore-guard off")
    if which == "all" and os.environ.get("CI"):
        raise pytest.UsageError(
            "--brainscore-update all: refused where CI is set, since it accepts every score;"
            " name changed, or all! to force it"
        )
    update: Update = which.removesuffix("!")
    return update


def _intervals(config: pytest.Config) -> Intervals | None:
    """How intervals are made instead of as the benchmarks say; None where nothing is asked."""
    given = str(_either(config, "brainscore_intervals"))
    how: Intervals | None = _one_of(INTERVALS, given, "brainscore_intervals") if given else None
    return how


def _shard(config: pytest.Config) -> Shard | None:
    given = config.getoption("brainscore_shard")
    return None if given is None else Shard.read(given)


def _dask(config: pytest.Config) -> str | None:
    """The Dask scheduler to score by; None where the items of this process do it themselves."""
    address = str(_either(config, "brainscore_dask"))
    if not address:
        return None
    if wrong := fault(address):
        raise pytest.UsageError(f"--brainscore-dask: {wrong}")
    if find_spec("distributed") is None:
        raise pytest.UsageError(
            f"--brainscore-dask {address}: distributed is not installed:"
            " pip install 'pytest-brainscore[dask]'"
        )
    if config.getoption("numprocesses", None) or config.getoption("tx", None):
        raise pytest.UsageError(
            f"--brainscore-dask {address}: not together with pytest-xdist, whose workers would each want all"
            " of Dask's: leave -n out, or say -n 0"
        )
    return address


def _one_of(known: tuple[str, ...], value: str, option: str) -> Any:
    if value not in known:
        raise pytest.UsageError(f"{option}: {value} is none of {', '.join(known)}{nearest(value, known)}")
    return value


def _either(config: pytest.Config, name: str) -> object:
    given = config.getoption(name)
    return given if given is not None else config.getini(name)
