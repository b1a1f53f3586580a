"""First weights of a low-rank network by regression on what the units must have received to move as they did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from tertium.errors import BadInput
from tertium.learning.low_rank.recordings import Recorded
from tertium.learning.low_rank.student import Student

Floats = npt.NDArray[np.float64]

#: A share of the mean variance of the regressors, added to all of them.
RIDGE = 1e-3

#: How near to the ends of their range rates are taken: potentials beyond would be infinite.
EDGE = 1e-3


def _logit(rates: Floats) -> Floats:
    return np.asarray(np.log(rates / (1 - rates)))


def _softplus_inverse(rates: Floats) -> Floats:
    return np.asarray(rates + np.log(-np.expm1(-rates)))


#: Nonlinearity -> from rate to potential, and the ends of the range of rates.
INVERSES: dict[str, tuple[Callable[[Floats], Floats], float, float]] = {
    "identity": (lambda rates: rates, -np.inf, np.inf),
    "sigmoid": (_logit, 0.0, 1.0),
    "softplus": (_softplus_inverse, 0.0, np.inf),
    "tanh": (np.arctanh, -1.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class Drives:
    """Moments of what units received and of what was sent to them, from which first weights of any rank follow.

    The drive of a step is ``(h' - (1 - alpha) h) / alpha``, and should be ``M N' r / n + I x + b``: linear in the rates
    r and the inputs x of that step. The weights of least squares under the bound on the rank are those of the full
    regression, cut to the directions in which its predictions vary most (reduced-rank regression, Izenman 1975).

    Attributes
    ----------
    gram : array, shape (regressor, regressor)
        Of rates, inputs and, with a bias, a constant; with the ridge on its diagonal.
    cross : array, shape (regressor, unit)
    """

    gram: Floats
    cross: Floats

    @classmethod
    def of(cls, recorded: Recorded, alpha: float, *, nonlinearity: str, observed: str, bias: bool) -> Drives:
        """Return the moments over all trials and times that count."""
        potentials, rates = both_sides(recorded.activity.astype(np.float64), nonlinearity, observed)
        after, before = potentials[recorded.settle + 1 :], potentials[recorded.settle : -1]
        drives = (after - (1 - alpha) * before) / alpha
        sent = [rates[recorded.settle : -1], recorded.inputs[recorded.settle + 1 :].astype(np.float64)]
        if bias:
            sent.append(np.ones((*after.shape[:2], 1)))
        regressors = np.concatenate(sent, axis=2)
        flat = regressors.reshape(-1, regressors.shape[2])
        gram = flat.T @ flat
        gram[np.diag_indices(len(gram))] += RIDGE * gram.diagonal().mean()
        return cls(gram, flat.T @ drives.reshape(len(flat), -1))

    def write(self, student: Student) -> None:
        """Put first weights into a student; where its rank is 0, those of its inputs alone."""
        units, cell = self.cross.shape[1], student.cell
        sent, rest = slice(0, units), slice(units, None)
        share = np.linalg.solve(self.gram[rest, rest], self.gram[rest, sent])
        mixed = np.linalg.solve(self.gram[rest, rest], self.cross[rest])
        left = right = np.zeros((units, 0))
        if student.rank:
            # the part of the rates that inputs do not tell, and the drive that it explains
            own = self.gram[sent, sent] - self.gram[sent, rest] @ share
            root = np.linalg.cholesky(own)
            explained = np.linalg.solve(root, self.cross[sent] - self.gram[sent, rest] @ mixed)
            u, s, vt = np.linalg.svd(explained, full_matrices=False)
            r = student.rank
            right, left = np.linalg.solve(root.T, u[:, :r] * s[:r]), vt[:r].T
        weights = (mixed - share @ right @ left.T).T
        # both factors as large: J = M N' / n
        scale = np.sqrt(units * np.linalg.norm(right, axis=0) / np.linalg.norm(left, axis=0))
        with torch.no_grad():
            if student.rank:
                cell.left.copy_(torch.from_numpy(left * scale))
                cell.right.copy_(torch.from_numpy(right * units / scale))
            channels = cell.n_inputs
            cell.input_weight.copy_(torch.from_numpy(weights[:, :channels].copy()))
            if cell.bias is not None:
                cell.bias.copy_(torch.from_numpy(weights[:, channels].copy()))


def both_sides(activity: Floats, nonlinearity: str, observed: str) -> tuple[Floats, Floats]:
    """Return potentials and rates, of which one was observed.

    Raises
    ------
    BadInput
        If rates do not tell the potentials (relu: nothing is known of a silent unit).
    """
    from tertium.models.kernels import nonlinearity as named

    if observed == "potential":
        return activity, named(nonlinearity)(torch.from_numpy(activity)).numpy()
    if nonlinearity not in INVERSES:
        raise BadInput(
            "start",
            got=f"'regression' for rates of {nonlinearity} units",
            expected=f"units whose rates tell their potentials: {', '.join(INVERSES)}",
            repair='Pass start="random".',
        )
    inverse, low, high = INVERSES[nonlinearity]
    return inverse(np.clip(activity, low + EDGE, high - EDGE)), activity
