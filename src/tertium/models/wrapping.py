"""An adapter: any torch network (torchvision, timm, Hugging Face, your own) as one that tertium shows images to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.errors import BadInput, nearest
from tertium.models.outputs import describe, first_tensor, pick
from tertium.models.preprocess import ImageLike, Preprocess, as_picture, check_images


def wrap(
    module: nn.Module,
    preprocess: Preprocess | Mapping[str, Any] | Callable[..., Any] | None = None,
    *,
    name: str = "",
    output: str | int | None = None,
    argument: str = "",
    cite: str = "",
) -> Wrapped:
    """Make any torch network one that can be shown images and recorded from, in one line.

    The sites keep the names the network gives them (``layer3.0.conv2``). The network itself is used, not a copy: it
    keeps its mode, its device and its weights.

    Parameters
    ----------
    module : torch.nn.Module
        The network. Its first argument is the batch of images, shape (image, channel, height, width).
    preprocess : Preprocess, mapping, callable or None
        From 8-bit images to input. A mapping holds options of `Preprocess`: ``{"mean": (.5, .5, .5), "std": (.5, .5,
        .5), "size": 224}``. A callable is given one PIL image (RGB) and returns a tensor of shape (channel, height,
        width), as the transforms of torchvision and timm do, or a mapping with ``pixel_values``, as the processors of
        Hugging Face do. Without it only ready tensors can be shown.
    name : str
        What the network is called in tables and pictures; by default its class.
    output : str or int, optional
        Which part of what it returns is its output ("logits"); by default the first tensor.
    argument : str
        Keyword under which the network takes its images; by default it takes them as the first argument.
    cite : str
        The paper to cite.

    Returns
    -------
    Wrapped

    Raises
    ------
    BadInput
        If ``module`` is no torch module, or an option of the preprocessing is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> model = wrap(net, {"size": 8, "resize": 8, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}, name="mine")
    >>> images = np.zeros((5, 32, 32, 3), dtype=np.uint8)
    >>> model(model.preprocess(images)).shape
    torch.Size([5, 2])
    >>> from tertium.record import record
    >>> record(model, images, sites=["0", "3"], progress=False).sizes["unit"]
    146

    With torchvision: ``wrap(resnet50(weights=w), w.transforms(), name="resnet50")``. With timm:
    ``wrap(m, timm.data.create_transform(**timm.data.resolve_model_data_config(m)))``. With Hugging Face:
    ``wrap(m, lambda image: processor(image, return_tensors="pt"), output="logits")``.
    """
    if not isinstance(module, nn.Module):
        raise BadInput(
            "network",
            got=f"a {type(module).__name__}",
            expected="a torch.nn.Module",
            repair="Pass an instance, not its class." if isinstance(module, type) else "",
        )
    return Wrapped(module, _preprocess(preprocess), name or type(module).__name__, output, argument, cite)


class Wrapped(nn.Module):
    """A network with its preprocessing, made by `wrap`.

    Parameters
    ----------
    network : torch.nn.Module
        The network.
    preprocess : callable or None
        From 8-bit images to its input.
    name, output, argument, cite
        As in `wrap`.
    """

    def __init__(
        self,
        network: nn.Module,
        preprocess: Callable[[Any], torch.Tensor] | None,
        name: str,
        output: str | int | None = None,
        argument: str = "",
        cite: str = "",
    ) -> None:
        super().__init__()
        self.network = network
        self.preprocess = preprocess
        self.name, self.cite = name, cite
        self.output, self.argument = output, argument
        self.training = network.training

    @property
    def site_root(self) -> nn.Module:
        """The module whose names the sites carry: the network inside."""
        return self.network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the network's output tensor for a batch of input."""
        given = self.network(**{self.argument: x}) if self.argument else self.network(x)
        what = f"the output of {self.name}"
        return first_tensor(given, what) if self.output is None else pick(given, self.output, what)


@dataclasses.dataclass(frozen=True)
class EachImage:
    """A transform of single pictures (torchvision, timm, Hugging Face), applied to a batch of 8-bit images.

    Parameters
    ----------
    transform : callable
        From one PIL image to a tensor, shape (channel, height, width), or a mapping with ``pixel_values``.
    """

    transform: Callable[[Any], Any]

    def __call__(self, images: npt.NDArray[np.uint8] | Sequence[ImageLike]) -> torch.Tensor:
        """Return the input, shape (image, channel, height, width).

        Raises
        ------
        BadInput
            If the images are not 8-bit, or the transform returns something else, or other shapes for other images.
        """
        check_images(images)
        made = [self._one(as_picture(image)) for image in images]
        shapes = {tuple(one.shape) for one in made}
        if len(shapes) > 1:
            raise BadInput(
                "preprocess",
                got="images of shapes " + " and ".join(str(s) for s in sorted(shapes)[:2]),
                expected="one shape for all images",
                repair="Resize and crop inside the transform.",
            )
        return torch.stack(made)

    def _one(self, picture: Any) -> torch.Tensor:
        made = self.transform(picture)
        if isinstance(made, Mapping) and "pixel_values" in made:
            made = made["pixel_values"]
        if isinstance(made, list | tuple) and len(made) == 1:
            made = made[0]
        tensor = torch.as_tensor(made) if isinstance(made, np.ndarray | torch.Tensor) else None
        if tensor is not None and tensor.ndim == 4 and len(tensor) == 1:
            tensor = tensor[0]  # processors return a batch of one
        if tensor is None or tensor.ndim != 3:
            raise BadInput(
                "preprocess",
                got=describe(made) if tensor is None else f"a tensor of shape {tuple(tensor.shape)}",
                expected="a tensor of shape (channel, height, width) for one PIL image",
                repair="Pass the transform of single images, or a mapping with size, mean and std.",
            )
        return tensor


def _preprocess(given: Any) -> Callable[[Any], torch.Tensor] | None:
    if given is None or isinstance(given, Preprocess | EachImage):
        return given
    if isinstance(given, Mapping):
        known = [field.name for field in dataclasses.fields(Preprocess)]
        for key in given:
            if key not in known:
                close = nearest(str(key), known, limit=1)
                raise BadInput(
                    "preprocess",
                    got=f"'{key}'",
                    expected="options among " + ", ".join(known),
                    repair=f"Did you mean '{close[0]}'?" if close else "",
                )
        options = dict(given)
        if "resize" not in options and "size" in options:
            options["resize"] = round(options["size"] * 256 / 224)  # the usual margin of a centre crop
        return Preprocess(**options)
    if callable(given):
        return EachImage(given)
    raise BadInput(
        "preprocess",
        got=f"a {type(given).__name__}",
        expected="a Preprocess, a mapping of its options, a transform of one image, or None",
        repair='Pass, for instance, {"size": 224, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}.',
    )
