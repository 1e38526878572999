"""Values anew: the metrics in plain scikit-learn and numpy, on the tiny network's own answers."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.preprocessing import StandardScaler

from pytest_brainscore.models.field import in_field
from pytest_brainscore.models.network import Network
from pytest_brainscore.specs.classes import IMAGENET16
from tests.metrics.test_behaviour import loop_scores

from .expected import Expected, kappa, nearness, spearman
from .layouts import picture
from .network import LAYERS

DECADES = [np.linspace(10.0**i, 10.0 ** (i + 1), 18, endpoint=False) for i in range(2, 6)]
ALPHAS = [0.01, 0.1, 0.5, 1, *np.arange(10, 100, 22.5), *np.concatenate(DECADES), *np.linspace(1e6, 1e7, 19)]
Fit = tuple[np.ndarray, np.ndarray]


class Raw:
    """One entry's values, from images, network and what was written."""

    def __init__(self, expected: Expected, network: Network, degrees: float | None) -> None:
        self.expected, self.metric = expected, expected.entry["metric"]
        table = expected.held.stimuli
        self.shown = table.set_index("stimulus")
        self.answers = answers(network, [picture(file) for file in table["filename"]], degrees)
        self.units, self.logits = self._of("units"), self._of("head")

    def values(self) -> np.ndarray:
        """By the metric's own recipe: (split, window * neuroid), else one number, or one per halving."""
        return np.atleast_1d(getattr(self, self.metric["name"])())

    def best(self, components: Mapping[str, PCA]) -> np.ndarray:
        """Those of the best layer of all; layers that have components are projected on them."""
        found = []
        for layer in LAYERS:
            self.units = self._of(layer)
            if layer in components:
                projected = components[layer].transform(self.units.to_numpy())
                self.units = pd.DataFrame(projected, index=self.units.index)
            found.append(self.values())
        return max(found, key=self.expected.raw)

    def _of(self, layer: str) -> pd.DataFrame:
        return pd.DataFrame(self.answers[layer], index=self.shown.index)

    # --- predictivity

    def pls(self) -> np.ndarray:
        x, y = self._both()
        return self._predicted(x, y, lambda: _pls(25))

    def ridge(self) -> np.ndarray:
        x, y = self._both()
        return self._predicted(x, y, lambda: Ridge(alpha=1.0))

    def ridgecv(self) -> np.ndarray:
        x, y = self._both()
        return self._predicted(x, y, lambda: RidgeCV(alphas=self.metric.get("alphas", ALPHAS)))

    def reverse_pls(self) -> np.ndarray:
        """Responses predict units, split as the table lists them; no more components than neuroids."""
        y, x = self._both()
        return self._predicted(x, y, lambda: _pls(min(25, x.shape[1])))

    def temporal_pls(self) -> np.ndarray:
        """One fit of all stimuli and windows; then r in each window."""
        per_window = [self._both(i) for i in range(len(self.expected.windows()))]
        x, y = (np.stack(side, axis=1) for side in zip(*per_window, strict=True))
        found = []
        for train, test in self._splits():
            fit = _pls(25).fit(x[train].reshape(-1, x.shape[2]), y[train].reshape(-1, y.shape[2]))
            found.append([_r(fit.predict(x[test, t]), y[test, t]) for t in range(x.shape[1])])
        return np.array(found).reshape(len(found), -1)

    def _predicted(self, x: np.ndarray, y: np.ndarray, new: Any) -> np.ndarray:
        """r (split, neuroid); where subjects are separate, each has fits of its own."""
        separate = self.metric.get("subjects") == "separate"
        owners = self.expected.owners() if separate else np.zeros(y.shape[1])
        splits = list(self._splits())
        found = np.empty((len(splits), y.shape[1]))
        for row, (train, test) in zip(found, splits, strict=True):
            for subject in dict.fromkeys(owners):
                target = y[:, owners == subject]
                predicted = new().fit(x[train], target[train]).predict(x[test])
                row[owners == subject] = _r(predicted.reshape(len(test), -1), target[test])
        return found

    def _order(self) -> list[Any]:
        """Stimuli as rows: sorted by id where they are averaged, else as the file shows them.

        Of the reverse the rows are those of the network, which sees the stimuli as the table lists them.
        """
        shown = self.expected.held.presentations["stimulus"]
        order = sorted(shown.unique()) if shown.duplicated().any() else shown.tolist()
        if self.metric["name"] == "reverse_pls":
            return self.shown.index.tolist()
        if self.expected.entry.get("missing") != "stimuli":
            return order
        mean = pd.DataFrame(self.expected.values()[:, 0]).groupby(shown).mean()
        return [stimulus for stimulus in order if not mean.loc[stimulus].isna().any()]

    def _both(self, window: int = 0) -> Fit:
        shown = self.expected.held.presentations["stimulus"]
        mean = pd.DataFrame(self.expected.values()[:, window]).groupby(shown).mean().loc[self._order()]
        return self.units.loc[self._order()].to_numpy(float), mean.to_numpy()

    def _splits(self) -> Iterator[Fit]:
        spec, table = self.expected.entry["splits"], self.expected.held.stimuli.set_index("stimulus")
        if "given" in spec:
            part = table.loc[self._order(), "part"].to_numpy()
            yield np.flatnonzero(part == "train"), np.flatnonzero(part == "test")
            return
        kind = StratifiedShuffleSplit if "stratify" in spec else ShuffleSplit
        strata = table.loc[self._order(), spec["stratify"]] if "stratify" in spec else None
        yield from kind(spec["n"], train_size=spec["train"], random_state=1).split(self._order(), strata)

    # --- geometry

    def rdm(self) -> float:
        x, y = self._both()
        owners, upper = self.expected.owners(), np.triu_indices(len(x), 1)
        rdms = [(1 - np.corrcoef(y[:, owners == s]))[upper] for s in dict.fromkeys(owners)]
        return np.mean([spearman((1 - np.corrcoef(x))[upper], rdm) for rdm in rdms])

    def rsm(self) -> float:
        """Units that are far more active than the others, z-scored."""
        x = self.units.to_numpy(float)
        x = x[:, x.std(axis=0) > 0]
        x = x[:, np.abs(x.mean(axis=0)) > 3.1 * x.mean(axis=0).std()]
        off = ~np.eye(len(x), dtype=bool)
        model = np.corrcoef((x - x.mean(axis=0)) / x.std(axis=0))[off]
        rsms = self.expected.held.values[:, :, self.expected.neuroids().index][off]
        return np.mean([pearsonr(model, rsm)[0] for rsm in rsms.T])

    # --- choices

    def named(self) -> pd.Series:
        """The object that the network names for each stimulus, of those that there are."""
        logits = self.logits.to_numpy(float)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        objects = sorted(self.expected.held.presentations["truth"].unique())
        share = np.stack([odds[:, IMAGENET16[name]].mean(axis=1) for name in objects], axis=1)
        return pd.Series(np.array(objects)[share.argmax(axis=1)], index=self.logits.index)

    def accuracy(self) -> float:
        shown = self.expected.trials()["stimulus"].unique()
        label = self.metric.get("label", "truth")
        return np.mean(self.shown[label].loc[shown] == self.named().loc[shown])

    def shape_bias(self) -> float:
        cues, named = self.shown, self.named()
        conflict = cues[self.metric["shape"]] != cues[self.metric["texture"]]
        shape, texture = ((cues[self.metric[cue]] == named)[conflict].mean() for cue in ("shape", "texture"))
        return shape / (shape + texture)

    def error_consistency(self) -> float:
        return abs(self._against_subjects(kappa, ["subject", "condition"]))

    def accuracy_distance(self) -> float:
        return self._against_subjects(nearness, ["subject"])

    def _against_subjects(self, compare: Any, by: list[str]) -> float:
        trials = self.expected.trials()
        theirs = (trials["choice"] == trials["truth"]).astype(float)
        ours = (trials["stimulus"].map(self.named()) == trials["truth"]).astype(float)
        cells = trials.groupby(by).indices.values()
        return float(np.mean([compare(ours.to_numpy()[rows], theirs.to_numpy()[rows]) for rows in cells]))

    def i2n(self) -> list[float]:
        """Probabilities of a logistic regression on standardised units, then trial by trial."""
        table = self.shown
        fitted = (
            table.index[table["part"] == "fit"] if "fit" in self.expected.entry["readout"] else table.index
        )
        scaler = StandardScaler().fit(self.units.loc[fitted])
        model = LogisticRegression(C=1e-3, tol=1e-10, max_iter=10_000)
        model.fit(scaler.transform(self.units.loc[fitted]), table.loc[fitted, "image_label"])
        trials, shown = self.expected.coded_trials()
        probabilities = model.predict_proba(scaler.transform(self.units.loc[shown]))
        return loop_scores(torch.from_numpy(probabilities), trials, "i2n")


def answers(network: Network, pngs: list[bytes], degrees: float | None) -> dict[str, np.ndarray]:
    """What each layer makes of images so many degrees wide, (n, units)."""
    images = [in_field(Image.open(io.BytesIO(png)).convert("RGB"), 8.0, degrees) for png in pngs]
    seen: dict[str, np.ndarray] = {}
    parts = {layer: network.module.get_submodule(layer) for layer in LAYERS}
    hooks = [
        part.register_forward_hook(
            lambda _, __, out, layer=layer: seen.update({layer: out.flatten(1).numpy()})
        )
        for layer, part in parts.items()
    ]
    with torch.no_grad():
        network.module(torch.stack([network.preprocess(image) for image in images]))
    for hook in hooks:
        hook.remove()
    return {layer: out.astype(float) for layer, out in seen.items()}


def _pls(components: int) -> PLSRegression:
    return PLSRegression(components, scale=False, max_iter=100_000, tol=1e-14)


def _r(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Per column; NaN for one that is constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = predicted - predicted.mean(axis=0), truth - truth.mean(axis=0)
        return (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
