"""Stimuli and recordings: files in, verified; one reader per format."""
