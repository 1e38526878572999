"""Watching: what a run will take, by what earlier ones took, and the live line."""
