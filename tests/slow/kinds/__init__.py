"""Kinds of faults, a module for each cause; each registers its functions with `faults.kind`."""
