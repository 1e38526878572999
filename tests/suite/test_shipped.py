"""What the shipped files of Brain-Score's benchmarks say: their stores, and what was published."""

from __future__ import annotations

import re

import pytest

from pytest_brainscore import suite
from pytest_brainscore.specs.cases import Case, load_cases
from pytest_brainscore.specs.collection import Collection
from tests.conftest import ROOT

from .test_files import ELSEWHERE, FILES

CASES = [case for name in FILES for case in load_cases(ROOT / "benchmarks" / name)]
CONDITIONS = [name.removeprefix("geirhos2021.").removesuffix(".yaml") for name in FILES if "geirhos" in name]
ZOO = suite.zoo().models
REGIONS = ("V1", "V2", "V4", "IT")
STORE = re.compile(r"https://brainscore-storage\.s3\.amazonaws\.com/[\w./-]+\?versionId=[\w.-]+")
DUE = {
    *(f"MajajHong2015.public.{r}-{m}" for r in ("V4", "IT") for m in ("pls", "reverse_pls", "pls-2018")),
    *(f"MajajHong2015.temporal.public.{r}-temporal_pls" for r in ("V4", "IT")),
    *(f"MajajHong2015.private.{r}-pls" for r in ("V4", "IT")),
    *(f"FreemanZiemba2013.{a}.{r}-pls" for a in ("public", "private") for r in ("V1", "V2")),
    *(f"Rajalingham2018.{a}.behaviour-i2n" for a in ("public", "private")),
    *(f"Coggan2024_fMRI.{r}-rsm" for r in REGIONS),
    "Cadena2017.V1-pls",
    *(f"Sanghavi{name}2020.{r}-pls" for name in ("", "Jozwik", "Murty") for r in ("V4", "IT")),
    "Rajalingham2020.IT-pls",
    *(f"Papale2025.{r}-{m}" for r in ("V1", "V4", "IT") for m in ("ridge", "ridgecv")),
    *(f"Hebart2023_fmri.{r}-{m}" for r in REGIONS for m in ("ridge", "ridgecv")),
    *(f"Gifford2022.IT-{m}" for m in ("ridge", "ridgecv")),
    *(
        f"Allen2022_fmri{which}.{r}-{m}"
        for which in ("", "_4subj", "_surface", "_surface_4subj")
        for r in REGIONS
        for m in ("ridge", "rdm")
    ),
    *(f"Li2026.{r}-{m}" for r in REGIONS for m in ("ridgecv", "pls", "rdm")),
    *(f"Geirhos2021.{c}.error_consistency" for c in CONDITIONS),
    *(f"Geirhos2021-top1.{c}.top1" for c in CONDITIONS),
    *(f"Hermann2020.{m}" for m in ("shape_bias", "shape_match")),
    *(f"BMD2024.{c}.{c}-accuracy_distance" for c in ("texture_1", "texture_2", "dotted_1", "dotted_2")),
    "ImageNet.top1",
}


def test_every_benchmark_is_there_once():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) == len(DUE)
    assert set(names) == DUE
    assert len(CONDITIONS) == 17
    assert len(FILES) + len(ELSEWHERE) == len(list((ROOT / "benchmarks").glob("*.yaml")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_files_have_their_version_and_hash_and_collections_say_where_they_are_had(case):
    for file in _files(case):
        if isinstance(file, Collection):
            assert file.source.startswith("https://")
        else:
            assert STORE.fullmatch(file.url), file
            assert file.sha1
    assert case.dataset.title
    assert case.dataset.modality


def _files(case: Case) -> list:
    dataset = case.dataset
    if dataset.reader == "collection":
        return [dataset.stimuli.images]
    found = []
    for part in dataset.parts.values() or (dataset,):
        found += [part.stimuli.csv, part.stimuli.zip or part.stimuli.images]
        found += [part.recordings.netcdf] if part.recordings else []
    return found


def test_no_hash_is_written_for_two_files():
    """But that of the two tables that are the same: edges and silhouettes of the same 160 images."""
    files = {(f.sha1, f.url) for case in CASES for f in _files(case) if not isinstance(f, Collection)}
    shared = [url for sha1, url in files if sum(sha1 == other for other, _ in files) > 1]
    assert sorted(url.rpartition("_")[2] for url in shared) == [
        f"{c}.csv?versionId=null" for c in ("edge", "silhouette")
    ]
    assert len(files) == len({url for _, url in files}) == 131


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_published_values_are_of_models_that_there_are_and_within_bounds(case):
    known = {"ceiling", "self", *ZOO}
    for one in case.benchmark.published:
        assert one.of in known
        assert one.region in (None, *(case.benchmark.regions or ()))
        assert (one.value is not None) == (one.of == "ceiling")
        given = [v for v in (one.value, one.raw, one.ceiled) if v is not None]
        assert given
        assert all(0 < value < 1 for value in given)


def test_the_anchor_is_its_own_arithmetic():
    """0.0623 is 0.2255 squared over 0.8158, and the minimum of the guard is that less 0.0005."""
    (case,) = (case for case in CASES if case.name == "MajajHong2015.public.IT-pls")
    raw, ceiled = (one for one in case.benchmark.published if one.of == "pixels")
    (ceiling,) = (one.value for one in case.benchmark.published if one.of == "ceiling")
    assert raw.raw**2 / ceiling == pytest.approx(ceiled.ceiled, abs=1e-7)
    minimum = case.benchmark.guard.minimum["pixels"]
    assert (ceiled.ceiled - ceiled.tolerance) * ceiling == pytest.approx(minimum**2, abs=1e-4)
