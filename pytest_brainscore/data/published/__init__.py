"""Published: tables of scores that others computed, read as rows of results."""
