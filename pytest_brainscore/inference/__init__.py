"""Inference: how far scores would move with other stimuli and other neuroids or subjects."""
