"""Recording from any torch module: stimuli in, one labelled table of responses out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import nn

from tertium.data.responses import check_dt, label_values
from tertium.errors import BadInput
from tertium.progress import track
from tertium.record.arrangement import to_trial_time_unit
from tertium.record.capture import Capture
from tertium.record.feed import feed_of, of_trials
from tertium.record.planning import RecordingPlan, SitePlan, forward, plan_feed, projection_of
from tertium.record.projection import Projection
from tertium.record.sinks import labels_of, open_sink
from tertium.record.sites import named_sites
from tertium.record.undisturbed import undisturbed
from tertium.tasks.trial_batch import TrialBatch


def record(
    model: nn.Module,
    inputs: Any,
    sites: str | Sequence[str] = "*",
    *,
    batch_size: int | None = None,
    to: str | os.PathLike[str] | None = None,
    units: int | None = None,
    project: str | Projection | None = None,
    n_components: int | None = None,
    seed: int = 0,
    trial: Mapping[str, Any] | None = None,
    dt: float | None = None,
    layout: str = "auto",
    calls: str = "auto",
    device: str | torch.device | None = None,
    memory_limit: int | None = None,
    progress: bool = True,
) -> xr.DataArray:
    """Show stimuli to a network and record from its units, as from a brain.

    The network runs in eval mode and without gradients, and is left exactly as it was found, also after an error: see
    `tertium.record.undisturbed`. The same call gives the same numbers; another ``batch_size`` changes them by rounding
    only (relative 1e-5 in float32).

    Parameters
    ----------
    model : torch.nn.Module
        Any network.
    inputs : TrialBatch, array of uint8, tensor, array of floats, or mapping
        What to show. Trials of a task bring their conditions and timings as labels. 8-bit images, shape (image, height,
        width, 3) or a list of images, go through the network's ``preprocess`` (see `tertium.models.wrap`). Tensors are
        shown as they are: (trial, ...), or (time, trial, channel) for networks over time. A mapping holds keyword
        arguments of the network, trials first.
    sites : str or sequence of str
        Where to record: names of modules, with wildcards (``"fire*"``). ``"*"`` is every layer of
        `tertium.record.list_sites`, ``"output"`` the network's own output.
    batch_size : int, optional
        Trials shown at a time; by default as many (up to 64) as keep the recorded layers of a batch under 256 MB.
    to : path, optional
        A zarr store to stream to, for recordings larger than memory. By default they are made in memory.
    units : int, optional
        Keep so many units of each layer, drawn at random without replacement.
    project : {"gaussian", "sparse"} or Projection, optional
        Keep ``n_components`` random combinations of the units of each layer instead; a layer with no more units than
        that is kept as it is.
    n_components : int, optional
        Number of combinations.
    seed : int
        Seed of the units drawn, the projection, and whatever the network itself draws.
    trial : mapping of str to array-like, shape (trial,), optional
        Labels of the trials (``{"stimulus": names}``).
    dt : float, optional
        Width of a time bin in seconds; by default the network's attribute ``dt``, else 1.
    layout : {"auto", "batch", "time_batch"}
        Layout of tensors. "auto" asks the network: its attribute ``layout``, or the signature ``forward(x,
        state=None)``, which marks a network over time.
    calls : {"auto", "separate", "time"}
        A module that is called several times in a forward pass gives layers ``name#0``, ``name#1``, ... ("separate") or
        time bins ("time"). "auto": time bins where a network over time calls it once a step.
    device : str or torch.device, optional
        Where to compute; by default where the network is. It is moved back afterwards.
    memory_limit : int, optional
        Bytes that the recording may take in memory; by default half of what is free. See `tertium.record.plan`.
    progress : bool
        Whether to show a bar on a terminal.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Responses, quantity ``activation``. Coordinates of the units: ``unit`` (``"fire4/12/3/5"``), ``layer`` and, for
        convolutions, ``channel``, ``row``, ``column`` (-1 elsewhere); and those that a module itself gives by a method
        ``unit_labels()`` (``area``, ``cell_type``; "" or NaN elsewhere). Lazily opened where ``to`` is given.

    Raises
    ------
    UnknownName
        If a site is misspelt.
    BadInput
        If the inputs cannot be shown, the network fails on them, a site returns no tensor or is not called, an option
        is unusable, the recording does not fit into memory, or a response is not finite.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 2))
    >>> responses = record(net, torch.zeros(5, 3, 8, 8), sites=["1", "output"], trial={"stimulus": list("abcde")})
    >>> dict(responses.sizes), str(responses.unit.values[-1])
    ({'trial': 5, 'time': 1, 'unit': 146}, 'output/1')
    >>> one = responses.sel(unit="1/3/0/5")
    >>> int(one.channel), int(one.row), int(one.column)
    (3, 0, 5)
    """
    _check_target(to)
    projection = projection_of(project, n_components)
    step = float(getattr(model, "dt", 1.0)) if dt is None else dt
    check_dt(step)
    if isinstance(inputs, TrialBatch):
        inputs, trial = of_trials(inputs, trial)
    feed = feed_of(model, inputs, layout)
    for name, label in (trial or {}).items():
        label_values(label, feed.n_trials, f"trial label '{name}'")  # before the work, not after it
    with undisturbed(model, device=device, seed=seed):
        planned = plan_feed(
            model, feed, sites, batch_size=batch_size, units=units, projection=projection, seed=seed, calls=calls
        )
        planned.check_memory(memory_limit, in_memory=to is None)
        labels = labels_of(planned, trial, step, str(getattr(model, "cite", "") or ""))
        modules = named_sites(model)
        listened = {site.site: modules[site.site] for site in planned.sites}
        with open_sink(planned, labels, to) as sink, Capture(listened, _keeper(planned)) as capture:
            starts = range(0, planned.n_trials, planned.batch_size)
            for start in track(starts, f"recording {planned.source}") if progress else starts:
                stop = min(start + planned.batch_size, planned.n_trials)
                capture.clear()
                forward(model, feed.batch(start, stop, model))
                sink.write(start, _gather(planned, capture.kept, stop - start))
    return sink.result()


def _keeper(planned: RecordingPlan) -> Any:
    """Return what the hooks do: find the site's plan, bring the tensor into (trial, time, unit) and reduce it."""
    dtype = torch.float64 if planned.dtype == np.float64 else torch.float32

    def keep(site: str, call: int, tensor: torch.Tensor) -> npt.NDArray[Any]:
        part = planned.by_call.get((site, call)) or planned.by_call.get((site, None))
        if part is None:
            raise _changed(site, f"call {call}", "as many calls as in the first trials")
        arranged = to_trial_time_unit(tensor, part.arrangement)
        if arranged.shape[-1] != part.reduction.n_units:
            raise _changed(site, f"shape {tuple(tensor.shape)}", f"units of shape {part.reduction.shape}")
        return part.reduction.apply(arranged, dtype)

    return keep


