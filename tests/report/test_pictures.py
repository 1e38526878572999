"""Images on which people and networks differ: shares, pictures, and what stands where images are not here."""

from __future__ import annotations

import io

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from pytest_brainscore.report.sections import pictures

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
        dims = {key: ("stimulus", np.array(value)) for key, value in values.items()}
        xr.Dataset(dims, coords={"stimulus": NAMES}).to_netcdf(run / f"{name}.nc", engine="h5netcdf")
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


def test_shares_are_of_every_network(scored):
    found, _ = scored
    section = pictures.section(found)
    lines = {line["model"]: line for line in part_of(section, "pictures-shares").rows}
    good = [lines["good"][f"for_{side}"] for side in ("people", "model", "alike")]
    assert good == pytest.approx([2 / 6, 2 / 6, 2 / 6])
    assert lines["poor"]["for_people"] == 1  # also of s3: none of 40 is not 10 %
    sentence = part_of(section, "pictures-shares-drawn").says[0]
    assert sentence.startswith("Made.behaviour-i2n: of 6 images 33 % [10, 70] are easier for people, 33 %")
    assert len(part_of(section, "pictures-images").rows) == 6


def test_where_images_are_not_here_they_are_named_and_it_is_said_why(scored):
    found, _ = scored
    table = part_of(pictures.section(found), "pictures-Made.behaviour-i2n")
    assert table.says == "The images themselves are not shown: no benchmark file here names it."
    assert [line["stimulus"] for line in table.rows] == ["s0", "s1", "s3", "s4"]


def test_pictures_of_the_best_network_are_small_and_have_captions(scored):
    found, suite = scored
    with_images(suite)
    section = pictures.section(found)
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
    rows = [one.model_copy(update={"digests": {"stimuli": "0" * 64}}) for one in found.rows]
    file = suite.parent / "run" / "results.json"
    section = pictures.section(evidence(rows, file=file, benchmarks=(suite,)))
    table = part_of(section, "pictures-Made.behaviour-i2n")
    assert table.says.endswith("are not those that were scored.")


def test_without_choices_there_is_no_section():
    assert pictures.section(evidence([row("m", 0.3)])) is None
