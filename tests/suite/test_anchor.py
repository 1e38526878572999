"""The public anchor: `pixels` on MajajHong2015.public.IT-pls, on files of that layout that are made here.

The published figure (0.0623 ± 0.0005) needs the public files themselves: docs/brainscore.md. Here the shipped
entry is run by pytest, and the reference's recipe is written out again with pandas and scikit-learn.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from tests.acceptance.conftest import run
from tests.brainio_files import as_file, write_assembly, write_csv
from tests.conftest import ROOT

from .layouts import packed, picture

N, OBJECTS, NEUROIDS = 96, 8, {"V4": 6, "IT": 14}


def files(folder: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The three files; and what is in them: showings, values of IT (showing, neuroid), pixels (stimulus, p).

    As in MajajHong2015.public the images of variation 0 are shown less often than those of variation 3, the
    ids are hashes, the animals two, and V4 and IT are in one file, whose values are float32.
    """
    random = np.random.RandomState(0)
    ids = [f"{random.randint(2**31):08x}" for _ in range(N)]
    columns = {
        "object_name": [f"object{i % OBJECTS}" for i in range(N)],
        "variation": [3 * (i // OBJECTS % 2) for i in range(N)],
    }
    table = write_csv(folder / "stimulus.csv", ids, columns, id_column="image_id")
    packed(folder / "stimulus.zip", table["filename"].tolist())
    pixels = np.stack([seen(file) for file in table["filename"]])
    reps = np.where(np.array(columns["variation"]) == 0, 4, 7)
    shown = pd.DataFrame(
        {"row": np.repeat(np.arange(N), reps), "repetition": np.concatenate([*map(np.arange, reps)])}
    )
    shown = shown.iloc[random.permutation(len(shown))].reset_index(drop=True)
    signal = pixels[:, ::977].astype(float) - 127
    weights = random.standard_normal((signal.shape[1], sum(NEUROIDS.values())))
    clean = signal @ weights / np.linalg.norm(signal @ weights, axis=0) * np.sqrt(N)
    values = (clean[shown["row"]] + 1.5 * random.standard_normal((len(shown), clean.shape[1]))).astype(
        np.float32
    )
    regions = [region for region, count in NEUROIDS.items() for _ in range(count)]
    neuroids = {
        "neuroid_id": [f"Chabo_L_M_{i}" if i % 2 else f"Tito_L_P_{i}" for i in range(len(regions))],
        "animal": ["Chabo" if i % 2 else "Tito" for i in range(len(regions))],
        "region": regions,
    }
    shown["image_id"] = np.array(ids)[shown["row"]]
    coords = {
        "presentation": {
            "image_id": shown["image_id"],
            "repetition": shown["repetition"],
            "stimulus": shown["row"],
        },
        "neuroid": neuroids,
        "time_bin": {"time_bin_start": [70], "time_bin_end": [170]},
    }
    write_assembly(folder / "assy.nc", values[:, :, None], coords)
    shown["object_name"] = np.array(columns["object_name"])[shown["row"]]
    return shown, values[:, np.array(regions) == "IT"], pixels


def seen(file: str) -> np.ndarray:
    """What `pixels` sees: 256 x 256, by PIL's own filter, (196608,)."""
    return np.asarray(Image.open(io.BytesIO(picture(file))).convert("RGB").resize((256, 256))).ravel()


def document(folder: Path) -> dict:
    """The shipped file, with the made files in place of the public ones."""
    shipped = yaml.safe_load((ROOT / "benchmarks" / "majajhong2015.public.yaml").read_text())
    dataset = shipped["dataset"]
    dataset["stimuli"] |= {"csv": as_file(folder / "stimulus.csv"), "zip": as_file(folder / "stimulus.zip")}
    dataset["recordings"]["netcdf"] = as_file(folder / "assy.nc")
    return shipped


def recipe(shown: pd.DataFrame, values: np.ndarray, pixels: np.ndarray) -> dict[str, float]:
    """Brain-Score's: averaged and sorted by id, ten stratified splits, PLS with 25 components, r, medians."""
    mean = pd.DataFrame(values).groupby([shown["image_id"], shown["object_name"], shown["row"]]).mean()
    y, row = mean.to_numpy(float), mean.index.get_level_values("row")
    x = pixels[row].astype(float)
    # an exact rotation: PLS sees X through inner products alone, and NIPALS on 196,608 columns takes minutes
    u, s, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    x, medians = u * s, []
    splits = StratifiedShuffleSplit(10, train_size=0.9, random_state=1)
    for train, test in splits.split(x, mean.index.get_level_values("object_name")):
        pls = PLSRegression(25, scale=False, max_iter=100_000, tol=1e-11).fit(x[train], y[train])
        predicted = pls.predict(x[test])
        medians.append(np.median([pearsonr(*pair)[0] for pair in zip(predicted.T, y[test].T, strict=True)]))
    raw, ceiling = np.mean(medians), internal_consistency(shown, values)
    return {
        "raw": raw,
        "error": np.std(medians) / np.sqrt(10),
        "ceiling": ceiling,
        "ceiled": raw**2 / ceiling,
    }


def internal_consistency(shown: pd.DataFrame, values: np.ndarray) -> float:
    """Halves of the numbers of repetitions, Spearman-Brown, median over neuroids, mean over ten halvings."""
    numbers, medians = np.unique(shown["repetition"]), []
    for pair in ShuffleSplit(10, train_size=0.5, random_state=1).split(numbers):
        sides = [shown["repetition"].isin(numbers[half]).to_numpy() for half in pair]
        first, second = (
            pd.DataFrame(values[s]).groupby(shown["image_id"][s].to_numpy()).mean() for s in sides
        )
        r = np.array([pearsonr(first[c], second[c])[0] for c in first])
        medians.append(np.median(2 * r / (1 + r)))
    return float(np.mean(medians))


@pytest.mark.timeout(300)
def test_pixels_by_the_shipped_entry_is_what_the_reference_recipe_gives(pytester, monkeypatch, tmp_path):
    made = files(tmp_path)
    monkeypatch.setenv("BRAINSCORE_CACHE", str(tmp_path / "cache"))
    (pytester.mkdir("benchmarks") / "majajhong2015.public.yaml").write_text(
        yaml.safe_dump(document(tmp_path))
    )
    result = run(
        "-p",
        "no:cacheprovider",
        "--models",
        "pixels",
        "--brainscore-offline",
        "-k",
        "MajajHong2015.public and IT-pls",
    )
    result.assert_outcomes(passed=1, deselected=5)
    (path,) = (pytester.path / "reports").glob("*/results.json")
    (row,) = json.loads(path.read_text())["results"]
    due = recipe(*made)
    assert {name: row[name] for name in due} == pytest.approx(due, abs=1e-5)
    assert (row["benchmark"], row["targets"], row["stimuli"]) == ("MajajHong2015.public.IT-pls", 14, N)
    assert 0.2 < due["raw"] < 0.9
    assert 0.5 < due["ceiling"] < 0.95
