"""Metrics: how alike activations and responses are. Pure functions of tensors."""
