"""Handwritten characters of five alphabets, each drawn by 20 people (Omniglot, small background set 1)."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tertium.data.sets.kinds import Images

CITE = "Lake et al. 2015 Science"


def load(files: Mapping[str, Path]) -> Images:
    """Read the characters.

    Returns
    -------
    Images
        2,720 images, 105 x 105, ink 0 on white 255. ``classes`` are the 136 characters ("Greek/character03");
        ``name`` ends in the number of the drawer ("Greek/character03/0394_07").
    """
    from PIL import Image

    pixels, names = [], []
    with zipfile.ZipFile(files["images_background_small1.zip"]) as archive:
        for member in sorted(name for name in archive.namelist() if name.endswith(".png")):
            with archive.open(member) as stream, Image.open(stream) as picture:
                pixels.append(np.asarray(picture.convert("L"), dtype=np.uint8))
            names.append(member.split("/", 1)[1].removesuffix(".png"))
    character = [name.rsplit("/", 1)[0] for name in names]
    classes, label = np.unique(character, return_inverse=True)
    return Images(
        images=np.stack(pixels),
        label=label.astype(np.int64),
        name=tuple(names),
        classes=tuple(str(c) for c in classes),
        cite=CITE,
    )
