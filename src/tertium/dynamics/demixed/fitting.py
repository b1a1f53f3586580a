"""`dpca`: from single trials or averages to demixed components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.dynamics.demixed.marginals import TIME, Groups, check_groups, default_groups, marginalise
from tertium.dynamics.demixed.noise import Noise, NoiseCovariance, noise_power
from tertium.dynamics.demixed.pseudo_population import PseudoPopulation, is_sessions, pseudo_population
from tertium.dynamics.demixed.regression import fit_parts
from tertium.dynamics.demixed.result import DemixedComponents
from tertium.dynamics.demixed.significance import component_significance
from tertium.dynamics.demixed.validation import RIDGES, Validation, validate_ridge
from tertium.dynamics.demixed.variance import alone, explained
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


def dpca(
    r: xr.DataArray | Mapping[str, xr.DataArray] | Sequence[xr.DataArray] | npt.ArrayLike,
    labels: str | Sequence[str] = "stimulus",
    *,
    n_components: int | Mapping[str, int] = 10,
    groups: Mapping[str, Sequence[Sequence[str]]] | None = None,
    ridge: float | Mapping[str, float] | Literal["cv"] = "cv",
    noise: Noise | None = "diagonal",
    ridges: Sequence[float] = RIDGES,
    repeats: int = 10,
    n_shuffles: int = 0,
    n_splits: int = 100,
    run: int = 10,
    seed: int = 0,
) -> DemixedComponents:
    """Find components of a population that go with time, stimulus, decision, or with their interaction.

    The averages X of all conditions are taken apart into marginalisations, which sum to X. For each, a decoder D reads
    a few components *from the whole population's activity*, and an encoder F writes them back, so that they reconstruct
    this marginalisation and nothing else: ``sum_phi |X_phi - F_phi D_phi' X|^2`` is least (Kobak et al. 2016, eLife
    5:e10989, Eq. 3 and Methods). Every unit and condition counts alike, however many trials it has.

    Parameters
    ----------
    r : responses, several sessions of them, or array
        Single trials (trial, time, unit) with the labels on trials; a mapping or list of sessions with the same
        conditions and times, whose units are put together to one pseudo-population; or averages as a plain array
        (unit, label 1, label 2, ..., time), which need ``ridge`` as a number.
    labels : str or sequence of str
        Trial labels, two levels or more each; of an array, the names of its axes.
    n_components : int or mapping
        Components of each marginalisation, at most.
    groups : mapping of str to sequences of effects, optional
        Your own marginalisations, e.g. ``{"stimulus": [["stimulus"], ["stimulus", "time"]], "rest": [...]}``; together
        they must hold every combination of labels and "time" once. By default each combination of labels is merged with
        its interaction with time.
    ridge : "cv", float or mapping
        Penalty on the decoders, ``(ridge |X|)^2 |F D'|^2``; "cv" chooses it by cross-validation, the same for all
        marginalisations (see ``validation`` of the result for each by itself).
    noise : {"diagonal", "full"} or None
        Whether decoders are charged for the single-trial noise that they read: the variance of each unit, as in the
        paper, or also the covariance of units recorded together. Arrays of averages have none.
    ridges : sequence of float
        Ridges that cross-validation tries.
    repeats : int
        Times that one trial of every unit and condition is held out to choose the ridge.
    n_shuffles : int
        Shuffles for the test of each component in time (the paper: 100; each costs ``n_splits`` fits); 0 leaves it out.
    n_splits : int
        Times that one trial of every unit and condition is held out to measure accuracy, in data and in each shuffle.
    run : int
        Neighbouring bins above all shuffles that count as significant.
    seed : int

    Returns
    -------
    DemixedComponents

    Raises
    ------
    BadInput
        If labels, shapes, groups or options are unusable, a unit has no trial of a condition (named), or one trial only
        where some have to be held out.

    Notes
    -----
    The ridge is a pure number, a share of ``|X|`` (the root of the summed squares of X), as the paper writes it; its
    published code multiplies ``|X|^2`` and squares that, so that ``lambda_code = ridge / |X|``. The limit of rank is
    applied in the metric of the penalised regression, which is its exact minimum; with ``noise`` the published MATLAB
    code takes the eigenvectors of the fitted averages instead. A trial held out is held out for all units of its
    session.

    Examples
    --------
    A population of 20 with one axis for the stimulus and one for time, not orthogonal to each other:

    >>> rng = np.random.default_rng(0)
    >>> axes, t = rng.normal(size=(2, 20)), np.linspace(0, 1, 15)
    >>> table = axes[0][:, None, None] * np.array([-1, 0, 1])[:, None] * t + axes[1][:, None, None] * np.cos(6 * t)
    >>> found = dpca(table, ["stimulus"], ridge=0.0, n_components=1)
    >>> found.group
    ('time', 'stimulus')
    >>> round(abs(float(found.encoder[:, 1] @ axes[0] / np.linalg.norm(axes[0]))), 6)
    1.0
    """
    labels = [labels] if isinstance(labels, str) else list(labels)
    if not labels or len(set(labels)) < len(labels) or TIME in labels:
        raise BadInput("labels", got=repr(labels), expected="one or more labels of trials, each once, without 'time'")
    seeds = Seeds(seed)
    _check_numbers(repeats=repeats, n_splits=n_splits, run=run)
    _check_options(ridge, ridges, noise, n_shuffles, averages=not is_sessions(r))
    population = pseudo_population(r, labels) if is_sessions(r) else None
    table = population.means.reshape(-1, *population.sizes, len(population.time)) if population else _table(r, labels)
    static = table.shape[-1] == 1
    effects = check_groups(groups, labels, static=static) if groups else default_groups(labels, static=static)
    parts = {name: part.reshape(len(table), -1) for name, part in marginalise(table, effects, labels).items()}
    power = sum(float((part**2).sum()) for part in parts.values())
    if power <= 1e-20 * float((table**2).sum()) or not power:
        raise BadInput("responses", got="averages that never change", expected="averages that differ somewhere")
    n = _by_group(n_components, effects, "n_components")
    covariance = NoiseCovariance(population, noise) if population and noise else None
    validation: Validation | None = None
    if isinstance(ridge, str) and population:
        validation = validate_ridge(population, effects, n, covariance, ridges, repeats, seeds.child("ridge"))
        ridge = validation.best
    strength = _by_group(ridge, effects, "ridge")
    fits = fit_parts(parts, covariance.matrix if covariance else None, n, strength)
    significance = None
    if n_shuffles and population:
        # within a marginalisation, components are told apart by what they explain
        ordered = {name: _by_variance(parts, *fit)[0] for name, fit in fits.items()}
        significance = component_significance(
            population, effects, ordered, strength, noise,
            n_splits=n_splits, n_shuffles=n_shuffles, run=run, seeds=seeds.child("significance"),
        )  # fmt: skip
    return _result(table, population, labels, effects, parts, fits, strength, validation, significance)


def _result(
    table: Floats,
    population: PseudoPopulation | None,
    labels: Sequence[str],
    effects: Groups,
    parts: dict[str, Floats],
    fits: dict[str, tuple[Floats, Floats]],
    ridge: dict[str, float],
    validation: Validation | None,
    significance: Any,
) -> DemixedComponents:
    encoder = np.concatenate([one for one, _ in fits.values()], axis=1)
    decoder = np.concatenate([one for _, one in fits.values()], axis=1)
    group = [name for name, (one, _) in fits.items() for _ in range(one.shape[1])]
    order = np.argsort(-alone(parts, encoder, decoder).sum(1), kind="stable")
    encoder, decoder = encoder[:, order], decoder[:, order]
    mean = table.reshape(len(table), -1).mean(1)
    power = sum(float((part**2).sum()) for part in parts.values())
    centred = table - mean.reshape(-1, *[1] * (table.ndim - 1))
    left = noise_power(population, effects) if population else None
    return DemixedComponents(
        encoder=encoder,
        decoder=decoder,
        group=tuple(group[i] for i in order),
        components=np.tensordot(decoder.T, centred, 1),
        mean=mean,
        groups=tuple(effects),
        levels=population.levels
        if population
        else tuple((label, tuple(range(size))) for label, size in zip(labels, table.shape[1:-1], strict=True)),
        units=population.units if population else tuple(str(unit) for unit in range(len(table))),
        time=population.time if population else np.arange(table.shape[-1], dtype=np.float64),
        timed=population is not None,
        explained=explained(parts, encoder, decoder),
        marginal={name: float((part**2).sum()) / power for name, part in parts.items()},
        noise=None if left is None else {name: value / power for name, value in left.items()},
        ridge=ridge,
        n_trials=(int(population.counts.min()), int(population.counts.max())) if population else None,
        validation=validation,
        significance=significance,
    )


def _by_variance(parts: dict[str, Floats], encoder: Floats, decoder: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(-alone(parts, encoder, decoder).sum(1), kind="stable")
    return encoder[:, order], decoder[:, order]


def _table(r: Any, labels: Sequence[str]) -> Floats:
    """Return averages given as an array, checked."""
    table = np.asarray(r, dtype=np.float64)
    if table.ndim != len(labels) + 2 or not table.size or min(table.shape[1:-1]) < 2:
        raise BadInput(
            "averages",
            got=f"shape {table.shape}",
            expected=f"(unit, {', '.join(labels)}, time), two levels or more of each label",
            repair="Single trials are passed as responses: tertium.data.make_responses(values, dt=..., trial={...}).",
        )
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        where = ", ".join(f"{label} {i}" for label, i in zip(labels, bad[0][1:-1], strict=True))
        raise BadInput(
            f"average of unit {bad[0][0]}, {where}",
            got=f"{table[tuple(bad[0])]} at time {bad[0][-1]}",
            expected="a finite number",
            repair="Leave out units that lack a condition.",
        )
    return table


def _by_group(given: Any, effects: Groups, what: str) -> dict[str, Any]:
    """Return one number for each group, from one for all or a mapping."""
    if isinstance(given, Mapping):
        if set(given) != set(effects):
            raise BadInput(what, got=f"{', '.join(map(str, given))}", expected=f"one for each of {', '.join(effects)}")
        numbers = dict(given)
    else:
        numbers = dict.fromkeys(effects, given)
    for name, number in numbers.items():
        whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        good = whole if what == "n_components" else whole or isinstance(number, float | np.floating)
        if not good or not np.isfinite(number) or number < 0:
            kind = "a whole number" if what == "n_components" else "a number"
            raise BadInput(f"{what} of {name}", got=repr(number), expected=f"{kind}, 0 or more")
    if what == "n_components" and not any(numbers.values()):
        raise BadInput(what, got="0 for all", expected="at least one component")
    return numbers


def _check_options(ridge: Any, ridges: Sequence[float], noise: Any, n_shuffles: int, *, averages: bool) -> None:
    if isinstance(ridge, str) and ridge != "cv":
        raise BadInput("ridge", got=repr(ridge), expected="'cv' or a number")
    if isinstance(ridge, str) and averages:
        raise BadInput(
            "ridge",
            got="'cv' for averages",
            expected="a number: there are no trials to hold out",
            repair="Pass ridge=0.0.",
        )
    values = np.asarray(ridges, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all() or (values < 0).any():
        raise BadInput("ridges", got=repr(ridges)[:60], expected="a list of numbers, 0 or more")
    if noise not in ("diagonal", "full", None):
        raise BadInput("noise", got=repr(noise), expected="'diagonal', 'full' or None")
    if n_shuffles < 0 or (n_shuffles and averages):
        expected = "0: there are no trials to shuffle" if averages else "0 or more"
        raise BadInput("n_shuffles", got=str(n_shuffles), expected=expected)


def _check_numbers(**numbers: int) -> None:
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise BadInput(name, got=repr(number), expected="a whole number, 1 or more")
