"""Masks: the voxels of occipitotemporal (OTC) and early visual cortex (EVC), and the regions they lie in.

Source: Conwell et al. 2024, Nature Communications 15:9383; labels as in NSD's colour tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DataError
from .layout import NsdFolder, read_volume

STREAMS = {
    "early": 1,
    "midventral": 2,
    "midlateral": 3,
    "midparietal": 4,
    "ventral": 5,
    "lateral": 6,
    "parietal": 7,
}
VISUAL = {"V1v": 1, "V1d": 2, "V2v": 3, "V2d": 4, "V3v": 5, "V3d": 6, "hV4": 7}
CATEGORIES: dict[str, tuple[str, dict[str, int]]] = {
    "floc-faces": ("faces", {"OFA": 1, "FFA-1": 2, "FFA-2": 3}),
    "floc-bodies": ("bodies", {"EBA": 1, "FBA-1": 2, "FBA-2": 3}),
    "floc-places": ("places", {"OPA": 1, "PPA": 2}),
    "floc-words": ("word", {"OWFA": 1, "VWFA-1": 2, "VWFA-2": 3}),
}
"""Volume of labels to the contrast whose t values bound them, and its labels."""
_OTC_STREAMS = ("midventral", "midlateral", "ventral", "lateral")
_LEAST_T = 1.0

Volumes = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Voxels:
    """Voxels of a subject, in the order of x, y, z.

    place (m, 3): x, y, z in the volume, from 0. ncsnr (m,). regions: name to which voxels lie there (m,).
    shape: of the whole volume, (x, y, z).
    """

    subject: int
    place: np.ndarray
    ncsnr: np.ndarray
    regions: Mapping[str, np.ndarray]
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.place)

    @property
    def ids(self) -> list[str]:
        """Such as S1-12-21-47."""
        return [f"S{self.subject}-{x}-{y}-{z}" for x, y, z in self.place.tolist()]

    @property
    def absent(self) -> tuple[str, ...]:
        """The regions that the subject does not have."""
        return tuple(name for name, members in self.regions.items() if not members.any())


def volumes_of(folder: NsdFolder, subject: int) -> list[Path]:
    """The files that `find_voxels` reads."""
    labels = ("nsdgeneral", "streams", "prf-visualrois", *CATEGORIES)
    maps = [folder.t_map(subject, contrast) for contrast, _ in CATEGORIES.values()]
    return [folder.ncsnr(subject), *(folder.roi(subject, name) for name in labels), *maps]


def find_voxels(folder: NsdFolder, subject: int) -> Voxels:
    """All voxels of OTC and EVC, whatever their NCSNR.

    OTC: what is in nsdgeneral and in a ventral or lateral stream, and the category-selective regions where
    the t value of their localiser is at least 1. EVC: V1 to hV4 by retinotopy.
    Raises DataError for a missing file, for volumes of different shapes, and where there is no voxel.
    """
    ncsnr = read_volume(folder.ncsnr(subject))
    regions = _Brain(folder, subject, ncsnr.shape).regions()
    inside = regions["OTC"] | regions["EVC"]
    if not inside.any():
        raise DataError(f"{folder.root}: no voxel of subject {subject} lies in OTC or EVC")
    members = {name: volume[inside] for name, volume in regions.items()}
    values = ncsnr[inside].astype(np.float32)
    return Voxels(subject, np.argwhere(inside), values, members, ncsnr.shape)


@dataclass(frozen=True)
class _Brain:
    """A subject's volumes, all of one shape (x, y, z)."""

    folder: NsdFolder
    subject: int
    shape: tuple[int, ...]

    def regions(self) -> Volumes:
        """OTC, EVC, and every region with a name, each (x, y, z) of bool."""
        general = self._read(self.folder.roi(self.subject, "nsdgeneral")) > 0
        streams = self._labelled("streams", STREAMS)
        visual = self._labelled("prf-visualrois", VISUAL)
        selective = self._selective()
        otc = general & np.any([streams[name] for name in _OTC_STREAMS], axis=0)
        otc |= np.any(list(selective.values()), axis=0)
        evc = np.any(list(visual.values()), axis=0)
        areas = {area: visual[f"{area}v"] | visual[f"{area}d"] for area in ("V1", "V2", "V3")}
        return {"OTC": otc, "EVC": evc, **selective, **visual, **areas, **streams}

    def _selective(self) -> Volumes:
        found: Volumes = {}
        for name, (contrast, labels) in CATEGORIES.items():
            clear = self._read(self.folder.t_map(self.subject, contrast)) >= _LEAST_T
            found |= {region: members & clear for region, members in self._labelled(name, labels).items()}
        return found

    def _labelled(self, name: str, labels: Mapping[str, int]) -> Volumes:
        volume = self._read(self.folder.roi(self.subject, name))
        return {region: volume == label for region, label in labels.items()}

    def _read(self, path: Path) -> np.ndarray:
        return read_volume(path, self.shape)
