"""Misspelt keys of the project's ini file: where they stand, and what was meant."""

from __future__ import annotations

import pytest

from pytest_brainscore.harness.ini import misspelt
from pytest_brainscore.harness.options import INI, refuse_without_models, settings


class Config:
    """What is asked of pytest's: the ini file, keys of others, and no options."""

    def __init__(self, path, text):
        self.inipath, self.warned, self.args = path, [], []
        self.rootpath = path.parent
        path.write_text(text)

    def getini(self, key):
        if key in {"brainscore_of_another_plugin", *INI}:
            return ""
        raise ValueError(key)

    def getoption(self, name):
        return None

    def issue_config_time_warning(self, warning, stacklevel):
        self.warned.append(str(warning))


@pytest.mark.parametrize("key", sorted(INI))
def test_every_key_is_named_where_one_is_misspelt(tmp_path, key):
    wrong = f"{key[:-2]}{key[-1]}{key[-2]}"
    config = Config(tmp_path / "pytest.ini", f"[pytest]\n{key} = 1\n# {wrong} = 1\n\n{wrong} = 1\n")
    (said,) = misspelt(config, INI)
    assert said.startswith(f"{config.inipath}:5: {wrong}: no such key; did you mean {key}")


def test_keys_of_others_are_left_alone(tmp_path):
    text = "[tool.pytest.ini_options]\nbrainscore_of_another_plugin = 1\ntimeout = 1\n"
    config = Config(tmp_path / "pyproject.toml", text)
    assert list(misspelt(config, INI)) == []


def test_a_run_with_models_is_refused_and_any_other_is_warned(tmp_path):
    config = Config(tmp_path / "pytest.ini", "[pytest]\nbrainscore_modles = pixels\n")
    with pytest.raises(
        pytest.UsageError, match=r"pytest.ini:2: brainscore_modles: no such key; did you mean"
    ):
        settings(config)
    refuse_without_models(config)
    assert [said.partition("; did")[0] for said in config.warned] == [
        f"{config.inipath}:2: brainscore_modles: no such key"
    ]
