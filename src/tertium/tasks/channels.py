"""Named blocks of input and output channels, and how a value becomes activity on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.tasks.engine.checking import require_count


@dataclass(frozen=True)
class Channel:
    """A block of channels with a name.

    Parameters
    ----------
    name : str
        What stimuli, targets and weights call it.
    size : int
        Number of channels.
    baseline : float
        Activity of an output block where no target says otherwise (inputs: added throughout the trial).
    """

    name: str
    size: int = 1
    baseline: float = 0.0

    def __post_init__(self) -> None:
        require_count(f"size of channel '{self.name}'", self.size)

    def encode(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the activity that stands for a value; numbers go to the last axis, shape (..., size).

        A plain block takes one number for all its channels, or one for each, shape (..., size).
        """
        if value.ndim >= 1 and value.shape[-1] == self.size and self.size > 1:
            return value
        return np.repeat(value[..., None], self.size, axis=-1)


@dataclass(frozen=True)
class Vector(Channel):
    """Channels that are given one number each: the value has shape (..., size)."""

    def encode(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the value."""
        return value


@dataclass(frozen=True)
class OneHot(Channel):
    """Channels of which one is active: the value is its index (context cues, rules, stimulus identities).

    Examples
    --------
    >>> OneHot("rule", 3).encode(np.array([0, 2])).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """

    def encode(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return one-hot rows; an index of -1 activates none.

        Raises
        ------
        BadInput
            If a value is no number, or one too large or too small for an index.
        """
        if value.dtype.kind not in "biuf" or (value.size and (value.max() >= self.size or value.min() < -1)):
            raise BadInput(
                f"value shown on '{self.name}'",
                got=str(value.max()),
                expected=f"an index from 0 to {self.size - 1}, or -1 for none",
            )
        return (value[..., None] == np.arange(self.size)).astype(np.float64)


@dataclass(frozen=True)
class Opposed(Channel):
    """Two channels in favour of opposite choices: a signed coherence s gives ``(1 + s) / 2`` and ``(1 - s) / 2``.

    Examples
    --------
    >>> Opposed("motion").encode(np.array([0.5])).tolist()
    [[0.75, 0.25]]
    """

    size: int = 2

    def encode(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the pair of activities, shape (..., 2)."""
        half = value / 2
        pair = np.empty((*value.shape, 2))
        pair[..., 0], pair[..., 1] = 0.5 + half, 0.5 - half
        return pair


@dataclass(frozen=True)
class Ring(Channel):
    """Units with preferred directions spread over the circle and bell-shaped tuning (Yang et al. 2019, methods).

    A direction theta gives unit i the activity ``height * exp(-d_i**2 / (2 width**2))``, where d_i is the distance on
    the circle to its preferred direction ``2 pi i / size``.

    Parameters
    ----------
    height : float
        Activity at the preferred direction.
    width : float
        Width of the tuning in radians; pi / 8 in Yang et al.

    Examples
    --------
    >>> ring = Ring("direction", 32)
    >>> bump = ring.encode(np.array([np.pi / 2]))
    >>> int(bump.argmax()), float(bump.max()), round(float(ring.decode(bump)[0]), 3)
    (8, 0.8, 1.571)
    """

    size: int = 32
    height: float = 0.8
    width: float = np.pi / 8

    @property
    def preferred(self) -> npt.NDArray[np.floating]:
        """Preferred directions in radians, shape (size,)."""
        return np.arange(self.size, dtype=np.float64) * (2 * np.pi / self.size)

    def encode(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the bumps of activity, shape (..., size); a direction that is NaN gives none."""
        distance = np.abs((value[..., None] - self.preferred + np.pi) % (2 * np.pi) - np.pi)
        bump = self.height * np.exp(-0.5 * (distance / self.width) ** 2)
        return np.where(np.isnan(value)[..., None], 0.0, bump)

    def decode(self, activity: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
        """Return the direction of the population vector, radians in [0, 2 pi), shape (...)."""
        x = (activity * np.cos(self.preferred)).sum(-1)
        y = (activity * np.sin(self.preferred)).sum(-1)
        return np.mod(np.arctan2(y, x), 2 * np.pi)


@dataclass(frozen=True)
class CosSin(Channel):
    """Two channels that hold the cosine and the sine of a direction (Driscoll et al. 2024).

    Examples
    --------
    >>> pair = CosSin("direction")
    >>> pair.encode(np.array([np.pi / 2, np.nan])).round(6).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    >>> round(float(pair.decode(np.array([0.0, -0.3]))), 3)
    4.712
    """

    size: int = 2

    def encode(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return cosine and sine, shape (..., 2); zeros for a direction that is NaN."""
        pair = np.stack([np.cos(value), np.sin(value)], axis=-1)
        return np.where(np.isnan(value)[..., None], 0.0, pair)

    def decode(self, activity: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
        """Return the direction, radians in [0, 2 pi), shape (...)."""
        return np.mod(np.arctan2(activity[..., 1], activity[..., 0]), 2 * np.pi)
