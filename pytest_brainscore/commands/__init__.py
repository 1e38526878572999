"""The commands of ``python -m pytest_brainscore``: each module has `add_arguments` and `run`."""

from __future__ import annotations

from . import cache, list_, pin, recover, schema

COMMANDS = (list_, schema, pin, cache, recover)
