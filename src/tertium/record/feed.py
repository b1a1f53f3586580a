"""What is shown to a network, batch by batch: 8-bit images through its preprocessing, or ready tensors."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.preprocess import check_images, is_images
from tertium.record.undisturbed import device_of, dtype_of
from tertium.tasks.trial_batch import TrialBatch

LAYOUTS = ("auto", "batch", "time_batch")


@dataclass(frozen=True, eq=False)
class Feed:
    """Inputs, how many, and how they are laid out.

    Parameters
    ----------
    inputs : object
        8-bit images, a tensor, or a mapping of tensors (keyword arguments of the network).
    n_trials : int
        How many trials (images, sequences) there are.
    layout : {"batch", "time_batch"}
        Whether the first dimension is the trial, or time and then the trial.
    preprocess : callable or None
        From images to a tensor.
    """

    inputs: Any
    n_trials: int
    layout: str
    preprocess: Any = None

    @property
    def trial_axis(self) -> int:
        """Dimension of the input that counts trials."""
        return 1 if self.layout == "time_batch" else 0

    def batch(self, start: int, stop: int, model: nn.Module) -> torch.Tensor | dict[str, torch.Tensor]:
        """Return the trials ``start`` to ``stop`` where the network is, floating numbers in its own type."""
        if self.preprocess is not None:
            return _placed(self.preprocess(self.inputs[start:stop]), model)
        if isinstance(self.inputs, Mapping):
            return {key: _placed(value[start:stop], model) for key, value in self.inputs.items()}
        return _placed(self.inputs[:, start:stop] if self.trial_axis else self.inputs[start:stop], model)


def feed_of(model: nn.Module, inputs: Any, layout: str = "auto") -> Feed:
    """Look at the inputs once and say how they will be shown.

    Parameters
    ----------
    model : torch.nn.Module
    inputs : array of uint8 (image, height, width[, 3]), sequence of images, tensor, array of numbers, or mapping
        Images go through ``model.preprocess``. Tensors and arrays of floats are shown as they are. A mapping gives
        keyword arguments, trials first in each.
    layout : {"auto", "batch", "time_batch"}
        Layout of ready tensors; "auto" asks the model, see `layout_of`.

    Returns
    -------
    Feed

    Raises
    ------
    BadInput
        If there is nothing to show, the model cannot be shown images, or the inputs are of a kind that cannot be shown.
    """
    if layout not in LAYOUTS:
        raise BadInput("layout", got=repr(layout), expected="one of " + ", ".join(LAYOUTS), repair="")
    if not isinstance(model, nn.Module):
        raise BadInput(
            "model",
            got=f"a {type(model).__name__}",
            expected="a torch.nn.Module",
            repair="Pass an instance, not its class." if isinstance(model, type) else "",
        )
    if is_images(inputs):
        return _image_feed(model, inputs)
    _check_no_pictures(model, inputs)
    layout = layout_of(model) if layout == "auto" else layout
    if isinstance(inputs, Mapping):
        tensors = {str(key): _tensor(value, f"input '{key}'") for key, value in inputs.items()}
        lengths = {key: len(value) for key, value in tensors.items()}
        if len(set(lengths.values())) != 1:
            raise BadInput("inputs", got=str(lengths), expected="a mapping whose entries have equal lengths", repair="")
        return _not_empty(Feed(tensors, next(iter(lengths.values())), "batch"))
    tensor = _tensor(inputs, "inputs")
    if layout == "time_batch" and tensor.ndim < 3:
        raise BadInput(
            "inputs",
            got=f"shape {tuple(tensor.shape)}",
            expected="(time, trial, channel) for a network over time",
            repair="Put in the missing dimension, or pass layout='batch'.",
        )
    if tensor.ndim == 0:
        raise BadInput("inputs", got="a single number", expected="a batch of trials", repair="")
    return _not_empty(Feed(tensor, tensor.shape[1 if layout == "time_batch" else 0], layout))


def layout_of(model: nn.Module) -> str:
    """Return how a network takes its input: its attribute ``layout``, else by the signature of its ``forward``.

    A network over time is called as ``outputs, states = model(x, state=None)``, x of shape (time, trial, channel).

    Examples
    --------
    >>> layout_of(nn.Linear(2, 2))
    'batch'
    """
    declared = getattr(model, "layout", None)
    if declared in ("batch", "time_batch"):
        return str(declared)
    parameters = list(inspect.signature(model.forward).parameters.values())
    over_time = len(parameters) >= 2 and parameters[1].name == "state" and parameters[1].default is None
    return "time_batch" if over_time else "batch"


def _image_feed(model: nn.Module, images: Any) -> Feed:
    check_images(images)
    preprocess = getattr(model, "preprocess", None)
    if not callable(preprocess):
        raise BadInput(
            "images",
            got=f"8-bit images for a {type(model).__name__} without preprocess",
            expected="a network that carries its preprocess, or ready tensors",
            repair='Use tertium.models.wrap(model, {"size": ..., "mean": ..., "std": ...}), or pass a float tensor.',
        )
    return _not_empty(Feed(images, len(images), "batch", preprocess))


def _check_no_pictures(model: nn.Module, inputs: Any) -> None:
    """Refuse pictures that are not 8-bit: shown as they are they would pass by the network's preprocessing."""
    if not isinstance(inputs, np.ndarray) or not callable(getattr(model, "preprocess", None)):
        return
    if inputs.ndim == 4 and inputs.shape[3] == 3 and inputs.shape[1] != 3:
        raise BadInput(
            "images",
            got=f"{inputs.dtype} of shape {inputs.shape}",
            expected="8-bit images, uint8 (image, height, width, 3), or ready tensors (image, channel, height, width)",
            repair="Use (255 * images).round().astype('uint8') if they lie in 0..1.",
        )


def _tensor(value: Any, what: str) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value
    array = np.asarray(value) if hasattr(value, "__array__") or isinstance(value, list | tuple) else None
    if array is None or array.dtype.kind not in "fiub":
        raise BadInput(
            what,
            got=f"a {type(value).__name__}",
            expected="8-bit images (image, height, width, 3), a tensor, or an array of numbers",
            repair="",
        )
    return torch.from_numpy(np.ascontiguousarray(array))


def _placed(tensor: torch.Tensor, model: nn.Module) -> torch.Tensor:
    return tensor.to(device_of(model), dtype_of(model) if tensor.is_floating_point() else tensor.dtype)


def _not_empty(feed: Feed) -> Feed:
    if feed.n_trials == 0:
        raise BadInput(
            "inputs", got="no trials", expected="at least one", repair="Look at the selection that led here."
        )
    return feed


def of_trials(batch: TrialBatch, trial: Mapping[str, Any] | None) -> tuple[torch.Tensor, dict[str, Any]]:
    """Return the inputs of a batch of trials of a task, and the labels of its trials.

    The labels are the conditions, the onset of each epoch (``onset_<epoch>``) and the ``duration`` of each trial, both
    in seconds, and the ``task``; labels that the user gives go before them.
    """
    labels = {str(name): column.to_numpy() for name, column in batch.conditions.items()}
    labels |= {"duration": batch.lengths * batch.dt, "task": np.full(len(batch), batch.spec.name, dtype=object)}
    return torch.from_numpy(batch.inputs), {**labels, **(trial or {})}
