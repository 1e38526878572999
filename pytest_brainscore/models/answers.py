"""Answers: what layers make of stimuli, held as it comes in, and why some of them cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch

from ..data.stimuli import Stimuli
from ..errors import ModelError
from ..progress import Tell
from .columns import Held, LayerActivations, NoRoom
from .kinds import Reading, layer_of
from .network import Network


@dataclass(frozen=True)
class Answers(Mapping[Reading, LayerActivations]):
    """What each layer answered. One that could not be read raises its own ModelError when it is looked up."""

    found: Mapping[Reading, LayerActivations | ModelError]

    def __getitem__(self, name: Reading) -> LayerActivations:
        answer = self.found[name]
        if isinstance(answer, ModelError):
            raise answer
        return answer

    def __iter__(self) -> Iterator[Reading]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


class Record:
    """Answers as they come in: held per layer, with the mean of each row; of a layer at fault, the fault.

    start: how many rows there are. shown: which of the stimuli are shown. hold: makes place for so many rows
    of layers of given widths.
    """

    def __init__(
        self,
        network: Network,
        stimuli: Stimuli,
        shown: list[int],
        hold: Callable[[Mapping[Reading, int], int], dict[Reading, Held]],
        tell: Tell,
    ) -> None:
        self._network, self._stimuli, self._shown = network, stimuli, shown
        self._hold, self._tell = hold, tell
        self._held: dict[Reading, Held] = {}
        self._means: dict[Reading, torch.Tensor] = {}
        self._widths: dict[Reading, int] = {}
        self._faults: dict[Reading, ModelError] = {}
        self.start = 0

    @property
    def is_hopeless(self) -> bool:
        """Whether something was shown, and no layer is left that can be read."""
        return bool(self.start) and self._faults.keys() >= self._widths.keys()

    def add(self, answers: Mapping[Reading, torch.Tensor | ModelError], n: int) -> None:
        """Take the next n rows of each layer. Raises NoRoom where there is no place for them."""
        read: dict[Reading, torch.Tensor] = {}
        for name, answer in answers.items():
            if isinstance(answer, ModelError):
                self._faults.setdefault(name, answer)
            else:
                read[name] = answer
        if not self.start:
            self._make_place(read, n)
        for name in [name for name in read if name not in self._faults]:
            self._take(name, read[name])
        self.start += n
        self._tell("forward", self.start, len(self._shown))

    def finished(self, names: Iterable[Reading], rows: torch.Tensor | None) -> Answers:
        """All rows of the layers, each as often as its stimulus stands in the set, by `rows`."""
        return Answers({name: self._faults.get(name) or self._finished(name, rows) for name in names})

    def _make_place(self, answers: Mapping[Reading, torch.Tensor], n: int) -> None:
        self._widths = {name: answer.shape[1] for name, answer in answers.items()}
        # At once: small arrays that stay would cut up the memory of the large ones, batch by batch.
        self._means = {name: torch.empty(len(self._shown), dtype=torch.float64) for name in answers}
        try:
            self._held = self._hold(self._widths, len(self._shown))
        except NoRoom as why:
            why.batch = n
            raise

    def _take(self, name: Reading, answer: torch.Tensor) -> None:
        """Hold the next rows of a layer, or note what is wrong with them."""
        means = answer.sum(1, dtype=torch.float64) / answer.shape[1]  # a sum of finite float32 is finite
        if fault := self._wrong_width(name, answer) or self._not_finite(means):
            self._faults[name] = ModelError(f"{self._network.id}: layer {layer_of(name)} {fault}")
            return
        self._means[name][self.start : self.start + len(means)] = means
        self._held[name].write(self.start, answer)

    def _wrong_width(self, name: Reading, answer: torch.Tensor) -> str | None:
        width = self._widths[name]
        if answer.shape[1] == width:
            return None
        return f"has {width} units for the first stimuli and {answer.shape[1]} for {self._stimulus(0)}"

    def _not_finite(self, means: torch.Tensor) -> str | None:
        wrong = (~torch.isfinite(means)).nonzero()
        if not len(wrong):
            return None
        return (
            f"answers to stimulus {self._stimulus(int(wrong[0]))} with NaN or infinity"
            " (diverged weights, or another preprocessing than in training)"
        )

    def _stimulus(self, row: int) -> str:
        """The stimulus of a row of this batch."""
        return self._stimuli.ids[self._shown[self.start + row]]

    def _finished(self, name: Reading, rows: torch.Tensor | None) -> LayerActivations:
        means = self._means[name] if rows is None else self._means[name][rows]
        return LayerActivations(len(means), self._widths[name], means, self._held[name], rows)
