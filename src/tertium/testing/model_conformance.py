"""What every network of the catalogue must do: be recorded from, twice alike, and come out as it went in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn


class NonConforming(AssertionError):
    """A component breaks the contract of its kind; the message names the clause."""


def check_model(
    model: nn.Module, inputs: Any, *, record: Callable[..., xr.DataArray], batch_tolerance: float = 1e-4
) -> None:
    """Check a network against the contract of the models floor.

    Checked are: names of sites are unique; 8-bit images are accepted where the network carries a ``preprocess``; the
    same inputs give the same numbers; batches of one give the numbers of one batch; every response is finite and
    labelled; weights, buffers, modes, hooks and gradient flags are afterwards what they were.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    inputs : object
        At least two trials of what it can be shown, see `tertium.record.record`.
    record : callable
        `tertium.record.record`. It is passed in because this floor lies below the one it is on.
    batch_tolerance : float
        Largest difference between batched and unbatched responses, relative to the largest response of the layer.

    Raises
    ------
    NonConforming
        If a clause does not hold.

    Examples
    --------
    >>> import torch
    >>> from tertium.record import record
    >>> check_model(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU()), torch.ones(2, 3), record=record)
    """
    _check_preprocess(model)
    before = _fingerprint(model)
    once = record(model, inputs, progress=False)
    _same(before, _fingerprint(model))
    again = record(model, inputs, progress=False)
    if not np.array_equal(once.values, again.values):
        raise NonConforming("the same inputs give other numbers the second time")
    alone = record(model, inputs, batch_size=1, progress=False)
    names = once["unit"].values
    if len(set(names.tolist())) < len(names):
        raise NonConforming("two units have one name")
    for layer in dict.fromkeys(once["layer"].values.tolist()):
        units = np.flatnonzero(once["layer"].values == layer)
        together, apart = once.values[:, :, units], alone.values[:, :, units]
        off = float(np.abs(together - apart).max()) / max(float(np.abs(together).max()), 1e-12)
        if off > batch_tolerance:
            raise NonConforming(f"layer '{layer}': batches of one differ from one batch by {off:.1e} of its range")


def _check_preprocess(model: nn.Module) -> None:
    preprocess = getattr(model, "preprocess", None)
    if preprocess is None:
        return
    images = np.arange(2 * 40 * 50 * 3, dtype=np.uint32).astype(np.uint8).reshape(2, 40, 50, 3)
    kept = images.copy()
    made = preprocess(images)
    if made.ndim != 4 or len(made) != 2 or not made.is_floating_point():
        raise NonConforming(f"preprocess makes {tuple(made.shape)} of 2 images, not (image, channel, height, width)")
    if not np.array_equal(images, kept):
        raise NonConforming("preprocess changes the images it is given")


def _fingerprint(model: nn.Module) -> dict[str, Any]:
    """Return all that a recording must not change, by name."""
    found: dict[str, Any] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        found[f"tensor {name}"] = (id(tensor), tensor.device, tensor.dtype, tensor.detach().cpu().numpy().tobytes())
    for name, parameter in model.named_parameters():
        found[f"requires_grad of {name}"] = parameter.requires_grad
        found[f"grad of {name}"] = id(parameter.grad)
    for name, module in model.named_modules():
        found[f"mode of '{name}'"] = module.training
        found[f"hooks of '{name}'"] = tuple(module._forward_hooks) + tuple(module._forward_pre_hooks)
    return found


def _same(before: dict[str, Any], after: dict[str, Any]) -> None:
    changed = [key for key in before if before[key] != after.get(key)] + [key for key in after if key not in before]
    if changed:
        raise NonConforming(f"recording changed {', '.join(changed[:3])}")
