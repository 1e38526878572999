"""Eigenvalues and RDMs beside the results, read and told."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pytest_brainscore.errors import ResultsError
from pytest_brainscore.report.sections import dimensionality, likeness
from pytest_brainscore.report.spectra import spectra
from pytest_brainscore.specs.results import LayerScores, Row

from .networks import evidence, part_of

STIMULI = [f"s{i}" for i in range(6)]


def left(folder, model, trained=True, power=1.0, dims=("layer", "component")):
    """A row, and beside it its RDM and eigenvalues: of the chosen layer b a power law."""
    ranks = np.arange(1, 61)
    eigenvalues = np.stack([np.ones(60), np.append(5.0 * ranks[:-1] ** -power, 0.0)]).astype("float32")
    rdm = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0))) ** (1.0 if trained else 0.5)
    xr.Dataset(
        {"eigenvalues": (dims, eigenvalues), "rdm": (("stimulus", "stimulus_"), rdm.astype("float32"))},
        coords={"layer": (dims[0], ["a", "b"]), "stimulus": STIMULI},
    ).to_netcdf(folder / f"{model}.nc", engine="h5netcdf")
    profile = tuple(LayerScores(layer=name, train={}, test={}, dimensionality=9.0) for name in "ab")
    names = {
        "benchmark": "Own.IT-crsa",
        "dataset": "Own",
        "region": "IT",
        "metric": "crsa",
        "status": "scored",
    }
    about = {"trained": trained, "architecture": "net"}
    return Row(**names, model=model, raw=0.5, layer="b", profile=profile, about=about, values=f"{model}.nc")


def test_the_chosen_layer_s_eigenvalues_are_read_and_their_power_is_told(tmp_path):
    rows = [left(tmp_path, "net", power=1.2), left(tmp_path, "net_untrained", False, 2.0)]
    found = evidence(rows, tmp_path / "results.json")
    one, other = spectra(found.scored)
    assert (one.layer, len(one.eigenvalues)) == ("b", 59)
    assert one.eigenvalues[0] == pytest.approx(5.0)
    figure = part_of(dimensionality.section(found), "dimensionality-eigenvalues")
    told = "Own, ranks 4 to 29: 1.20 in 1 trained network; 2.00 in 1 untrained network."
    assert figure.says[1:] == [told]
    assert [row["exponent"] for row in figure.table.rows] == pytest.approx([1.2, 2.0], abs=0.01)
    assert other.row.model == "net_untrained"


def test_eigenvalues_of_other_dims_are_refused_and_the_section_says_so(tmp_path):
    found = evidence([left(tmp_path, "net", dims=("kind", "component"))], tmp_path / "results.json")
    with pytest.raises(ResultsError, match=r"net\.nc: its eigenvalues are of \(kind, component\)"):
        spectra(found.scored)
    section = dimensionality.section(found)
    assert section.says[-1].startswith("No eigenvalues: ")
    assert [part.id for part in section.parts][-1] == "dimensionality"


def test_rdms_make_the_section_of_likeness(tmp_path):
    rows = [left(tmp_path, "net"), left(tmp_path, "net_untrained", False)]
    found = evidence(rows, tmp_path / "results.json")
    above = np.triu_indices(6, 1)
    near = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))[above]
    r = np.corrcoef(near, near**0.5)[0, 1]
    section = likeness.section(found)
    assert part_of(section, "likeness").rows[0]["r"] == pytest.approx(r, abs=1e-6)
    assert part_of(section, "likeness-maps").says == [f"IT-crsa: r of net and net untrained ({r:.3f})."]
    assert [part.id for part in section.parts] == ["likeness-maps", "likeness"]  # no plane of two
    (tmp_path / "net.nc").write_bytes(b"damaged")
    broken = likeness.section(found)
    assert broken.parts == []
    assert "Own.IT-crsa: no likeness of networks: " in broken.says[-1]
