"""Images on which people and networks differ: shares, pictures, and what stands where images are not here."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.report.figures.phrases import slug
from pytest_brainscore.report.sections import pictures
from pytest_brainscore.specs.cases import load_cases

from .networks import evidence, part_of, row

NAMES = [f"s{i}" for i in range(6)]
PEOPLE, MODEL = [1.0, 0.9, 0.5, 0.1, 0.2, 0.5], [0.0, 0.5, 0.5, 0.95, 1.0, 0.5]
BENCHMARK = """
dataset:
  id: Made
  title: made-up choices
  species: none
  modality: behaviour
  licence: none
  access: public
  reader: trials
  stimuli: {images: images}
  recordings: {tables: trials.csv}
benchmarks:
  - {id: behaviour-i2n, region: behaviour, metric: error_consistency, readout: {classes: imagenet16}}
"""


@pytest.fixture
def scored(tmp_path):
    """Evidence of two networks on a benchmark of choices, and the folder of its files."""
    run, suite = tmp_path / "run", tmp_path / "benchmarks"
    run.mkdir()
    suite.mkdir()
    for name, model in (("good", MODEL), ("poor", [0.0] * 6)):
        values = {"people_right": PEOPLE, "model_right": model, "people_trials": [40] * 6}
        write(run / f"{name}.nc", values, NAMES)
    rows = [
        row(name, raw, benchmark="Made.behaviour-i2n", region="behaviour", metric="i2n", values=f"{name}.nc")
        for name, raw in (("poor", 0.1), ("good", 0.4))
    ]
    return evidence(rows, file=run / "results.json", benchmarks=(suite,)), suite


def with_images(suite):
    (suite / "made.yaml").write_text(BENCHMARK)
    (suite / "images" / "dog").mkdir(parents=True)
    for i, name in enumerate(NAMES):
        Image.new("RGB", (300, 150), (40 * i, 0, 0)).save(suite / "images" / "dog" / f"{name}.png")
    lines = [f"a,0,dog,dog,{name}.png" for name in NAMES]
    (suite / "trials.csv").write_text(
        "\n".join(["subj,condition,category,object_response,imagename", *lines]) + "\n"
    )


def scored_digest(suite):
    """Of the images that lie in the folder."""
    (case,) = load_cases(suite / "made.yaml")
    fetcher = Fetcher(suite / "cache", offline=True)
    fetch = partial(fetcher, folder=suite, access=case.dataset.access)
    return open_recordings(case.dataset, fetch, fetcher.cache).stimuli.digest


def with_digest(found, suite, digest, benchmark="Made.behaviour-i2n"):
    """The evidence, as if images of that digest had been scored."""
    said = {"digests": {"stimuli": digest}, "benchmark": benchmark}
    rows = [one.model_copy(update=said) for one in found.rows]
    return evidence(rows, file=suite.parent / "run" / "results.json", benchmarks=(suite,))


def test_shares_are_of_every_network(scored):
    found, _ = scored
    section = pictures.section(found)
    lines = {line["model"]: line for line in part_of(section, "pictures-shares").rows}
    good = [lines["good"][f"for_{side}"] for side in ("people", "model", "alike")]
    assert good == pytest.approx([2 / 6, 2 / 6, 2 / 6])
    assert lines["poor"]["for_people"] == pytest.approx(1 / 6)  # it answers once: of 90 % that is no surprise
    sentence = part_of(section, "pictures-shares-drawn").says[0]
    assert sentence.startswith("behaviour-i2n: of 6 images 33 % [10, 70] are easier for people, 33 %")
    assert len(part_of(section, "pictures-images").rows) == 6
    shown = part_of(section, "pictures-sides")
    assert list(shown.columns) == ["name", "network", "people", "model", "alike"]
    assert shown.rows[1]["people"] == "33 % [10, 70]"
    assert shown.says == "Shares with their 95 % intervals. All lines: images 6."


def test_where_images_are_not_here_they_are_named_and_it_is_said_why(scored):
    found, _ = scored
    table = part_of(pictures.section(found), "pictures-Made.behaviour-i2n")
    assert table.says == "Of good. The images themselves are not shown: no benchmark file here names it."
    assert [line["stimulus"] for line in table.rows] == ["s0", "s1", "s3", "s4"]


def test_pictures_of_the_best_network_are_small_and_have_captions(scored):
    found, suite = scored
    with_images(suite)
    section = pictures.section(with_digest(found, suite, scored_digest(suite)))
    people = part_of(section, "pictures-Made.behaviour-i2n-people")
    assert [one.caption for one in people.pictures] == [
        "s0: people 100 % right (40 trials), good 0 %",
        "s1: people 90 % right (40 trials), good 50 %",
    ]
    model = part_of(section, "pictures-Made.behaviour-i2n-model")
    assert [one.alt for one in model.pictures] == ["stimulus s3", "stimulus s4"]
    with Image.open(io.BytesIO(model.pictures[1].png)) as image:
        assert (image.format, image.size, image.getpixel((5, 5))) == ("PNG", (224, 112), (160, 0, 0))


def test_images_that_are_others_now_are_not_shown(scored):
    found, suite = scored
    with_images(suite)
    section = pictures.section(with_digest(found, suite, "0" * 64))
    table = part_of(section, "pictures-Made.behaviour-i2n")
    assert table.says.endswith("are not those that were scored.")


def test_without_choices_there_is_no_section():
    assert pictures.section(evidence([row("m", 0.3)])) is None


def test_images_of_rows_that_name_none_are_not_shown(scored):
    found, suite = scored
    with_images(suite)
    table = part_of(pictures.section(found), "pictures-Made.behaviour-i2n")
    assert table.says.endswith("its results do not say which images were scored; run it again.")


def test_names_of_benchmarks_are_made_plain_in_ids(scored):
    found, suite = scored
    section = pictures.section(with_digest(found, suite, "0" * 64, benchmark="../up/Made & co.behaviour"))
    ids = [part.id for part in section.parts]
    assert all(id == slug(id) for id in ids)
    assert any("Made-co.behaviour" in id for id in ids)


STRANGE = {
    "no trials' number": {"people_trials": [40, 40, float("nan"), 40, 40, 40]},
    "half a trial": {"people_trials": [40, 40, 40, 0.5, 40, 40]},
    "less than no trials": {"people_trials": [-1] * 6},
    "more than all right": {"people_right": [1.5] * 6},
    "no share": {"model_right": [float("nan")] * 6},
    "words": {"model_right": ["yes"] * 6},
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE.keys())
def test_values_that_are_no_shares_become_a_sentence(scored, strange):
    found, suite = scored
    kept = {"people_right": PEOPLE, "model_right": MODEL, "people_trials": [40] * 6, **strange}
    write(suite.parent / "run" / "good.nc", kept, NAMES)
    section = pictures.section(found)
    assert {line["model"] for line in part_of(section, "pictures-shares").rows} == {"poor"}
    (key,) = strange
    (line,) = [line for line in section.says if line.startswith("Left out: good on Made.behaviour-i2n: ")]
    assert f"its {key} " in line


def test_files_that_lack_a_side_or_have_one_name_twice_or_are_none_become_sentences(scored):
    found, suite = scored
    run = suite.parent / "run"
    write(run / "good.nc", {"people_right": PEOPLE, "people_trials": [40] * 6}, NAMES)
    write(
        run / "poor.nc", {"people_right": PEOPLE, "model_right": MODEL, "people_trials": [4] * 6}, ["a"] * 6
    )
    section = pictures.section(found)
    assert section.parts == []
    assert "its 6 images have 1 names" in section.says[0]
    assert "has no model_right" in section.says[1]
    (run / "good.nc").write_bytes(b"nothing")
    assert "is no netCDF, or damaged" in pictures.section(found).says[1]


def test_shares_of_other_shapes_become_a_sentence(scored):
    found, suite = scored
    square = np.zeros((6, 6))
    made = {"people_right": (("stimulus", "split"), square), "model_right": ("stimulus", MODEL)}
    whole = xr.Dataset({**made, "people_trials": ("stimulus", [4] * 6)}, coords={"stimulus": NAMES})
    whole.to_netcdf(suite.parent / "run" / "good.nc", engine="h5netcdf")
    assert "float64 of (stimulus, split), not numbers by image" in pictures.section(found).says[-1]


def write(path, values, names):
    """A file of values by image."""
    dims = {key: ("stimulus", np.array(value)) for key, value in values.items()}
    xr.Dataset(dims, coords={"stimulus": names}).to_netcdf(path, engine="h5netcdf")
