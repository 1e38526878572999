"""Analysis: what many scores say together."""
