"""The ledger: what items took, what they share, and a file that survives whatever happens to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_brainscore.harness.watching import ledger
from pytest_brainscore.harness.watching.ledger import Ledger, estimates
from pytest_brainscore.specs.results import Row

SECONDS = {"fetch": 2.0, "build": 4.0, "forward": 6.0, "coordinates": 3.0, "target": 1.0, "metric": 0.5}


def row(model="net", benchmark="Own.IT-pls", *, stimuli="s", device="cpu", hit=False, layer="3", **seconds):
    taken = {**SECONDS, **({"forward": 0.0, "coordinates": 0.0} if hit else {}), **seconds}
    dataset, _, rest = benchmark.rpartition(".")
    return Row(
        benchmark=benchmark,
        model=model,
        layer=layer,
        dataset=dataset,
        region=rest.split("-")[0],
        metric=rest.split("-")[1],
        status="scored",
        digests={"stimuli": stimuli, "recordings": "r" + stimuli, "spec": "d" + benchmark},
        versions={"torch": "2.15"},
        device=device,
        seconds=taken,
        cache_hit=hit,
    )


def test_what_one_item_took_alone(tmp_path: Path):
    ledger.write(tmp_path, [row()])
    assert Ledger.read(tmp_path).seconds("net", "Own.IT-pls", "cpu") == pytest.approx(16.5)


def test_items_share_what_is_paid_once_and_sum_up_to_what_the_model_took(tmp_path: Path):
    ledger.write(
        tmp_path,
        [row(), row(benchmark="Own.V4-pls", metric=1.5), row(benchmark="Other.IT-pls", stimuli="t")],
    )
    found = Ledger.read(tmp_path)
    took = {name: found.seconds("net", name, "cpu") for name in ("Own.IT-pls", "Own.V4-pls", "Other.IT-pls")}
    # fetch / 2 + build / 3 + (forward + coordinates) / 2 + target + metric
    assert took["Own.IT-pls"] == pytest.approx(1 + 4 / 3 + 4.5 + 1 + 0.5)
    assert took["Other.IT-pls"] == pytest.approx(2 + 4 / 3 + 9 + 1 + 0.5)
    assert sum(filter(None, took.values())) == pytest.approx(2 * 2 + 4 + 2 * 9 + 3 * 1 + 2.5)


def test_another_device_and_layers_that_were_named_pay_nothing_of_a_mapped_item():
    found = Ledger().note([row()], {})
    assert found.seconds("net", "Own.IT-pls", "cpu") == pytest.approx(16.5)
    named = [row(layer=str(i)).model_copy(update={"node": f"b/own.yaml::IT-pls::net-{i}"}) for i in range(50)]
    found = found.note([row(device="cuda:0"), *named], {})
    assert found.seconds("net", "Own.IT-pls", "cpu") == pytest.approx(16.5)
    assert found.seconds("net", "Own.IT-pls", "cuda") == pytest.approx(16.5)
    # of the named ones each has a layer of its own to score, and the rest in common
    assert found.seconds("net", "Own.IT-pls", "cpu", "7") == pytest.approx((2 + 4 + 6 + 3 + 1) / 50 + 0.5)


def test_the_file_says_its_format(tmp_path: Path):
    ledger.write(tmp_path, [row()])
    path = tmp_path / "ledger" / "items.json"
    assert json.loads(path.read_text())["format"] == 1
    path.write_text(path.read_text().replace('"format":1', '"format":2'))
    assert Ledger.read(tmp_path).entries == ()


def test_an_item_that_never_ran_has_no_seconds(tmp_path: Path):
    ledger.write(tmp_path, [row()])
    found = Ledger.read(tmp_path)
    assert found.seconds("net", "Own.V4-pls", "cpu") is None
    assert found.seconds("other", "Own.IT-pls", "cpu") is None
    assert found.seconds("net", "Own.IT-pls", "cuda") is None
    assert found.seconds("net", "Own.IT-pls", "cpu", layer="5") is None


def test_a_layer_that_was_named_is_not_the_mapped_one():
    named = row().model_copy(update={"node": "b/own.yaml::IT-pls::net-3", "stored": "a" * 64})
    found = Ledger().note([named], {})
    assert found.find("net", "Own.IT-pls", "cpu") is None
    assert found.find("net", "Own.IT-pls", "cpu", layer="3").stored == "a" * 64
    mapped = row(layer="4").model_copy(update={"node": "b/own.yaml::IT-pls::net"})
    assert found.note([mapped], {}).find("net", "Own.IT-pls", "cpu").layer == "4"


def test_devices_of_a_kind_are_one_and_auto_takes_the_newest(tmp_path: Path):
    ledger.write(tmp_path, [row(), row(device="cuda:0", metric=0.1)])
    found = Ledger.read(tmp_path)
    assert found.find("net", "Own.IT-pls", "cuda:1").seconds["metric"] == 0.1
    assert found.find("net", "Own.IT-pls", "cpu").seconds["metric"] == 0.5
    assert found.find("net", "Own.IT-pls", "auto").device == "cuda"


def test_a_pass_from_the_store_keeps_what_the_real_one_took(tmp_path: Path):
    ledger.write(tmp_path, [row()])
    ledger.write(tmp_path, [row(hit=True, metric=0.7)])
    (entry,) = Ledger.read(tmp_path).entries
    assert entry.seconds["forward"] == 6.0
    assert entry.seconds["metric"] == 0.7
    assert estimates([(entry, False)]) == [pytest.approx(16.7)]
    assert estimates([(entry, True)]) == [pytest.approx(7.7)]


def test_a_download_is_not_what_an_item_takes(tmp_path: Path):
    ledger.write(tmp_path, [row(fetch=600.0, build=90.0)], fetched=True)
    (entry,) = Ledger.read(tmp_path).entries
    assert estimates([(entry, False)]) == [pytest.approx(6 + 3 + 1 + 0.5)]
    ledger.write(tmp_path, [row()])
    ledger.write(tmp_path, [row(fetch=600.0, build=90.0, metric=0.7)], fetched=True)
    (entry,) = Ledger.read(tmp_path).entries
    assert estimates([(entry, False)]) == [pytest.approx(2 + 4 + 6 + 3 + 1 + 0.7)]


def test_a_pass_that_was_never_measured_has_no_estimate_but_a_cached_one_has(tmp_path: Path):
    ledger.write(tmp_path, [row(hit=True)])
    (entry,) = Ledger.read(tmp_path).entries
    assert estimates([(entry, True), (None, True)]) == [pytest.approx(7.5), None]
    assert estimates([(entry, False)]) == [None]


def test_what_is_shared_is_paid_by_the_first_and_the_pass_by_the_first_that_is_not_stored():
    first, second = Ledger().note([row(), row(benchmark="Own.V4-pls")], {}).entries
    assert estimates([(first, True), (second, False), (first, False)]) == [
        pytest.approx(2 + 4 + 1 + 0.5),
        pytest.approx(9 + 1 + 0.5),
        0,
    ]


def test_rows_without_a_score_are_not_noted():
    skipped = row().model_copy(update={"status": "skipped"})
    assert Ledger().note([skipped], {}).entries == ()


def test_what_was_made_tells_specs_and_versions_of_torch_apart():
    first = Ledger().note([row()], {"net": "a"}).entries[0]
    assert first.made == ledger.made("a", "dOwn.IT-pls", "2.15")
    assert len({first.made, ledger.made("b", "dOwn.IT-pls", "2.15"), ledger.made("a", "d", "2.15")}) == 3
    assert ledger.made("a", "dOwn.IT-pls", "2.16") != first.made


def test_only_the_newest_entries_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger, "MOST", 3)
    ledger.write(tmp_path, [row(f"net{i}") for i in range(4)])
    ledger.write(tmp_path, [row("net1"), row("net9")])
    assert [entry.model for entry in Ledger.read(tmp_path).entries] == ["net3", "net1", "net9"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", '{"format": 2, "entries": []}', '{"format": 1, "entries": [{"model": 1}]}'),
        *("[" * 100_000, "\ud800", '{"entries": []}'),
    ],
    ids=["empty", "cut", "list", "newer", "wrong", "deep", "no-utf8", "no-format"],
)
def test_a_file_that_cannot_be_read_is_started_afresh(tmp_path: Path, text: str):
    path = tmp_path / "ledger" / "items.json"
    path.parent.mkdir()
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert Ledger.read(tmp_path).entries == ()
    ledger.write(tmp_path, [row()])
    assert Ledger.read(tmp_path).seconds("net", "Own.IT-pls", "cpu") == pytest.approx(16.5)


def test_a_cache_that_cannot_be_written_is_left(tmp_path: Path):
    cache = tmp_path / "cache"
    cache.write_text("a file where the folder should be")
    ledger.write(cache, [row()])
    assert Ledger.read(cache).entries == ()
    assert cache.read_text() == "a file where the folder should be"


_WRITER = """
import sys
from pathlib import Path
from pytest_brainscore.harness.watching import ledger
from pytest_brainscore.specs.results import Row

for i in range(10):
    name = f"net{sys.argv[2]}_{i}"
    ledger.write(Path(sys.argv[1]), [Row(benchmark="Own.IT-pls", model=name, dataset="Own", region="IT",
        metric="pls", status="scored", device="cpu", seconds={"metric": 1.0}, cache_hit=False)])
"""


def test_two_writers_lose_nothing_of_each_other(tmp_path: Path):
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), str(i)]) for i in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    names = {entry.model for entry in Ledger.read(tmp_path).entries}
    assert names == {f"net{i}_{j}" for i in range(2) for j in range(10)}
    assert json.loads((tmp_path / "ledger" / "items.json").read_text())["entries"]
