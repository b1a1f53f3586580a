"""From photographs to a network's input: framing, size, channel order and scale, in one value that can be printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from tertium.errors import BadInput

ImageLike = npt.NDArray[np.uint8] | Image.Image

FRAMINGS = ("auto", "whole", "crop")
INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


@dataclass(frozen=True)
class Preprocess:
    """Turn 8-bit images into the numbers a network was trained on.

    Parameters
    ----------
    size : int
        Height and width of the network's input (pixels).
    resize : int
        Length of the shorter side before a central square of ``size`` is cut out (``framing="crop"``; pixels).
    framing : {"auto", "whole", "crop"}
        ``"whole"`` resizes the whole picture to a square, so that nothing is cut off; ``"crop"`` is what networks are
        tested with on photographs; ``"auto"`` takes square pictures whole (stimuli are drawn into a square) and
        crops the others.
    order : {"RGB", "BGR", "grey"}
        Channels in the order in which the network takes them; ``"grey"`` is one channel, the luminance.
    scale : float
        What pixel values 0..255 are multiplied by first (1 / 255 for networks that expect 0..1).
    mean, std : tuple of float, length 3 (1 for grey)
        Subtracted from and divided out of each channel after scaling, in the order of ``order``.
    interpolation : {"bilinear", "bicubic", "nearest"}
        How pictures are resized (antialiased).

    Raises
    ------
    BadInput
        If an option is unusable.

    Examples
    --------
    >>> import numpy as np
    >>> look = Preprocess(size=4, resize=4, mean=(127.0,), std=(128.0,), scale=1.0, order="grey")
    >>> look(np.full((2, 8, 8, 3), 255, dtype=np.uint8)).shape
    torch.Size([2, 1, 4, 4])
    """

    size: int = 224
    resize: int = 256
    framing: str = "auto"
    order: str = "RGB"
    scale: float = 1 / 255
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        _one_of("framing", self.framing, FRAMINGS)
        _one_of("order", self.order, ("RGB", "BGR", "grey"))
        _one_of("interpolation", self.interpolation, tuple(INTERPOLATIONS))
        if not 0 < self.size <= self.resize:
            raise BadInput(
                "preprocess size",
                got=f"size {self.size}, resize {self.resize}",
                expected="0 < size <= resize",
                repair=f"Pass resize={self.size} to cut nothing off.",
            )
        for name in ("mean", "std"):
            values = tuple(float(v) for v in np.atleast_1d(getattr(self, name)))
            if len(values) != self.channels or (name == "std" and min(values) <= 0):
                raise BadInput(
                    f"preprocess {name}",
                    got=str(values),
                    expected=f"{self.channels} {'positive ' * (name == 'std')}number(s), one a channel of {self.order}",
                    repair="",
                )
            object.__setattr__(self, name, values)

    @property
    def channels(self) -> int:
        """Number of channels the network takes."""
        return 1 if self.order == "grey" else 3

    def __call__(self, images: npt.NDArray[np.uint8] | Sequence[ImageLike]) -> torch.Tensor:
        """Return the network's input.

        Parameters
        ----------
        images : array of uint8, shape (image, height, width, 3), (image, height, width) for grey, or a sequence
            Pixel values 0..255, RGB. A sequence may hold images of different sizes, or PIL images.

        Returns
        -------
        torch.Tensor of float32, shape (image, channel, size, size)

        Raises
        ------
        BadInput
            If an image is not 8-bit grey or RGB.
        """
        check_images(images)
        framed = np.stack([self._frame(as_picture(image)) for image in images])
        channels_first = framed.astype(np.float32).transpose(0, 3, 1, 2) * np.float32(self.scale)
        mean = np.array(self.mean, dtype=np.float32)[:, None, None]
        std = np.array(self.std, dtype=np.float32)[:, None, None]
        return torch.from_numpy(np.ascontiguousarray((channels_first - mean) / std))

    def _frame(self, picture: Image.Image) -> npt.NDArray[np.uint8]:
        """Return one picture as (size, size, channel), pixel values 0..255 in the network's channel order."""
        width, height = picture.size
        whole = self.framing == "whole" or (self.framing == "auto" and width == height)
        by = INTERPOLATIONS[self.interpolation]
        if whole:
            picture = picture.resize((self.size, self.size), by)
        else:
            factor = self.resize / min(width, height)
            width, height = (max(self.size, round(side * factor)) for side in (width, height))
            left, top = (width - self.size) // 2, (height - self.size) // 2
            picture = picture.resize((width, height), by)
            picture = picture.crop((left, top, left + self.size, top + self.size))
        if self.order == "grey":
            return np.asarray(picture.convert("L"))[:, :, None]
        pixels = np.asarray(picture)
        return pixels[:, :, ::-1] if self.order == "BGR" else pixels


def as_picture(image: ImageLike) -> Image.Image:
    """Return one 8-bit image, shape (height, width[, 1 or 3]) or PIL, as an RGB picture."""
    if isinstance(image, Image.Image):
        return image.convert("RGB")
    pixels = np.ascontiguousarray(image)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return Image.fromarray(pixels).convert("RGB")


def is_images(inputs: Any) -> bool:
    """Tell whether inputs are 8-bit images (an array or a sequence of them), not ready tensors."""
    if isinstance(inputs, np.ndarray):
        return inputs.dtype == np.uint8
    return isinstance(inputs, list | tuple) and len(inputs) > 0 and isinstance(inputs[0], np.ndarray | Image.Image)


def check_images(images: Any) -> None:
    """Raise `BadInput` unless ``images`` are 8-bit grey or RGB images, shape (image, height, width[, 3]).

    An array (n, m, 3) is one colour image, not n grey ones of 3 columns: it is refused rather than guessed at.
    """
    if isinstance(images, np.ndarray) and images.ndim == 3 and images.shape[2] in (3, 4):
        raise BadInput(
            "images",
            got=f"one image, shape {images.shape}",
            expected="several, (image, height, width, 3), or without the 3 for grey",
            repair="Pass images[None] for a single image.",
        )
    if len(images) == 0:
        raise BadInput("images", got="none", expected="at least one", repair="Look at the selection that led here.")
    singles = [images] if isinstance(images, np.ndarray) else list(images)
    whole = isinstance(images, np.ndarray)
    for index, image in enumerate(singles):
        if isinstance(image, Image.Image):
            continue
        what = "images" if whole else f"image {index}"
        layout = "(image, height, width, 3)" if whole else "(height, width, 3)"
        array = np.asarray(image)
        if array.dtype != np.uint8:
            raise BadInput(
                what,
                got=f"values of type {array.dtype}",
                expected="uint8, 0..255",
                repair="Use (255 * images).round().astype('uint8') if they lie in 0..1; or pass ready tensors.",
            )
        shape = array.shape[1:] if whole else array.shape
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)) or 0 in array.shape:
            raise BadInput(
                what,
                got=f"shape {array.shape}",
                expected=f"{layout}, or without the 3 for grey",
                repair="Move the channels last with numpy.moveaxis, and drop transparency.",
            )


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BadInput(f"preprocess {what}", got=repr(value), expected="one of " + ", ".join(known), repair="")
