"""Replicates that are read from the files that runs leave."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pytest_brainscore.errors import ResultsError
from pytest_brainscore.inference.one_factor import variance_of
from pytest_brainscore.inference.replicates import Replicates, Shared
from pytest_brainscore.report.joining import Found, Part
from pytest_brainscore.report.replicates import samples
from pytest_brainscore.scoring.inferred.beside import tables
from tests.test_contrasts_command import row

VALUES, LINE = np.array([0.1, 0.4, 0.2, 0.3]), np.array([0.2, 0.3, 0.2, 0.3])
MADE = Replicates("splits", "stimulus", VALUES, 90, refit=True, shared=Shared(LINE, 0.2, 1))


@pytest.fixture
def reread(tmp_path):
    """What is read of arrays that lie beside a score."""

    def read(arrays):
        xr.Dataset(arrays).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
        part = Part(tmp_path / "results.json", (), complete=True)
        (found,) = samples([Found(row("a", 0.1, "cnn", over="stimulus", values="a.nc"), part)])
        return found.sampled["stimulus"]

    return read


def written(made):
    return {name: table.to_xarray() for name, table in tables({"stimulus": made}, "key").items()}


def test_what_was_left_is_read_as_it_was(reread):
    found = reread(written(MADE))
    assert (found.way, found.count, found.refit, found.shared.ratio, found.shared.of) == (
        "splits",
        90,
        True,
        0.2,
        1,
    )
    np.testing.assert_array_equal(found.shared.line, LINE)
    assert variance_of(found) == variance_of(MADE)


def test_in_files_without_a_line_splits_share_all_of_the_score(reread):
    """Nadeau and Bengio's variance, as it was made before."""
    array = written(MADE)["replicates_stimulus"]
    del array.attrs["of"]
    found = variance_of(reread({"replicates_stimulus": array}))
    assert found.value == pytest.approx((1 / 4 + 0.2) * VALUES.var(ddof=1))


def test_a_line_of_another_length_is_refused(reread):
    arrays = written(MADE)
    arrays["shared_stimulus"] = xr.DataArray(LINE[:3], dims=("other",))
    with pytest.raises(ResultsError, match=r"a\.nc: replicates_stimulus is no list of replicates"):
        reread(arrays)
