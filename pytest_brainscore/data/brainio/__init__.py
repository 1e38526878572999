"""The reader `brainio`: Brain-Score's own files, a netCDF assembly, the CSV of its stimuli, their images."""

from .reading import read

__all__ = ["read"]
