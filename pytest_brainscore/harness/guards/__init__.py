"""Guards: scores against baselines, what is said of those that fell, and what is written."""
