"""Distance between the shapes of noisy representations: means and noise covariances, turned together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from tertium.compare.patterns import gather_patterns
from tertium.compare.rdm_inference.align import KEEP_COMMON, same_stimuli
from tertium.compare.representations.samples import Number
from tertium.compare.representations.spectral import ZERO, angle, root
from tertium.errors import BadInput
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr

#: Steps of all searches, how many of them go on, their steps at most, and the gain at which they rest.
_SCOUTING, _FINALISTS, _LONGEST, _STILL = 20, 2, 2000, 1e-14

Clouds = Any  # responses; (stimulus, repeat, unit); or means (stimulus, unit) and covariances (stimulus, unit, unit)


@dataclass(frozen=True, eq=False)
class NoisyShape:
    """One noisy representation, of unit size.

    Attributes
    ----------
    name : str
    means : tensor, shape (stimulus, unit)
        Mean responses, centred over stimuli, times ``sqrt(alpha)``.
    factors : tensor, shape (stimulus, unit, k)
        ``L`` with ``L L'`` the covariance of each stimulus, times ``sqrt(2 - alpha)``.
    labels : tuple of str
        Of the stimuli; empty for what has none.
    """

    name: str
    means: torch.Tensor
    factors: torch.Tensor
    labels: tuple[str, ...]


def stochastic_shape(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor | tuple[Clouds, Clouds],
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor | tuple[Clouds, Clouds],
    alpha: float = 1.0,
    *,
    starts: int = 4,
    seed: int = 0,
    by: str = "condition",
) -> Number:
    """Distance, 0 to pi / 2: the angle (rad) between two noisy representations after the best rotation of both.

    The stochastic shape metric of Duong et al. 2023: one rotation is applied to the mean responses and to the noise
    covariances of all stimuli. Squared distances are ``alpha`` times those of the means plus ``2 - alpha`` times the
    squared Bures distances of the covariances: 1 is the Wasserstein distance between normal distributions, 2 is
    `procrustes` on the means, 0 looks at the noise alone. As in `procrustes` the scale of each representation is taken
    out and the angle is given. A metric, as far as the search finds the best rotation.

    Parameters
    ----------
    X, Y : responses; arrays or tensors, shape (stimulus, repeat, unit); or pairs (means, covariances)
        Responses of both to the same stimuli. Labelled ones have one time bin and are matched by label; their numbers
        of repeats may differ between stimuli. Pairs have the shapes (stimulus, unit), (stimulus, unit, unit).
    alpha : float
        0 to 2.
    starts, seed : int
        Random starts of the search beside the ones from means and from covariances.
    by : str
        Label whose values are the stimuli; where there is no "condition", "stimulus" is taken.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor or holds one
        The gradient is that at the best rotation.

    Raises
    ------
    BadInput
        If stimuli do not match, one has a single repeat, or there is nothing to compare.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5, 40, 3)) * [1, 2, 3]
    >>> stochastic_shape(X, X[:, :, [2, 0, 1]]) < 1e-6, stochastic_shape(X, rng.normal(size=(5, 40, 3))) > 0.2
    (True, True)
    """
    if not 0 <= alpha <= 2 or starts < 0:
        raise BadInput("alpha, starts", got=f"{alpha}, {starts}", expected="0 <= alpha <= 2, starts >= 0")
    x, y = _read(X, "X", alpha, by), _read(Y, "Y", alpha, by)
    y = _matched(x, y)
    units = max(x.means.shape[1], y.means.shape[1])
    x, y = _filled(x, units), _filled(y, units)
    with torch.no_grad():
        rotation, turns = _best(x, y, starts, seed)
    found = angle(_alike(x, y, rotation, turns))
    return found if any(isinstance(part, torch.Tensor) for one in (X, Y) for part in _parts(one)) else float(found)


def _best(x: NoisyShape, y: NoisyShape, starts: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rotation with the largest inner product of many searches, and the turns of the noise under it."""
    means = x.means.T @ y.means
    a, b = _narrow(x.factors), _narrow(y.factors)
    drawn = torch.randn(starts, *means.shape, generator=Seeds(seed).torch("rotations"), dtype=torch.float64)
    rotations = torch.cat([_polar(means)[None], _axes_matched(a, b)[None], _polar(drawn.to(means.device))])
    rotations, gains = _climb(rotations, means, a, b, _SCOUTING, 0.0)
    best = rotations[gains.argsort(descending=True)[:_FINALISTS]]
    best, gains = _climb(best, means, a, b, _LONGEST, _STILL)
    rotation = best[int(gains.argmax())]
    return rotation, _polar(x.factors.mT @ rotation @ y.factors, partial=True)


