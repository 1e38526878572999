"""Objects in stores, by pytest: what is private skips, and what a store refuses is one line that says so."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.s3_server import SECRET, USER, serving

ACCESS = {"Open": "public", "Closed": "unclear", "Private": "private", "Gone": "public", "Changed": "public"}
PUT = r"; put the file at \S+, or name a folder that holds it in BRAINSCORE_MIRROR"
SKIP = r"SKIPPED .*: http\S+: private, in the store lab; set the AWS credentials .*" + PUT
ERROR = r"http\S+/{}.npy\S+: the store (lab|open) answers {}.*" + PUT + r" \(stores.yaml:\d+\)"


def benchmarks_on(files: dict[str, dict[str, str]]) -> str:
    """A benchmark file with a data set for each file."""
    dims, metric = ["stimulus", "neuroid", "repetition"], {"name": "ridge", "alpha": 1.0}
    datasets = [
        {
            "id": name,
            "access": ACCESS[name],
            "reader": "arrays",
            "stimuli": {"images": "images"},
            "recordings": {"file": file, "dims": dims, "region": "IT"},
        }
        for name, file in files.items()
    ]
    benchmarks = [{"id": name, "dataset": name, "region": "IT", "metric": metric} for name in files]
    return yaml.safe_dump({"datasets": datasets, "benchmarks": benchmarks})


@pytest.fixture
def stored(project, monkeypatch):
    """A project whose responses are in stores: one open to everybody, one to a user."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(project.root / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (project.root / "benchmarks" / "own.yaml").unlink()
    content = (project.root / "benchmarks" / "responses.npy").read_bytes()
    with serving() as store:
        store.open.add("open")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", store.endpoint)
        files = {
            "Open": store.put("open", "r.npy", content, "V.1"),
            "Closed": store.put("lab", "closed.npy", content + b"1"),
            "Private": store.put("lab", "private.npy", content + b"2"),
            "Gone": store.put("open", "gone.npy", content + b"3"),
            "Changed": store.put("open", "changed.npy", content + b"4"),
        }
        del store.objects["open", "gone.npy", "null"]
        store.put("open", "changed.npy", b"another")
        project.write("benchmarks/stores.yaml", benchmarks_on(files))
        yield project


def lines_of(result, start: str) -> list[str]:
    return [line for line in result.outlines if line.startswith(start)]


def test_without_credentials(stored):
    result = stored.run("--models", "small", "-rs")
    assert result.parseoutcomes() == {"passed": 1, "skipped": 1, "errors": 3}
    (skip,) = lines_of(result, "SKIPPED")
    assert re.fullmatch(SKIP, skip)
    closed, gone, changed = lines_of(result, "http")
    assert re.fullmatch(ERROR.format("closed", "403 AccessDenied: it is not open to everybody; set"), closed)
    assert re.fullmatch(ERROR.format("gone", "404 NoSuchKey: the object is gone; correct the `url`"), gone)
    assert re.search(
        r"changed.npy\?versionId=null: its sha1 is \w+, and not \w+; what the store open", changed
    )
    assert "correct the hash in the YAML" in changed


def test_with_credentials_right_and_wrong(stored, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", USER)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    wrong = stored.run("--models", "small", "-k", "Closed or Private")
    assert wrong.parseoutcomes() == {"errors": 2, "deselected": 3}
    answer = r"403 SignatureDoesNotMatch: your AWS credentials \(env\) are wrong; correct them"
    for name, line in zip(("closed", "private"), lines_of(wrong, "http"), strict=True):
        assert re.fullmatch(ERROR.format(name, answer), line)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    right = stored.run("--models", "small", "-k", "Closed or Private")
    assert right.parseoutcomes() == {"passed": 2, "deselected": 3}


def test_offline_skips_them_all(stored):
    result = stored.run("--models", "small", "--brainscore-offline", "-rs")
    assert result.parseoutcomes() == {"skipped": 5}
    assert sum("offline; it is private" in line for line in lines_of(result, "SKIPPED")) == 1
