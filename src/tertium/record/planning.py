"""What a recording will hold, before it is made: sites, shapes, units, bytes; found by showing two trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.errors import BadInput, TertiumError, nearest
from tertium.record.arrangement import Returned, arrange
from tertium.record.capture import Capture
from tertium.record.feed import Feed, feed_of
from tertium.record.memory import available_memory, readable
from tertium.record.projection import Projection
from tertium.record.reducing import Reduction, UnitLabels, reduction_of
from tertium.record.sites import choose_sites, label_of, named_sites
from tertium.record.undisturbed import undisturbed
from tertium.record.unit_coordinates import Labels, labels_of_units, side_by_side
from tertium.rng import Seeds

if TYPE_CHECKING:
    import pandas as pd

#: Memory that the labels of one unit take: its name twice (once while it is checked), layer, channel, row, column.
LABEL_BYTES = 240

#: A batch is made no larger than this many bytes of recorded layers, nor than this many trials.
BATCH_BYTES, BATCH_TRIALS = 2**28, 64


@dataclass(frozen=True)
class SitePlan:
    """One site of a recording.

    Parameters
    ----------
    site : str
        Name of the module; empty for the model's own output.
    layer : str
        Its label: the name, followed by ``#0``, ``#1``, ... where the module is called several times.
    call : int or None
        Which of its calls in a forward pass; None where its calls are the time.
    arrangement : {"trial", "time_trial", "calls"}
        How trials, time and units lie in what the module returns, see `arrange`.
    n_times : int
        Time bins.
    reduction : Reduction
        Shape of its units, and which are kept.
    labels : mapping of str to array, shape (kept,)
        What the module itself knows of the units that are kept (``area``, ``cell_type``).
    """

    site: str
    layer: str
    call: int | None
    arrangement: str
    n_times: int
    reduction: Reduction
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RecordingPlan:
    """What a recording will hold and what it costs.

    Parameters
    ----------
    source : str
        Name of the network.
    sites : tuple of SitePlan
        In the order in which their units will lie.
    n_trials, n_times : int
        Size of the recording.
    batch_size : int
        Trials shown at a time.
    dtype : numpy.dtype
        Of the numbers.
    """

    source: str
    sites: tuple[SitePlan, ...]
    n_trials: int
    n_times: int
    batch_size: int
    dtype: np.dtype[Any]

    @property
    def n_units(self) -> int:
        """Units of all sites together."""
        return sum(site.reduction.n_kept for site in self.sites)

    @property
    def bytes(self) -> int:
        """Size of the numbers in memory or, before compression, on disk (bytes)."""
        return self.n_trials * self.n_times * self.n_units * self.dtype.itemsize

    @property
    def working_bytes(self) -> int:
        """Memory needed beside the numbers: labels, one batch of what is kept, projection weights (bytes)."""
        weights = sum(s.reduction.weights.bytes for s in self.sites if s.reduction.weights is not None)
        batch = min(self.batch_size, self.n_trials) * self.n_times * self.n_units * self.dtype.itemsize
        return self.n_units * LABEL_BYTES + 2 * batch + weights

    def table(self) -> pd.DataFrame:
        """Return one row a site: layer, shape of its units, units kept of all, how, bytes.

        Returns
        -------
        pandas.DataFrame
            Columns ``layer, shape, all_units, units, how, bytes``.
        """
        import pandas as pd

        rows = [
            {
                "layer": site.layer,
                "shape": " x ".join(map(str, site.reduction.shape)),
                "all_units": site.reduction.n_units,
                "units": site.reduction.n_kept,
                "how": site.reduction.how,
                "bytes": self.n_trials * self.n_times * site.reduction.n_kept * self.dtype.itemsize,
            }
            for site in self.sites
        ]
        return pd.DataFrame(rows)

    def check_memory(self, limit: int | None = None, *, in_memory: bool = True) -> None:
        """Raise `BadInput` if the recording would take more memory than ``limit`` (bytes; half of what is free)."""
        allowed = available_memory() // 2 if limit is None else limit
        needed = self.working_bytes + (self.bytes if in_memory else 0)
        if needed <= allowed:
            return
        most = max(self.sites, key=lambda s: s.reduction.n_kept)
        elsewhere = ", or to='responses.zarr' to stream to disk" if in_memory else ""
        raise BadInput(
            f"recording of {len(self.sites)} site(s)",
            got=f"{self.n_trials} trials x {self.n_times} times x {self.n_units} units, {readable(needed)} "
            f"(most in '{most.layer}', {most.reduction.n_kept} units)",
            expected=f"at most {readable(allowed)}" + (" (half of the free memory)" if limit is None else ""),
            repair=f"Choose fewer sites, pass units=1000 or project='sparse'{elsewhere}.",
        )

    def unit_labels(self) -> dict[str, npt.NDArray[Any]]:
        """Return the labels of all units, shape (unit,).

        They are ``unit``, ``layer``, ``channel``, ``row``, ``column``, and what the modules know of their units.
        """
        parts: list[tuple[SitePlan, UnitLabels]] = [(s, s.reduction.labels(s.layer)) for s in self.sites]
        names = np.array([name for _, labels in parts for name in labels.unit], dtype=object)
        layer = np.empty(self.n_units, dtype=object)
        for (site, _), part in zip(parts, self.slices, strict=True):
            layer[part] = site.layer
        places = {key: np.concatenate([getattr(p, key) for _, p in parts]) for key in ("channel", "row", "column")}
        own = side_by_side([s.labels for s in self.sites], [s.reduction.n_kept for s in self.sites])
        return {"unit": names, "layer": layer, **places, **own}

    @cached_property
    def slices(self) -> tuple[slice, ...]:
        """Where each site's units lie along the unit dimension."""
        ends = np.cumsum([site.reduction.n_kept for site in self.sites]).tolist()
        return tuple(slice(start, end) for start, end in zip([0, *ends], ends, strict=False))

    @cached_property
    def by_call(self) -> dict[tuple[str, int | None], SitePlan]:
        """The plan of each site and call; a site whose calls are the time goes by call None."""
        return {(site.site, site.call): site for site in self.sites}


