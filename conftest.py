"""Each folder under examples/ is a project of its own, with its own pytest.ini: `pytest .` skips it."""

collect_ignore = ["examples"]
