"""The door that pytest comes in by: options, and nothing more until a run asks for models."""

from __future__ import annotations

import pytest

from .harness import options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options and ini values."""
    options.add(parser)


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> None:
    """Add ``--models`` once the project's conftest files had their say: an option of theirs stays theirs."""
    options.add_models(parser, args)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One worker per GPU, where this run names models and there are GPUs."""
    if not options.asked(config):
        return None
    from .harness.workers import team

    return team.automatic(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take part in this run where models are named; otherwise stay out of it."""
    if not options.asked(config):
        return options.refuse_without_models(config)
    from .harness.beginning import begin
    from .harness.hooks import Hooks

    config.pluginmanager.register(Hooks(begin(config)), "brainscore-harness")
