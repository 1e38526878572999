"""NSD prepared from a simulated folder: against rules and loops; killed, damaged, changed; read."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from pytest_brainscore.__main__ import main
from pytest_brainscore.data.fetch import Fetcher
from pytest_brainscore.data.nsd import parts
from pytest_brainscore.data.nsd.layout import NsdFolder
from pytest_brainscore.data.nsd.preparing import Preparation
from pytest_brainscore.data.opening import open_recordings
from pytest_brainscore.errors import DataError, FetchError, NotHere
from pytest_brainscore.specs.datasets import NsdDataset
from pytest_brainscore.specs.selections import Where
from tests.nsd_folder import BETAS, NAN, SUBJECTS, UNMEASURED, Written, write

FILES = ["shared1000.npy", *(f"S{subject}.{BETAS}.npz" for subject in SUBJECTS)]


@pytest.fixture(scope="session")
def nsd(tmp_path_factory) -> Written:
    """The folder; subject 7 stopped after two sessions."""
    return write(tmp_path_factory.mktemp("nsd") / "nsd", shared=24, stopped=(7,))


@pytest.fixture(scope="session")
def prepared(nsd, tmp_path_factory) -> Path:
    to = tmp_path_factory.mktemp("prepared")
    preparation = preparing(nsd, to)
    assert [preparation.stimuli().name, *(preparation.subject(s).name for s in SUBJECTS)] == FILES
    return to


@pytest.fixture
def copy(nsd, tmp_path) -> Written:
    """The folder once more, to be spoiled."""
    return replace(nsd, root=shutil.copytree(nsd.root, tmp_path / "nsd"))


def preparing(nsd: Written, to: Path, **options) -> Preparation:
    return Preparation(NsdFolder(nsd.root, BETAS), to, **options)


def opened(tmp_path: Path, prepared: Path, monkeypatch, **recordings):
    monkeypatch.setenv("BRAINSCORE_NSD_PREPARED", str(prepared))
    fetcher = Fetcher(tmp_path / "cache", offline=True)
    spec = NsdDataset(id="NSD", reader="nsd", recordings=recordings)
    return open_recordings(spec, lambda file: fetcher(file, tmp_path), fetcher.cache)


def regions_of(nsd: Written, subject: int, place: tuple[int, ...]) -> set[str]:
    """The regions of one voxel, rule by rule."""
    at = {name: volume[place] for (who, name), volume in nsd.volumes.items() if who == subject}
    streams = ["", "early", "midventral", "midlateral", "midparietal", "ventral", "lateral", "parietal"]
    visual = ["", "V1v", "V1d", "V2v", "V2d", "V3v", "V3d", "hV4"]
    selective = {
        "faces": ("floc-faces", ["OFA", "FFA-1", "FFA-2"]),
        "bodies": ("floc-bodies", ["EBA", "FBA-1", "FBA-2"]),
        "places": ("floc-places", ["OPA", "PPA"]),
        "word": ("floc-words", ["OWFA", "VWFA-1", "VWFA-2"]),
    }
    found = set()
    for contrast, (name, labels) in selective.items():
        if 0 < at[name] <= len(labels) and at[f"floc_{contrast}tval"] >= 1:
            found |= {labels[at[name] - 1], "OTC"}
    if at["streams"] > 0:
        found.add(streams[at["streams"]])
        if at["nsdgeneral"] == 1 and at["streams"] in (2, 3, 5, 6):
            found.add("OTC")
    if at["prf-visualrois"] > 0:
        area = visual[at["prf-visualrois"]]
        found |= {"EVC", area} | ({area[:2]} if area != "hV4" else set())
    return found


@pytest.mark.parametrize("subject", SUBJECTS)
def test_voxels_and_their_regions_by_the_rules(nsd, prepared, subject):
    whole = nsd.volumes[subject, "ncsnr"]
    due = {place: regions_of(nsd, subject, place) for place in np.ndindex(whole.shape)}
    due = {place: found for place, found in due.items() if found & {"OTC", "EVC"}}
    with np.load(prepared / f"S{subject}.{BETAS}.npz") as file:
        places = [tuple(place) for place in file["place"].tolist()]
        members = dict(zip(file["region"].tolist(), file["members"], strict=True))
        ncsnr = file["ncsnr"]
    assert places == list(due)
    assert len(members) == 2 + 11 + 7 + 3 + 7
    absent = {name for name, values in members.items() if not values.any()}
    assert absent == ({"FBA-1"} if subject in (5, 7) else set())
    assert [{n for n, m in members.items() if m[i]} for i in range(len(places))] == list(due.values())
    assert ncsnr.tolist() == [whole[place] for place in places]
    assert ncsnr.min() < 0.2


@pytest.mark.parametrize("subject", SUBJECTS)
def test_betas_are_z_scored_over_all_trials_of_their_session(nsd, prepared, subject):
    """Trial by trial and voxel by voxel; of the voxels every fourth, and those that were not measured."""
    with np.load(prepared / f"S{subject}.{BETAS}.npz") as file:
        numbers, places, betas = (file[name].tolist() for name in ("number", "place", "betas"))
    assert numbers == nsd.shared.tolist() == sorted(nsd.shared)
    columns = [*range(0, len(places), 4), places.index(list(NAN)), places.index(list(UNMEASURED))]
    due = np.full((24, 2 if subject == 7 else 3, len(columns)), np.nan)
    seen: Counter = Counter()
    trials = iter(nsd.trials[subject].tolist())
    for session, length in enumerate(nsd.lengths[subject], start=1):
        stored = nsd.betas[subject, session].astype(float)
        for trial in range(length):
            if (number := next(trials)) in numbers:
                voxels = [stored[*places[column]] for column in columns]
                row, repetition = numbers.index(number), seen[number]
                due[row, repetition] = [z_scored(betas, trial) for betas in voxels]
                seen[number] += 1
    found = np.array(betas)[:, :, columns]
    np.testing.assert_allclose(found, due, atol=1e-5)
    assert len(set(nsd.lengths[subject])) > 1
    assert np.isnan(due[:, :, -1]).any() == (subject in (1, 7))
    assert np.isnan(due[:, :, -2]).any() == (subject in (5, 7))


def z_scored(betas: np.ndarray, trial: int) -> float:
    measured = betas[~np.isnan(betas)]
    deviation = np.sqrt(np.mean((measured - measured.mean()) ** 2))
    return (betas[trial] - measured.mean()) / deviation if deviation else np.nan


KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_brainscore.data.nsd.layout import NsdFolder
from pytest_brainscore.data.nsd.preparing import Preparation

def tell(what, done, of):
    if (what, done) == ("S2: session", 2):
        os.kill(os.getpid(), signal.SIGKILL)

preparation = Preparation(NsdFolder(Path(sys.argv[1]), sys.argv[2]), Path(sys.argv[3]), tell=tell)
preparation.stimuli()
for subject in (1, 2, 5):
    preparation.subject(subject)
"""


