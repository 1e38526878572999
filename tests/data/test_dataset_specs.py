from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from pytest_brainscore.specs.base import File
from pytest_brainscore.specs.datasets import AnyDataset, ArraysDataset, CustomDataset

ANY = TypeAdapter(AnyDataset)
ARRAYS = {
    "id": "Mine.2026",
    "reader": "arrays",
    "stimuli": {"images": "images/"},
    "recordings": {"file": "r.npy", "dims": ("neuroid", "stimulus"), "region": "V4"},
}


def changed(**keys) -> dict:
    return {**ARRAYS, **keys}


def test_paths_stand_for_files():
    dataset = ANY.validate_python(ARRAYS)
    assert isinstance(dataset, ArraysDataset)
    assert dataset.stimuli.images == File(file="images/")
    listed = ANY.validate_python(changed(stimuli={"images": ("a.png", {"file": "b.png"})}))
    assert listed.stimuli.images == (File(file="a.png"), File(file="b.png"))


def test_a_dotted_reader_takes_free_mappings():
    dataset = ANY.validate_python(changed(reader="lab.data:read", stimuli={"x": 1}, recordings={"y": (1, 2)}))
    assert isinstance(dataset, CustomDataset)
    assert dataset.recordings == {"y": (1, 2)}


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"reader": "array"}, "array"),
        ({"stimuli": {"image": "x"}}, "stimuli.image"),
        ({"stimuli": {"images": ({"sha256": "no"},)}}, "stimuli.images.list.0.sha256"),
        ({"stimuli": {"images": "x", "visual_degrees": 0}}, "stimuli.visual_degrees"),
        ({"recordings": {"file": "r.npy", "dims": ("neuron", "stimulus")}}, "recordings.dims.0"),
        ({"recordings": {"file": "r.npy", "time_bins": ((70,),)}}, "recordings.time_bins"),
        ({"access": "open"}, "access"),
        ({"id": "a b"}, "id"),
    ],
)
def test_mistakes_are_found_where_they_are(keys, place):
    with pytest.raises(ValidationError) as caught:
        ANY.validate_python(changed(**keys))
    (error, *_) = caught.value.errors()
    where = ".".join(map(str, error["loc"][1:]))
    assert where.startswith(place) or place in str(error)


def test_contents_is_blind_to_prose_and_places():
    plain = ANY.validate_python(ARRAYS).contents()
    moved = {**ARRAYS["recordings"], "file": {"url": "http://x/r.npy", "sha256": "0" * 64}}
    assert ANY.validate_python(changed(title="T", reference="doi:x", recordings=moved)).contents() == plain
    other = {**ARRAYS["recordings"], "dims": ("stimulus", "neuroid")}
    assert ANY.validate_python(changed(recordings=other)).contents() != plain


def test_every_field_is_described_in_the_json_schema():
    definitions = ANY.json_schema()["$defs"]
    for name in ("ArrayStimuli", "ArrayRecordings", "Columns", "ArraysDataset"):
        for field, schema in definitions[name]["properties"].items():
            assert field in {"reader", "stimuli", "recordings"} or "description" in str(schema), (name, field)
