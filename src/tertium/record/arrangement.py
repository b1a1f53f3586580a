"""How trials, time and units lie in what a module returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from tertium.errors import BadInput


@dataclass(frozen=True)
class Returned:
    """What one call of a module returned.

    Parameters
    ----------
    shape : tuple of int
        Of the tensor.
    double : bool
        Whether it holds 64-bit floats.
    """

    shape: tuple[int, ...]
    double: bool = False


@dataclass(frozen=True)
class Arranged:
    """One recorded layer.

    Parameters
    ----------
    layer : str
        Its label.
    call : int or None
        Which call of the module; None where its calls are the time.
    arrangement : {"trial", "time_trial", "calls"}
        Dimensions of what the module returns: (trial, units...); (time, trial, units...); or (trial, units...) at each
        of its calls, one a time bin.
    n_times : int
        Time bins.
    shape : tuple of int
        Shape of the units.
    """

    layer: str
    call: int | None
    arrangement: str
    n_times: int
    shape: tuple[int, ...]


def arrange(
    returned: Sequence[Returned], layer: str, *, n_trials: int, n_times: int | None, calls: str = "auto"
) -> list[Arranged]:
    """Say how trials, time and units lie in a module's calls.

    Parameters
    ----------
    returned : sequence of Returned
        One for each call of the module in a forward pass.
    layer : str
        Name of the site.
    n_trials : int
        Trials that were shown.
    n_times : int or None
        Time steps that were shown; None for networks that do not run over time.
    calls : {"auto", "separate", "time"}
        Whether several calls are layers of their own (``name#0``, ``name#1``) or time bins. "auto": time bins where a
        network over time calls the module once a step, else layers.

    Returns
    -------
    list of Arranged

    Raises
    ------
    BadInput
        If trials are not where they are looked for, or calls that are to be time bins differ in shape.

    Examples
    --------
    >>> arrange([Returned((2, 8, 5, 5))], "conv", n_trials=2, n_times=None)
    [Arranged(layer='conv', call=0, arrangement='trial', n_times=1, shape=(8, 5, 5))]
    >>> arrange([Returned((50, 2, 16))], "rnn", n_trials=2, n_times=50)
    [Arranged(layer='rnn', call=0, arrangement='time_trial', n_times=50, shape=(16,))]
    >>> [a.layer for a in arrange([Returned((2, 4))] * 3, "relu", n_trials=2, n_times=None)]
    ['relu#0', 'relu#1', 'relu#2']
    """
    over_time = n_times is not None
    each_step = over_time and len(returned) == n_times and all(r.shape[:1] == (n_trials,) for r in returned)
    whole = over_time and all(r.shape[:2] == (n_times, n_trials) for r in returned)
    if calls == "time" or (calls == "auto" and each_step and not whole):
        return [_over_calls(returned, layer, n_trials)]
    found = []
    for call, one in enumerate(returned):
        label = layer if len(returned) == 1 else f"{layer}#{call}"
        if whole and n_times is not None:
            found.append(Arranged(label, call, "time_trial", n_times, _units(one.shape[2:])))
        elif one.shape[:1] == (n_trials,):
            found.append(Arranged(label, call, "trial", 1, _units(one.shape[1:])))
        else:
            raise _trials_not_found(label, one.shape, n_trials, n_times)
    return found


def to_trial_time_unit(tensor: torch.Tensor, arrangement: str) -> torch.Tensor:
    """Bring what a module returned into (trial, time, unit), the units flattened.

    Examples
    --------
    >>> to_trial_time_unit(torch.zeros(50, 2, 4, 4), "time_trial").shape
    torch.Size([2, 50, 16])
    """
    if arrangement == "time_trial":
        return tensor.transpose(0, 1).flatten(2) if tensor.ndim > 2 else tensor.T[:, :, None]
    return tensor.reshape(len(tensor), 1, -1)


def _over_calls(returned: Sequence[Returned], layer: str, n_trials: int) -> Arranged:
    shapes = {one.shape for one in returned}
    if len(shapes) > 1:
        a, b = sorted(shapes)[:2]
        raise BadInput(
            f"site '{layer}'",
            got=f"calls that return shapes {a} and {b}",
            expected="one shape at all calls, for calls to be time bins",
            repair="Pass calls='separate'.",
        )
    shape = returned[0].shape
    if shape[:1] != (n_trials,):
        raise _trials_not_found(layer, shape, n_trials, None)
    return Arranged(layer, None, "calls", len(returned), _units(shape[1:]))


def _units(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape or (1,)


def _trials_not_found(layer: str, shape: tuple[int, ...], n_trials: int, n_times: int | None) -> BadInput:
    where = "the module before or after it, where trials are apart"
    if n_times is None:
        return BadInput(
            f"site '{layer}'",
            got=f"shape {shape} for {n_trials} trial(s)",
            expected="trials first",
            repair=f"For a network over time pass layout='time_batch'; else record {where}.",
        )
    return BadInput(
        f"site '{layer}'",
        got=f"shape {shape} for {n_trials} trial(s) of {n_times} time steps",
        expected="(time, trial, ...) or, at each time step, (trial, ...)",
        repair=f"Record {where}.",
    )