def _gather(planned: RecordingPlan, kept: Mapping[str, list[npt.NDArray[Any]]], n_trials: int) -> npt.NDArray[Any]:
    """Put the sites of one batch side by side, shape (trial, time, unit)."""
    block = np.empty((n_trials, planned.n_times, planned.n_units), dtype=planned.dtype)
    for site, place in zip(planned.sites, planned.slices, strict=True):
        values = _of_site(site, kept[site.site])
        if values.shape != block[:, :, place].shape:
            raise _changed(site.layer, f"shape {values.shape}", f"{block[:, :, place].shape}")
        block[:, :, place] = values
    return block


def _of_site(site: SitePlan, calls: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    if site.call is None:
        return np.concatenate(calls, axis=1)
    if site.call >= len(calls):
        raise _changed(site.layer, f"{len(calls)} call(s)", "as many as in the first trials")
    return calls[site.call]


def _changed(site: str, got: str, expected: str) -> BadInput:
    return BadInput(
        f"site '{site}'",
        got=f"{got} in a later batch",
        expected=expected,
        repair="What this module returns depends on the stimuli: show those of one kind at a time.",
    )


def _check_target(to: str | os.PathLike[str] | None) -> None:
    if to is not None and Path(to).suffix != ".zarr":
        raise BadInput("to", got=f"'{to}'", expected="a path ending in .zarr", repair=f"Pass to='{to}.zarr'.")
