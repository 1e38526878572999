"""Values beside a stranger's results: whatever is in them, `contrasts` says what, and in which file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from pydantic import ValidationError

from pytest_brainscore.__main__ import main
from pytest_brainscore.errors import ResultsError
from pytest_brainscore.report.joining import Found
from pytest_brainscore.report.rdms import per_stimulus, rdms
from pytest_brainscore.report.replicates import samples
from pytest_brainscore.report.runs import Part
from pytest_brainscore.surveying import found_in

from .test_contrasts_command import FILE, row, values, write

NAMES = ["a", "b", "c", "d"]
SQUARE = np.arange(16.0).reshape(4, 4)


def saved(variables, **coords):
    return lambda path: xr.Dataset(variables, coords).to_netcdf(path, engine="h5netcdf")


def rdm(dims, array, **coords):
    return saved({"rdm": (dims, array)}, **coords)


def score(dims, array):
    return saved({"score": (dims, array)}, stimulus=NAMES)


def elsewhere(path: Path) -> None:
    values(SQUARE).to_netcdf(path.with_name("other.h5"), engine="h5netcdf")
    with h5py.File(path, "w") as file:
        file["rdm"] = h5py.ExternalLink("other.h5", "rdm")


def unwritten(path: Path) -> None:
    """Of two arrays of 20,000 stimuli nothing was ever written: a few kB."""
    with h5py.File(path, "w") as file:
        file.create_dataset("rdm", shape=(20_000, 20_000), dtype="f8", chunks=(100, 100))


def damaged(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("rdm", data=SQUARE, chunks=(4, 4), fletcher32=True)
        file.create_dataset("stimulus", data=np.arange(4))
        file["stimulus"].make_scale("stimulus")
        file["rdm"].dims[0].attach_scale(file["stimulus"])
        file.create_dataset("stimulus_", data=np.arange(4))
        file["stimulus_"].make_scale("stimulus_")
        file["rdm"].dims[1].attach_scale(file["stimulus_"])
    content = path.read_bytes()
    path.write_bytes(content.replace(SQUARE.tobytes(), SQUARE[::-1].tobytes()))


BOTH = ("stimulus", "stimulus_")
DUE = "numbers of (stimulus, stimulus_) with names of stimuli are due"


@pytest.mark.parametrize(
    ("save", "over", "said"),
    [
        (rdm(("a", "b"), SQUARE), None, f"its RDM: float64 of (a, b); {DUE}"),
        (rdm(BOTH, SQUARE), None, DUE),
        (rdm(("stimulus",), SQUARE[0], stimulus=NAMES), None, "its RDM: float64 of (stimulus); numbers"),
        (rdm(BOTH, np.full((4, 4), "x"), stimulus=NAMES), None, "of (stimulus, stimulus_); numbers"),
        (rdm(BOTH, SQUARE[:, :3], stimulus=NAMES), None, "its RDM is (4, 3) of 4 stimuli"),
        (rdm(BOTH, SQUARE, stimulus=list("aacd")), None, "its RDM is (4, 4) of 3 stimuli"),
        (elsewhere, None, "rdm lies in another file"),
        (unwritten, None, "the array rdm would take 3.2 GB, more than 200 times its file"),
        (damaged, None, "is no netCDF, or damaged ("),
        (saved({"x": ("a", SQUARE[0])}), "stimulus", "has no scores by stimulus"),
        (score(("stimulus",), SQUARE[0]), "stimulus", "its scores by stimulus: float64 of (stimulus)"),
        (score(("split", "stimulus", "z"), SQUARE[None]), "stimulus", "float64 of (split, stimulus, z)"),
    ],
)
def test_values_that_no_run_left(tmp_path, save, over, said):
    rows = [row("a", 0.1, "cnn", values="a.nc", over=over), row("b", 0.2, "cnn")]
    folder = write(tmp_path / "a", rows)
    save(folder / "a.nc")
    found = found_in([folder])
    with pytest.raises(ResultsError) as why:
        assert (rdms(found), per_stimulus(found)) == ({}, {})
    assert f"{folder / 'a.nc'}: " in str(why.value)
    assert said in str(why.value)


def test_what_a_terminal_would_obey_is_escaped(tmp_path, capsys):
    rows = [row("a\x1b[2J", 0.1, "\x1b]0;x\x07"), row("b", 0.2, "cnn"), row("c", 0.3, "cnn")]
    (tmp_path / "own.yaml").write_text(
        FILE.replace("groups: [cnn, transformer]\n    ", "").replace(" - transformer", "")
    )
    assert (
        main(["contrasts", str(write(tmp_path / "a", rows)), "--contrasts", str(tmp_path / "own.yaml")]) == 0
    )
    shown = capsys.readouterr().out
    assert "\\x1b]0;x\\x07" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("name", ["../secret.nc", "/secret.nc", "..", "", "a\\secret.nc", "a\0.nc"])
def test_values_lie_beside_the_results(name):
    with pytest.raises(ValidationError, match="no plain name of a file beside the results"):
        row("a", 0.1, "cnn", values=name)


def test_no_reader_opens_what_lies_elsewhere(tmp_path):
    values(SQUARE).to_netcdf(tmp_path / "secret.nc", engine="h5netcdf")
    (tmp_path / "run").mkdir()
    part = Part(tmp_path / "run" / "results.json", (), complete=True)
    here = row("a", 0.1, "cnn", over="stimulus", values="secret.nc")
    outside = Found(here.model_copy(update={"values": "../secret.nc"}), part)
    inside = Found(here, replace(part, file=tmp_path / "results.json"))
    read = [
        (len(rdms([one])), len(per_stimulus([one])), one.values_file is not None) for one in (outside, inside)
    ]
    assert read == [(0, 0, False), (1, 1, True)]
    (tmp_path / "secret.nc").write_text("no netCDF")
    assert samples([outside])[0].sampled == {}
    with pytest.raises(ResultsError, match=r"secret\.nc"):
        samples([inside])
