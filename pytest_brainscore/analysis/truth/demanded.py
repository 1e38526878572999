"""Demanded power: whether a benchmark's metric finds a known truth often enough, at its own size."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ... import suite
from ...data.disk import lock, write_whole
from ...data.stimuli import Stimuli
from ...errors import MetricError, SelectionError
from ...models.network import Network
from ...models.precomputed import AnyNetwork
from ...opened import Opened
from ...scores import Score
from ...specs.base import digest_of
from ...specs.cases import Case
from ...specs.inference import Power
from ...specs.models import Model
from ...specs.registry import Registry
from ...suite.selection import select
from .candidates import Candidates, Show, shown, spread
from .design import Design, design_of
from .known import rendered
from .matrix import matrices
from .verdicts import percent

VERSION = 1
"""Raise it whenever the same benchmark and model would give another power than before."""
LAYERS = 4
"""Of the model, spread along depth: each is the truth in turn, and competes where another is."""
FACTORS, MOST, FEW = (2, 4), 2000, 20
"""How many times the stimuli are tried to say what would help, the most stimuli, and simulations of each."""

Build = Callable[[Model, Path], AnyNetwork]


@dataclass(frozen=True)
class Found:
    """In how many simulations the true layer wins, on so many stimuli."""

    stimuli: int
    found: int
    simulations: int

    @property
    def share(self) -> float:
        """The power."""
        return self.found / self.simulations

    def __str__(self) -> str:
        return f"{percent(self.share)} ({self.found} of {self.simulations} simulations)"


@dataclass(frozen=True)
class Known:
    """The power of a benchmark as it is, and with more stimuli where that was asked."""

    own: Found
    helps: tuple[Found, ...] = ()

    def answers(self, minimum: float) -> bool:
        """Whether all is known that a benchmark with this minimum needs."""
        return self.own.share >= minimum or bool(self.helps)

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Known:
        """From what was kept."""
        written = json.loads(text)
        return cls(Found(**written["own"]), tuple(Found(**one) for one in written["helps"]))


class Demanded:
    """Simulates each benchmark with `power:` once, and remembers it in the user's cache folder.

    build: a network of a model whose relative paths start in a folder. show: what units of its layers make of
    stimuli. cache: the user's folder.
    """

    def __init__(self, opened: Opened, build: Build, show: Show, registry: Registry, cache: Path) -> None:
        self._opened, self._build, self._show = opened, build, show
        self._registry, self._cache = registry, cache
        self._known: dict[str, Known] = {}

    def power(self, case: Case) -> float | None:
        """How often the metric finds the true layer; None where the benchmark demands nothing.

        Raises MetricError where that is less often than it demands, and where it cannot be simulated.
        """
        asked = case.benchmark.power
        if asked is None:
            return None
        network = self._network(asked, case)
        known = self._remembered(self._key(case, network), case, asked, network)
        if known.own.share < asked.minimum:
            raise MetricError(self._refusal(case, asked, known))
        return known.own.share

    def _network(self, asked: Power, case: Case) -> Network:
        project = self._registry.root or Path()
        chosen = select(asked.model, suite.zoo(project), project)
        if len(chosen) != 1:
            raise SelectionError(
                f"{case.where}: power: model: {asked.model} names {len(chosen)} models, not one"
            )
        network = self._build(chosen[0].model, chosen[0].folder)
        if not isinstance(network, Network):
            raise SelectionError(f"{case.where}: power: model: {asked.model} is a file, and has no layers")
        return network

    def _key(self, case: Case, network: Network) -> str:
        """All that the power depends on, by content; the minimum does not."""
        assert case.benchmark.power is not None  # the caller's own question
        asked = case.benchmark.power.model_dump(exclude={"minimum"})
        digests = [network.weights_digest, network.preprocess_digest, network.architecture_digest]
        recordings, _ = self._opened.recordings(case)
        version = case.benchmark.metric.version
        return digest_of([VERSION, version, case.digest, recordings.digest, asked, digests])

    def _remembered(self, key: str, case: Case, asked: Power, network: Network) -> Known:
        """What was simulated before, here or by another process; of too little power also what would help."""
        file = self._cache / "power" / f"{key}.json"
        known = self._known.get(key) or _kept(file)
        if known is None or not known.answers(asked.minimum):
            with lock(self._cache, f"power-{key}"):
                known = _kept(file)
                if known is None or not known.answers(asked.minimum):
                    known = self._simulated(case, asked, network, known)
                    write_whole(file, known.text())
        self._known[key] = known
        return known

    def _simulated(self, case: Case, asked: Power, network: Network, known: Known | None) -> Known:
        design = design_of(case, self._opened.recordings(case)[0])
        known = known or Known(self._found(design, asked.simulations, network))
        if known.answers(asked.minimum):
            return known
        helps: list[Found] = []
        for factor in FACTORS:
            count = min(factor * len(design.stimuli), MOST)
            if count > len(design.stimuli) and not any(one.share >= asked.minimum for one in helps):
                more = design.on(rendered(count).take(range(count)))
                helps.append(self._found(more, FEW, network))
        return replace(known, helps=tuple(helps))

    def _found(self, design: Design, simulations: int, network: Network) -> Found:
        """Every layer is the truth about equally often; at least so many simulations in all."""
        candidates = self._candidates(design.stimuli, network, design)
        seeds = range(1, 1 + -(-simulations // len(candidates.places)))
        (matrix,) = matrices(
            candidates,
            design,
            [design.benchmark.metric],
            seeds=seeds,
            resolve=self._registry,
            controls=False,
        )
        return Found(len(design.stimuli), matrix.found, len(matrix.simulations))

    def _candidates(self, stimuli: Stimuli, network: Network, design: Design) -> Candidates:
        layers: Mapping[str, tuple[str, ...]] = {network.id: spread(network, LAYERS)}
        return shown([network], layers, stimuli, [design.benchmark.metric], self._show)

    def _refusal(self, case: Case, asked: Power, known: Known) -> str:
        label = case.benchmark.metric.name
        said = (
            f"{case.where}: power: on recordings like these, made from layers of {asked.model}, {label} finds"
            f" the true layer in {known.own} with {known.own.stimuli} stimuli, and"
            f" {percent(asked.minimum)} is the minimum; {_what_helps(known, asked.minimum)}"
        )
        return said + (
            f" (`python -m pytest_brainscore recover {asked.model} --benchmark {case.name} --power stimuli`"
            " shows the curve, and `--power noise` what less noise would do)"
        )


def told(score: Score, power: float | None) -> Score:
    """The score, with the power of its benchmark where that was demanded."""
    return score if power is None else replace(score, about={**score.about, "power": power})


def _kept(file: Path) -> Known | None:
    """What was simulated before; None where nothing was, or the file is damaged."""
    try:
        return Known.read(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _what_helps(known: Known, minimum: float) -> str:
    enough = [one for one in known.helps if one.share >= minimum]
    if enough:
        return f"with {enough[0].stimuli} stimuli (rendered images) it is {enough[0]}"
    if known.helps:
        last = known.helps[-1]
        return f"more stimuli alone do not help: with {last.stimuli} (rendered images) it is {last}"
    return f"more than {known.own.stimuli} stimuli are not tried here"
