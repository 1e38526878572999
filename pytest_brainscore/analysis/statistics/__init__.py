"""Estimates and what they rest on: intervals, corrections, regressions."""
