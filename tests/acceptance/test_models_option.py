"""``--models``: names, globs, sets, twins and factories."""

from __future__ import annotations

import pytest

from pytest_brainscore.suite.selection import packages

NODE = "benchmarks/own.yaml::IT-ridge::"


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ("small", ["small"]),
        ("small,wide_vit", ["small", "wide_vit"]),
        ("wide_*", ["wide_vit"]),
        ("@both", ["small", "wide_vit"]),
        ("both", ["small", "wide_vit"]),
        ("untrained:wide_vit", ["wide_vit_untrained"]),
        ("untrained3:wide_vit,untrained12:wide_*", ["wide_vit_untrained3", "wide_vit_untrained12"]),
        ("untrained:wide_vit,untrained0:wide_vit", ["wide_vit_untrained"]),
        ("small,small", ["small"]),
        ("nets:small", ["nets.small"]),
        ("torchvision:resnet18", ["torchvision_resnet18"]),
        ("timm:vit_tiny_patch16_224", ["timm_vit_tiny_patch16_224"]),
        ("alexnet", ["alexnet"]),
        ("squeezenet1_0", ["squeezenet1_0"]),
    ],
)
def test_names_become_items(project, models, expected):
    assert project.collect(f"--models={models}") == [NODE + name for name in expected]


@pytest.mark.parametrize(
    ("models", "hint"),
    [
        ("smal", "did you mean small"),
        ("alexnt", "did you mean alexnet"),
        ("@bth", "did you mean both"),
        ("torchvision:resnet19", "resnet18"),
        ("timm:vit_tiny_patch16_225", "vit_tiny_patch16_224"),
        ("zz*", "no model zz*"),
        ("untrained:", "untrained:: names no model: write untrained:alexnet"),
        ("untrained1:", "untrained1:: names no model: write untrained1:alexnet"),
        ("untrained:untrained2:wide_vit", "untrained:untrained2:wide_vit: is untrained twice"),
        (f"untrained{10**19}:wide_vit", f"untrained{10**19}:wide_vit: a seed has 9 digits at most"),
        (
            "untrained:small",
            "small has no file of `weights` in models.yaml:1: name one, or leave untrained:small out",
        ),
        (
            "untrained3:small",
            "small has no file of `weights` in models.yaml:1: name one, or leave untrained3:small out",
        ),
        ("untrained:nets:small", "untrained:nets.small: its factory makes the weights, so only it can"),
        ("untrained3:wide_vt", "no model wide_vt; did you mean wide_vit"),
        ("wide_vit_untrained3", "its twin with random weights is untrained3:wide_vit"),
        ("untraned3:wide_vit", "did you mean untrained"),
    ],
)
def test_a_name_that_matches_nothing_is_a_usage_error(project, models, hint):
    result = project.run(f"--models={models}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    errors = [line for line in result.errlines if line.startswith("ERROR")]
    assert len(errors) == 1
    assert hint in errors[0]


def test_naming_a_factory_is_trusting_its_package_whatever_twin_is_asked_for():
    requests = "a.b:make, untrained:c:make,untrained12:d.e:make,alexnet,untrained3:timm:vit,f_untrained:g"
    assert packages(requests) == ("a", "c", "d", "f_untrained")


def test_ini_value_names_the_models(project):
    project.write("pytest.ini", "[pytest]\nbrainscore_models = wide_vit\n")
    assert project.collect() == [NODE + "wide_vit"]


def test_layers_make_an_item_each(project):
    assert project.collect("--models", "small", "--brainscore-layers", "1,3") == [
        NODE + "small-1",
        NODE + "small-3",
    ]


def test_no_models_and_one_of_our_files_gives_a_usage_message(project):
    result = project.run("benchmarks/own.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert any("--models A,B" in line for line in result.errlines)


def test_a_place_to_write_to_that_pytest_takes_for_its_root_is_refused(project, tmp_path):
    reports = tmp_path / "elsewhere"
    reports.mkdir()
    result = project.run("--models=small", "--collect-only", "--brainscore-reports", str(reports))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: pytest takes {reports} for a folder*--brainscore-reports={reports}*"]
    )
    assert project.collect("--models=small", f"--brainscore-reports={reports}") == [f"{NODE}small"]
