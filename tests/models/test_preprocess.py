"""Preprocessing is torchvision's, to the bit; digests tell transforms apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision import transforms as tv

from pytest_brainscore.errors import ModelError
from pytest_brainscore.models.preprocess import Preprocessor, transform_digest
from pytest_brainscore.specs.models import Preprocess

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MODES = {
    name: getattr(tv.InterpolationMode, name.upper())
    for name in ("bilinear", "bicubic", "nearest", "lanczos")
}


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.RandomState(seed).randint(0, 256, (height, width, 3), dtype=np.uint8))


sides = st.integers(20, 400)


@given(sides, sides)
def test_the_default_is_torchvisions_squash(width, height):
    reference = tv.Compose([tv.Resize((224, 224)), tv.ToTensor(), tv.Normalize(MEAN, STD)])
    image = picture(width, height)
    assert torch.equal(Preprocessor(Preprocess())(image), reference(image))


@given(sides, sides, st.sampled_from(sorted(MODES)))
def test_shorter_is_torchvisions_resize_and_centre_crop(width, height, mode):
    reference = tv.Compose(
        [tv.Resize(71, MODES[mode]), tv.CenterCrop(64), tv.ToTensor(), tv.Normalize((0.5,) * 3, (0.25,) * 3)]
    )
    spec = Preprocess(
        size=64, resize="shorter", shorter=71, interpolation=mode, mean=(0.5,) * 3, std=(0.25,) * 3
    )
    image = picture(width, height)
    assert torch.equal(Preprocessor(spec)(image), reference(image))


def test_without_a_length_the_shorter_side_is_eight_sevenths_of_the_crop():
    reference = tv.Compose([tv.Resize(256), tv.CenterCrop(224), tv.ToTensor(), tv.Normalize(MEAN, STD)])
    image = picture(300, 500)
    assert torch.equal(Preprocessor(Preprocess(resize="shorter"))(image), reference(image))


def test_a_crop_larger_than_the_image_is_refused():
    with pytest.raises(ModelError, match="224 pixels does not fit a shorter side of 100"):
        Preprocessor(Preprocess(resize="shorter", shorter=100))


def test_digests_tell_specs_apart():
    one, other = (Preprocessor(Preprocess(size=size)) for size in (224, 256))
    assert transform_digest(one) == transform_digest(Preprocessor(Preprocess()))
    assert transform_digest(one) != transform_digest(other)


def scaled(factor: float):
    def transform(image):
        return factor * torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float()

    return transform


def test_digests_tell_closures_apart_by_what_they_do():
    assert transform_digest(scaled(0.5)) == transform_digest(scaled(0.5))
    assert transform_digest(scaled(0.5)) != transform_digest(scaled(0.25))


def test_digests_tell_compositions_apart():
    small, large = (tv.Compose([tv.Resize((s, s)), tv.ToTensor()]) for s in (32, 48))
    assert transform_digest(small) != transform_digest(large)
    assert transform_digest(small) == transform_digest(tv.Compose([tv.Resize((32, 32)), tv.ToTensor()]))


def test_a_transform_for_training_is_refused():
    with pytest.raises(ModelError, match="different tensors for the same image"):
        transform_digest(tv.Compose([tv.RandomCrop(32), tv.ToTensor()]))


def test_a_transform_that_fails_says_so():
    with pytest.raises(ModelError, match="ZeroDivisionError"):
        transform_digest(lambda image: 1 / 0)
