"""Records: what an item leaves, how a run ends, and the table."""