def plan(
    model: nn.Module,
    inputs: Any,
    sites: str | Sequence[str] = "*",
    *,
    batch_size: int | None = None,
    units: int | None = None,
    project: str | Projection | None = None,
    n_components: int | None = None,
    seed: int = 0,
    layout: str = "auto",
    calls: str = "auto",
    device: str | torch.device | None = None,
) -> RecordingPlan:
    """Say what a recording will hold and how much memory it takes, before it is made; two trials are shown for that.

    Parameters
    ----------
    model, inputs, sites, batch_size, units, project, n_components, seed, layout, calls, device
        As in `tertium.record.record`.

    Returns
    -------
    RecordingPlan
        ``.table()`` has one row a site, ``.bytes`` the size of the numbers, ``.working_bytes`` what is needed beside.

    Raises
    ------
    BadInput, UnknownName
        As `tertium.record.record`.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    >>> planned = plan(net, torch.zeros(100, 3, 8, 8))
    >>> planned.table()[["layer", "shape", "bytes"]]
      layer      shape   bytes
    0     0  8 x 6 x 6  115200
    1     1  8 x 6 x 6  115200
    2     3         10    4000
    """
    feed = feed_of(model, inputs, layout)
    with undisturbed(model, device=device, seed=seed):
        return plan_feed(
            model,
            feed,
            sites,
            batch_size=batch_size,
            units=units,
            projection=projection_of(project, n_components),
            seed=seed,
            calls=calls,
        )


def plan_feed(
    model: nn.Module,
    feed: Feed,
    sites: str | Sequence[str],
    *,
    batch_size: int | None,
    units: int | None,
    projection: Projection | None,
    seed: int,
    calls: str,
) -> RecordingPlan:
    """Make the plan for a network that is already in eval mode and for inputs that were looked at."""
    _check_options(batch_size, units, projection, calls)
    chosen = choose_sites(model, sites)
    modules = named_sites(model)
    n_shown = min(2, feed.n_trials)
    first = feed.batch(0, n_shown, model)
    n_times = len(first) if feed.layout == "time_batch" else None
    with Capture({site: modules[site] for site in chosen}, _shape_and_type) as capture:
        forward(model, first)
    explicit = {sites} if isinstance(sites, str) else set(sites)
    found: list[SitePlan] = []
    double = False
    for site in chosen:
        returned = capture.kept[site]
        if not returned:
            if site in explicit:
                raise _never_called(site)
            continue  # met by a wildcard only, and not used in the forward pass
        double = double or any(r.double for r in returned)
        layer = label_of(model, site)
        for part in arrange(returned, layer, n_trials=n_shown, n_times=n_times, calls=calls):
            seeds = Seeds(seed).child("record").child(part.layer)
            reduction = reduction_of(part.shape, seeds, units=units, projection=projection)
            own = labels_of_units(modules[site], part.layer, reduction)
            found.append(SitePlan(site, part.layer, part.call, part.arrangement, part.n_times, reduction, own))
    if not found:
        raise _never_called(", ".join(chosen))
    dtype = np.dtype(np.float64 if double else np.float32)
    times = _one_time(found)
    kept = sum(prod(s.reduction.shape) if s.reduction.weights else s.reduction.n_kept for s in found)
    size = batch_size or _batch_size(kept * times * dtype.itemsize)
    return RecordingPlan(source_of(model), tuple(found), feed.n_trials, times, size, dtype)


