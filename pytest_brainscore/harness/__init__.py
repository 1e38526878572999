"""The pytest side: from options to items, and from items to results."""
