"""Engines: where items are measured, in this process or on Dask."""
