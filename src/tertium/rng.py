"""One integer seeds everything: named, independent random generators for NumPy and torch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tertium.errors import BadInput

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Seeds:
    """A source of named random generators; the order in which they are asked for does not matter.

    The generator called ``name`` is seeded by ``numpy.random.SeedSequence`` with the integer and the SHA-256 of
    the path of names that leads to it, so that adding a generator to a study never changes the numbers drawn by
    the others. Nothing global is ever seeded.

    Parameters
    ----------
    seed : int
        A non-negative integer.
    path : tuple of str
        The names that led here; filled by `child`.

    Raises
    ------
    BadInput
        If ``seed`` is not a non-negative integer.

    Examples
    --------
    >>> seeds = Seeds(0)
    >>> a = seeds.numpy("noise").normal(size=3)
    >>> b = Seeds(0).numpy("noise").normal(size=3)
    >>> bool((a == b).all())
    True
    >>> seeds.numpy("noise").normal() == seeds.numpy("weights").normal()
    False
    """

    seed: int
    path: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int | np.integer) or self.seed < 0:
            raise BadInput(
                "seed", got=repr(self.seed), expected="an integer >= 0", repair="Pass, for instance, seed=0."
            )

    def child(self, name: str) -> Seeds:
        """Return the seeds of a part (a network, a subject), independent of all other parts."""
        return Seeds(int(self.seed), (*self.path, name))

    def sequence(self, name: str) -> np.random.SeedSequence:
        """Return the NumPy seed sequence behind the generator ``name``."""
        # \x1f cannot be typed into a name by accident, so ("a", "b") and ("a b",) stay apart
        digest = hashlib.sha256("\x1f".join((*self.path, name)).encode()).digest()
        words = np.frombuffer(digest, dtype="<u4")
        return np.random.SeedSequence([int(self.seed), *(int(w) for w in words)])

    def numpy(self, name: str) -> np.random.Generator:
        """Return a fresh NumPy generator; asking twice for one name gives the same stream from its start."""
        return np.random.Generator(np.random.PCG64(self.sequence(name)))

    def integer(self, name: str) -> int:
        """Return an integer in [0, 2**63) for libraries that take a seed (scikit-learn takes ``% 2**32``)."""
        return int(self.sequence(name).generate_state(1, np.uint64)[0] >> 1)

    def torch(self, name: str, device: str = "cpu") -> torch.Generator:
        """Return a fresh torch generator on a device, seeded like `numpy` (its numbers differ)."""
        import torch

        return torch.Generator(device=device).manual_seed(self.integer(name))
