"""Calcium responses of four macaque V1 neurons to 9,500 binary patterns."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import make_responses
from tertium.errors import BadInput

CITE = "Tang et al. 2018 eLife; Wu et al. 2020"
N_PATTERNS, SIDE = 9500, 160


@dataclass(frozen=True, eq=False)
class LeeV1:
    """Patterns and the responses to them.

    Parameters
    ----------
    images : array of uint8, shape (9500, crop, crop)
        The patterns, 0 or 255, in the order of the responses' trials.
    responses : xarray.DataArray, dims (trial 9500, time 1, unit 4)
        Mean dF/F; trial label ``stimulus`` ("1" to "9500", the number of the pattern's file).
    """

    images: npt.NDArray[np.uint8]
    responses: xr.DataArray
    cite: str = CITE


def load(files: Mapping[str, Path], *, crop: int = 80) -> LeeV1:
    """Read patterns and responses.

    Parameters
    ----------
    files : mapping of str to Path
        The files of the set.
    crop : int
        Side of the centre of the 160 x 160 patterns that is kept, pixels (even). The receptive fields lie near the
        centre (the authors used 40); 160 takes 243 MB.

    Raises
    ------
    BadInput
        If ``crop`` is not an even number from 2 to 160.
    """
    if crop % 2 or not 2 <= crop <= SIDE:
        raise BadInput("crop", got=str(crop), expected=f"an even number from 2 to {SIDE}")
    units = sorted(int(m[1]) for name in files if (m := re.fullmatch(r"neu(\d+)\.npy", name)))
    values = np.concatenate([np.load(files[f"neu{u}.npy"], allow_pickle=False) for u in units], axis=1)
    responses = make_responses(
        values,
        trial={"stimulus": [str(i) for i in range(1, N_PATTERNS + 1)]},
        unit={"unit": [str(u) for u in units], "region": "V1"},
        quantity="df_over_f",
        source="lee_v1_patterns",
        cite=CITE,
    )
    return LeeV1(_patterns(files["pattern_png.tar.gz"], crop), responses)


def _patterns(archive: Path, crop: int) -> npt.NDArray[np.uint8]:
    from PIL import Image

    centre = slice((SIDE - crop) // 2, (SIDE + crop) // 2)
    images = np.zeros((N_PATTERNS, crop, crop), dtype=np.uint8)
    with tarfile.open(archive) as tar:
        for member in tar:
            stream = tar.extractfile(member)
            if stream is None or not member.name.endswith(".png"):
                continue
            with Image.open(io.BytesIO(stream.read())) as picture:
                images[int(Path(member.name).stem) - 1] = np.asarray(picture)[centre, centre] * np.uint8(255)
    return images
