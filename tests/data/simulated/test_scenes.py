"""Scenes: images to the byte, and what each parameter of a scene does to them."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections import Counter
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_brainscore.data.simulated import objects, painting
from pytest_brainscore.data.simulated.objects import BENCHMARK_CATEGORIES, CATEGORIES
from pytest_brainscore.data.simulated.painting import Placement
from pytest_brainscore.data.simulated.scenes import (
    CONTRASTS,
    PLACES,
    POSES,
    SIZES,
    Scene,
    draw,
    ground,
    mask,
    outline,
    parts,
    render,
)

GOLDEN = {
    64: "a6e0ff8f40f91a836068a2e4af619ad2a7a109a82a668835d90c8238f625fc55",
    48: "2ced50088d2f9b1d31f70d18cba5ac588ba37b1ccf2e3a1ecbdae2c7ebf2629c",
}
SCENES = draw(CATEGORIES, range(2), 3, 11)
some = st.sampled_from(SCENES)


@pytest.mark.parametrize("width", GOLDEN)
def test_images_are_these_bytes_on_every_machine(width):
    images = np.stack([render(scene, width) for scene in SCENES])
    assert images.dtype == np.uint8
    assert images.shape == (len(SCENES), width, width, 3)
    assert hashlib.sha256(images.tobytes()).hexdigest() == GOLDEN[width]


def test_only_correctly_rounded_operations_touch_a_pixel():
    """Other functions, powers and sums differ in their last bit between machines."""
    allowed = "abs arange array floor maximum minimum ones_like sqrt stack zeros_like"
    types = {"float64", "int64"}
    for module in (objects, painting):
        nodes = list(ast.walk(ast.parse(inspect.getsource(module))))
        used = {n.attr for n in nodes if isinstance(n, ast.Attribute) and getattr(n.value, "id", "") == "np"}
        assert used <= {*allowed.split(), *types}
        assert not any(isinstance(node, ast.Pow | ast.MatMult) for node in nodes)
        called = {n.func.attr for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
        assert not called & {"sum", "mean", "std", "dot", "prod", "cumsum"}


def test_scenes_come_by_category_then_exemplar_then_view():
    drawn = draw(BENCHMARK_CATEGORIES, [3, 1], 4, 0)
    order = [(c, n) for c in BENCHMARK_CATEGORIES for n in (3, 1) for _ in range(4)]
    assert [(scene.category, scene.exemplar) for scene in drawn] == order
    assert set(Counter(order).values()) == {4}
    assert len({scene.background for scene in drawn}) == len(drawn)


def test_a_scene_does_not_depend_on_what_else_is_drawn():
    assert draw(["helk"], [1], 2, 5) == draw(CATEGORIES, range(2), 3, 5)[27:29]
    assert draw(["helk"], [1], 2, 5) != draw(["helk"], [1], 2, 6)


def test_parameters_fill_their_ranges_and_are_independent():
    scenes = draw(CATEGORIES, range(8), 20, 3)
    turns = np.array([np.arctan2(scene.rotation[1], scene.rotation[0]) for scene in scenes])
    drawn = np.array([(*astuple(scene)[2:5], scene.pose, scene.contrast) for scene in scenes]).T
    values = np.vstack([drawn, turns])
    ends = [(-PLACES, PLACES), (-PLACES, PLACES), SIZES, POSES, CONTRASTS, (-np.pi / 6, np.pi / 6)]
    for row, (low, high) in zip(values, ends, strict=True):
        margin = 0.01 * (high - low)
        assert low - margin <= row.min() < low + margin
        assert high - margin < row.max() <= high + margin
    labels = [CATEGORIES.index(scene.category) for scene in scenes]
    correlations = np.corrcoef(np.vstack([values, labels]))[np.triu_indices(7, 1)]
    assert np.abs(correlations).max() < 3.5 / np.sqrt(len(scenes))


@given(st.sampled_from(CATEGORIES), st.integers(0, 3000), st.integers(0, 2**40))
def test_the_object_lies_inside_the_image(category, number, seed):
    (scene,) = draw([category], [number], 1, seed)
    assert np.abs(outline(scene, 90)).max() < 0.5
    for x, y, radius in parts(scene):
        assert max(abs(x), abs(y)) + radius < 0.5


@given(some)
def test_the_object_alone_differs_from_its_ground(scene):
    full = replace(scene, contrast=1.0)
    bare = np.floor(255 * painting.clipped(ground(scene.background, 64), 0, 1) + 0.5).astype(np.uint8)
    changed = (render(full) != bare.transpose(1, 2, 0)).any(2)
    covered = mask(scene) > 0
    line = painting.centres(0, 64, 64)
    for x, y, radius in parts(scene):
        covered |= np.hypot(line - x, line[:, None] - y) < radius + 1 / 64
    assert not changed[~covered].any()
    assert changed[mask(scene) == 1].mean() > 0.95


@given(some)
def test_contrast_scales_what_is_shown_about_grey(scene):
    high, low = (render(replace(scene, contrast=c)).astype(float) - 127.5 for c in (0.8, 0.4))
    shown = np.abs(high) < 127
    np.testing.assert_allclose(low[shown], high[shown] / 2, atol=0.76)
    assert np.abs(render(replace(scene, contrast=0.0)).astype(float) - 127.5).max() == 0.5


@given(some, st.integers(-4, 4), st.integers(-4, 4))
def test_moving_an_object_moves_it_by_as_many_pixels(scene, right, down):
    centred = replace(scene, x=0.0, y=0.0, size=0.2)
    moved = replace(centred, x=right / 64, y=down / 64)
    expected = np.roll(mask(centred), (down, right), (0, 1))
    np.testing.assert_allclose(mask(moved), expected, atol=1e-9)
    np.testing.assert_allclose(outline(moved, 40) - outline(centred, 40), [[right / 64, down / 64]] * 40)


@given(some)
def test_a_quarter_turn_turns_the_object(scene):
    upright = replace(scene, x=0.0, y=0.0, rotation=(1.0, 0.0))
    turned = replace(upright, rotation=(0.0, 1.0))
    np.testing.assert_allclose(mask(turned), np.rot90(mask(upright), -1), atol=1e-9)


@given(some)
def test_area_grows_with_the_square_of_size_and_with_pose(scene):
    whole = replace(scene, size=0.2, pose=1.0)
    small = mask(replace(whole, size=0.1), 256).sum()
    np.testing.assert_allclose(mask(whole, 256).sum() / small, 4, rtol=0.02)
    np.testing.assert_allclose(
        mask(replace(whole, pose=0.7), 256).sum() / mask(whole, 256).sum(), 0.7, rtol=0.02
    )


@given(some)
def test_the_outline_encloses_what_the_mask_covers(scene):
    x, y = outline(scene, 720).T
    area = 0.5 * abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
    np.testing.assert_allclose(mask(scene, 256).mean(), area, rtol=0.01)
    for part, covered in ((0.9, 1), (1.1, 0)):
        columns = np.floor((scene.x + part * (x - scene.x) + 0.5) * 256).astype(int)
        rows = np.floor((scene.y + part * (y - scene.y) + 0.5) * 256).astype(int)
        inside = (rows >= 0) & (rows < 256) & (columns >= 0) & (columns < 256)
        assert (mask(scene, 256)[rows[inside], columns[inside]] == covered).all()


@given(some)
def test_the_outline_goes_clockwise_as_seen(scene):
    x, y = outline(scene, 360).T
    assert np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) > 0


def test_parts_stand_on_the_outline():
    for scene in SCENES:
        line = outline(scene, 3600)
        assert parts(scene).shape == (len(scene.shape.knobs), 3)
        for x, y, _ in parts(scene):
            assert np.hypot(line[:, 0] - x, line[:, 1] - y).min() < 1e-3


@given(st.floats(-3, 3))
def test_the_wave_is_within_a_fiftieth_of_a_sine(phase):
    found = painting.wave(np.array([phase]))[0]
    np.testing.assert_allclose(found, -np.cos(2 * np.pi * phase), atol=0.021)


@given(some, st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_into_the_frame_of_an_object_and_out_again(scene, x, y):
    u, v = scene.placement.into(np.array([x]), np.array([y]))
    np.testing.assert_allclose(np.hstack(scene.placement.out_of(u, v)), [x, y], atol=1e-12)


def test_noise_is_smooth_and_fills_its_range():
    fine = painting.noise(64, 4, 3, 1)
    assert fine.shape == (3, 64, 64)
    assert 0 <= fine.min() < 0.2 < 0.8 < fine.max() <= 1
    assert np.abs(np.diff(fine, axis=2)).max() < 1.6 * 4 / 64


def test_light_comes_from_above():
    white = replace(
        SCENES[0].shape, cosines=(0.0,) * 6, sines=(0.0,) * 6, knobs=(), colours=((1.0,) * 3,) * 2
    )
    canvas = np.zeros((3, 64, 64))
    painting.paint(canvas, white, Placement(0.0, 0.0, 0.3, (0.6, 0.8)), (0.0, -0.6, 0.8))
    assert canvas[0, 16, 32] > 2 * canvas[0, 48, 32]
    np.testing.assert_allclose(canvas[:, :, :32], canvas[:, :, :31:-1], atol=1e-9)


def test_scenes_can_be_compared_and_kept_in_sets():
    assert isinstance(SCENES[0], Scene)
    assert len(set(SCENES)) == len(SCENES)
