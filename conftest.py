"""Each folder under examples/ is a project of its own, with its own pytest.ini: `pytest .` leaves it alone."""

collect_ignore = ["examples"]