def test_what_was_killed_goes_on_and_comes_to_the_same_bytes(nsd, prepared, tmp_path, monkeypatch):
    to = tmp_path / "to"
    command = [sys.executable, "-c", KILLED, str(nsd.root), BETAS, str(to)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert sorted(path.name for path in to.glob("*.np?")) == sorted(FILES[:2])
    finished = (to / FILES[1]).stat().st_mtime_ns
    read = counted(monkeypatch)
    for subject in SUBJECTS:
        preparing(nsd, to).subject(subject)
    assert read == [(2, 3), (5, 1), (5, 2), (5, 3), (7, 1), (7, 2)]
    assert (to / FILES[1]).stat().st_mtime_ns == finished
    assert [(to / name).read_bytes() for name in FILES] == [(prepared / name).read_bytes() for name in FILES]
    assert not list(to.rglob("session*"))
    assert not list(to.rglob("*.part"))


def counted(monkeypatch) -> list[tuple[int, int]]:
    """Subject and session of each file of betas that is read from now on."""
    read, real = [], parts.read_betas

    def counting(session, voxels):
        read.append((voxels.subject, session.number))
        return real(session, voxels)

    monkeypatch.setattr(parts, "read_betas", counting)
    return read


def test_two_at_once_share_the_work(nsd, prepared, tmp_path, monkeypatch):
    read = counted(monkeypatch)
    both = [threading.Thread(target=preparing(nsd, tmp_path).subject, args=(7,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert read == [(7, 1), (7, 2)]
    assert (tmp_path / FILES[4]).read_bytes() == (prepared / FILES[4]).read_bytes()


@pytest.mark.parametrize(("limit", "kept"), [(1000, 0), (50_000, 2)])
def test_a_full_disk_leaves_no_half_file(nsd, prepared, tmp_path, limit, kept):
    """No file may be longer than the limit: a session's part, or the whole."""
    preparation = preparing(nsd, tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(DataError, match=r"cannot be written .*make room, run again"):
            preparation.subject(7)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    left = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert left == ({".lock", ".npy"} if kept else {".lock"})
    assert len(list(tmp_path.rglob("session*"))) == kept
    assert preparation.subject(7).read_bytes() == (prepared / FILES[4]).read_bytes()


def test_too_little_room_is_told_before_anything_is_read(nsd, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    for make in (preparing(nsd, tmp_path).stimuli, lambda: preparing(nsd, tmp_path).subject(1)):
        with pytest.raises(DataError, match=r"needs 0\.\d MB, and 0\.0 MB are free: make room"):
            make()


def test_inputs_that_changed_are_noticed(copy, tmp_path, monkeypatch):
    to = tmp_path / "to"
    path = preparing(copy, to).subject(7)
    before, session = path.read_bytes(), copy.session(7, 2)
    with h5py.File(session, "r+") as file:
        file["betas"][5] = file["betas"][5] + 300
    with pytest.raises(DataError, match=r"betas_session02.hdf5 has changed since .*--again"):
        preparing(copy, to).subject(7)
    assert path.read_bytes() == before
    read = counted(monkeypatch)
    assert preparing(copy, to, again=True).subject(7).read_bytes() != before
    assert len(read) == 2
    preparing(copy, to, again=True).subject(7)
    assert len(read) == 2
    session.unlink()
    with pytest.raises(
        DataError, match=r"betas_session02.hdf5 has changed since it was made, or is new or gone"
    ):
        preparing(copy, to).subject(7)


def test_a_session_that_changed_before_all_were_read_is_read_again(copy, tmp_path, monkeypatch):
    class Stop(Exception):
        pass

    def stop(what, done, of):
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        preparing(copy, tmp_path / "to", tell=stop).subject(1)
    os.utime(copy.session(1, 1))
    part = max((tmp_path / "to").rglob("session02*.npy"))
    part.write_bytes(part.read_bytes()[:50])
    read = counted(monkeypatch)
    preparing(copy, tmp_path / "to").subject(1)
    assert read == [(1, 1), (1, 2), (1, 3)]


def test_a_session_that_changes_while_it_is_read(copy, tmp_path, monkeypatch):
    real = parts.read_betas

    def changing(session, voxels):
        os.utime(session.path)
        return real(session, voxels)

    monkeypatch.setattr(parts, "read_betas", changing)
    with pytest.raises(DataError, match=r"betas_session01.nii.gz: changed while it was read"):
        preparing(copy, tmp_path / "to").subject(2)


SPACE = "nsddata/ppdata/subj02/func1pt8mm"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def narrow(path: Path) -> None:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(np.zeros((12, 9, 8), np.int16), np.eye(4)), path)


def without_orders(path: Path) -> None:
    scipy.io.savemat(path, {"sharedix": np.ones((1, 2)), "subjectim": np.ones((8, 4))})


def empty(path: Path) -> None:
    narrow(path)
    with h5py.File(path.with_name("betas_session01.hdf5"), "w") as file:
        file["other"] = np.zeros(3)


@pytest.mark.parametrize(
    ("place", "spoil", "said"),
    [
        (f"{SPACE}/roi/floc-words.nii.gz", Path.unlink, "no such file; .*aws s3 cp .*roi/floc-words.nii.gz"),
        (f"{SPACE}/floc_wordtval.nii.gz", Path.unlink, "floc_wordtval.nii.gz: no such file"),
        (
            f"{SPACE}/roi/streams.nii.gz",
            narrow,
            r"streams.nii.gz: has the shape \(12, 9, 8\), and ncsnr.nii.gz",
        ),
        (f"{SPACE}/roi/streams.nii.gz", cut, "streams.nii.gz: cannot be read .*fetch it again"),
        ("BETAS/betas_session02.nii.gz", cut, "betas_session02.nii.gz: cannot be read .*fetch it again"),
        ("BETAS/betas_session02.nii.gz", Path.unlink, "betas_session02.hdf5: no such file"),
        (
            "BETAS/betas_session02.nii.gz",
            narrow,
            "betas_session02.nii.gz: betas of 3 dims; x, y, z and trials",
        ),
        ("BETAS/betas_session01.nii.gz", empty, "betas_session01.hdf5: cannot be read .*betas"),
        ("BETAS/ncsnr.nii.gz", narrow, "of the same subject has"),
        ("nsddata/experiments/nsd/nsd_expdesign.mat", cut, "cannot be read as a MATLAB file"),
        (
            "nsddata/experiments/nsd/nsd_expdesign.mat",
            without_orders,
            "no variable masterordering .there are",
        ),
    ],
)
def test_a_folder_that_is_not_whole(copy, tmp_path, place, spoil, said):
    betas = f"nsddata_betas/ppdata/subj02/func1pt8mm/{BETAS}"
    spoil(copy.root / place.replace("BETAS", betas))
    with pytest.raises(DataError, match=said):
        preparing(copy, tmp_path / "to").subject(2)
    assert not list((tmp_path / "to").glob("*.npz"))


def test_betas_of_another_shape(copy, tmp_path):
    third = copy.session(7, 1).with_name("betas_session03.nii.gz")
    shutil.copy(copy.session(2, 1), third)
    with pytest.raises(DataError, match=r"of the shape \(12, 10, 8\), and those .* have \(13, 10, 8\)"):
        preparing(copy, tmp_path / "to").subject(7)


def test_more_trials_than_the_design_has(copy, tmp_path):
    for name in ("betas_session03.hdf5", "betas_session04.hdf5"):
        shutil.copy(copy.session(7, 1), copy.session(7, 1).with_name(name))
    with pytest.raises(DataError, match=r"S7: 191 trials in the files of betas, but .* has 144 trials of 8"):
        preparing(copy, tmp_path / "to").subject(7)


def test_images_that_are_cut_short(copy, tmp_path):
    cut(copy.root / "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5")
    with pytest.raises(DataError, match=r"nsd_stimuli.hdf5: cannot be read .*fetch it again"):
        preparing(copy, tmp_path / "to").stimuli()
    assert not list((tmp_path / "to").glob("shared*"))


def test_recordings(nsd, prepared, tmp_path, monkeypatch):
    recordings = opened(tmp_path, prepared, monkeypatch, subjects=(1, 7))
    data, stimuli = recordings.data, recordings.stimuli
    assert stimuli.ids == tuple(str(number) for number in nsd.shared)
    assert stimuli.visual_degrees == 8.4
    with h5py.File(nsd.root / "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5") as file:
        due = file["imgBrick"][nsd.shared[5] - 1]
    assert np.array_equal(np.asarray(stimuli.open(5)), due)
    assert data["stimulus"].values.tolist() == [id for id in stimuli.ids for _ in range(3)]
    assert data["repetition"].values.tolist() == [0, 1, 2] * 24
    assert set(data["subject"].values) == {"S1", "S7"}
    assert data["neuroid"].values[0] == "S1-" + "-".join(map(str, first_voxel(prepared)))
    assert len(set(data["neuroid"].values)) == data.sizes["neuroid"]
    seventh = data.values[:, data["subject"].values == "S7"].reshape(24, 3, -1)
    with np.load(prepared / FILES[4]) as file:
        np.testing.assert_array_equal(seventh[:, :2], file["betas"])
    assert np.isnan(seventh[:, 2]).all()
    both = data["OTC"].values & data["EVC"].values
    assert both.any()
    assert set(data["region"].values[both]) == {"OTC"}


def first_voxel(prepared: Path) -> list[int]:
    with np.load(prepared / FILES[1]) as file:
        return file["place"][0].tolist()


def test_regions_overlap_and_the_bound_is_for_whoever_asks(nsd, prepared, tmp_path, monkeypatch):
    recordings = opened(tmp_path, prepared, monkeypatch)
    assert recordings.data.sizes["presentation"] == 24 * 3
    subjects = recordings.select("FBA-1").data["subject"].values
    assert set(subjects) == {"S1", "S2"}
    evc, bound = recordings.select("EVC"), recordings.select("EVC", ncsnr=Where(above=0.2))
    assert evc.data["ncsnr"].values.min() < 0.2 < bound.data["ncsnr"].values.min()
    assert 0 < len(evc.data["neuroid"]) - len(bound.data["neuroid"]) < len(bound.data["neuroid"])
    assert evc.data["OTC"].values.any()
    assert recordings.digest != opened(tmp_path, prepared, monkeypatch, subjects=(1, 2)).digest


def test_what_is_missing_or_damaged_when_it_is_read(prepared, tmp_path, monkeypatch):
    with pytest.raises(NotHere, match=r"S3.*: not prepared on this machine; run `python -m .* prepare nsd`"):
        opened(tmp_path, prepared, monkeypatch, subjects=(3,))
    folder = shutil.copytree(prepared, tmp_path / "folder")
    (folder / f"{FILES[1]}.json").unlink()
    with pytest.raises(DataError, match="its note is missing or of another file"):
        opened(tmp_path, folder, monkeypatch, subjects=(1,))
    content = bytearray((folder / FILES[2]).read_bytes())
    content[-100] ^= 1
    (folder / FILES[2]).write_bytes(content)
    with pytest.raises(DataError, match=r"S2.*: its sha256 is .* is due: it was damaged or changed since"):
        opened(tmp_path, folder, monkeypatch, subjects=(2,))
    (folder / FILES[0]).unlink()
    with pytest.raises(NotHere, match=r"shared1000.npy: not prepared"):
        opened(tmp_path, folder, monkeypatch, subjects=(5,))
    monkeypatch.setenv("BRAINSCORE_NSD_PREPARED", "")
    spec, fetcher = NsdDataset(id="NSD", reader="nsd"), Fetcher(tmp_path / "cache")
    with pytest.raises(
        NotHere, match=r"naturalscenesdataset.org.* prepare nsd .*set BRAINSCORE_NSD_PREPARED"
    ):
        open_recordings(spec, lambda file: fetcher(file, tmp_path), fetcher.cache)
    with pytest.raises(FetchError, match="is no folder"):
        opened(tmp_path, tmp_path / "nowhere", monkeypatch)


def test_other_images_than_the_voxels_saw(prepared, tmp_path, monkeypatch):
    other = write(tmp_path / "nsd", shared=12, seed=1)
    folder = shutil.copytree(prepared, tmp_path / "folder")
    preparing(other, folder, again=True).stimuli()
    with pytest.raises(DataError, match=r"S1.*: its images are not the 12 of the file of images beside it"):
        opened(tmp_path, folder, monkeypatch, subjects=(1,))


def test_the_command(nsd, prepared, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BRAINSCORE_NSD", str(nsd.root))
    monkeypatch.setenv("BRAINSCORE_NSD_PREPARED", str(prepared))
    assert main(["prepare", "nsd", "--subjects", "1,S7"]) == 0
    images, first, seventh, last = capsys.readouterr().out.splitlines()
    assert images == f"images: {prepared / FILES[0]}"
    assert re.fullmatch(
        rf"S1: {prepared / FILES[1]} \(\d\.\d MB\): \d+ voxels, 3 sessions of 144 trials, .*", first
    )
    assert first.endswith("images shown 3 times")
    assert re.search(r"2 sessions of 89 trials, images shown .*2 times \(\d+\); it has no FBA-1$", seventh)
    assert last == f"set BRAINSCORE_NSD_PREPARED={prepared}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "prepare nsd: give --folder, or set BRAINSCORE_NSD"),
        (("--folder", "nowhere"), "nowhere is no folder"),
        (("--folder", ".", "--subjects", "1,9"), "--subjects 1,9: numbers from 1 to 8"),
        (("--folder", "."), "nsd_expdesign.mat: no such file; with NSD's terms accepted"),
    ],
)
def test_the_command_says_what_it_lacks(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.delenv("BRAINSCORE_NSD", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", "nsd", *arguments]) == 2
    assert said in capsys.readouterr().err
