"""Cross-validation over stimuli that knows about the bootstrap: copies of a stimulus never straddle two folds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.compare.similarity.pairs import IntArray
from tertium.errors import BadInput

#: A test fold needs as many different stimuli, since a score needs at least 3 dissimilarities.
LEAST = 3


def default_folds(n_stimuli: int) -> int:
    """Number of folds for n stimuli: 2 to 5, so that the different stimuli of a bootstrap draw fill each fold.

    A draw holds about 63 % of the stimuli; the same number serves with and without bootstrap, so that scores agree.

    Examples
    --------
    >>> [default_folds(n) for n in (12, 30, 48, 92)]
    [2, 3, 4, 5]
    """
    different = (1 - np.exp(-1)) * n_stimuli
    return 2 if different < 12 else 3 if different < 24 else 4 if different < 40 else 5


def test_folds(multiplicity: IntArray, n_folds: int, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Cut the stimuli of a draw at random into folds of (nearly) equal numbers of different stimuli.

    Parameters
    ----------
    multiplicity : array of int, shape (stimulus,)
        How often each was drawn; those not drawn are in no fold.
    n_folds : int
        Number of folds.
    generator : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    array of bool, shape (fold, stimulus)
        True where a stimulus, with all its copies, is tested.
    """
    there = generator.permutation(np.flatnonzero(multiplicity))
    member = np.zeros((n_folds, len(multiplicity)), dtype=bool)
    for fold, stimuli in enumerate(np.array_split(there, n_folds)):
        member[fold, stimuli] = True
    return member


def check_folds(n_folds: int, n_stimuli: int, *, drawn: bool) -> None:
    """Raise `BadInput` if a fold would hold fewer than 3 different stimuli (on average, in a bootstrap)."""
    different = n_stimuli * (1 - np.exp(-1)) if drawn else n_stimuli
    if n_folds < 2 or different < LEAST * n_folds:
        where = f"{n_stimuli} stimuli, about {different:.0f} different ones a draw" if drawn else f"{n_stimuli} stimuli"
        raise BadInput(
            "folds",
            got=f"{n_folds} folds of {where}",
            expected=f"2 folds or more, each of at least {LEAST} different stimuli",
            repair="Use more stimuli or fewer folds, or score fixed models only.",
        )
