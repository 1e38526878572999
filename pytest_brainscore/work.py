"""The unit of work: one model on a set of benchmarks, from picklable specs to scores.

A plain run and the workers of pytest-xdist take its tasks one by one, as items; an engine has it done
elsewhere as a whole.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import BrainScoreError, WorkError
from .progress import Tell, untold
from .specs.cases import Case
from .specs.models import Model
from .specs.registry import Registry

if TYPE_CHECKING:
    from .scores import Score
    from .specs.inference import Intervals
    from .workbench import Asked, Workbench

Task = tuple[Case, str | None]
"""A benchmark, and the layer that was named for it, if any."""
Outcomes = tuple["Score | BrainScoreError", ...]
"""Of each task of a unit its score, or why it could not be measured."""
Keep = Callable[[str, Outcomes], None]
"""Is told what the unit of a model came to."""


def unkept(model: str, outcomes: Outcomes) -> None:
    """Write nothing down."""


@dataclass(frozen=True)
class Work:
    """A model and the benchmarks that it is scored on, each with the layer that was named for it, if any.

    `folder` is where the model's relative paths start.
    """

    model: Model
    folder: Path
    tasks: tuple[Task, ...]

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The tasks as a workbench takes them, so that it shows each stimulus set once."""
        return tuple((self.model.id, case, layer) for case, layer in self.tasks)


@dataclass(frozen=True)
class Terms:
    """What holds for all work of a run.

    device, offline: as on the command line. root: the project's folder, whose code may run. trust: packages
    whose code may run, too. worker, workers: which of how many processes of this machine works. intervals:
    how the intervals of scores are made, instead of as their benchmarks say.
    """

    device: str = "auto"
    offline: bool = False
    root: Path | None = None
    trust: tuple[str, ...] = ()
    worker: int = 0
    workers: int = 1
    intervals: Intervals | None = None

    def open(self, asked: tuple[Asked, ...] = (), tell: Tell = untold) -> Workbench:
        """A workbench under these terms, on the cache and the mirrors of this process.

        `tell` hears what is being done.
        """
        from .machine import take_share  # torch: only where work is done
        from .workbench import Workbench

        registry = Registry(self.root, self.trust)
        device = take_share(self.device, self.worker, self.workers)
        return Workbench.open(
            device=device,
            offline=self.offline,
            registry=registry,
            asked=asked,
            tell=tell,
            intervals=self.intervals,
        )

    def layers(self, model: Model, folder: Path) -> tuple[str, ...]:
        """The layers of a network that answer per image, in the order of their last calls.

        It is built with random weights, if it has any others, and shown two grey images on the CPU.
        Raises BrainScoreError where it cannot be built or shown them.
        """
        from .data.fetch import Fetcher  # torch and requests: only where work is done
        from .models.build import build
        from .models.layers import candidates

        fetcher = Fetcher.from_environment(offline=self.offline)
        plain = model.model_copy(update={"name": model.architecture, "weights": "none"})
        fetch, registry = partial(fetcher, folder=folder), Registry(self.root, self.trust)
        return candidates(build(plain, fetch, registry, offline=self.offline, cache=fetcher.cache))


def do(work: Work, bench: Workbench) -> Outcomes:
    """What each task comes to, in their order: its score, or why it could not be measured.

    All of it can be pickled. An exception that is not ours is a WorkError with its traceback as text.
    The network is let go of at the end; recordings stay open for the next model.
    """
    bench.asked = work.asked
    try:
        return tuple(_outcome(work, task, bench) for task in work.tasks)
    finally:
        bench.release()


def _outcome(work: Work, task: Task, bench: Workbench) -> Score | BrainScoreError:
    case, layer = task
    try:
        return bench.score(case, work.model, work.folder, layer=layer)
    except BrainScoreError as why:
        return type(why)(str(why))
    except (Exception, SystemExit, KeyboardInterrupt) as why:
        if _is_ctrl_c(why):
            raise
        said = "".join(traceback.format_exception(why)).rstrip()
        return WorkError(f"{type(why).__name__}: {why}\n{said}")


def _is_ctrl_c(why: BaseException) -> bool:
    """Whether the user interrupts: only the main thread is told; elsewhere a network raised it."""
    return isinstance(why, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()