def _climb(
    rotations: torch.Tensor, means: torch.Tensor, a: torch.Tensor, b: torch.Tensor, iterations: int, still: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn noise and rotate all in turn, from many starts: steps are Procrustes problems, so products never fall."""
    before = torch.full((len(rotations),), -torch.inf, dtype=means.dtype, device=means.device)
    for _ in range(iterations):
        turns = _polar(a.mT @ rotations[:, None] @ b)
        target = means + (a @ turns @ b.mT).sum(1)
        rotations = _polar(target)
        gains = (target * rotations).sum((1, 2))
        if bool((gains - before < still).all()):
            break
        before = gains
    return rotations, gains


def _axes_matched(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the rotation that matches the axes of the summed covariances, with signs from those of each stimulus.

    Where one representation is a rotation of the other (and the summed covariance has distinct eigenvalues) this is it:
    eigenvectors give it up to signs d, and ``d_j d_k`` is the sign of the products of entries j, k of the covariances.
    """
    sides = [one @ one.mT for one in (a, b)]
    first, second = (torch.linalg.eigh(one.sum(0))[1] for one in sides)
    turned = [axes.T @ one @ axes for axes, one in zip((first, second), sides, strict=True)]
    signs = torch.linalg.eigh((turned[0] * turned[1]).sum(0).fill_diagonal_(0))[1][:, -1]
    return (first * torch.where(signs < 0, -1.0, 1.0)) @ second.T


def _narrow(factors: torch.Tensor) -> torch.Tensor:
    """Return factors of the same covariances with no more columns than units."""
    if factors.shape[2] <= factors.shape[1]:
        return factors
    return torch.linalg.qr(factors.mT, mode="r")[1].mT


def _alike(x: NoisyShape, y: NoisyShape, rotation: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Return the inner product of two, once rotation and turns are given."""
    of_means = (x.means * (y.means @ rotation.T)).sum()
    return of_means + ((x.factors.mT @ rotation @ y.factors) * turns).sum()


def _polar(matrix: torch.Tensor, *, partial: bool = False) -> torch.Tensor:
    """Return the nearest matrices with orthonormal rows or columns; ``partial``: only where there is something."""
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    if partial:
        left = left * (values > ZERO * values[..., :1])[..., None, :]
    return left @ right


def _filled(x: NoisyShape, units: int) -> NoisyShape:
    """Return the representation with silent units added."""
    more = units - x.means.shape[1]
    pad = torch.nn.functional.pad
    return NoisyShape(x.name, pad(x.means, (0, more)), pad(x.factors, (0, 0, 0, more)), x.labels)


def _matched(x: NoisyShape, y: NoisyShape) -> NoisyShape:
    if x.labels and y.labels:
        same_stimuli(y.labels, x.labels, y.name, x.name, KEEP_COMMON)
        order = torch.tensor([y.labels.index(label) for label in x.labels], device=y.means.device)
        y = NoisyShape(y.name, y.means[order], y.factors[order], x.labels)
    if len(x.means) != len(y.means):
        raise BadInput("X and Y", got=f"{len(x.means)} and {len(y.means)} stimuli", expected="the same stimuli")
    return y


def _parts(given: Clouds) -> tuple[Clouds, ...]:
    return given if isinstance(given, tuple) else (given,)


def _read(given: Clouds, name: str, alpha: float, by: str) -> NoisyShape:
    labels: tuple[str, ...] = ()
    if isinstance(given, tuple):
        means, factors = _from_moments(given, name)
    elif hasattr(given, "dims"):
        trials, labels = _trials(given, name, by)
        means = torch.stack([one.mean(0) for one in trials])
        factors = torch.stack([_factor(one, max(map(len, trials))) for one in trials])
    else:
        values = _tensor(given, name, 3, "(stimulus, repeat, unit)")
        if values.shape[1] < 2:
            raise BadInput(name, got=f"{values.shape[1]} repeats", expected="at least 2 of each stimulus")
        means = values.mean(1)
        factors = ((values - means[:, None]) / (values.shape[1] - 1) ** 0.5).mT
    scale = float(means.detach().abs().max()) + float(factors.detach().abs().max())
    means = (means - means.mean(0)) * alpha**0.5
    factors = factors * (2 - alpha) ** 0.5
    size = (means.square().sum() + factors.square().sum()).sqrt()
    if not float(size.detach()) > ZERO * scale:
        what = {0.0: "noise", 2.0: "mean responses that differ"}.get(alpha, "differences between stimuli and no noise")
        raise BadInput(name, got=f"no {what}", expected="something to compare")
    return NoisyShape(name, means / size, factors / size, labels)


def _from_moments(given: tuple[Clouds, ...], name: str) -> tuple[torch.Tensor, torch.Tensor]:
    if len(given) != 2:
        raise BadInput(name, got=f"a tuple of {len(given)}", expected="means and covariances")
    means = _tensor(given[0], f"means of {name}", 2, "(stimulus, unit)")
    covariances = _tensor(given[1], f"covariances of {name}", 3, "(stimulus, unit, unit)")
    if covariances.shape != (*means.shape, means.shape[1]):
        got = f"shapes {tuple(means.shape)} and {tuple(covariances.shape)}"
        raise BadInput(name, got=got, expected="(stimulus, unit) and (stimulus, unit, unit)")
    values = torch.linalg.eigvalsh(covariances.detach())
    if float(values.min()) < -1e-8 * float(values.abs().max()):
        got = f"a covariance with the eigenvalue {float(values.min()):.3g}"
        raise BadInput(f"covariances of {name}", got=got, expected="positive semi-definite matrices")
    return means, torch.stack([root((one + one.T) / 2) for one in covariances])


def _trials(given: xr.DataArray, name: str, by: str) -> tuple[list[torch.Tensor], tuple[str, ...]]:
    if given.sizes.get("time", 1) != 1:
        raise BadInput(
            name,
            got=f"{given.sizes['time']} time bins",
            expected="one: repeats of a stimulus make its cloud",
            repair="Average over time first: responses.mean('time') in a window, or pass (stimulus, repeat, unit).",
        )
    patterns = gather_patterns(given, by=by, labels=None, runs=None, time="mean", missing=False)
    values = torch.from_numpy(patterns.values)
    condition = torch.from_numpy(patterns.condition)
    trials = [values[condition == i] for i in range(len(patterns.labels))]
    few = [label for label, one in zip(patterns.labels, trials, strict=True) if len(one) < 2]
    if few:
        raise BadInput(f"{name}, stimulus '{few[0]}'", got="1 repeat", expected="at least 2 of each stimulus")
    return trials, patterns.labels


def _factor(trials: torch.Tensor, columns: int) -> torch.Tensor:
    spread = ((trials - trials.mean(0)) / (len(trials) - 1) ** 0.5).T
    return torch.nn.functional.pad(spread, (0, columns - len(trials)))


def _tensor(given: Clouds, name: str, dims: int, shape: str) -> torch.Tensor:
    values = given if isinstance(given, torch.Tensor) else torch.from_numpy(np.array(given, dtype=np.float64))
    if values.ndim != dims or not values.numel() or values.is_complex():
        raise BadInput(name, got=f"shape {tuple(values.shape)}", expected=f"numbers of shape {shape}")
    if not bool(torch.isfinite(values.detach()).all()):
        raise BadInput(name, got="a value that is not finite", expected="finite numbers")
    return values.to(torch.float64)
