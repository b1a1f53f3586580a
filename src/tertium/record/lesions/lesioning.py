"""`lesion`: silence, clamp or disturb units of a network for a while, as a physiologist would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.outputs import first_tensor
from tertium.record.feed import layout_of
from tertium.record.lesions.loops import cell_of, lesioned_loop, shape_of
from tertium.record.lesions.units import unit_indices
from tertium.record.sites import choose_sites, label_of, named_sites
from tertium.rng import Seeds

How = Literal["silence", "clamp", "noise"]
Units = int | str | npt.ArrayLike | Sequence[str] | Mapping[str, Any] | None


@contextmanager
def lesion(
    model: nn.Module,
    site: str,
    units: Units = None,
    *,
    how: How = "silence",
    amount: float | npt.ArrayLike | None = None,
    seed: int = 0,
) -> Iterator[nn.Module]:
    """Silence units of a network, hold them at a value, or disturb them with noise, while a ``with`` block lasts.

    Whoever hears the units hears what the lesion makes of them: later layers, read-outs, recordings and, in recurrent
    networks, the other units (and the units themselves) at the next step. Connections, weights, buffers and modes stay
    as they are; after the block, also after an error, nothing of the lesion is left. Lesions can be nested.

    Parameters
    ----------
    model : torch.nn.Module
        Any network.
    site : str
        One site of `tertium.record.list_sites`: the layer whose units are meant.
    units : int, sequence of int, array of bool, names, mapping, optional
        Which units: places in the flattened layer; a mask over all of them; names as recordings carry them
        (``"fire4/12/3/5"``, also the unit coordinate itself); or labels that the layer gives its units, with the values
        wanted (``{"area": "V1"}``). All units of the site by default.
    how : {"silence", "clamp", "noise"}
        Activity 0; activity ``amount``; or activity plus Gaussian noise of standard deviation ``amount``, drawn anew at
        each step of time, and once a trial where there is none.
    amount : float or array, shape (unit,), optional
        In the units of the layer's activity; one number, or one for each unit in the order given (a mapping, a mask:
        ascending). Not for "silence".
    seed : int
        Seed of the noise.

    Yields
    ------
    torch.nn.Module
        The same network, lesioned.

    Raises
    ------
    UnknownName
        If the site is misspelt.
    BadInput
        If there is no such unit or label, the amount does not fit, or the layer runs over time in one call that cannot
        be reached into (``nn.GRU``). Where a layer's shape is known only once it runs, the error comes then.

    Notes
    -----
    The potential of a lesioned rate unit goes on below as its inputs drive it: what is cut is its axon. In cells with
    gates, or of convolutions, activity is the state, and is changed itself; noise then stays in the state. A module of
    one's own that runs over time in one call is changed for those only who hear it from outside.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> x = torch.ones(4, 2)
    >>> intact = net(x)
    >>> with lesion(net, "1"):
    ...     silenced = net(x)
    >>> bool(torch.equal(silenced, net[2].bias.expand(4, 1))), bool(torch.equal(net(x), intact))
    (True, True)

    A recurrent network, two of its units held at a rate:

    >>> from tertium.models import RateRNN
    >>> from tertium.record import record
    >>> rnn = RateRNN(2, 5, 1)
    >>> with lesion(rnn, "cells.0", ["cells.0/1", "cells.0/4"], how="clamp", amount=0.5):
    ...     responses = record(rnn, torch.zeros(6, 3, 2), "cells.0", progress=False)
    >>> responses.sel(unit="cells.0/4").values.ravel()[:3]
    array([0.5, 0.5, 0.5], dtype=float32)
    """
    name = _one_site(model, site)
    amounts = _amounts(how, amount)
    module, label = named_sites(model)[name], label_of(model, name)
    effect = _Effect(module, label, units, how, amounts, Seeds(seed).child("lesion").torch("noise"))
    cell = cell_of(module, label)
    if cell is not None:
        effect.at(shape_of(cell))  # errors before anything runs
        flat = len(shape_of(cell))
        with lesioned_loop(cell, label, lambda activity: effect(activity, activity.ndim - flat)):
            yield model
        return
    with _hooked(model, module, label, effect):
        yield model


@dataclass(frozen=True, eq=False)
class _Effect:
    """What is done to the activity of chosen units; which they are is known once the layer's shape is."""

    module: nn.Module
    label: str
    units: Units
    how: How
    amounts: npt.NDArray[np.float64]
    generator: torch.Generator

    def at(self, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
        """Return the places of the units in a flattened layer."""
        found = unit_indices(self.units, shape, self.label, self.module)
        if self.amounts.ndim and len(self.amounts) != len(found):
            raise BadInput(
                "amount", got=f"{len(self.amounts)} numbers for {len(found)} units", expected="one, or one for each"
            )
        return found

    def __call__(self, activity: torch.Tensor, leading: int) -> torch.Tensor:
        """Change activity whose first ``leading`` dimensions are trials, or times and trials."""
        flat = activity.reshape(*activity.shape[:leading], -1)
        places = torch.from_numpy(self.at(tuple(activity.shape[leading:]) or (1,))).to(flat.device)
        wanted = torch.as_tensor(self.amounts, dtype=flat.dtype, device=flat.device)
        size = (*flat.shape[:-1], len(places))
        if self.how == "noise":
            drawn = torch.randn(size, generator=self.generator, dtype=torch.float64).to(flat)
            put = flat.index_select(-1, places) + wanted * drawn
        else:
            put = wanted.expand(size)
        return flat.index_copy(-1, places, put).reshape(activity.shape)


@contextmanager
def _hooked(model: nn.Module, module: nn.Module, label: str, effect: _Effect) -> Iterator[None]:
    """Change what a module hands out; in a network over time, that of a step or of all steps."""
    shown: list[tuple[int, ...]] = []
    over_time = layout_of(model) == "time_batch"

    def see(_: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        tensors = [one for one in (*given, *named.values()) if isinstance(one, torch.Tensor)]
        shown[:] = [tuple(tensors[0].shape[:2])] if tensors else []

    def change(_: nn.Module, given: Any, returned: Any) -> Any:
        tensor = first_tensor(returned, f"site '{label}'")
        leading = _leading(tuple(tensor.shape), shown[0] if shown else None, label) if over_time else 1
        return _replaced(returned, tensor, effect(tensor, leading))

    first = model.register_forward_pre_hook(see, with_kwargs=True)
    second = module.register_forward_hook(change, prepend=True)  # before those who listen
    try:
        yield
    finally:
        first.remove()
        second.remove()


def _leading(shape: tuple[int, ...], shown: tuple[int, ...] | None, label: str) -> int:
    if shown is not None and shape[:2] == shown and len(shape) > 2:
        return 2
    if shown is not None and shape[:1] == shown[1:]:
        return 1
    of = "no input that was seen" if shown is None else f"{shown[1]} trials of {shown[0]} steps"
    raise BadInput(
        f"site '{label}'",
        got=f"shape {shape} for {of}",
        expected="(time, trial, unit) or, at each step, (trial, unit)",
        repair="Call the whole network on (time, trial, channel), or lesion the module before or after.",
    )


def _replaced(value: Any, old: torch.Tensor, new: torch.Tensor) -> Any:
    """Put a tensor in the place of another, wherever a module hands that out."""
    if value is old:
        return new
    if isinstance(value, Mapping):
        changed = {key: _replaced(item, old, new) for key, item in value.items()}
        # a plain dict would lose the attributes by which such mappings are read (Hugging Face's outputs)
        return changed if type(value) is dict else type(value)(**changed)
    if isinstance(value, list | tuple):
        items = [_replaced(item, old, new) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def _one_site(model: nn.Module, site: str) -> str:
    if not isinstance(model, nn.Module) or not isinstance(site, str):
        what, got = ("site", site) if isinstance(model, nn.Module) else ("model", model)
        expected = "one name" if what == "site" else "a torch.nn.Module"
        raise BadInput(what, got=f"a {type(got).__name__}", expected=expected, repair="Nest lesions of several sites.")
    found = choose_sites(model, site)
    if len(found) != 1:
        raise BadInput(
            "site",
            got=f"'{site}', which is {len(found)} sites",
            expected="one",
            repair="Nest one lesion in another: with lesion(...), lesion(...):",
        )
    return found[0]


def _amounts(how: str, amount: float | npt.ArrayLike | None) -> npt.NDArray[np.float64]:
    if how not in get_args(How):
        raise BadInput("how", got=repr(how), expected="one of " + ", ".join(get_args(How)))
    if (how == "silence") != (amount is None):
        expected = "none: silence is 0" if how == "silence" else f"the {'value' if how == 'clamp' else 'deviation'}"
        got = "none" if amount is None else repr(amount)
        raise BadInput("amount", got=got, expected=expected, repair="See how= of tertium.record.lesion.")
    values = np.asarray(0.0 if amount is None else amount, dtype=np.float64)
    if values.ndim > 1 or not np.isfinite(values).all() or (how == "noise" and (values < 0).any()):
        least = "finite, 0 or more" if how == "noise" else "finite"
        raise BadInput("amount", got=f"{amount!r}", expected=f"{least}: one number, or one for each unit")
    return values
