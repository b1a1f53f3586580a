"""A user's own stimuli: pixels in a ``.npy`` or ``.npz``, or a folder of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tertium.data.own_files.pixels import as_rgb
from tertium.data.own_files.roles import HOW, listing, read_npz, sort_arrays
from tertium.errors import BadFile, BadInput, MissingData

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp")


@dataclass(frozen=True, eq=False)
class Shown:
    """Images with names: (n, height, width, 3) uint8, and n names (empty where they have none)."""

    images: npt.NDArray[np.uint8]
    names: tuple[str, ...] = ()


def read_images(path: Path) -> Shown:
    """Read stimuli from a ``.npy``, a ``.npz`` or a folder of pictures (by name; a picture's name is its file's).

    Returns
    -------
    Shown
        Images (n, height, width, 3) uint8, and their names (none for ``.npy``).

    Raises
    ------
    MissingData
        If there is nothing there.
    BadFile, BadInput
        If it holds no images, or images of different sizes.
    """
    if path.is_dir():
        return _read_folder(path)
    if not path.exists():
        raise MissingData(f"images {path}", got="no such file or folder", repair="Check the path.")
    if path.suffix == ".npy":
        try:
            return Shown(as_rgb(np.load(path, allow_pickle=False), path.name))
        except ValueError as problem:
            if isinstance(problem, BadInput):
                raise
            raise BadFile(f"{path.name}", got=str(problem), expected="an array of pixels") from problem
    if path.suffix == ".npz":
        arrays = read_npz(path)
        labels = sort_arrays(arrays, path).labels
        if "images" not in labels:
            raise BadInput(f"{path.name}", got=listing(arrays), expected="an array of images", repair=HOW)
        names = tuple(str(n) for n in labels["names"]) if "names" in labels else ()
        return Shown(as_rgb(labels["images"], path.name), names)
    raise BadInput(f"images {path}", got=f"type '{path.suffix}'", expected=".npy, .npz or a folder of pictures")


def _read_folder(folder: Path) -> Shown:
    from PIL import Image, UnidentifiedImageError

    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    if not files:
        raise MissingData(f"folder {folder}", got="no pictures", expected=f"files {', '.join(PICTURES)}")
    pictures: list[npt.NDArray[np.uint8]] = []
    for file in files:
        try:
            with Image.open(file) as picture:
                pictures.append(np.asarray(picture.convert("RGB"), dtype=np.uint8))
        except (UnidentifiedImageError, OSError) as problem:
            raise BadFile(f"{file.name}", got="no readable picture", repair="Remove or replace it.") from problem
        if pictures[-1].shape != pictures[0].shape:
            raise BadInput(
                f"folder {folder}",
                got=f"{files[0].name} of {pictures[0].shape[:2]} and {file.name} of {pictures[-1].shape[:2]} pixels",
                expected="pictures of one size",
                repair="Resize them first.",
            )
    return Shown(np.stack(pictures), tuple(file.stem for file in files))
