"""What a shipped entry must give on tiny data: neuroids, stimuli, ceiling, and the ceiled score.

All of it is computed anew from what was written, by pandas, scipy and plain loops.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.stats import pearsonr, rankdata
from sklearn.model_selection import ShuffleSplit

from pytest_brainscore.metrics.behaviour import Trials
from tests.metrics.test_behaviour import loop_ceilings

from .layouts import Held
from .network import UNITS


class Expected:
    """One entry and region of a benchmark file, on the data that were written for its data set."""

    def __init__(self, dataset: dict[str, Any], entry: dict[str, Any], region: str, held: Held) -> None:
        self.entry, self.region, self.held = entry, region, held
        part = next(p for p in (dataset.get("parts") or {"": dataset}).values() if "recordings" in p)
        self.spec = part["recordings"]
        self.metric = entry["metric"]["name"]

    # --- what is selected

    def neuroids(self) -> pd.DataFrame:
        """Those of the region that are above the threshold."""
        table = self.held.neuroids
        table = table[table["region"] == self.region]
        for coord, where in self.entry.get("select", {}).items():
            table = table[table[coord] > where["above"]]
        return table

    def targets(self) -> int:
        """How many values there are per split: of neuroids, units, subjects (in conditions), or one."""
        if self.region == "behaviour":
            by = {"error_consistency": ["subject", "condition"], "accuracy_distance": ["subject"]}
            return self.trials().groupby(by[self.metric]).ngroups if self.metric in by else 1
        if self.metric in ("rdm", "rsm"):
            return self.neuroids()["subject"].nunique()
        return UNITS if self.metric == "reverse_pls" else len(self.neuroids()) * len(self.windows())

    def windows(self) -> list[tuple[float, float]]:
        """The time bins that are wanted."""
        wanted = self.spec.get("time_bins")
        if wanted is None:
            return [self.held.bins[0]]
        if isinstance(wanted, list):
            return [tuple(window) for window in wanted]
        last = self.held.bins[-1][1]
        stop = wanted.get("stop", last - wanted["width"])
        edges = np.round(np.arange(wanted["start"], stop + wanted["width"] / 2, wanted["width"]), 9)
        return list(pairwise(edges))

    def values(self) -> np.ndarray:
        """(presentation, window, neuroid); with `flatten` (presentation, 1, neuroid by window)."""
        chosen = self.held.values[:, self.neuroids().index].astype(float)
        columns = []
        for first, last in self.windows():
            same = [i for i, bin in enumerate(self.held.bins) if np.allclose(bin, (first, last))]
            time = [max(min(b, last) - max(a, first), 0.0) for a, b in self.held.bins]
            columns.append(chosen[:, :, same[0]] if same else np.average(chosen, axis=2, weights=time))
        values = np.stack(columns, axis=1)
        return values.swapaxes(1, 2).reshape(len(values), 1, -1) if "flatten" in self.spec else values

    def owners(self) -> np.ndarray:
        """The subject of each column of `values`."""
        subjects = self.neuroids()["subject"].to_numpy()
        return np.repeat(subjects, len(self.windows())) if "flatten" in self.spec else subjects

    def shown(self) -> np.ndarray:
        """The presentations that count for a reliability: those of the test part, of whole stimuli."""
        counted = np.ones(len(self.held.presentations), bool)
        if self.entry.get("splits", {}).get("given"):
            counted &= (self.held.presentations["part"] == "test").to_numpy()
        if self.entry.get("missing") == "stimuli":
            counted &= ~np.isnan(self.values()).any(axis=(1, 2))
        return counted

    def stimuli(self) -> int:
        """How many stimuli are scored on."""
        if self.region == "behaviour":
            return self.trials()["stimulus"].nunique()
        presentations = self.held.presentations
        if self.entry.get("missing") != "stimuli":
            return presentations["stimulus"].nunique()
        mean = pd.DataFrame(self.values()[:, 0]).groupby(presentations["stimulus"]).mean()
        return int((~mean.isna().any(axis=1)).sum())

    def trials(self) -> pd.DataFrame:
        """The trials of the conditions that are not left out."""
        table = self.held.presentations.assign(choice=self.held.values)
        if unlike := self.entry["metric"].get("unlike"):
            cues = self.held.stimuli.set_index("stimulus")
            same = cues[unlike] == cues[self.entry["metric"]["label"]]
            table = table[~table["stimulus"].map(same)]
        where = self.entry.get("select", {}).get("condition")
        if where is None:
            return table
        without = {float(v) if v == "inf" else v for v in where["without"]}
        return table[~table["condition"].isin(without)]

    # --- ceilings

    def ceiling(self) -> np.ndarray | float | None:
        """Per window and subject (window, subject), per halving, or one number."""
        named = self.entry["ceiling"]
        named = {"name": named} if isinstance(named, str) else named
        if named["name"] == "constant":
            return named["value"]
        return getattr(self, named["name"])(**{k: v for k, v in named.items() if k != "name"})

    def internal_consistency(self) -> np.ndarray:
        if self.region == "behaviour":
            return self._choices_halved()
        shown = self.held.presentations[self.shown()]
        repetitions = np.unique(shown["repetition"])
        halves = ShuffleSplit(10, train_size=0.5, random_state=1).split(repetitions)
        sides = [[shown["repetition"].isin(repetitions[half]).to_numpy() for half in pair] for pair in halves]
        return self._reliability(self.values()[self.shown()], shown["stimulus"].to_numpy(), sides)

    def predictor_consistency(self) -> np.ndarray:
        """Each stimulus has its own repetitions permuted, the first half of them makes one side."""
        shown, generator = self.held.presentations, np.random.default_rng(0)
        key = shown["stimulus"].astype(str) + " " + shown["repetition"].astype(str)
        sides = []
        for _ in range(10):
            first = set()
            for _, rows in shown.groupby("stimulus"):
                order = generator.permutation(np.sort(rows["repetition"].unique()))
                first |= {f"{rows['stimulus'].iloc[0]} {i}" for i in order[: len(order) // 2]}
            sides.append([key.isin(first).to_numpy(), (~key.isin(first)).to_numpy()])
        return self._reliability(self.values(), shown["stimulus"].to_numpy(), sides)

    def stored(self, coord: str) -> np.ndarray:
        return np.array([[np.median(self.neuroids()[coord].to_numpy(dtype=float))]])

    def rsa_bounds(self) -> float:
        """Each subject's RDM against the mean of all."""
        rdms = [self._rdm(columns) for columns in self._by_subject()]
        return float(np.mean([spearman(rdm, np.mean(rdms, axis=0)) for rdm in rdms]))

    def leave_one_subject_out(self) -> float:
        rsms = self.held.values[:, :, self.neuroids().index]
        vectors = rsms[~np.eye(len(rsms), dtype=bool)].T
        others = [np.delete(vectors, i, axis=0).mean(axis=0) for i in range(len(vectors))]
        return float(np.mean([pearsonr(*pair)[0] for pair in zip(vectors, others, strict=True)]))

    def subject_pairs(self) -> float:
        """Each two subjects, condition by condition: kappa, or how near their accuracies are."""
        compare = {"error_consistency": kappa, "accuracy_distance": nearness}[self.metric]
        table = self.trials().assign(right=lambda t: t["choice"] == t["truth"])
        of_all = table if self.metric == "error_consistency" else table.assign(condition=0)
        found = []
        for one, other in combinations(sorted(table["subject"].unique()), 2):
            for _, cell in of_all.groupby("condition"):
                wide = cell.pivot(index="stimulus", columns="subject", values="right")
                found.append(compare(wide[one].to_numpy(float), wide[other].to_numpy(float)))
        return abs(float(np.mean(found)))

    def _reliability(self, values: np.ndarray, stimulus: np.ndarray, sides: list[Any]) -> np.ndarray:
        """Spearman-Brown; median over a subject's neuroids, mean over halvings: (window, subject)."""
        rows = []
        for first, second in sides:
            means = [
                pd.DataFrame(values[side].reshape(side.sum(), -1)).groupby(stimulus[side]).mean()
                for side in (first, second)
            ]
            r = np.array([pearsonr(means[0][c], means[1][c])[0] for c in means[0]])
            rows.append((2 * r / (1 + r)).reshape(values.shape[1:]))
        return np.array([np.median(np.array(rows)[..., c], axis=2).mean(axis=0) for c in self._groups()]).T

    def _choices_halved(self) -> np.ndarray:
        return np.array(loop_ceilings(self.coded_trials()[0], self.metric))

    def coded_trials(self) -> tuple[Trials, list[str]]:
        """The trials in numbers, objects by name, and the stimuli in the order of theirs."""
        table = self.trials()
        objects = sorted(table["truth"].unique())
        of_image = table.groupby("stimulus")["truth"].first()
        codes = [
            of_image.index.get_indexer(table["stimulus"]).tolist(),
            [objects.index(name) for name in table["distractor"]],
            (table["choice"] == table["distractor"]).tolist(),
            [objects.index(name) for name in of_image],
        ]
        return Trials(*(torch.tensor(c) for c in codes), len(objects)), of_image.index.tolist()

    # --- the score, of the metric's values (split, window * neuroid), or of one number per halving

    def raw(self, values: np.ndarray) -> float:
        """The mean over subjects and windows, or over halvings."""
        return float(np.mean(self._parts(values) if values.ndim == 2 else values))

    def ceiled(self, values: np.ndarray) -> float:
        """By the entry's own normalisation."""
        ceiling, how, raw = self.ceiling(), self.entry["normalise"], self.raw(values)
        if how == "none":
            return raw
        if how == "r_over_sqrt_ceiling":
            return float(np.mean(values / np.sqrt(ceiling)))
        if how == "r2_over_ceiling":
            parts = self._parts(values)
            found = float(np.mean(parts * np.abs(parts) / ceiling))
        else:
            found = raw / float(np.mean(ceiling))
            found = found * abs(found) if how == "r2_over_ceiling2" else found
        return float(np.clip(found, *self.entry["clip"])) if "clip" in self.entry else found

    def _parts(self, values: np.ndarray) -> np.ndarray:
        """r of each window and subject (window, subject): the mean over splits of medians over neuroids."""
        windows = 1 if self.metric != "temporal_pls" else len(self.windows())
        values = values.reshape(len(values), windows, -1)
        groups = self._groups() if self.metric != "reverse_pls" else [slice(None)]
        return np.array([np.nanmedian(values[..., c], axis=2).mean(axis=0) for c in groups]).T

    def _groups(self) -> list[Any]:
        """The columns of each subject, where subjects are fitted one by one; else all."""
        if self.entry["metric"].get("subjects") != "separate":
            return [slice(None)]
        return self._by_subject()

    def _by_subject(self) -> list[np.ndarray]:
        owners = self.owners()
        return [np.flatnonzero(owners == subject) for subject in dict.fromkeys(owners)]

    def _rdm(self, columns: np.ndarray) -> np.ndarray:
        frame = pd.DataFrame(self.values()[:, 0][:, columns])
        mean = frame.groupby(self.held.presentations["stimulus"].to_numpy()).mean().to_numpy()
        return (1 - np.corrcoef(mean))[np.triu_indices(len(mean), 1)]


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    return float(pearsonr(rankdata(a), rankdata(b))[0])


def kappa(a: np.ndarray, b: np.ndarray) -> float:
    agreed = np.mean(a * b + (1 - a) * (1 - b))
    chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
    return float((agreed - chance) / (1 - chance))


def nearness(a: np.ndarray, b: np.ndarray) -> float:
    return float(1 - abs(a.mean() - b.mean()) / max(b.mean(), 1 - b.mean()))
