"""How well each of two representations predicts the other, by linear regression on left-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from tertium.compare.representations.samples import Number, Samples, compared, read_pair
from tertium.compare.validation.folds import KFold
from tertium.errors import BadInput, nearest

if TYPE_CHECKING:
    import xarray as xr

Direction = Literal["both", "forward", "backward"]

#: Penalties that are tried, in units of the mean variance of the predictors.
PENALTIES = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)


def mutual_predictivity(
    X: xr.DataArray | npt.ArrayLike | torch.Tensor,
    Y: xr.DataArray | npt.ArrayLike | torch.Tensor,
    *,
    direction: Direction = "both",
    folds: int = 5,
    penalties: Sequence[float] = PENALTIES,
    seed: int = 0,
    by: str = "condition",
) -> Number:
    """Similarity, up to 1: the share of variance (R2) that each predicts of the other, on samples left out.

    Ridge regression from all units of one to all of the other, by folds of stimuli; variances are summed over units
    before they are divided. 0 is what the mean of the training samples predicts, and worse is possible. For ceilings,
    scores of single units and other regressions use `tertium.compare.encode`.

    The folds are those of ``encode(X, Y, cv=KFold(folds, seed=seed))``, and under one penalty so are the predictions.
    The fits are made anew, by torch: the hat matrices of `encode` depend on X, and are numbers from which no gradient
    with respect to X can be had. Penalties are chosen otherwise: one for all units of a fold and relative to the
    variance of the predictors, so that the measure has no scale.

    Parameters
    ----------
    X, Y : responses, arrays or tensors, shape (sample, unit)
        Responses of both to the same samples; see `tertium.compare.cca`.
    direction : {"both", "forward", "backward"}
        "forward": X predicts Y; "backward": Y predicts X; "both": the mean of the two.
    folds : int
        Parts of the stimuli that are left out in turn. All time bins of a stimulus are in one part.
    penalties : sequence of float
        Ridge penalties in units of the mean variance of the predictors; in each fold the one with the least
        leave-one-out error (in closed form) on the training samples is taken.
    seed : int
        Of the order in which stimuli are dealt out to folds.
    by : str
        Label whose values are the stimuli; where there is no "condition", "stimulus" is taken.

    Returns
    -------
    float, or tensor with a gradient (float64) if X or Y is a tensor
        The gradient takes the choice of penalties as given.

    Raises
    ------
    BadInput
        If samples do not match, or options are out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 6))
    >>> part = X[:, :3] @ rng.normal(size=(3, 3))
    >>> score = {way: round(mutual_predictivity(X, part, direction=way), 2) for way in ("forward", "backward")}
    >>> score["forward"], 0.4 < score["backward"] < 0.6
    (1.0, True)
    """
    return compared(MutualRidge(direction, folds, tuple(penalties), seed), *read_pair(X, Y, by))


@dataclass(frozen=True)
class MutualRidge:
    """Options of `mutual_predictivity`, and its two steps."""

    direction: Direction = "both"
    folds: int = 5
    penalties: tuple[float, ...] = PENALTIES
    seed: int = 0
    is_distance: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.direction not in get_args(Direction):
            close = nearest(self.direction, get_args(Direction))
            raise BadInput(
                "direction",
                got=f"'{self.direction}'",
                expected=" or ".join(get_args(Direction)),
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
        if not self.penalties or min(self.penalties) <= 0 or self.folds < 2:
            raise BadInput(
                "folds, penalties",
                got=f"{self.folds}, {self.penalties}",
                expected="two folds or more, penalties above 0",
            )

    @property
    def is_symmetric(self) -> bool:
        """Whether both directions count."""
        return self.direction == "both"

    def prepare(self, x: Samples) -> Samples:
        """Return the representation; there is nothing to share.

        Raises
        ------
        BadInput
            If there are fewer than two stimuli a fold.
        """
        stimuli = x.n_samples // len(x.times)
        if stimuli < 2 * self.folds:
            raise BadInput(
                x.name, got=f"{stimuli} stimuli", expected=f"at least {2 * self.folds} for {self.folds} folds"
            )
        return x

    def between(self, first: Samples, second: Samples) -> torch.Tensor:
        """Return the share of variance predicted."""
        parts = self._parts(first)
        ways = {"forward": [(first, second)], "backward": [(second, first)]}.get(
            self.direction, [(first, second), (second, first)]
        )
        return torch.stack([self._predicted(x.values, y.values, parts) for x, y in ways]).mean()

    def _parts(self, x: Samples) -> list[torch.Tensor]:
        bins = len(x.times)
        stimuli = KFold(self.folds, seed=self.seed).split(x.n_samples // bins)
        rows = [(tested[:, None] * bins + np.arange(bins)).ravel() for _, tested in stimuli]
        return [torch.from_numpy(part).to(x.values.device) for part in rows]

    def _predicted(self, x: torch.Tensor, y: torch.Tensor, parts: list[torch.Tensor]) -> torch.Tensor:
        missed, all_of_it = [], []
        for i, test in enumerate(parts):
            train = torch.cat(parts[:i] + parts[i + 1 :])
            x_mean, y_mean = x[train].mean(0), y[train].mean(0)
            x_train, y_train, x_test, y_test = x[train] - x_mean, y[train] - y_mean, x[test] - x_mean, y[test] - y_mean
            penalty = best_penalty(x_train.detach(), y_train.detach(), self.penalties)
            missed.append((y_test - ridge(x_train, y_train, x_test, penalty)).square().sum())
            all_of_it.append(y_test.square().sum())
        return 1 - torch.stack(missed).sum() / torch.stack(all_of_it).sum()


def ridge(x: torch.Tensor, y: torch.Tensor, x_test: torch.Tensor, penalty: float) -> torch.Tensor:
    """Return what centred predictors tell of centred targets at other samples, (sample, target).

    The system that is solved has the size of units or of samples, whichever are fewer.

    Examples
    --------
    >>> x = torch.tensor([[-1.0], [1.0]])
    >>> ridge(x, 2 * x, torch.tensor([[3.0]]), 1e-6)
    tensor([[6.0000]])
    """
    n, p = x.shape
    strength = penalty * x.square().sum() / p
    eye = torch.eye(min(n, p), dtype=x.dtype, device=x.device)
    if p <= n:
        return x_test @ torch.linalg.solve(x.T @ x + strength * eye, x.T @ y)
    return x_test @ (x.T @ torch.linalg.solve(x @ x.T + strength * eye, y))


def best_penalty(x: torch.Tensor, y: torch.Tensor, penalties: Sequence[float]) -> float:
    """Return the penalty with the least squared error when each sample is left out, in closed form.

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 9)[:, None]
    >>> best_penalty(x, 3 * x, (0.001, 1.0))
    0.001
    """
    left, values, _ = torch.linalg.svd(x, full_matrices=False)
    inside, unit = left.T @ y, x.square().sum() / x.shape[1]
    errors = []
    for penalty in penalties:
        kept = values.square() / (values.square() + penalty * unit)
        leverage = (left.square() * kept).sum(1) + 1 / len(x)  # with the intercept's
        residual = y - left @ (kept[:, None] * inside)
        errors.append(float((residual / (1 - leverage).clamp_min(1e-9)[:, None]).square().sum()))
    return penalties[int(np.argmin(errors))]