def forward(model: nn.Module, batch: torch.Tensor | dict[str, torch.Tensor]) -> None:
    """Run the network on a batch; what it raises comes back as one line that names the input's shape."""
    try:
        model(**batch) if isinstance(batch, dict) else model(batch)
    except TertiumError:
        raise
    except Exception as problem:
        shown = batch.values() if isinstance(batch, dict) else [batch]
        first_line = str(problem).splitlines()[0] if str(problem) else "no message"
        raise BadInput(
            f"model '{source_of(model)}'",
            got=f"{type(problem).__name__} ({first_line}) on inputs of shape "
            + " and ".join(str(tuple(t.shape)) for t in shown),
            expected="a forward pass",
            repair="Check the inputs' layout and size; if memory ran out, pass a smaller batch_size.",
        ) from problem


def projection_of(project: str | Projection | None, n_components: int | None) -> Projection | None:
    """Return the projection that the options stand for.

    Examples
    --------
    >>> projection_of("sparse", 64)
    Projection(kind='sparse', n_components=64, density=None)
    """
    if project is None:
        if n_components is not None:
            raise BadInput(
                "n_components", got=f"{n_components} without project", expected="project='gaussian' or 'sparse'"
            )
        return None
    if isinstance(project, Projection):
        if n_components not in (None, project.n_components):
            raise BadInput("n_components", got=f"{n_components} beside {project}", expected="one of the two")
        return project
    if n_components is None:
        raise BadInput("n_components", got="none", expected="an integer >= 1", repair="Pass n_components=512.")
    return Projection(project, n_components)


def source_of(model: nn.Module) -> str:
    """Return what a network is called: its attribute ``name``, else its class."""
    name = getattr(model, "name", None)
    return name if isinstance(name, str) and name else type(model).__name__


def _shape_and_type(site: str, call: int, tensor: torch.Tensor) -> Returned:
    if tensor.is_complex():
        raise BadInput(f"site '{site}'", got="complex numbers", expected="real ones", repair="Record their magnitude.")
    return Returned(tuple(tensor.shape), double=tensor.dtype == torch.float64)


def _batch_size(bytes_per_trial: int) -> int:
    """Choose a power of two that depends on the sizes alone, so that a recording is the same on every machine."""
    size = BATCH_TRIALS
    while size > 1 and size * bytes_per_trial > BATCH_BYTES:
        size //= 2
    return size


def _one_time(sites: Iterable[SitePlan]) -> int:
    lengths = {site.n_times: site.layer for site in sites}
    if len(lengths) > 1:
        facts = " and ".join(f"{n} time bin(s) in '{layer}'" for n, layer in sorted(lengths.items())[:2])
        raise BadInput(
            "sites",
            got=facts,
            expected="the same times in all sites of one recording",
            repair="Record them one after the other.",
        )
    return next(iter(lengths))


def _never_called(site: str) -> BadInput:
    return BadInput(
        f"site '{site}'",
        got="no call in the forward pass",
        expected="modules that the network runs in eval mode",
        repair="It may be used in training only, or through its weights; record the module around it.",
    )


def _check_options(batch_size: int | None, units: int | None, projection: Projection | None, calls: str) -> None:
    for name, value in (("batch_size", batch_size), ("units", units)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
            raise BadInput(name, got=repr(value), expected="an integer >= 1", repair=f"Pass {name}=64.")
    if units is not None and projection is not None:
        raise BadInput("units", got="units and project", expected="one of the two", repair="Drop one.")
    known = ("auto", "separate", "time")
    if calls not in known:
        close = nearest(str(calls), known, limit=1)
        raise BadInput(
            "calls",
            got=repr(calls),
            expected="one of " + ", ".join(known),
            repair=f"Did you mean '{close[0]}'?" if close else "",
        )
